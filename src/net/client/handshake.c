/* SPDX-License-Identifier: MIT
 *
 * net/client/handshake.c - a client's opening handshake, on a lane that leads to the server
 *
 *      GET with Upgrade -> 101, checked        the WebSocket
 *                       -> 3xx                 perhaps another way, as soon as its head is there
 *                       -> anything else       a refusal, with so much of its body as comes in time
 */
#include <errno.h>

#include "base/limits.h"
#include "net/client/client.h"

static struct opening *opening_at(const struct lane *l)
{
    return lane_talker(l, LANE_HANDSHAKE);
}

static const weft_limits *limits_of(const struct opening *o)
{
    return &o->client->class.limits;
}

static int write_request(struct opening *o)
{
    int error = weft_handshake_key(lane_env(o->lane), o->key);
    return error ? error : options_write_upgrade(&o->options, &o->dial.url, o->key, &o->out);
}

void handshake_begin(struct opening *o, struct lane *l)
{
    o->lane = l;
    h1_client_init(&o->h1, lane_env(l), limits_of(o), false);
    (void)lane_become(l, LANE_HANDSHAKE, o, NULL);
    lane_deadline(l, patience_stage(&o->way.patience, limit_handshake_timeout(limits_of(o)),
                                    "handshake_timeout"));
    int error = write_request(o);
    if (error) opening_fail(o, error, weft_strerror(error));
    else lane_dirty(l);
}

/* Everything in the 101 is as it must be: from here on it is a WebSocket. */
static void verify(struct opening *o)
{
    const struct head *h = &o->h1.head;
    weft_agreement a = {
        .key = o->key, .subprotocols = o->options.subprotocols, .offered = o->options.deflate};
    if (h->version < 11) opening_fail(o, WEFT_ERR_HANDSHAKE, "the 101 is not of HTTP/1.1");
    else if (weft_handshake_verify(h->fields, h->n_fields, &a) < 0)
        opening_fail(o, WEFT_ERR_HANDSHAKE, a.why);
    else opening_open(o, &a);
}

static void take_refusal(struct opening *o)
{
    if (!opening_redirect(o)) opening_refused(o, &o->h1, WEFT_ERR_REFUSED);
}

static void take_response(struct opening *o, int result)
{
    switch (result) {
    case H1C_SWITCHED: verify(o); break;
    case H1C_REFUSED: take_refusal(o); break;
    default: opening_fail(o, result, o->h1.why); break;
    }
}

/* ---- told by the lane ------------------------------------------------------------------------ */

static void feed(struct lane *l, weft_span *in)
{
    struct opening *o = opening_at(l);
    if (!in->len) return;
    bool knew = o->h1.in_body;
    int result = h1_client_feed(&o->h1, in);
    if (result != H1C_MORE) take_response(o, result);
    else if (o->h1.in_body && !knew) (void)opening_redirect(o);
}

static void eof(struct lane *l)
{
    struct opening *o = opening_at(l);
    take_response(o, h1_client_eof(&o->h1));
}

static struct outq *pull(struct lane *l)
{
    return &opening_at(l)->out;
}

static bool sent(struct lane *l, size_t n)
{
    struct outq *out = &opening_at(l)->out;
    outq_sent(out, n);
    return !outq_empty(out);
}

/* The lane counts from its turn, we from when we said it. */
static void late(struct lane *l)
{
    struct opening *o = opening_at(l);
    uint64_t left = patience_left(&o->way.patience);
    char words[128];
    if (left) {
        lane_deadline(l, left);
        return;
    }
    if (h1_client_refused(&o->h1)) {
        take_refusal(o);
        return;
    }
    patience_words(&o->way.patience, "the server did not answer the opening handshake", words,
                   sizeof words);
    opening_fail_words(o, WEFT_ERR_TIMEOUT, words);
}

static void lost(struct lane *l, int error, const char *cause)
{
    struct opening *o = opening_at(l);
    if (!o->lane) return; /* we let go of it */
    o->lane = NULL;
    if (h1_client_refused(&o->h1)) take_refusal(o);
    else opening_fail(o, error, cause);
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
