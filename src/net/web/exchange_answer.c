/* SPDX-License-Identifier: MIT
 *
 * net/web/exchange_answer.c - fields, head and body are queued at once
 */
#include "net/web/exchange_answer.h"

#include <errno.h>

#include "base/fields.h"
#include "net/access.h"

void exchange_pass(struct exchange *x, uint64_t sent)
{
    if (!x->access) return;
    access_pass(x->access, x->came, sent);
    x->came = 0;
}

void exchange_record(struct exchange *x, int status, const char *cause, uint64_t sent)
{
    struct access *a = x->access;
    if (!a) return;
    x->access = NULL;
    a->seen.status = status;
    a->seen.sent = sent;
    if (cause[0]) a->seen.cause = cause;
    access_tell(a, asker_peer(&x->asker));
}

/* The user's own stand in place of them; what an answer varies with is told besides, if he has not. */
int exchange_add_cors(const struct exchange *x, struct field_list *to)
{
    static const weft_field vary = {{(const uint8_t *)"Vary", 4}, {(const uint8_t *)"Origin", 6}};
    const struct field_list *cors = &x->cors;
    bool varies = x->varies && !fields_have_token(to->fields, to->n, "Vary", "Origin");
    int error = varies ? field_list_add_all(to, exchange_env(x), &vary, 1) : 0;
    for (size_t i = 0; i < cors->n && !error; i++)
        if (!field_list_has(to, cors->fields[i].name))
            error = field_list_add_all(to, exchange_env(x), cors->fields + i, 1);
    return error;
}

int exchange_answer(struct exchange *x, int status, struct field_list *fields, const char *type,
                    const void *body, size_t len)
{
    struct access *told = x->access; /* at the end of the turn: it is there until then */
    size_t before = x->out.bytes;
    if (status == 304 && len) return -EINVAL;
    int error =
        type ? field_list_set(fields, exchange_env(x), bytes_of("Content-Type"), bytes_of(type))
             : 0;
    if (!error) error = exchange_add_cors(x, fields);
    if (!error)
        error = h1_reply_begin(&x->h1, status, fields->fields, fields->n,
                               net_date(lane_net(x->lane)), len);
    if (error) return error;
    exchange_record(x, status, "", x->h1.is_head ? 0 : len);
    error = h1_reply_write(&x->h1, body, len);
    if (!error) error = h1_reply_end(&x->h1);
    if (error) h1_last(&x->h1);
    access_pass(told, 0, x->out.bytes - before);
    lane_dirty(x->lane);
    return error;
}
