/* SPDX-License-Identifier: MIT
 *
 * net/web/web.c - a server's connection while it speaks HTTP
 *
 *      wire bytes -> h1_feed -> H1_HEAD    an upgrade: checked, routed, the user asked; accept or refuse
 *                            -> H1_REQUEST a plain request: routed to the user, replied to now or later
 *                            -> H1_DONE    the last reply: wire_finish
 *
 * Deadlines: the head (and body) of a request must be complete handshake_timeout after its first byte
 * (or after the connection was made), an idle connection closes after http_keepalive, and while a reply
 * is being written the peer has to take something of it within write_stall.
 */
#include <errno.h>

#include "base/fields.h"
#include "base/limits.h"
#include "base/log.h"
#include "http/h1.h"
#include "net/server/server.h"
#include "net/web/proxied.h"
#include "net/web/request.h"
#include "net/ws/conn.h"

struct web {
    struct h1 h1;
    weft_request *request; /* waits for its reply */
    weft_upgrade *upgrade; /* waits for its answer */
    bool receiving;        /* the deadline for a request runs */
    bool full;             /* the next request waits until the client has read more */
};

struct h1 *web_h1(struct wire *w)
{
    return &w->web->h1;
}

/* ---- birth and death ------------------------------------------------------------------------- */

/* HTTP's memory is there only while it is spoken: not before the first byte. 0 or -ENOMEM. */
static int web_begin(struct wire *w)
{
    struct web *web = mem_zalloc(wire_env(w), sizeof *web);
    if (!web) return -ENOMEM;
    h1_init(&web->h1, wire_env(w), wire_limits(w), &w->gear->out);
    web->receiving = true;
    w->web = web;
    return 0;
}

static void web_free(struct wire *w)
{
    h1_deinit(&w->web->h1);
    mem_free(wire_env(w), w->web);
    w->web = NULL;
}

void web_lost(struct wire *w, int error)
{
    (void)error;
    struct web *web = w->web;
    if (!web) return;
    weft_request *request = web->request;
    if (web->upgrade) web->upgrade->request.wire = NULL;
    web_free(w);
    if (request) request_gone(request);
}

void web_forget(struct wire *w)
{
    w->web->request = NULL;
}

void web_answering(struct wire *w)
{
    w->web->upgrade = NULL;
}

/* Nothing more will be read: write what is queued, and go. */
static void web_end(struct wire *w)
{
    wire_finish(w, wire_limits(w));
    web_lost(w, 0);
}

/* ---- answers --------------------------------------------------------------------------------- */

static int begin_answer(struct wire *w, int status, struct field_list *fields, const char *type,
                        size_t len)
{
    const weft_env *env = wire_env(w);
    int error = type ? field_list_add(fields, env, bytes_of("Content-Type"), bytes_of(type)) : 0;
    if (error) return error;
    return h1_reply_begin(web_h1(w), status, fields->fields, fields->n, net_date(wire_net(w)), len);
}

int web_answer(struct wire *w, int status, struct field_list *fields, const char *type,
               const void *body, size_t len)
{
    int error = begin_answer(w, status, fields, type, len);
    if (error) return error;
    error = h1_reply_write(web_h1(w), body, len);
    if (!error) error = h1_reply_end(web_h1(w));
    if (error) h1_last(web_h1(w));
    wire_dirty(w);
    return error;
}

void web_replied(struct wire *w)
{
    if (w->phase != WIRE_WEB) return;
    w->web->request = NULL;
    wire_dirty(w);
    wire_again(w);
}

static int add_all(struct field_list *to, const weft_env *env, const weft_field *fields, size_t n)
{
    int error = 0;
    for (size_t i = 0; i < n && !error; i++)
        error = field_list_add(to, env, fields[i].name, fields[i].value);
    return error;
}

static void log_refusal(struct wire *w, int status, const char *why)
{
    char peer[SOCK_TEXT] = "";
    if (!wire_env(w) || !wire_env(w)->log) return;
    (void)wire_peer(w, peer, sizeof peer);
    log_line(wire_env(w), WEFT_LOG_INFO, "%s: refused with %d: %s", peer, status, why);
}

/* The words and a newline are the body; a proper response even when memory is short of more. */
void web_refuse(struct wire *w, int status, const char *why, const struct field_list *fields)
{
    const weft_env *env = wire_env(w);
    struct field_list all = {0};
    const weft_field *needed;
    size_t n = weft_handshake_refusal_fields(status, &needed);
    struct buf body;
    buf_init(&body, env, 2048);
    buf_printf(&body, "%s\n", why);
    server_refused(wire_server(w), status);
    log_refusal(w, status, why);
    (void)add_all(&all, env, needed, n);
    if (fields) (void)add_all(&all, env, fields->fields, fields->n);
    h1_refuse(web_h1(w), status, why);
    h1_last(web_h1(w));
    if (h1_replying(web_h1(w)) ||
        web_answer(w, status, &all, "text/plain; charset=utf-8", body.data, body.len) < 0)
        wire_drop(w, -ENOMEM, "out of memory");
    field_list_deinit(&all, env);
    buf_deinit(&body);
}

/* ---- upgrades -------------------------------------------------------------------------------- */

enum { HANDSHAKE_FIELDS = 5 };

static size_t handshake_fields(const weft_upgrade *u, weft_field out[HANDSHAKE_FIELDS])
{
    size_t n = 0;
    out[n++] = (weft_field){bytes_of("Upgrade"), bytes_of("websocket")};
    out[n++] = (weft_field){bytes_of("Connection"), bytes_of("Upgrade")};
    out[n++] = (weft_field){bytes_of("Sec-WebSocket-Accept"), bytes_of(u->accept)};
    if (u->subprotocol[0])
        out[n++] = (weft_field){bytes_of("Sec-WebSocket-Protocol"), bytes_of(u->subprotocol)};
    if (u->deflate.on)
        out[n++] = (weft_field){bytes_of("Sec-WebSocket-Extensions"), bytes_of(u->extension)};
    return n;
}

static int switch_protocols(struct wire *w, weft_upgrade *u)
{
    const weft_env *env = wire_env(w);
    weft_field ours[HANDSHAKE_FIELDS];
    struct field_list all = {0};
    int error = add_all(&all, env, ours, handshake_fields(u, ours));
    if (!error) error = add_all(&all, env, u->request.fields.fields, u->request.fields.n);
    if (!error) error = h1_upgrade(web_h1(w), all.fields, all.n);
    field_list_deinit(&all, env);
    return error;
}

/* The connection is made before the 101 is: once that is queued nothing can fail. */
int web_accept(struct wire *w, weft_upgrade *u)
{
    weft_conn *c = conn_new(WEFT_SERVER, u->session, u->user);
    int error = c ? switch_protocols(w, u) : -ENOMEM;
    if (error) {
        if (c) conn_discard(c);
        web_refuse(w, 503, "out of memory", NULL);
        return error;
    }
    web_free(w);
    weft_session_set_deflate(&c->session, &u->deflate);
    c->subprotocol = u->subprotocol;
    conn_open(c, w);
    server_websocket_opened(wire_server(w));
    wire_dirty(w);
    return 0;
}

static void refuse_origin(struct wire *w, weft_bytes origin)
{
    struct buf why;
    buf_init(&why, wire_env(w), 1024);
    buf_printf(&why,
               "the origin %.*s may not open a WebSocket here; to allow it, add it to the server's "
               "origins (--origin %.*s)",
               (int)(origin.len < 300 ? origin.len : 300), origin.data,
               (int)(origin.len < 300 ? origin.len : 300), origin.data);
    buf_append(&why, "", 1);
    web_refuse(w, 403, why.failed ? "this origin may not open a WebSocket here" : (char *)why.data,
               NULL);
    buf_deinit(&why);
}

/* The answer that on_upgrade gave: whoever holds u keeps it. */
static void decide(struct wire *w, weft_upgrade *u, int answer)
{
    if (answer == WEFT_HOLD) {
        u->held = true;
        w->web->upgrade = u;
        wire_no_deadline(w);
        return;
    }
    if (answer >= 400 && answer < 600) {
        buf_append(&u->why, "", 1);
        const char *why = u->why.len > 1 && !u->why.failed ? (char *)u->why.data : "refused";
        web_refuse(w, answer, why, &u->request.fields);
    } else if (answer) {
        web_refuse(w, 500, "the server's on_upgrade gave an answer that is none", NULL);
    } else {
        (void)web_accept(w, u);
    }
    upgrade_free(u);
}

static void ask_user(struct wire *w, const struct route *route, const weft_handshake *ok)
{
    weft_upgrade *u = mem_zalloc(wire_env(w), sizeof *u);
    if (!u) {
        web_refuse(w, 503, "out of memory", NULL);
        return;
    }
    request_init(&u->request, w);
    u->handler = route->handler;
    u->session = route->session;
    u->user = route->user;
    buf_init(&u->why, wire_env(w), 1024);
    memcpy(u->accept, ok->accept, sizeof u->accept);
    weft_request_head head = request_head_of(&u->request);
    const char *subprotocol = weft_subprotocol_choose(&head, route->handler->subprotocols);
    u->subprotocol = subprotocol ? subprotocol : "";
    weft_deflate_choose(&head, route->handler->deflate, &u->deflate, u->extension);
    decide(w, u, u->handler->on_upgrade ? u->handler->on_upgrade(u) : 0);
}

static void begin_upgrade(struct wire *w)
{
    const struct weft_server *s = wire_server(w);
    const struct head *h = &web_h1(w)->head;
    weft_request_head head = {h->method, h->target, h->version, h->fields, h->n_fields};
    weft_handshake result;
    weft_bytes origin;
    if (weft_handshake_check(&head, wire_limits(w), &result) != 101) {
        web_refuse(w, result.status, result.why, NULL);
        return;
    }
    const struct route *route = route_find(&s->routes.websockets, h->path);
    if (!route) web_refuse(w, 404, "there is no WebSocket at this path", NULL);
    else if (s->closing) web_refuse(w, 503, "the server is shutting down", NULL);
    else if (!weft_origin_check(&head, s->config.origins, wire_is_secure(w), s->all_loopback,
                                &origin))
        refuse_origin(w, origin);
    else ask_user(w, route, &result);
}

/* ---- plain requests -------------------------------------------------------------------------- */

static void refuse_path(struct wire *w)
{
    if (route_find(&wire_server(w)->routes.websockets, web_h1(w)->head.path))
        web_refuse(w, 426, "this is a WebSocket: the request must have Upgrade: websocket", NULL);
    else web_refuse(w, 404, "there is nothing at this path", NULL);
}

static void dispatch(struct wire *w)
{
    struct weft_server *s = wire_server(w);
    const struct route *route = route_find(&s->routes.requests, web_h1(w)->head.path);
    if (!route) {
        refuse_path(w);
        return;
    }
    weft_request *r = mem_zalloc(wire_env(w), sizeof *r);
    if (!r) {
        web_refuse(w, 503, "out of memory", NULL);
        return;
    }
    if (s->closing) h1_last(web_h1(w));
    tally_add(&s->tally->stats.requests);
    request_init(r, w);
    w->web->request = r;
    wire_no_deadline(w);
    route->on_request(r, route->user);
}

/* ---- input ----------------------------------------------------------------------------------- */

static bool is_upgrade(const struct head *h)
{
    return fields_have_token(h->fields, h->n_fields, "Upgrade", "websocket");
}

/* More of a request is to come, or a new one. */
static void await(struct wire *w)
{
    struct web *web = w->web;
    const weft_limits *l = wire_limits(w);
    bool idle = h1_idle(&web->h1) && web->h1.requests > 0;
    if (idle) {
        web->receiving = false;
        wire_deadline(w, limit_http_keepalive(l));
    } else if (!web->receiving) {
        web->receiving = true;
        wire_deadline(w, limit_handshake_timeout(l));
    }
}

/* So many replies are queued that the client has to read some before it is listened to again. */
static bool is_full(struct wire *w)
{
    struct web *web = w->web;
    web->full = !web->request && wire_buffered(w) > limit_send_queue_soft(wire_limits(w));
    if (web->full) web->receiving = false;
    return web->full;
}

/* One step: true to go on at once. */
static bool step(struct wire *w, weft_span *in)
{
    struct web *web = w->web;
    if (web->upgrade || is_full(w)) return false;
    switch (h1_feed(&web->h1, in)) {
    case H1_MORE:
        if (!outq_empty(&w->gear->out)) wire_dirty(w); /* a 100 (Continue) */
        await(w);
        return false;
    case H1_HEAD:
        if (w->gear->proxied)
            proxied_take_fields(w->gear->proxied, &wire_server(w)->trust, &web->h1.head);
        if (server_count_client(wire_server(w), w) < 0)
            web_refuse(w, 429, "your address has too many connections now", NULL);
        else if (is_upgrade(&web->h1.head)) begin_upgrade(w);
        return true;
    case H1_REQUEST:
        web->receiving = false;
        dispatch(w);
        return true;
    case H1_WAIT: return false;
    case H1_DONE: web_end(w); return false;
    case WEFT_ERR_HTTP: web_refuse(w, web->h1.status, web->h1.why, NULL); return true;
    default: web_refuse(w, 503, "out of memory", NULL); return true;
    }
}

void web_feed(struct wire *w, weft_span *in)
{
    if (!w->web && web_begin(w) < 0) {
        wire_drop(w, -ENOMEM, "out of memory");
        return;
    }
    while (w->phase == WIRE_WEB && step(w, in)) {
    }
}

/* A reply of known length ends by itself; a reset, or write_stall, tells who has left. */
static bool is_sending_length(const struct web *web)
{
    return web->request && web->request->begun && web->h1.framing.kind == BODY_LENGTH;
}

/* Who has sent everything but still waits for a reply cannot be told from who has left. A request that
 * is cut off has its 400, for whoever only ended one direction. */
void web_eof(struct wire *w)
{
    w->eof = true;
    struct web *web = w->web;
    if (web && is_sending_length(web)) {
        h1_last(&web->h1);
        return;
    }
    if (!web || web->request || web->upgrade) {
        wire_drop(w, WEFT_ERR_LOST, "the client left");
        return;
    }
    if (h1_eof(&web->h1) == WEFT_ERR_HTTP) web_refuse(w, web->h1.status, web->h1.why, NULL);
    if (w->phase == WIRE_WEB) web_end(w);
}

/* ---- output and time ------------------------------------------------------------------------- */

void web_drained(struct wire *w)
{
    struct web *web = w->web;
    if (!web || web->receiving || web->upgrade) return;
    if (!web->request) {
        wire_deadline(w, limit_http_keepalive(wire_limits(w)));
        if (web->full && wire_buffered(w) < limit_send_queue_soft(wire_limits(w)) / 2)
            wire_again(w);
        return;
    }
    if (!wire_buffered(w)) wire_no_deadline(w);
    request_drained(web->request);
}

void web_full(struct wire *w)
{
    if (w->web && !w->web->receiving) wire_deadline(w, limit_write_stall(wire_limits(w)));
}

void web_late(struct wire *w)
{
    bool receiving = w->web ? w->web->receiving : web_begin(w) == 0;
    if (!receiving) {
        wire_drop(w, WEFT_ERR_TIMEOUT, "idle, or stalled");
        return;
    }
    web_refuse(w, 408, "the request took too long to arrive", NULL);
    wire_again(w);
}

void web_leave(struct wire *w)
{
    struct web *web = w->web;
    if (web && (web->request || web->upgrade)) return;
    if (!web || (h1_idle(&web->h1) && outq_empty(&w->gear->out))) {
        wire_drop(w, 0, "");
    } else if (h1_idle(&web->h1)) {
        web_end(w);
    } else if (web->receiving) {
        web_refuse(w, 503, "the server is shutting down", NULL);
        wire_again(w);
    }
}
