/* SPDX-License-Identifier: MIT
 *
 * net/web/exchange.c - HTTP/1.1 on a lane
 */
#include "net/web/exchange.h"

#include <errno.h>
#include <stdio.h>

#include "base/fields.h"
#include "base/limits.h"
#include "net/access.h"
#include "net/base_path.h"
#include "net/web/exchange_answer.h"
#include "net/web/proxied.h"
#include "net/web/request.h"
#include "net/web/upgrade.h"

/* ---- birth and death ------------------------------------------------------------------------- */

static size_t buffered(const struct exchange *x)
{
    return x->out.bytes + lane_buffered(x->lane);
}

/* Who sits there; NULL: no byte has come yet. */
static struct exchange *exchange_at(const struct lane *l)
{
    return lane_talker(l, LANE_EXCHANGE);
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
    lane_deadline(l, limit_http_keepalive(exchange_limits(x)));
    lane_again(l);
}

/* ---- who waits for an answer ----------------------------------------------------------------- */

void exchange_replied(struct exchange *x)
{
    x->request = NULL;
    lane_renew_id(x->lane);
    lane_dirty(x->lane);
    lane_again(x->lane);
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

/* ---- a WebSocket sits down ------------------------------------------------------------------- */

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
    size_t before = x->out.bytes;
    int error = h1_upgrade(&x->h1, fields, n);
    size_t said = x->out.bytes - before;
    if (!error) error = lane_become(l, LANE_WEBSOCKET, c, &x->out);
    if (error) return error;
    exchange_pass(x, said);
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
    const weft_limits *l = exchange_limits(x);
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
        lane_deadline(x->lane, limit_http_keepalive(exchange_limits(x)));
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
    x->full = !x->request && buffered(x) > limit_send_queue_soft(exchange_limits(x));
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

static void refuse_outside(struct exchange *x)
{
    char text[512];
    const char *base = lane_site(x->lane)->base_path;
    snprintf(text, sizeof text,
             "there is nothing at this path: all that this server has is under %.200s/ "
             "(--base-path)",
             base);
    struct refusal r = {.status = 404, .why = "the path is outside of the server's base path"};
    exchange_refuse_plainly(x, &r, text);
}

/* "/ws" to "/ws/", to which its links are relative; with its method, and what was asked. */
static void send_within(struct exchange *x)
{
    static const char words[] = "the base path ends in a slash\n";
    const struct head *h = &x->h1.head;
    struct field_list list = {0};
    struct buf to;
    buf_init(&to, exchange_env(x), SIZE_MAX);
    buf_printf(&to, "%s/", lane_site(x->lane)->base_path);
    if (h->query.len) buf_text(&to, "?");
    buf_append(&to, h->query.data, h->query.len);
    tally_add(&lane_site(x->lane)->tally->requests);
    int error = to.failed
                    ? -ENOMEM
                    : field_list_add(&list, exchange_env(x), bytes_of("Location"), buf_bytes(&to));
    if (!error)
        error =
            exchange_answer(x, 308, &list, "text/plain; charset=utf-8", words, sizeof words - 1);
    if (error) exchange_refuse(x, 503, "out of memory");
    field_list_deinit(&list, exchange_env(x));
    buf_deinit(&to);
}

static void got_head(struct exchange *x)
{
    const struct head *h = &x->h1.head;
    enum base_path_is base = base_path_take(&x->h1.head, lane_site(x->lane)->base_path);
    bool upgrade = fields_have_token(h->fields, h->n_fields, "Upgrade", "websocket");
    weft_access_kind kind = upgrade ? WEFT_ACCESS_UPGRADE : WEFT_ACCESS_REQUEST;
    x->limits = 0;
    x->in_body = false;
    x->body_before = 0;
    x->varies = false;
    field_list_deinit(&x->cors, exchange_env(x));
    if (!x->lane->trusted && x->h1.requests == 1) proxied_log_unbelieved(x->lane, h);
    int error = access_begin(&x->access, x->lane, kind, h);
    exchange_pass(x, 0);
    access_tell_traffic(x->access);
    if (error) exchange_refuse(x, 503, "out of memory");
    else if (asker_recognise(&x->asker, h) < 0)
        exchange_refuse(x, 429, "your address has too many connections now");
    else if (!asker_means_us(&x->asker, h)) refuse_host(x);
    else if (base == BASE_PATH_OUTSIDE) refuse_outside(x);
    else if (upgrade) upgrade_begin(x);
    else if (proxied_without_upgrade(h))
        exchange_refuse(x, 426,
                        "a WebSocket's Upgrade did not arrive: a proxy in front has to pass on "
                        "Upgrade and Connection");
    else if (base == BASE_PATH_BARE) send_within(x);
    else request_expect(x);
}

/* Of a head that is not whole the bytes are nobody's yet. What goes out here is a 100 (Continue). */
static int read_on(struct exchange *x, weft_span *in)
{
    size_t before = in->len, queued = x->out.bytes;
    int result = h1_feed(&x->h1, in);
    x->came += before - in->len;
    exchange_pass(x, x->out.bytes - queued);
    access_tell_traffic(x->access);
    return result;
}

/* One step: true to go on at once. x may be gone then. */
static bool step(struct exchange *x, weft_span *in)
{
    if (x->upgrade || lane_paused(x->lane) || is_full(x)) return false;
    switch (read_on(x, in)) {
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
    uint64_t soft = limit_send_queue_soft(exchange_limits(x));
    if (x->receiving || x->upgrade) return;
    if (x->request) {
        if (!buffered(x)) lane_deadline(x->lane, WEFT_NEVER);
        return;
    }
    lane_deadline(x->lane, limit_http_keepalive(exchange_limits(x)));
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
    if (x && !x->receiving && !x->upgrade) lane_deadline(l, limit_write_stall(exchange_limits(x)));
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
    if (how->stays) return false;
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
