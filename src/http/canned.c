/* SPDX-License-Identifier: MIT
 *
 * http/canned.c - one answer, made in a queue of its own until all of it is there
 */
#include "http/canned.h"

#include <stdio.h>

#include "http/reply.h"

static int queue_head(struct outq *out, const weft_env *env, int status, unsigned retry_after,
                      size_t length)
{
    char seconds[16];
    snprintf(seconds, sizeof seconds, "%u", retry_after);
    weft_field fields[] = {{bytes_of("Content-Type"), bytes_of("text/plain; charset=utf-8")},
                           {bytes_of("Retry-After"), bytes_of(seconds)}};
    struct reply r = {.status = status,
                      .fields = fields,
                      .n_fields = retry_after ? 2 : 1,
                      .body = BODY_LENGTH,
                      .length = length,
                      .close = true};
    return reply_head(out, env, &r);
}

int canned_answer(struct outq *out, const weft_env *env, int status, unsigned retry_after,
                  const char *why)
{
    size_t len = strlen(why);
    struct outq answer = {0};
    int error = queue_head(&answer, env, status, retry_after, len + 1);
    if (!error) error = outq_append(&answer, env, why, len);
    if (!error) error = outq_append(&answer, env, "\n", 1);
    if (error) outq_clear(&answer);
    else outq_splice(out, &answer);
    return error;
}
