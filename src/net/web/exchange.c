/* SPDX-License-Identifier: MIT
 *
 * net/web/exchange.c - HTTP/1.1 on a lane
 */
#include "net/web/exchange.h"

#include <errno.h>

#include "base/fields.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/peer.h"
#include "net/web/request.h"
#include "net/web/upgrade.h"

/* ---- birth and death ------------------------------------------------------------------------- */

static const weft_env *env_of(const struct exchange *x)
{
    return lane_env(x->lane);
}

static const weft_limits *limits_of(const struct exchange *x)
{
    return &lane_site(x->lane)->limits;
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
    x->lane = l;
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
    weft_peer_unref(x->peer);
    mem_free(env, x);
}

/* It has the lane no more, or the lane is gone: who waits for an answer hears of it. */
static void let_go(struct exchange *x)
{
    weft_request *r = x->request;
    if (r) request_leave(r);
    if (x->upgrade) request_leave(&x->upgrade->request);
    exchange_free(x);
    if (r) request_gone(r);
}

static void lost(struct lane *l, int error, const char *cause)
{
    struct exchange *x = exchange_at(l);
    (void)error;
    (void)cause;
    if (x) let_go(x);
}

/* Nothing more will be read: write what is queued, and go. */
static void finish(struct exchange *x)
{
    lane_finish(x->lane, &x->out);
    let_go(x);
}

void exchange_go_on(struct lane *l, uint32_t requests)
{
    (void)lane_become(l, LANE_EXCHANGE, NULL, NULL);
    struct exchange *x = exchange_new(l, requests);
    if (!x) {
        lane_finish(l, NULL);
        return;
    }
    lane_deadline(l, limit_http_keepalive(limits_of(x)));
    lane_again(l);
}

/* ---- whom they are from ---------------------------------------------------------------------- */

weft_peer *exchange_peer(struct exchange *x)
{
    if (!x->peer) x->peer = peer_of(x->lane, &x->forwarded);
    return x->peer;
}

int exchange_client(struct exchange *x, weft_peer **out)
{
    bool needed = x->forwarded.known || x->forwarded.secure;
    *out = needed ? exchange_peer(x) : NULL;
    return needed && !*out ? -ENOMEM : 0;
}

/* A proxy's next request may be somebody else's. */
static void read_forwarded(struct exchange *x)
{
    const struct head *h = &x->h1.head;
    weft_peer_unref(x->peer);
    x->peer = NULL;
    forwarded_read(&x->forwarded, &lane_site(x->lane)->trust, h->fields, h->n_fields);
}

/* WEFT_ERR_POLICY: somebody who has too many connections. */
static int recognise(struct exchange *x)
{
    if (x->lane->trusted) read_forwarded(x);
    return lane_count_as(x->lane, x->forwarded.known ? &x->forwarded.client : NULL);
}

/* ---- answers --------------------------------------------------------------------------------- */

bool exchange_secure(const struct exchange *x)
{
    return x->forwarded.secure || lane_secure(x->lane);
}

int exchange_answer(struct exchange *x, int status, struct field_list *fields, const char *type,
                    const void *body, size_t len)
{
    int error =
        type ? field_list_add(fields, env_of(x), bytes_of("Content-Type"), bytes_of(type)) : 0;
    if (!error)
        error = h1_reply_begin(&x->h1, status, fields->fields, fields->n,
                               net_date(lane_net(x->lane)), len);
    if (error) return error;
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

static void log_refusal(const struct exchange *x, int status, const char *why)
{
    char peer[SOCK_TEXT] = "";
    struct sock_addr address;
    if (!env_of(x) || !env_of(x)->log) return;
    if (forwarded_peer(&x->forwarded, x->lane, &address) == 0)
        (void)sock_who(&address, peer, sizeof peer);
    log_line(env_of(x), WEFT_LOG_INFO, "%s: refused with %d: %s", peer, status, why);
}

/* The words and a newline are the body; a proper response even when memory is short of more. */
void exchange_refuse(struct exchange *x, int status, const char *why,
                     const struct field_list *fields)
{
    struct lane *l = x->lane;
    const weft_env *env = env_of(x);
    struct field_list all = {0};
    const weft_field *needed;
    size_t n = weft_handshake_refusal_fields(status, &needed);
    struct buf body;
    buf_init(&body, env, 2048);
    buf_printf(&body, "%s\n", why);
    site_refused(lane_site(l), status);
    log_refusal(x, status, why);
    (void)field_list_add_all(&all, env, needed, n);
    if (fields) (void)field_list_add_all(&all, env, fields->fields, fields->n);
    h1_refuse(&x->h1, status, why);
    h1_last(&x->h1);
    if (h1_replying(&x->h1) ||
        exchange_answer(x, status, &all, "text/plain; charset=utf-8", body.data, body.len) < 0)
        lane_drop(l, -ENOMEM, "out of memory");
    field_list_deinit(&all, env);
    buf_deinit(&body);
}

/* ---- the lane is handed over ----------------------------------------------------------------- */

int exchange_begin(struct exchange *x, int status, const struct field_list *fields, uint64_t length,
                   weft_link **links, struct handed *to)
{
    weft_peer *client;
    int error = exchange_client(x, &client);
    if (!error && client) peer_hang(weft_peer_ref(client), links);
    if (!error)
        error = h1_reply_begin(&x->h1, status, fields->fields, fields->n,
                               net_date(lane_net(x->lane)), length);
    if (error) return error;
    *to = (struct handed){.lane = x->lane};
    (void)h1_hand_over(&x->h1, &to->framing);
    to->requests = x->h1.requests;
    to->last = x->h1.last;
    outq_splice(&to->out, &x->out);
    x->request = NULL;
    exchange_free(x);
    return 0;
}

/* What is said before the first frame cannot be taken back: if there is no memory then, the lane ends. */
int exchange_upgrade(struct exchange *x, const weft_field *fields, size_t n, weft_conn *c)
{
    struct lane *l = x->lane;
    int error = h1_upgrade(&x->h1, fields, n);
    if (error) return error;
    error = lane_become(l, LANE_WEBSOCKET, c, &x->out);
    if (error) return error;
    x->upgrade = NULL;
    let_go(x);
    lane_talk(l)->ready(l);
    lane_dirty(l);
    return 0;
}

/* ---- input ----------------------------------------------------------------------------------- */

/* More of a request is to come, or a new one. */
static void await(struct exchange *x)
{
    const weft_limits *limits = limits_of(x);
    if (h1_idle(&x->h1) && x->h1.requests > 0) {
        x->receiving = false;
        lane_deadline(x->lane, limit_http_keepalive(limits));
    } else if (!x->receiving) {
        x->receiving = true;
        lane_deadline(x->lane, limit_handshake_timeout(limits));
    }
}

/* So many replies are queued that the client has to read some before it is listened to again. */
static bool is_full(struct exchange *x)
{
    x->full = !x->request && buffered(x) > limit_send_queue_soft(limits_of(x));
    if (x->full) x->receiving = false;
    return x->full;
}

static void got_head(struct exchange *x)
{
    const struct head *h = &x->h1.head;
    if (recognise(x) < 0)
        exchange_refuse(x, 429, "your address has too many connections now", NULL);
    else if (fields_have_token(h->fields, h->n_fields, "Upgrade", "websocket")) upgrade_begin(x);
}

/* One step: true to go on at once. x may be gone then. */
static bool step(struct exchange *x, weft_span *in)
{
    if (x->upgrade || is_full(x)) return false;
    switch (h1_feed(&x->h1, in)) {
    case H1_MORE:
        if (!outq_empty(&x->out)) lane_dirty(x->lane); /* a 100 (Continue) */
        await(x);
        return false;
    case H1_HEAD: got_head(x); return true;
    case H1_REQUEST:
        x->receiving = false;
        request_dispatch(x);
        return true;
    case H1_WAIT: return false;
    case H1_DONE: finish(x); return false;
    case WEFT_ERR_HTTP: exchange_refuse(x, x->h1.status, x->h1.why, NULL); return true;
    default: exchange_refuse(x, 503, "out of memory", NULL); return true;
    }
}

static void feed(struct lane *l, weft_span *in)
{
    if (!exchange_at(l)) {
        struct exchange *x = exchange_new(l, 0);
        if (x) x->receiving = true;
        else lane_drop(l, -ENOMEM, "out of memory");
    }
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
    if (h1_eof(&x->h1) == WEFT_ERR_HTTP) exchange_refuse(x, x->h1.status, x->h1.why, NULL);
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
    if (x->receiving) return;
    if (x->request || x->upgrade) {
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
    if (x && !x->receiving) lane_deadline(l, limit_write_stall(limits_of(x)));
}

static void late(struct lane *l)
{
    struct exchange *x = exchange_at(l);
    if (!x && (x = exchange_new(l, 0))) x->receiving = true;
    if (!x || !x->receiving) {
        lane_drop(l, WEFT_ERR_TIMEOUT, "idle, or stalled");
        return;
    }
    exchange_refuse(x, 408, "the request took too long to arrive", NULL);
    lane_again(l);
}

static bool leave(struct lane *l, const struct leaving *how)
{
    struct exchange *x = exchange_at(l);
    (void)how;
    if (x && (x->request || x->upgrade)) return false;
    if (!x || (h1_idle(&x->h1) && !buffered(x))) {
        lane_drop(l, 0, "");
    } else if (h1_idle(&x->h1)) {
        finish(x);
    } else if (x->receiving) {
        exchange_refuse(x, 503, "the server is shutting down", NULL);
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
