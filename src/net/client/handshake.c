/* SPDX-License-Identifier: MIT
 *
 * net/client/handshake.c - a client's opening handshake, on a lane that leads to the server
 *
 *      GET with Upgrade -> 101, checked        the WebSocket
 *                       -> 3xx                 perhaps another way
 *                       -> anything else       a refusal
 */
#include <errno.h>

#include "base/limits.h"
#include "net/client/client.h"

static struct dial *dial_at(const struct lane *l)
{
    return lane_talker(l, LANE_HANDSHAKE);
}

static const weft_limits *limits_of(const struct dial *d)
{
    return &d->client->class.limits;
}

static int write_request(struct dial *d)
{
    int error = weft_handshake_key(lane_env(d->lane), d->key);
    return error ? error : options_write_upgrade(&d->options, d->key, &d->out);
}

void handshake_begin(struct dial *d, struct lane *l)
{
    d->lane = l;
    h1_client_init(&d->h1, lane_env(l), limits_of(d), false);
    (void)lane_become(l, LANE_HANDSHAKE, d, NULL);
    lane_deadline(l, limit_handshake_timeout(limits_of(d)));
    int error = write_request(d);
    if (error) dial_fail(d, error, weft_strerror(error));
    else lane_dirty(l);
}

/* Everything in the 101 is as it must be: from here on it is a WebSocket. */
static void verify(struct dial *d)
{
    const struct head *h = &d->h1.head;
    weft_agreement a = {
        .key = d->key, .subprotocols = d->options.subprotocols, .offered = d->options.deflate};
    if (h->version < 11) dial_fail(d, WEFT_ERR_HANDSHAKE, "the 101 is not of HTTP/1.1");
    else if (weft_handshake_verify(h->fields, h->n_fields, &a) < 0)
        dial_fail(d, WEFT_ERR_HANDSHAKE, a.why);
    else dial_open(d, &a);
}

static void take_response(struct dial *d, int result)
{
    switch (result) {
    case H1C_SWITCHED: verify(d); break;
    case H1C_REFUSED:
        if (!dial_redirect(d)) dial_refused(d, &d->h1, WEFT_ERR_REFUSED);
        break;
    default: dial_fail(d, result, d->h1.why); break;
    }
}

/* ---- told by the lane ------------------------------------------------------------------------ */

static void feed(struct lane *l, weft_span *in)
{
    struct dial *d = dial_at(l);
    if (!in->len) return;
    int result = h1_client_feed(&d->h1, in);
    if (result != H1C_MORE) take_response(d, result);
}

static void eof(struct lane *l)
{
    struct dial *d = dial_at(l);
    take_response(d, h1_client_eof(&d->h1));
}

static struct outq *pull(struct lane *l)
{
    return &dial_at(l)->out;
}

static bool sent(struct lane *l, size_t n)
{
    struct outq *out = &dial_at(l)->out;
    outq_sent(out, n);
    return !outq_empty(out);
}

static void late(struct lane *l)
{
    dial_fail(dial_at(l), WEFT_ERR_TIMEOUT,
              "the server did not answer the opening handshake in time");
}

static void lost(struct lane *l, int error, const char *cause)
{
    struct dial *d = dial_at(l);
    if (!d->lane) return; /* we let go of it */
    d->lane = NULL;
    dial_fail(d, error, cause);
}

const struct talk handshake_talk = {
    .feed = feed,
    .eof = eof,
    .pull = pull,
    .sent = sent,
    .written = lane_ignore,
    .full = lane_ignore,
    .late = late,
    .leave = lane_stays,
    .lost = lost,
};
