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
#include <stdio.h>

#include "base/fields.h"
#include "base/limits.h"
#include "net/access.h"
#include "net/web/cors.h"
#include "net/web/methods.h"
#include "net/web/waiting.h"

SIZED_TAKER(watcher_take, weft_request_watcher, on_time, 24, on_time)

/* ---- birth and death ------------------------------------------------------------------------- */

static void told_late(struct timer *t)
{
    request_gone(container_of(t, weft_request, gone));
}

static void init(weft_request *r, struct exchange *x, uint32_t mark)
{
    r->mark = mark;
    r->exchange = x;
    r->loop = lane_loop(x->lane);
    timer_init(&r->gone, told_late);
}

void request_init(weft_request *r, struct exchange *x, uint32_t mark)
{
    init(r, x, mark);
    h1_take(&x->h1, &r->head, &r->body);
}

void request_forgotten(weft_request *r)
{
    r->forgot = true;
    r->exchange = NULL;
    timer_init(&r->gone, told_late);
}

void request_deinit(weft_request *r)
{
    r->mark = 0;
    loop_timer_stop(r->loop, &r->gone);
    weft_peer_unref(r->peer);
    if (!r->forgot) head_deinit(&r->head);
    if (!r->forgot) buf_deinit(&r->body);
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
    if (r->watcher.on_gone) r->watcher.on_gone(r, r->watching);
}

bool request_server_leaves(weft_request *r, uint64_t return_ms)
{
    if (r->asked || !r->watcher.on_leave) return false;
    r->asked = true;
    r->watcher.on_leave(r, return_ms, r->watching);
    return true;
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

static void answer_options(struct exchange *x, struct field_list *allow)
{
    tally_add(&lane_site(x->lane)->tally->requests);
    if (exchange_answer(x, 204, allow, NULL, NULL, 0) < 0) exchange_refuse(x, 503, "out of memory");
}

/* A method that the user has not named: OPTIONS is answered with those there are, others are refused. */
static void answer_for_method(struct exchange *x, const char *methods)
{
    const weft_env *env = lane_env(x->lane);
    struct field_list list = {0};
    struct refusal r = {
        .status = 405, .why = "this path does not have this method", .fields = &list};
    if (methods_allow(&list, env, methods) < 0) exchange_refuse(x, 503, "out of memory");
    else if (bytes_is(x->h1.head.method, "OPTIONS")) answer_options(x, &list);
    else exchange_refuse_plainly(x, &r, r.why);
    field_list_deinit(&list, env);
}

/* NULL: no memory, and the client was told. */
static weft_request *make(struct exchange *x, const struct route *route)
{
    const struct site *site = lane_site(x->lane);
    weft_request *r = mem_zalloc(lane_env(x->lane), sizeof *r);
    if (!r) {
        exchange_refuse(x, 503, "out of memory");
        return NULL;
    }
    if (site->closing) h1_last(&x->h1);
    tally_add(&site->tally->requests);
    r->user = route->user;
    return r;
}

/* It is refused before it is read, and nobody is asked. */
static bool is_too_long(const struct exchange *x)
{
    return x->h1.head.body == BODY_LENGTH && x->h1.head.length > x->h1.body.max;
}

/* Asked with the head; the body follows. */
static void dispatch_early(struct exchange *x, const struct route *route)
{
    weft_request *r = make(x, route);
    if (!r) return;
    init(r, x, REQUEST_WAITS);
    h1_stream(&x->h1, &r->head);
    r->on_body = route->on_body;
    x->request = r;
    exchange_body_rests(x);
    route->on_request(r, route->user);
}

static void refuse_preflight(struct exchange *x)
{
    char text[768];
    const struct head *h = &x->h1.head;
    const weft_field *f = fields_first(h->fields, h->n_fields, "Origin");
    int len = (int)(f->value.len < 300 ? f->value.len : 300);
    snprintf(text, sizeof text,
             "pages of %.*s may not read what is answered here; to let them, add it to the "
             "server's origins (--origin %.*s)",
             len, (const char *)f->value.data, len, (const char *)f->value.data);
    struct refusal r = {.status = 403, .why = "pages of this origin may not read answers here"};
    exchange_refuse_plainly(x, &r, text);
}

static void answer_preflight(struct exchange *x, const char *methods)
{
    struct field_list list = {0};
    const weft_env *env = lane_env(x->lane);
    int error = cors_preflight(&list, &x->asker, &x->h1.head, methods);
    if (!error) {
        tally_add(&lane_site(x->lane)->tally->requests);
        error = exchange_answer(x, 204, &list, NULL, NULL, 0);
    }
    if (error == -EACCES) refuse_preflight(x);
    else if (error) exchange_refuse(x, 503, "out of memory");
    field_list_deinit(&list, env);
}

/* When it may come again; 0: now is the time. */
static unsigned refused_for(const struct exchange *x, const struct route *route)
{
    unsigned retry_s = site_retry_s(lane_site(x->lane), x->lane->slot);
    bool let_in = retry_s && route->unrefused && methods_have(route->unrefused, x->h1.head.method);
    return let_in ? 0 : retry_s;
}

void request_expect(struct exchange *x)
{
    const struct route *route = route_of(x);
    const struct head *h = &x->h1.head;
    if (!route) return;
    if (route->limits) {
        x->limits = route->limits;
        h1_body_max(&x->h1, limit_http_body_max(site_limits(lane_site(x->lane), x->limits)));
    }
    if (route->cors && cors_begin(&x->cors, &x->varies, &x->asker, h) < 0)
        exchange_refuse(x, 503, "out of memory");
    else if (route->cors && cors_is_preflight(h)) answer_preflight(x, route->methods);
    else if (!methods_have(route->methods, h->method)) answer_for_method(x, route->methods);
    else if (refused_for(x, route)) exchange_refuse_for_now(x, refused_for(x, route));
    else if (route->on_body && !is_too_long(x)) dispatch_early(x, route);
}

bool request_refuse(struct exchange *x, const struct route *route, struct field_list *fields,
                    int status, const char *words)
{
    weft_request *r = mem_zalloc(lane_env(x->lane), sizeof *r);
    if (!r) return false;
    request_init(r, x, REQUEST_WAITS);
    buf_deinit(&r->body);
    r->user = route->user;
    r->fields = *fields;
    *fields = (struct field_list){0};
    x->request = r;
    x->receiving = x->in_body = false;
    lane_deadline(x->lane, WEFT_NEVER);
    route->on_refuse(r, status, words, route->user);
    return true;
}

void request_dispatch(struct exchange *x)
{
    const struct route *route = route_of(x);
    weft_request *r = route ? make(x, route) : NULL;
    if (!route) refuse_path(x);
    if (!r) return;
    request_init(r, x, REQUEST_WAITS);
    if (x->access) x->access->seen.received = r->body.len;
    x->request = r;
    lane_deadline(x->lane, WEFT_NEVER);
    route->on_request(r, route->user);
}

/* ---- a body that streams --------------------------------------------------------------------- */

void request_piece(struct exchange *x)
{
    weft_request *r = x->request;
    weft_bytes piece = x->h1.piece;
    if (x->access) x->access->seen.received += piece.len;
    r->on_body(r, piece.data, piece.len, r->user);
}

void request_complete(struct exchange *x)
{
    weft_request *r = x->request;
    lane_deadline(x->lane, WEFT_NEVER);
    r->on_body(r, NULL, 0, r->user);
}

void weft_request_pause(weft_request *r)
{
    request_assert_plain(r);
    if (!r->exchange || !r->on_body || r->paused) return;
    r->paused = true;
    lane_pause(r->exchange->lane);
    exchange_body_rests(r->exchange);
}

void request_unpause(weft_request *r)
{
    if (!r->paused) return;
    r->paused = false;
    if (r->exchange) lane_resume(r->exchange->lane);
}

void weft_request_resume(weft_request *r)
{
    request_assert_plain(r);
    struct exchange *x = r->exchange;
    bool rests = r->paused && x && h1_in_body(&x->h1);
    request_unpause(r);
    if (rests) exchange_await_body(x);
}

void *weft_request_user(const weft_request *r)
{
    request_assert_plain(r);
    return r->user;
}

void weft_request_set_user(weft_request *r, void *user)
{
    request_assert_plain(r);
    r->user = user;
}

/* ---- what was asked -------------------------------------------------------------------------- */

static const struct head *head_of(const weft_request *r)
{
    static const struct head forgotten;
    return r->forgot ? &forgotten : &r->head;
}

weft_bytes weft_request_method(const weft_request *r)
{
    request_assert_waits(r);
    return head_of(r)->method;
}

weft_bytes weft_request_target(const weft_request *r)
{
    request_assert_waits(r);
    return head_of(r)->target;
}

weft_bytes weft_request_path(const weft_request *r)
{
    request_assert_waits(r);
    return head_of(r)->path;
}

weft_bytes weft_request_base_path(const weft_request *r)
{
    request_assert_waits(r);
    return head_of(r)->base;
}

weft_bytes weft_request_query(const weft_request *r)
{
    request_assert_waits(r);
    return head_of(r)->query;
}

size_t weft_request_fields(const weft_request *r, const weft_field **fields)
{
    request_assert_waits(r);
    *fields = head_of(r)->fields;
    return head_of(r)->n_fields;
}

weft_bytes weft_request_field(const weft_request *r, const char *name)
{
    request_assert_waits(r);
    const struct head *h = head_of(r);
    const weft_field *f = fields_first(h->fields, h->n_fields, name);
    return f ? f->value : (weft_bytes){0};
}

weft_bytes weft_request_body(const weft_request *r)
{
    request_assert_waits(r);
    return r->forgot ? (weft_bytes){0} : buf_bytes(&r->body);
}

weft_loop *weft_request_loop(const weft_request *r)
{
    request_assert_waits(r);
    return r->loop;
}

weft_peer *weft_request_peer(weft_request *r)
{
    request_assert_waits(r);
    if (!r->peer && r->forgot && r->waiting.lane) return waiting_peer(r);
    if (!r->peer && r->exchange) r->peer = weft_peer_ref(asker_peer(&r->exchange->asker));
    return r->peer;
}

bool weft_request_is(const weft_request *r, const char *method)
{
    request_assert_waits(r);
    return bytes_is(head_of(r)->method, method);
}

bool weft_request_allowed(const weft_request *r)
{
    request_assert_waits(r);
    weft_bytes origin;
    return r->exchange && !r->forgot &&
           asker_origin_allowed(&r->exchange->asker, &r->head, &origin);
}

bool weft_request_is_open(const weft_request *r)
{
    request_assert_waits(r);
    return r->exchange || (r->forgot && r->waiting.lane);
}

int weft_request_watch_sized(weft_request *r, const weft_request_watcher *w, size_t w_size,
                             void *user)
{
    request_assert_waits(r);
    weft_request_watcher taken;
    int error = watcher_take(weft_loop_env(r->loop), &taken, w, w_size);
    if (error) return error;
    r->watcher = taken;
    r->watching = user;
    if (!weft_request_is_open(r) && taken.on_gone) loop_timer_start(r->loop, &r->gone, 0);
    else loop_timer_stop(r->loop, &r->gone);
    return 0;
}

/* ---- the reply ------------------------------------------------------------------------------- */

/* There is one of these at most, and the newest counts. */
static bool stands_once(weft_bytes name)
{
    return bytes_is_nocase(name, "Content-Type") || bytes_is_nocase(name, "Date");
}

static int add_field(struct field_list *to, const weft_env *env, const weft_field *f,
                     enum reserved_in in)
{
    if (field_is_reserved(f->name, in)) return -EINVAL;
    return stands_once(f->name) ? field_list_set(to, env, f->name, f->value)
                                : field_list_add(to, env, f->name, f->value);
}

int request_add_fields(weft_request *r, const weft_field *fields, size_t n, enum reserved_in in)
{
    const weft_env *env = weft_loop_env(r->loop);
    struct field_list all = {0};
    int error = field_list_add_all(&all, env, r->fields.fields, r->fields.n);
    for (size_t i = 0; i < n && !error; i++) error = add_field(&all, env, fields + i, in);
    if (error) {
        field_list_deinit(&all, env);
        return error;
    }
    field_list_deinit(&r->fields, env);
    r->fields = all;
    return 0;
}

int weft_reply_field(weft_request *r, const char *name, const char *value)
{
    request_assert_waits(r);
    const weft_field f = {bytes_of(name), bytes_of(value)};
    return add_field(&r->fields, weft_loop_env(r->loop), &f, RESERVED_IN_REPLY);
}

int weft_reply_fields(weft_request *r, const weft_field *fields, size_t n)
{
    request_assert_waits(r);
    return request_add_fields(r, fields, n, RESERVED_IN_REPLY);
}

int weft_respond(weft_request *r, int status, const char *type, const void *body, size_t len)
{
    request_assert_plain(r);
    request_wake(r);
    if (!r->exchange) return request_finish(r, WEFT_ERR_CLOSED);
    request_unpause(r);
    int error = exchange_answer(r->exchange, status, &r->fields, type, body, len);
    return error ? request_fail(r, error) : request_finish(r, 0);
}

void weft_request_abort(weft_request *r)
{
    request_assert_plain(r);
    request_wake(r);
    struct exchange *x = r->exchange;
    r->exchange = NULL;
    if (x) {
        x->request = NULL;
        lane_abort(x->lane);
    }
    (void)request_finish(r, 0);
}
