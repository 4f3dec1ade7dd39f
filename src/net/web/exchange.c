/* SPDX-License-Identifier: MIT
 *
 * net/web/exchange.c - HTTP/1.1 on a lane
 */
#include "net/web/exchange.h"

#include <errno.h>
#include <stdio.h>

#include "base/fields.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/access.h"
#include "net/peer.h"
#include "net/web/proxied.h"
#include "net/web/request.h"
#include "net/web/upgrade.h"

/* ---- birth and death ------------------------------------------------------------------------- */

static const weft_env *env_of(const struct exchange *x)
{
    return lane_env(x->lane);
}

static const weft_limits *limits_of(const struct exchange *x)
{
    return site_limits(lane_site(x->lane), x->limits);
}

static size_t buffered(const struct exchange *x)
{
    return x->out.bytes + lane_buffered(x->lane);
}

/* Who sits there; NULL: no byte has come yet. */
static struct exchange *exchange_at(const struct lane *l)
{
    return lane_talker(l, LANE_EXCHANGE);
}

/* NULL: no memory. */
static struct exchange *exchange_new(struct lane *l, uint32_t requests)
{
    struct exchange *x = mem_zalloc(lane_env(l), sizeof *x);
    if (!x) return NULL;
    x->lane = x->asker.lane = l;
    h1_init(&x->h1, lane_env(l), &lane_site(l)->limits, &x->out);
    h1_continue(&x->h1, requests);
    l->talker = x;
    return x;
}

static void exchange_free(struct exchange *x)
{
    const weft_env *env = env_of(x);
    h1_deinit(&x->h1);
    outq_clear(&x->out);
    field_list_deinit(&x->cors, env);
    asker_deinit(&x->asker);
    mem_free(env, x);
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

/* What somebody is to answer, plain or an upgrade; NULL: nothing. */
static weft_request *waiting(const struct exchange *x)
{
    return x->upgrade ? &x->upgrade->request : x->request;
}

/* It has the lane no more, or the lane is gone: who waits for an answer hears of it. */
static void let_go(struct exchange *x, const char *cause)
{
    exchange_record(x, 0, cause[0] ? cause : "the server gave no answer", 0);
    weft_request *r = waiting(x);
    if (r) request_leave(r);
    exchange_free(x);
    if (r) request_gone(r);
}

static void lost(struct lane *l, int error, const char *cause)
{
    struct exchange *x = exchange_at(l);
    (void)error;
    if (x) let_go(x, cause);
}

/* Nothing more will be read: write what is queued, and go. */
static void finish(struct exchange *x)
{
    lane_finish(x->lane, &x->out);
    let_go(x, "");
}

void exchange_go_on(struct lane *l, uint32_t requests, uint16_t limits)
{
    (void)lane_become(l, LANE_EXCHANGE, NULL, NULL);
    struct exchange *x = exchange_new(l, requests);
    if (!x) {
        lane_finish(l, NULL);
        return;
    }
    x->limits = limits;
    lane_deadline(l, limit_http_keepalive(limits_of(x)));
    lane_again(l);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The user's own stand in place of them; what an answer varies with is told besides, if he has not. */
static int add_cors(const struct exchange *x, struct field_list *to)
{
    static const weft_field vary = {{(const uint8_t *)"Vary", 4}, {(const uint8_t *)"Origin", 6}};
    const struct field_list *cors = &x->cors;
    bool varies = x->varies && !fields_have_token(to->fields, to->n, "Vary", "Origin");
    int error = varies ? field_list_add_all(to, env_of(x), &vary, 1) : 0;
    for (size_t i = 0; i < cors->n && !error; i++)
        if (!field_list_has(to, cors->fields[i].name))
            error = field_list_add_all(to, env_of(x), cors->fields + i, 1);
    return error;
}

int exchange_answer(struct exchange *x, int status, struct field_list *fields, const char *type,
                    const void *body, size_t len)
{
    if (status == 304 && len) return -EINVAL;
    int error =
        type ? field_list_set(fields, env_of(x), bytes_of("Content-Type"), bytes_of(type)) : 0;
    if (!error) error = add_cors(x, fields);
    if (!error)
        error = h1_reply_begin(&x->h1, status, fields->fields, fields->n,
                               net_date(lane_net(x->lane)), len);
    if (error) return error;
    exchange_record(x, status, "", x->h1.is_head ? 0 : len);
    error = h1_reply_write(&x->h1, body, len);
    if (!error) error = h1_reply_end(&x->h1);
    if (error) h1_last(&x->h1);
    lane_dirty(x->lane);
    return error;
}

void exchange_replied(struct exchange *x)
{
    x->request = NULL;
    lane_renew_id(x->lane);
    lane_dirty(x->lane);
    lane_again(x->lane);
}

/* The first line of the body says most; the log cuts it, and escapes it. */
static void log_refusal(const struct exchange *x, const struct refusal *r)
{
    char peer[SOCK_TEXT] = "";
    struct sock_addr address;
    weft_bytes rest = r->body, line = bytes_cut(&rest, '\n');
    if (!env_of(x) || !env_of(x)->log) return;
    if (!line.len) line = bytes_of(r->why);
    if (forwarded_peer(&x->asker.forwarded, x->lane, &address) == 0)
        (void)sock_who(&address, peer, sizeof peer);
    log_line(env_of(x), WEFT_LOG_INFO, "%s: refused with %d: %.*s", peer, r->status,
             line.len < 256 ? (int)line.len : 256, (const char *)line.data);
}

/* The refusal's own, and what its status needs besides. */
static void refusal_fields(const struct refusal *r, const weft_env *env, struct field_list *to)
{
    char seconds[16];
    const weft_field *needed;
    size_t n = weft_handshake_refusal_fields(r->status, &needed);
    if (r->fields) (void)field_list_add_all(to, env, r->fields->fields, r->fields->n);
    for (size_t i = 0; i < n; i++)
        if (!field_list_has(to, needed[i].name)) (void)field_list_add_all(to, env, needed + i, 1);
    snprintf(seconds, sizeof seconds, "%u", r->retry_after);
    if (r->retry_after) (void)field_list_add(to, env, bytes_of("Retry-After"), bytes_of(seconds));
}

/* A proper response even when memory is short of more. */
void exchange_refuse_with(struct exchange *x, const struct refusal *r)
{
    struct lane *l = x->lane;
    const weft_env *env = env_of(x);
    struct field_list all = {0};
    site_refused(lane_site(l), r->status);
    log_refusal(x, r);
    if (!x->access) (void)access_begin(&x->access, l, WEFT_ACCESS_REQUEST, NULL);
    if (x->access) x->access->seen.cause = r->why;
    refusal_fields(r, env, &all);
    h1_refuse(&x->h1, r->status, r->why);
    h1_last(&x->h1);
    if (h1_replying(&x->h1) ||
        exchange_answer(x, r->status, &all, r->type, r->body.data, r->body.len) < 0)
        lane_drop(l, -ENOMEM, "out of memory");
    field_list_deinit(&all, env);
}

void exchange_refuse_plainly(struct exchange *x, struct refusal *r, const char *text)
{
    struct buf body;
    buf_init(&body, env_of(x), 2048);
    buf_printf(&body, "%s\n", text);
    r->type = "text/plain; charset=utf-8";
    r->body = buf_bytes(&body);
    exchange_refuse_with(x, r);
    buf_deinit(&body);
}

void exchange_refuse(struct exchange *x, int status, const char *why)
{
    exchange_refuse_plainly(x, &(struct refusal){.status = status, .why = why}, why);
}

/* Nobody has answered what waits, and nobody will: the client hears this, and who watches that it is over. */
static void give_up(struct exchange *x, const struct refusal *refusal)
{
    struct lane *l = x->lane;
    weft_request *r = waiting(x);
    struct refusal with_text = *refusal;
    x->request = NULL;
    x->upgrade = NULL;
    request_unpause(r);
    request_leave(r);
    exchange_refuse_plainly(x, &with_text, refusal->why);
    if (!l->gone) lane_again(l);
    request_gone(r);
}

/* While a request is read: one whose body streams waits already. */
static void refuse_while_reading(struct exchange *x, int status, const char *why)
{
    const struct refusal r = {.status = status, .why = why};
    if (x->request) give_up(x, &r);
    else exchange_refuse(x, status, why);
}

/* ---- the lane is handed over ----------------------------------------------------------------- */

/* What is queued is not the body yet. */
static void hang_access(struct exchange *x, int status, size_t queued, weft_link **links)
{
    struct access *a = x->access;
    if (!a) return;
    x->access = NULL;
    a->seen.status = status;
    a->others = queued;
    access_hang(a, links);
}

int exchange_begin(struct exchange *x, int status, struct field_list *fields, uint64_t length,
                   weft_link **links, struct handed *to)
{
    weft_peer *client;
    int error = asker_client(&x->asker, &client);
    if (!error && client) peer_hang(weft_peer_ref(client), links);
    if (!error) error = add_cors(x, fields);
    if (!error)
        error = h1_reply_begin(&x->h1, status, fields->fields, fields->n,
                               net_date(lane_net(x->lane)), length);
    if (error) return error;
    *to = (struct handed){.lane = x->lane};
    (void)h1_hand_over(&x->h1, &to->framing);
    to->requests = x->h1.requests;
    to->limits = x->limits;
    to->last = x->h1.last;
    outq_splice(&to->out, &x->out);
    x->request = NULL;
    hang_access(x, status, to->out.bytes, links);
    exchange_free(x);
    return 0;
}

/* ---- a request waits without it -------------------------------------------------------------- */

void waiting_deinit(struct forgotten *w, const weft_env *env)
{
    if (w->asker) asker_deinit(w->asker);
    mem_free(env, w->asker);
    field_list_deinit(&w->cors, env);
    w->lane = NULL;
    w->asker = NULL;
}

/* Only what cannot be had of the lane again. */
static int take_asker(struct exchange *x, struct forgotten *to)
{
    const struct asker *a = &x->asker;
    to->asker = NULL;
    if (!a->peer && !a->forwarded.known && !a->forwarded.secure) return 0;
    to->asker = mem_alloc(env_of(x), sizeof *to->asker);
    return to->asker ? 0 : -ENOMEM;
}

int exchange_leave(struct exchange *x, weft_request *r, struct forgotten *to)
{
    struct lane *l = x->lane;
    int error = take_asker(x, to);
    if (!error) error = lane_become(l, LANE_WAITING, r, &x->out);
    if (error) {
        mem_free(env_of(x), to->asker);
        return error;
    }
    if (to->asker) *to->asker = x->asker;
    if (to->asker) x->asker.peer = NULL;
    to->lane = l;
    to->access = x->access;
    to->cors = x->cors;
    to->http = h1_leave(&x->h1);
    to->limits = x->limits;
    to->varies = x->varies;
    x->cors = (struct field_list){0};
    exchange_free(x);
    return 0;
}

struct exchange *exchange_come_back(struct forgotten *w, weft_request *r)
{
    struct lane *l = w->lane;
    (void)lane_become(l, LANE_EXCHANGE, NULL, NULL);
    struct exchange *x = exchange_new(l, w->http.requests);
    if (!x) {
        access_free(w->access);
        waiting_deinit(w, lane_env(l));
        lane_drop(l, -ENOMEM, "out of memory");
        return NULL;
    }
    h1_come_back(&x->h1, &w->http);
    x->request = r;
    x->access = w->access;
    x->cors = w->cors;
    x->limits = w->limits;
    x->varies = w->varies;
    if (w->asker) x->asker = *w->asker;
    mem_free(lane_env(l), w->asker);
    return x;
}

/* A WebSocket has sat down. */
static void make_way(struct exchange *x, int status, const char *cause)
{
    struct lane *l = x->lane;
    x->upgrade = NULL;
    exchange_record(x, status, cause, 0);
    let_go(x, "");
    lane_talk(l)->ready(l);
}

/* What is said before the first frame cannot be taken back: if there is no memory then, the lane ends. */
int exchange_upgrade(struct exchange *x, const weft_field *fields, size_t n, weft_conn *c)
{
    struct lane *l = x->lane;
    int error = h1_upgrade(&x->h1, fields, n);
    if (!error) error = lane_become(l, LANE_WEBSOCKET, c, &x->out);
    if (error) return error;
    make_way(x, 101, "");
    lane_dirty(l);
    return 0;
}

void exchange_upgrade_in_vain(struct exchange *x, weft_conn *c, int error)
{
    static const char cause[] = "out of memory";
    struct lane *l = x->lane;
    (void)lane_become(l, LANE_WEBSOCKET, c, NULL);
    make_way(x, 0, cause);
    lane_drop(l, error, cause);
}

/* ---- input ----------------------------------------------------------------------------------- */

/* The more has come of a body, the longer it may take: what flows at a decent rate arrives. */
void exchange_await_body(struct exchange *x)
{
    const weft_limits *l = limits_of(x);
    uint64_t now = net_now(lane_net(x->lane)), may = limit_http_body_timeout(l);
    if (!x->in_body) x->body_since = now;
    x->in_body = x->receiving = true;
    uint64_t more = (x->h1.received - x->body_before) * 1000 / limit_http_body_rate(l);
    may = may < WEFT_NEVER - more ? may + more : WEFT_NEVER;
    uint64_t gone = now - x->body_since;
    lane_deadline(x->lane, may == WEFT_NEVER ? may : may > gone ? may - gone : 0);
}

void exchange_body_rests(struct exchange *x)
{
    x->receiving = x->in_body = false;
    x->body_before = x->h1.received;
    lane_deadline(x->lane, WEFT_NEVER);
}

/* More of a request is to come, or a new one. */
static void await(struct exchange *x)
{
    if (h1_idle(&x->h1) && x->h1.requests > 0) {
        x->receiving = false;
        lane_deadline(x->lane, limit_http_keepalive(limits_of(x)));
    } else if (h1_in_body(&x->h1)) {
        exchange_await_body(x);
    } else if (!x->receiving) {
        x->receiving = true;
        lane_deadline(x->lane, limit_handshake_timeout(&lane_site(x->lane)->limits));
    }
}

/* So many replies are queued that the client has to read some before it is listened to again. */
static bool is_full(struct exchange *x)
{
    x->full = !x->request && buffered(x) > limit_send_queue_soft(limits_of(x));
    if (x->full) x->receiving = false;
    return x->full;
}

/* It is meant for somebody else; or a page has had its own name resolve to our address. */
static void refuse_host(struct exchange *x)
{
    char text[512];
    weft_bytes host = x->h1.head.host;
    snprintf(text, sizeof text,
             "this server does not answer to the host \"%.*s\"; to let it, add it to the server's "
             "hosts (--host NAME)%s",
             host.len < 100 ? (int)host.len : 100, host.len ? (const char *)host.data : "",
             proxied_is(&x->h1.head)
                 ? ", and have a proxy in front pass on the Host it was asked for"
                 : "");
    struct refusal r = {.status = 421, .why = "the server does not answer to this host"};
    exchange_refuse_plainly(x, &r, text);
}

static void got_head(struct exchange *x)
{
    const struct head *h = &x->h1.head;
    bool upgrade = fields_have_token(h->fields, h->n_fields, "Upgrade", "websocket");
    weft_access_kind kind = upgrade ? WEFT_ACCESS_UPGRADE : WEFT_ACCESS_REQUEST;
    x->limits = 0;
    x->in_body = false;
    x->body_before = 0;
    x->varies = false;
    field_list_deinit(&x->cors, env_of(x));
    if (!x->lane->trusted && x->h1.requests == 1) proxied_log_unbelieved(x->lane, h);
    if (access_begin(&x->access, x->lane, kind, h) < 0) exchange_refuse(x, 503, "out of memory");
    else if (asker_recognise(&x->asker, h) < 0)
        exchange_refuse(x, 429, "your address has too many connections now");
    else if (!asker_means_us(&x->asker, h)) refuse_host(x);
    else if (upgrade) upgrade_begin(x);
    else if (proxied_without_upgrade(h))
        exchange_refuse(x, 426,
                        "a WebSocket's Upgrade did not arrive: a proxy in front has to pass on "
                        "Upgrade and Connection");
    else request_expect(x);
}

/* One step: true to go on at once. x may be gone then. */
static bool step(struct exchange *x, weft_span *in)
{
    if (x->upgrade || lane_paused(x->lane) || is_full(x)) return false;
    switch (h1_feed(&x->h1, in)) {
    case H1_MORE:
        if (!outq_empty(&x->out)) lane_dirty(x->lane); /* a 100 (Continue) */
        await(x);
        return false;
    case H1_HEAD: got_head(x); return true;
    case H1_PIECE: request_piece(x); return true;
    case H1_REQUEST:
        x->receiving = false;
        if (x->request) request_complete(x);
        else request_dispatch(x);
        return true;
    case H1_WAIT: return false;
    case H1_DONE: finish(x); return false;
    case WEFT_ERR_HTTP: refuse_while_reading(x, x->h1.status, x->h1.why); return true;
    default: refuse_while_reading(x, 503, "out of memory"); return true;
    }
}

static void feed(struct lane *l, weft_span *in)
{
    if (!exchange_at(l)) {
        struct exchange *x = exchange_new(l, 0);
        if (x) x->receiving = true;
        else lane_drop(l, -ENOMEM, "out of memory");
    }
    lane_busy(l); /* a request may cost anything */
    while (l->talk == LANE_EXCHANGE && step(exchange_at(l), in)) {
    }
}

/* Who has sent everything but still waits for a reply cannot be told from who has left. A request that
 * is cut off has its 400, for whoever only ended one direction. */
static void eof(struct lane *l)
{
    struct exchange *x = exchange_at(l);
    if (!x || x->request || x->upgrade) {
        lane_drop(l, WEFT_ERR_LOST, "the client left");
        return;
    }
    if (h1_eof(&x->h1) == WEFT_ERR_HTTP) exchange_refuse(x, x->h1.status, x->h1.why);
    if (l->talk == LANE_EXCHANGE) finish(exchange_at(l));
}

/* ---- output and time ------------------------------------------------------------------------- */

static void ready(struct lane *l)
{
    lane_deadline(l, limit_handshake_timeout(&lane_site(l)->limits));
}

static struct outq *pull(struct lane *l)
{
    struct exchange *x = exchange_at(l);
    return x ? &x->out : NULL;
}

static void drained(struct exchange *x)
{
    uint64_t soft = limit_send_queue_soft(limits_of(x));
    if (x->receiving || x->upgrade) return;
    if (x->request) {
        if (!buffered(x)) lane_deadline(x->lane, WEFT_NEVER);
        return;
    }
    lane_deadline(x->lane, limit_http_keepalive(limits_of(x)));
    if (x->full && buffered(x) < soft / 2) lane_again(x->lane);
}

static bool sent(struct lane *l, size_t n)
{
    struct exchange *x = exchange_at(l);
    if (!x) return false;
    outq_sent(&x->out, n);
    drained(x);
    return !outq_empty(&x->out);
}

static void full(struct lane *l)
{
    const struct exchange *x = exchange_at(l);
    if (x && !x->receiving && !x->upgrade) lane_deadline(l, limit_write_stall(limits_of(x)));
}

/* Who has asked for nothing is answered with nothing: a browser that connects in advance would take it for the answer
 * to what it asks for next. */
static void late(struct lane *l)
{
    struct exchange *x = exchange_at(l);
    if (!x) {
        lane_finish(l, NULL);
        return;
    }
    if (x->upgrade) {
        give_up(x, &(struct refusal){.status = 503, .why = "the server did not decide in time"});
        return;
    }
    if (!x->receiving) {
        lane_drop(l, WEFT_ERR_TIMEOUT, "idle, or stalled");
        return;
    }
    refuse_while_reading(x, 408, "the request took too long to arrive");
    if (!l->gone) lane_again(l);
}

/* Whoever has to answer is asked to; when time is up the client is told so instead. */
static bool leave_waiting(struct exchange *x, const struct leaving *how)
{
    uint64_t return_ms = lane_return_ms(x->lane, how);
    h1_last(&x->h1);
    if (!how->last) return request_server_leaves(waiting(x), return_ms);
    give_up(x, &(struct refusal){.status = 503,
                                 .why = "the server is shutting down",
                                 .retry_after = (unsigned)((return_ms + 999) / 1000)});
    return false;
}

static bool leave(struct lane *l, const struct leaving *how)
{
    struct exchange *x = exchange_at(l);
    if (x && waiting(x)) return leave_waiting(x, how);
    if (!x || (h1_idle(&x->h1) && !buffered(x))) {
        lane_drop(l, 0, "");
    } else if (h1_idle(&x->h1)) {
        finish(x);
    } else if (x->receiving) {
        exchange_refuse(x, 503, "the server is shutting down");
        lane_again(l);
    }
    return false;
}

const struct talk exchange_talk = {
    .ready = ready,
    .feed = feed,
    .eof = eof,
    .pull = pull,
    .sent = sent,
    .written = lane_ignore,
    .full = full,
    .late = late,
    .leave = leave,
    .lost = lost,
};
