/* SPDX-License-Identifier: MIT
 *
 * net/web/request.c - plain requests: what the user reads of them, and the replies that are whole
 *
 *      head, body (taken from h1) -> weft_request -> on_request
 *      weft_respond -> exchange_answer
 *
 * Replies that stream: reply.c.
 */
#include "net/web/request.h"

#include <errno.h>

#include "base/fields.h"
#include "base/limits.h"
#include "http/reserved.h"
#include "net/access.h"

/* ---- birth and death ------------------------------------------------------------------------- */

weft_request_head request_head_of(const weft_request *r)
{
    return (weft_request_head){r->head.method, r->head.target, r->head.version, r->head.fields,
                               r->head.n_fields};
}

void request_init(weft_request *r, struct exchange *x, uint32_t mark)
{
    r->mark = mark;
    r->exchange = x;
    r->loop = lane_loop(x->lane);
    h1_take(&x->h1, &r->head, &r->body);
}

void request_deinit(weft_request *r)
{
    r->mark = 0;
    weft_peer_unref(r->peer);
    head_deinit(&r->head);
    buf_deinit(&r->body);
    field_list_deinit(&r->fields, weft_loop_env(r->loop));
}

void request_spend(weft_loop *l, void *block)
{
    spent_free(&net_there(l)->spent, weft_loop_env(l), block);
}

int request_finish(weft_request *r, int result)
{
    struct exchange *x = r->exchange;
    request_deinit(r);
    request_spend(r->loop, r);
    if (x) exchange_replied(x);
    return result;
}

int request_fail(weft_request *r, int error)
{
    struct exchange *x = r->exchange;
    struct lane *l = x->lane;
    x->request = NULL;
    exchange_refuse(x, 500, "the reply could not be made");
    if (l->gone) r->exchange = NULL;
    return request_finish(r, error);
}

void request_leave(weft_request *r)
{
    (void)weft_request_peer(r);
    r->exchange = NULL;
}

void request_gone(weft_request *r)
{
    if (r->on_gone) r->on_gone(r, r->user);
}

/* ---- to the user ----------------------------------------------------------------------------- */

static void refuse_path(struct exchange *x)
{
    if (route_find(&lane_site(x->lane)->routes.websockets, x->h1.head.path))
        exchange_refuse(x, 426, "this is a WebSocket: the request must have Upgrade: websocket");
    else exchange_refuse(x, 404, "there is nothing at this path");
}

static const struct route *route_of(const struct exchange *x)
{
    return route_find(&lane_site(x->lane)->routes.requests, x->h1.head.path);
}

void request_expect(struct exchange *x)
{
    const struct route *route = route_of(x);
    if (!route || !route->limits) return;
    x->limits = route->limits;
    h1_body_max(&x->h1, limit_http_body_max(site_limits(lane_site(x->lane), x->limits)));
}

void request_dispatch(struct exchange *x)
{
    const struct site *site = lane_site(x->lane);
    const struct route *route = route_of(x);
    if (!route) {
        refuse_path(x);
        return;
    }
    weft_request *r = mem_zalloc(lane_env(x->lane), sizeof *r);
    if (!r) {
        exchange_refuse(x, 503, "out of memory");
        return;
    }
    if (site->closing) h1_last(&x->h1);
    tally_add(&site->tally->requests);
    request_init(r, x, REQUEST_WAITS);
    if (x->access) x->access->seen.received = r->body.len;
    x->request = r;
    lane_deadline(x->lane, WEFT_NEVER);
    route->on_request(r, route->user);
}

/* ---- what was asked -------------------------------------------------------------------------- */

weft_bytes weft_request_method(const weft_request *r)
{
    request_assert_waits(r);
    return r->head.method;
}

weft_bytes weft_request_target(const weft_request *r)
{
    request_assert_waits(r);
    return r->head.target;
}

weft_bytes weft_request_path(const weft_request *r)
{
    request_assert_waits(r);
    return r->head.path;
}

weft_bytes weft_request_query(const weft_request *r)
{
    request_assert_waits(r);
    return r->head.query;
}

size_t weft_request_fields(const weft_request *r, const weft_field **fields)
{
    request_assert_waits(r);
    *fields = r->head.fields;
    return r->head.n_fields;
}

weft_bytes weft_request_field(const weft_request *r, const char *name)
{
    request_assert_waits(r);
    const weft_field *f = fields_first(r->head.fields, r->head.n_fields, name);
    return f ? f->value : (weft_bytes){0};
}

weft_bytes weft_request_body(const weft_request *r)
{
    request_assert_waits(r);
    return buf_bytes(&r->body);
}

weft_loop *weft_request_loop(const weft_request *r)
{
    request_assert_waits(r);
    return r->loop;
}

weft_peer *weft_request_peer(weft_request *r)
{
    request_assert_waits(r);
    if (!r->peer && r->exchange) r->peer = weft_peer_ref(exchange_peer(r->exchange));
    return r->peer;
}

bool weft_request_is(const weft_request *r, const char *method)
{
    request_assert_waits(r);
    return bytes_is(r->head.method, method);
}

bool weft_request_allowed(const weft_request *r)
{
    request_assert_waits(r);
    weft_bytes origin;
    weft_request_head head = request_head_of(r);
    return r->exchange && exchange_origin_allowed(r->exchange, &head, &origin);
}

void weft_request_watch(weft_request *r, void (*on_gone)(weft_request *r, void *user), void *user)
{
    request_assert_waits(r);
    r->on_gone = on_gone;
    r->user = user;
}

/* ---- the reply ------------------------------------------------------------------------------- */

int weft_reply_field(weft_request *r, const char *name, const char *value)
{
    request_assert_waits(r);
    const weft_env *env = weft_loop_env(r->loop);
    if (field_is_reserved(bytes_of(name), RESERVED_IN_REPLY)) return -EINVAL;
    return bytes_is_nocase(bytes_of(name), "Content-Type")
               ? field_list_set(&r->fields, env, bytes_of(name), bytes_of(value))
               : field_list_add(&r->fields, env, bytes_of(name), bytes_of(value));
}

int weft_respond(weft_request *r, int status, const char *type, const void *body, size_t len)
{
    request_assert_plain(r);
    if (!r->exchange) return request_finish(r, WEFT_ERR_CLOSED);
    int error = exchange_answer(r->exchange, status, &r->fields, type, body, len);
    return error ? request_fail(r, error) : request_finish(r, 0);
}

void weft_request_abort(weft_request *r)
{
    request_assert_plain(r);
    struct exchange *x = r->exchange;
    r->exchange = NULL;
    if (x) {
        x->request = NULL;
        lane_abort(x->lane);
    }
    (void)request_finish(r, 0);
}
