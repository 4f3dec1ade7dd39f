/* SPDX-License-Identifier: MIT
 *
 * net/web/upgrade.c - an opening handshake that the user decides on, at once or later
 *
 *      head -> weft_handshake_check -> route -> origin -> on_upgrade -> accept   the route's opener opens a WebSocket,
 *                                                                                exchange_upgrade sits it down
 *                                                                       refuse
 *                                                                       hold     until the user calls
 *
 * Who accepts inside on_upgrade is told nothing by that call, so he is told by on_open and on_close, whatever happens
 * then. So the WebSocket is made before he is asked; if there is no memory for the 101 it sits down all the same, and
 * its lane is dropped. Who accepts later is told by what weft_upgrade_accept returns, and nothing is kept for him.
 */
#include "net/web/upgrade.h"

#include <errno.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/reply.h"
#include "net/access.h"

static void discard_conn(weft_upgrade *u)
{
    if (u->conn) u->opener.discard(u->conn);
    u->conn = NULL;
}

static void upgrade_free(weft_upgrade *u)
{
    weft_loop *l = u->request.loop;
    discard_conn(u);
    request_deinit(&u->request);
    buf_deinit(&u->type);
    buf_deinit(&u->body);
    request_spend(l, u);
}

/* ---- accepting ------------------------------------------------------------------------------- */

enum { HANDSHAKE_FIELDS = 5 };

static size_t handshake_fields(const weft_upgrade *u, weft_field out[HANDSHAKE_FIELDS])
{
    size_t n = 0;
    out[n++] = (weft_field){bytes_of("Upgrade"), bytes_of("websocket")};
    out[n++] = (weft_field){bytes_of("Connection"), bytes_of("Upgrade")};
    out[n++] = (weft_field){bytes_of("Sec-WebSocket-Accept"), bytes_of(u->accept)};
    if (u->terms.subprotocol[0])
        out[n++] = (weft_field){bytes_of("Sec-WebSocket-Protocol"), bytes_of(u->terms.subprotocol)};
    if (u->terms.deflate.on)
        out[n++] = (weft_field){bytes_of("Sec-WebSocket-Extensions"), bytes_of(u->extension)};
    return n;
}

static int switch_protocols(struct exchange *x, const weft_upgrade *u)
{
    const weft_env *env = lane_env(x->lane);
    weft_field ours[HANDSHAKE_FIELDS];
    struct field_list all = {0};
    int error = field_list_add_all(&all, env, ours, handshake_fields(u, ours));
    if (!error)
        error = field_list_add_all(&all, env, u->request.fields.fields, u->request.fields.n);
    if (!error) error = exchange_upgrade(x, all.fields, all.n, u->conn);
    field_list_deinit(&all, env);
    return error;
}

static int make_conn(struct exchange *x, weft_upgrade *u)
{
    weft_peer *peer;
    struct access *access = NULL;
    int error = asker_client(&x->asker, &peer);
    if (!error) error = access_begin(&access, x->lane, WEFT_ACCESS_WEBSOCKET, &u->request.head);
    if (!error) u->conn = u->opener.make(u->opener.endpoint, peer, access);
    if (u->conn) return 0;
    access_free(access);
    return -ENOMEM;
}

/* Whether it sits on the lane; if not, why not. */
static int open_conn(struct exchange *x, weft_upgrade *u)
{
    u->opener.open(u->opener.endpoint, u->conn, &u->terms);
    int error = switch_protocols(x, u);
    if (!error) u->conn = NULL;
    return error;
}

/* The answer that on_upgrade has given stands. */
static void accept_now(struct exchange *x, weft_upgrade *u)
{
    int error = open_conn(x, u);
    if (!error) return;
    exchange_upgrade_in_vain(x, u->conn, error);
    u->conn = NULL;
}

static int accept_held(struct exchange *x, weft_upgrade *u)
{
    int error = make_conn(x, u);
    if (!error) error = open_conn(x, u);
    if (!error) return 0;
    discard_conn(u);
    exchange_refuse(x, 503, "out of memory");
    return error;
}

static int accept_as_agreed(struct exchange *x, weft_upgrade *u)
{
    if (u->state == UPGRADE_HELD) return accept_held(x, u);
    accept_now(x, u);
    return 0;
}

/* ---- refusing -------------------------------------------------------------------------------- */

static bool is_refusal(int status)
{
    return status >= 300 && status < 600;
}

/* With the user's body, to the byte, or with the reason phrase; 304 has none. */
static void refuse_as_told(struct exchange *x, const weft_upgrade *u, int status)
{
    const char *phrase = reply_status_text(status);
    bool returned = u->state == UPGRADE_ASKED;
    struct refusal r = {.status = status,
                        .why =
                            returned ? "refused by on_upgrade" : "refused by weft_upgrade_refuse",
                        .fields = &u->request.fields};
    if (!u->has_body && status != 304) {
        exchange_refuse_plainly(x, &r, phrase[0] ? phrase : "refused");
        return;
    }
    if (status != 304) r.body = buf_bytes(&u->body);
    if (u->type.len) r.type = (const char *)u->type.data;
    exchange_refuse_with(x, &r);
}

/* Our program's mistake, which it should hear of. */
static void refuse_nonsense(struct exchange *x, int answer)
{
    log_line(lane_env(x->lane), WEFT_LOG_ERROR,
             "%d is no answer to an upgrade: 0 accepts, 300 to 599 refuse, WEFT_HOLD waits",
             answer);
    exchange_refuse(x, 500, "the server's on_upgrade gave an answer that is none");
}

int weft_upgrade_as(weft_upgrade *u, const char *path)
{
    request_assert_waits(&u->request);
    struct exchange *x = u->request.exchange;
    if (!x) return 0; /* nobody is there for whom it would matter */
    const struct route *r = route_named(&lane_site(x->lane)->routes.websockets, path);
    if (!r) return -ENOENT;
    u->opener = r->opener;
    return 0;
}

/* ---- deciding -------------------------------------------------------------------------------- */

/* 0, or why the answer could not be given: the client was told something else then. */
static int settle(struct exchange *x, weft_upgrade *u, int answer)
{
    if (answer == 0) return accept_as_agreed(x, u);
    if (is_refusal(answer)) refuse_as_told(x, u, answer);
    else refuse_nonsense(x, answer);
    return is_refusal(answer) ? 0 : -EINVAL;
}

/* What on_upgrade returned, unless it called for an answer itself. Whoever holds u keeps it. */
static void decide(struct exchange *x, weft_upgrade *u, int answer)
{
    if (u->state == UPGRADE_ASKED && answer == WEFT_HOLD) {
        u->state = UPGRADE_HELD;
        discard_conn(u);
        x->upgrade = u;
        lane_deadline(x->lane, limit_hold_timeout(u->opener.handler->limits));
        return;
    }
    (void)settle(x, u, u->state == UPGRADE_ANSWERED ? u->answer : answer);
    upgrade_free(u);
}

/* NULL: no memory. */
static weft_upgrade *upgrade_new(struct exchange *x, const struct route *route)
{
    const weft_env *env = lane_env(x->lane);
    weft_upgrade *u = mem_zalloc(env, sizeof *u);
    if (!u) return NULL;
    request_init(&u->request, x, UPGRADE_WAITS);
    u->opener = route->opener;
    u->terms.user = route->user;
    buf_init(&u->type, env, SIZE_MAX);
    buf_init(&u->body, env, SIZE_MAX);
    if (make_conn(x, u) == 0) return u;
    upgrade_free(u);
    return NULL;
}

static void ask_user(struct exchange *x, const struct route *route, const weft_handshake *ok)
{
    const weft_handler *h = route->opener.handler;
    weft_upgrade *u = upgrade_new(x, route);
    if (!u) {
        exchange_refuse(x, 503, "out of memory");
        return;
    }
    memcpy(u->accept, ok->accept, sizeof u->accept);
    weft_request_head head = head_as_request(&u->request.head);
    const char *subprotocol = weft_subprotocol_choose(&head, h->subprotocols);
    u->terms.subprotocol = subprotocol ? subprotocol : "";
    weft_deflate_choose(&head, h->deflate, &u->terms.deflate, u->extension);
    decide(x, u, h->on_upgrade ? h->on_upgrade(u) : 0);
}

static void refuse_origin(struct exchange *x, weft_bytes origin)
{
    char text[768];
    int len = (int)(origin.len < 300 ? origin.len : 300);
    snprintf(text, sizeof text,
             "the origin %.*s may not open a WebSocket here; to allow it, add it to the server's "
             "origins (--origin %.*s)",
             len, (const char *)origin.data, len, (const char *)origin.data);
    struct refusal r = {.status = 403, .why = "this origin may not open a WebSocket here"};
    exchange_refuse_plainly(x, &r, text);
}

enum { RETRY_S = 5 };

/* Of a client behind a proxy it is his WebSockets that are his connections. */
static bool connects_too_often(const struct exchange *x)
{
    const struct forwarded *f = &x->asker.forwarded;
    return f->known && site_connects(lane_site(x->lane), &f->client) < 0;
}

static void refuse_connecting(struct exchange *x)
{
    struct refusal r = {
        .status = 429, .why = "your address connects too often", .retry_after = RETRY_S};
    exchange_refuse_plainly(x, &r, r.why);
}

void upgrade_begin(struct exchange *x)
{
    const struct site *site = lane_site(x->lane);
    const struct head *h = &x->h1.head;
    weft_request_head head = head_as_request(h);
    weft_handshake result;
    weft_bytes origin;
    if (weft_handshake_check(&head, &site->limits, &result) != 101) {
        exchange_refuse(x, result.status, result.why);
        return;
    }
    const struct route *route = route_find(&site->routes.websockets, h->path);
    unsigned retry_s = site_retry_s(site, x->lane->slot);
    if (!route) exchange_refuse(x, 404, "there is no WebSocket at this path");
    else if (site->closing) exchange_refuse(x, 503, "the server is shutting down");
    else if (retry_s) exchange_refuse_for_now(x, retry_s);
    else if (connects_too_often(x)) refuse_connecting(x);
    else if (!asker_origin_allowed(&x->asker, h, &origin)) refuse_origin(x, origin);
    else ask_user(x, route, &result);
}

/* ---- what the user asks and says ------------------------------------------------------------- */

weft_request *weft_upgrade_request(weft_upgrade *u)
{
    request_assert_waits(&u->request);
    return &u->request;
}

void *weft_upgrade_user(const weft_upgrade *u)
{
    request_assert_waits(&u->request);
    return u->terms.user;
}

void weft_upgrade_set_user(weft_upgrade *u, void *user)
{
    request_assert_waits(&u->request);
    u->terms.user = user;
}

const char *weft_upgrade_subprotocol(const weft_upgrade *u)
{
    request_assert_waits(&u->request);
    return u->request.exchange ? u->terms.subprotocol
                               : ""; /* else its server may be gone, with the handler */
}

int weft_upgrade_set_subprotocol(weft_upgrade *u, const char *subprotocol)
{
    request_assert_waits(&u->request);
    const char *const only[] = {subprotocol, NULL};
    weft_request_head head = head_as_request(&u->request.head);
    if (subprotocol[0] && !weft_subprotocol_choose(&head, only)) return WEFT_ERR_STATE;
    u->terms.subprotocol = subprotocol;
    return 0;
}

int weft_upgrade_field(weft_upgrade *u, const char *name, const char *value)
{
    request_assert_waits(&u->request);
    if (field_is_reserved(bytes_of(name), RESERVED_IN_UPGRADE)) return -EINVAL;
    return weft_reply_field(&u->request, name, value);
}

int weft_upgrade_fields(weft_upgrade *u, const weft_field *fields, size_t n)
{
    request_assert_waits(&u->request);
    return request_add_fields(&u->request, fields, n, RESERVED_IN_UPGRADE);
}

static int set_body(weft_upgrade *u, const char *type, const void *body, size_t len)
{
    if (type && !reply_field_valid(bytes_of("Content-Type"), bytes_of(type))) return -EINVAL;
    buf_deinit(&u->type);
    buf_deinit(&u->body);
    if (type) buf_append(&u->type, type, strlen(type) + 1);
    buf_append(&u->body, body, len);
    u->has_body = !u->type.failed && !u->body.failed;
    return u->has_body ? 0 : -ENOMEM;
}

int weft_upgrade_body(weft_upgrade *u, const char *type, const void *body, size_t len)
{
    request_assert_waits(&u->request);
    return set_body(u, type, body, len);
}

/* ---- answering with a call ------------------------------------------------------------------- */

/* on_upgrade is on the stack: it is done when that has returned. */
static int answer_soon(weft_upgrade *u, int answer)
{
    if (u->state == UPGRADE_ANSWERED) return WEFT_ERR_STATE;
    u->state = UPGRADE_ANSWERED;
    u->answer = answer;
    return answer == 0 || is_refusal(answer) ? 0 : -EINVAL;
}

static int answer_held(weft_upgrade *u, int answer)
{
    struct exchange *x = u->request.exchange;
    if (!x) {
        upgrade_free(u); /* the client has left, or its time is over */
        return WEFT_ERR_CLOSED;
    }
    struct lane *l = x->lane;
    x->upgrade = NULL;
    int result = settle(x, u, answer);
    upgrade_free(u);
    if (!l->gone) lane_again(l); /* what is left of the input is for whom it concerns now */
    return result;
}

static int answer_with(weft_upgrade *u, int answer)
{
    return u->state == UPGRADE_HELD ? answer_held(u, answer) : answer_soon(u, answer);
}

int weft_upgrade_accept(weft_upgrade *u)
{
    request_assert_waits(&u->request);
    return answer_with(u, 0);
}

int weft_upgrade_refuse(weft_upgrade *u, int status, const char *type, const void *body, size_t len)
{
    request_assert_waits(&u->request);
    if (u->state == UPGRADE_ANSWERED) return WEFT_ERR_STATE;
    int error = body || len ? set_body(u, type, body, len) : 0;
    int result = answer_with(u, error ? 500 : status ? status : -1);
    return error && !result ? error : result;
}
