/* SPDX-License-Identifier: MIT
 *
 * channel/batch.c - line by line; a refusal says which
 */
#include "channel/batch.h"

#include "channel/bytes.h"

#define EXAMPLE "{\"data\":\"hi\"}"

enum { ROOM_MIN = 16 };

static weft_bytes take_line(weft_bytes *rest)
{
    const uint8_t *end = memchr(rest->data, '\n', rest->len);
    weft_bytes line = *rest;
    if (end) line.len = (size_t)(end - rest->data);
    *rest = bytes_behind(*rest, line.len + (end != NULL));
    if (line.len && line.data[line.len - 1] == '\r') line.len--;
    return bytes_trimmed(line);
}

static int check_channel(const struct json_value *said, weft_bytes channel, struct scratch *s,
                         struct refusal *why)
{
    weft_bytes name;
    if (said->kind == JSON_ABSENT) return 0;
    if (said->kind != JSON_STRING) return refusal_write(why, 400, "\"channel\" is a string");
    if (!json_text(said, s, &name)) return refusal_no_memory(why);
    if (bytes_same(name, channel)) return 0;
    return refusal_write(
        why, 400, "a batch is for the channel it is posted to, and this line is for another");
}

static int read_line(struct publication *out, weft_bytes line, weft_bytes channel,
                     size_t max_message, struct scratch *s, struct refusal *why)
{
    static const char *const names[] = {PUBLICATION_NAMES, "channel", NULL};
    struct json_value values[PUBLICATION_MEMBERS + 1];
    if (json_refuse(json_read(line, names, values), "a line", EXAMPLE, why) < 0) return -1;
    if (check_channel(&values[PUBLICATION_MEMBERS], channel, s, why) < 0) return -1;
    return publication_read(out, values, max_message, s, why);
}

static struct publication *add(struct batch *b)
{
    if (b->n < b->room) return &b->messages[b->n++];
    size_t room = b->room ? 2 * b->room : ROOM_MIN;
    struct publication *messages =
        hook_realloc(b->scratch.env, b->messages, room * sizeof *messages);
    if (!messages) return NULL;
    b->messages = messages;
    b->room = room;
    return &messages[b->n++];
}

/* What is wrong with a line, behind its number. */
static int of_line(size_t number, struct refusal *why)
{
    struct refusal inner = *why;
    refusal_write(why, inner.code, "line %zu: %s", number, inner.words);
    why->retry_ms = inner.retry_ms;
    return -1;
}

int batch_read(struct batch *b, const weft_env *env, weft_bytes body, weft_bytes channel,
               size_t max_message, struct refusal *why)
{
    *b = (struct batch){0};
    scratch_init(&b->scratch, env, body.len);
    for (size_t number = 1; body.len; number++) {
        weft_bytes line = take_line(&body);
        if (!line.len) continue;
        if (b->n == BATCH_LINES_MAX)
            return refusal_write(why, 413,
                                 "a batch has at most %d messages: send the rest in another",
                                 BATCH_LINES_MAX);
        struct publication *p = add(b);
        if (!p) return refusal_no_memory(why);
        if (read_line(p, line, channel, max_message, &b->scratch, why) < 0)
            return of_line(number, why);
    }
    if (b->n) return 0;
    return refusal_write(why, 400,
                         "the batch is empty: it has one envelope a line, such as " EXAMPLE);
}

void batch_free(struct batch *b)
{
    hook_free(b->scratch.env, b->messages);
    scratch_deinit(&b->scratch);
    b->messages = NULL;
    b->n = b->room = 0;
}
