/* SPDX-License-Identifier: MIT
 *
 * net/client/way_lane.c - a way that has a lane: connected, through a proxy, and into TLS
 */
#include <errno.h>

#include "base/limits.h"
#include "net/client/way.h"
#include "net/wire/carry.h"
#include "net/wire/tls.h"

/* ---- the end --------------------------------------------------------------------------------- */

void way_fail_refused(struct way *w)
{
    struct h1_client response = w->h1;
    w->stage = WAY_CONNECTING; /* h1 is no longer ours */
    way_stop(w);
    w->failed(w, &(struct way_end){.error = WEFT_ERR_PROXY,
                                   .cause = weft_strerror(WEFT_ERR_PROXY),
                                   .response = &response});
    h1_client_deinit(&response);
}

/* The lane is somebody else's from now on. */
static void arrive(struct way *w)
{
    struct lane *l = w->lane;
    w->lane = NULL;
    way_stop(w);
    w->arrived(w, l);
}

/* ---- a proxy, and TLS ------------------------------------------------------------------------ */

static void ask_proxy(struct way *w)
{
    w->stage = WAY_PROXY;
    h1_client_init(&w->h1, net_env(w->dialer->net), w->limits, true);
    int error = dial_write_connect(w->dial, &w->out);
    if (error) way_fail_plain(w, error);
    else lane_dirty(w->lane);
}

/* For who says nothing of it: the system's authorities. */
static int system_tls(struct dialer *d, weft_tls **out, char *why, size_t size)
{
    int error = d->tls ? 0 : weft_tls_new(&d->tls, net_env(d->net), NULL, why, size);
    *out = d->tls;
    return error;
}

/* From here on the lane has a TLS end, with our first words in it. */
static void begin_tls(struct way *w)
{
    char why[512];
    const struct dial *d = w->dial;
    weft_tls *with = d->tls;
    w->stage = WAY_SECURING;
    way_start_timer(w, limit_tls_handshake_timeout(w->limits), "tls_handshake_timeout");
    int error = with ? 0 : system_tls(w->dialer, &with, why, sizeof why);
    if (error) {
        way_fail_words(w, error, why);
        return;
    }
    unsigned how = (d->anonymous ? TLS_ANONYMOUS : 0u) | (d->url.scheme == URL_WSS ? TLS_HTTP : 0u);
    struct tls *tls =
        tls_connect(net_env(w->dialer->net), with, dial_server_name(d), d->url.port, how);
    if (!tls || carry_secure(w->lane, tls) < 0) way_fail_plain(w, -ENOMEM);
}

/* There is a way to the server itself. */
static void reached(struct way *w)
{
    if (w->dial->url.secure) begin_tls(w);
    else arrive(w);
}

/* What a proxy lets us have before the server could know of us is not the server's. */
static void switched(struct way *w, bool more)
{
    if (more && w->dial->url.secure) {
        way_give_up(w, WEFT_ERR_PROXY, "the proxy sent something that is not the server's");
        return;
    }
    h1_client_deinit(&w->h1);
    w->stage = WAY_CONNECTING;
    reached(w);
}

static void take_response(struct way *w, int result, bool more)
{
    switch (result) {
    case H1C_SWITCHED: switched(w, more); break;
    case H1C_REFUSED: way_fail_refused(w); break;
    default: way_give_up(w, result, w->h1.why); break;
    }
}

/* ---- told by the lane ------------------------------------------------------------------------ */

static struct way *way_at(const struct lane *l)
{
    return lane_talker(l, LANE_WAY);
}

static void ready(struct lane *l)
{
    struct way *w = way_at(l);
    if (w->stage == WAY_SECURING) {
        arrive(w);
        return;
    }
    way_race_won(w, l);
    way_start_timer(w, limit_handshake_timeout(w->limits), "handshake_timeout");
    if (w->dial->proxy_text) ask_proxy(w);
    else reached(w);
}

static void feed(struct lane *l, weft_span *in)
{
    struct way *w = way_at(l);
    if (!in->len || w->stage != WAY_PROXY) return;
    int result = h1_client_feed(&w->h1, in);
    if (result != H1C_MORE) take_response(w, result, in->len > 0);
}

static void eof(struct lane *l)
{
    struct way *w = way_at(l);
    if (w->stage == WAY_SECURING)
        way_give_up(w, WEFT_ERR_TLS, "TLS: the server ended the connection during the handshake");
    else if (w->stage == WAY_PROXY) take_response(w, h1_client_eof(&w->h1), false);
    else lane_drop(l, WEFT_ERR_LOST, weft_strerror(WEFT_ERR_LOST));
}

static struct outq *pull(struct lane *l)
{
    return &way_at(l)->out;
}

static bool sent(struct lane *l, size_t n)
{
    struct outq *out = &way_at(l)->out;
    outq_sent(out, n);
    return !outq_empty(out);
}

static void lost(struct lane *l, int error, const char *cause)
{
    struct way *w = way_at(l);
    if (w->lane != l) { /* it raced still, or we let go of it */
        way_race_lost(w, l, error);
        return;
    }
    w->lane = NULL;
    if (w->stage == WAY_PROXY && h1_client_refused(&w->h1)) way_fail_refused(w);
    else way_give_up(w, error, cause);
}

const struct talk way_talk = {
    .ready = ready,
    .feed = feed,
    .eof = eof,
    .pull = pull,
    .sent = sent,
    .written = lane_ignore,
    .full = lane_ignore,
    .late = lane_ignore,
    .leave = lane_stays,
    .lost = lost,
};
