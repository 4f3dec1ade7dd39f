/* SPDX-License-Identifier: MIT
 *
 * net/web/request.c - plain requests: what the user reads of them, and the replies
 *
 *      head, body (taken from h1) -> weft_request -> on_request
 *      weft_reply, _begin, _write, _end -> h1 -> the wire's queue
 *
 * Finishing frees the request and lets the wire go on with the next one.
 */
#include "net/web/request.h"

#include <errno.h>

#include "base/fields.h"
#include "base/limits.h"
#include "http/h1.h"
#include "http/reply.h"
#include "http/reserved.h"

/* ---- fields ---------------------------------------------------------------------------------- */

/* One allocation holds name and value. */
int field_list_add(struct field_list *l, const weft_env *env, weft_bytes name, weft_bytes value)
{
    if (!reply_field_valid(name, value)) return -EINVAL;
    weft_field *fields = mem_realloc(env, l->fields, (l->n + 1) * sizeof *fields);
    if (!fields) return -ENOMEM;
    l->fields = fields;
    uint8_t *text = mem_alloc(env, name.len + value.len);
    if (!text) return -ENOMEM;
    copy(text, name.data, name.len);
    copy(text + name.len, value.data, value.len);
    fields[l->n++] = (weft_field){{text, name.len}, {text + name.len, value.len}};
    return 0;
}

void field_list_deinit(struct field_list *l, const weft_env *env)
{
    for (size_t i = 0; i < l->n; i++) mem_free(env, (void *)(uintptr_t)l->fields[i].name.data);
    mem_free(env, l->fields);
    *l = (struct field_list){0};
}

/* ---- birth and death ------------------------------------------------------------------------- */

weft_request_head request_head_of(const weft_request *r)
{
    return (weft_request_head){r->head.method, r->head.target, r->head.version, r->head.fields,
                               r->head.n_fields};
}

void request_init(weft_request *r, struct wire *w)
{
    r->wire = w;
    r->loop = stream_loop(&w->stream);
    r->over_soft = wire_buffered(w) > limit_send_queue_soft(wire_limits(w));
    h1_take(web_h1(w), &r->head, &r->body);
}

void request_deinit(weft_request *r)
{
    head_deinit(&r->head);
    buf_deinit(&r->body);
    field_list_deinit(&r->fields, weft_loop_env(r->loop));
}

/* The reply has ended, well or not: the request goes, the wire goes on. */
static int finish(weft_request *r, int result)
{
    struct wire *w = r->wire;
    const weft_env *env = weft_loop_env(r->loop);
    request_deinit(r);
    mem_free(env, r);
    if (w) web_replied(w);
    return result;
}

void request_drained(weft_request *r)
{
    uint64_t soft = limit_send_queue_soft(wire_limits(r->wire));
    if (!r->over_soft || wire_buffered(r->wire) >= soft / 2) return;
    r->over_soft = false;
    if (r->on_drain) r->on_drain(r, r->user);
}

void request_gone(weft_request *r)
{
    r->wire = NULL;
    if (r->on_gone) r->on_gone(r, r->user);
}

/* ---- what was asked -------------------------------------------------------------------------- */

weft_bytes weft_request_method(const weft_request *r)
{
    return r->head.method;
}

weft_bytes weft_request_target(const weft_request *r)
{
    return r->head.target;
}

weft_bytes weft_request_path(const weft_request *r)
{
    return r->head.path;
}

weft_bytes weft_request_query(const weft_request *r)
{
    return r->head.query;
}

size_t weft_request_fields(const weft_request *r, const weft_field **fields)
{
    *fields = r->head.fields;
    return r->head.n_fields;
}

weft_bytes weft_request_field(const weft_request *r, const char *name)
{
    const weft_field *f = fields_first(r->head.fields, r->head.n_fields, name);
    return f ? f->value : (weft_bytes){0};
}

weft_bytes weft_request_body(const weft_request *r)
{
    return buf_bytes(&r->body);
}

weft_loop *weft_request_loop(const weft_request *r)
{
    return r->loop;
}

int weft_request_peer(const weft_request *r, char *text, size_t size)
{
    return r->wire ? wire_peer(r->wire, text, size) : -ENOTCONN;
}

bool weft_request_is(const weft_request *r, const char *method)
{
    return bytes_is(r->head.method, method);
}

void weft_request_watch(weft_request *r, void (*on_drain)(weft_request *r, void *user),
                        void (*on_gone)(weft_request *r, void *user), void *user)
{
    r->on_drain = on_drain;
    r->on_gone = on_gone;
    r->user = user;
}

/* ---- the reply ------------------------------------------------------------------------------- */

int weft_reply_field(weft_request *r, const char *name, const char *value)
{
    if (r->begun) return WEFT_ERR_STATE;
    if (field_is_reserved(bytes_of(name), RESERVED_IN_REPLY)) return -EINVAL;
    return field_list_add(&r->fields, weft_loop_env(r->loop), bytes_of(name), bytes_of(value));
}

int weft_reply(weft_request *r, int status, const char *type, const void *body, size_t len)
{
    if (!r->wire) return finish(r, WEFT_ERR_CLOSED);
    if (r->begun) {
        weft_reply_abort(r);
        return WEFT_ERR_STATE;
    }
    int error = web_answer(r->wire, status, &r->fields, type, body, len);
    if (error) {
        web_forget(r->wire);
        web_refuse(r->wire, 500, "the reply could not be made", NULL);
    }
    return finish(r, error);
}

static int queued(weft_request *r, int error)
{
    if (error) return error;
    if (wire_buffered(r->wire) > limit_send_queue_soft(wire_limits(r->wire))) r->over_soft = true;
    wire_dirty(r->wire);
    return 0;
}

int weft_reply_begin(weft_request *r, int status, const char *type, uint64_t length)
{
    if (!r->wire) return WEFT_ERR_CLOSED;
    if (r->begun) return WEFT_ERR_STATE;
    int error = type ? weft_reply_field(r, "Content-Type", type) : 0;
    if (error) return error;
    error = h1_reply_begin(web_h1(r->wire), status, r->fields.fields, r->fields.n,
                           net_date(wire_net(r->wire)), length);
    if (error) return error;
    r->begun = true;
    return queued(r, 0);
}

static int refusal(weft_request *r)
{
    if (!r->wire) return WEFT_ERR_CLOSED;
    if (!r->begun) return WEFT_ERR_STATE;
    if (wire_buffered(r->wire) <= limit_send_queue_max(wire_limits(r->wire))) return 0;
    r->over_soft = true;
    return WEFT_ERR_BACKLOG;
}

int weft_reply_write(weft_request *r, const void *data, size_t len)
{
    int error = refusal(r);
    return error ? error : queued(r, h1_reply_write(web_h1(r->wire), data, len));
}

int request_share(weft_request *r, struct blob *b)
{
    int error = refusal(r);
    return error ? error : queued(r, h1_reply_share(web_h1(r->wire), b));
}

int weft_reply_end(weft_request *r)
{
    if (!r->wire) return finish(r, WEFT_ERR_CLOSED);
    int error = h1_reply_end(web_h1(r->wire));
    if (!error) return finish(r, 0);
    weft_reply_abort(r);
    return error;
}

void weft_reply_abort(weft_request *r)
{
    struct wire *w = r->wire;
    r->wire = NULL;
    if (w) {
        web_forget(w);
        wire_drop(w, 0, "");
    }
    (void)finish(r, 0);
}

size_t weft_reply_buffered(const weft_request *r)
{
    return r->wire ? wire_buffered(r->wire) : 0;
}
