/* SPDX-License-Identifier: MIT
 *
 * ws/unpack.c - a compressed message waits as it came, and is inflated when it is there
 *
 *      payload --- the whole message ---> inflater --> pieces
 *         |                                  ^
 *         '------> parked -- the last of it -'
 *                    |
 *                    '--> a trial, now and then: 1007, 1009
 *
 * An inflater is 57 KiB, and what comes out of it can be a thousand times what went in. A peer that stops
 * half way must not pin either, so of a message that has not come whole there is nothing but what was
 * received. Only one that is handed out in chunks is inflated before its end: when what was received
 * is so much that an inflater is less than twice as large.
 *
 * Bad data should be refused before the end all the same. So what is parked is inflated when the input or a
 * fragment ends, and the result thrown away: every time while that was little work, then when it has grown
 * several times, which keeps the work linear. So that it is no matter where the input ended, the rest is tried when
 * anything else ends the session: the first fault is the one that counts. What trials at the end of fragments know of
 * the inflated length counts in the limit on fragments: that is a matter of the frames, and not of how the stream was
 * cut.
 */
#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "ws/ratio.h"
#include "ws/session.h"

enum {
    PARKED_MAX = 32768, /* of a message that is handed out in chunks */
    TRIAL_FREE = 16384, /* bytes read and written by trials, without regard to doubling */
};

/* ---- the inflater ---------------------------------------------------------------------------- */

static bool peer_has_takeover(const weft_session *s)
{
    const weft_deflate_params *d = &s->deflate;
    return !(s->role == WEFT_SERVER ? d->client_no_context_takeover
                                    : d->server_no_context_takeover);
}

/* Also for a peer that may have it, whatever was agreed on. */
static bool keeps_window(const weft_session *s)
{
    return peer_has_takeover(s) || (s->cfg->deflate && s->cfg->deflate->keep_window);
}

static uint8_t peer_window_bits(const weft_session *s)
{
    const weft_deflate_params *d = &s->deflate;
    return s->role == WEFT_SERVER ? d->client_max_window_bits : d->server_max_window_bits;
}

/* Where no message can have as much as is free anyway it is no matter. */
static uint64_t ratio(const weft_session *s)
{
    const weft_limits *l = s->cfg->limits;
    return limit_max_message(l) > RATIO_FREE ? limit_max_inflate_ratio(l) : 0;
}

static int borrow_inflater(weft_session *s)
{
    struct recv *r = &s->buffers->in;
    r->inflater = inflater_take(s->cfg->pool, s->cfg->env);
    if (!r->inflater || inflater_begin(r->inflater, r->window, ratio(s)) < 0)
        return session_out_of_memory(s);
    return 0;
}

static int begin(weft_session *s)
{
    struct recv *r = &s->buffers->in;
    if (keeps_window(s) && !r->window) {
        r->window = window_new(s->cfg->env, peer_window_bits(s));
        if (!r->window) return session_out_of_memory(s);
    }
    if (r->partial) r->partial->len = 0; /* what trials knew of it */
    return borrow_inflater(s);
}

static int look_at_text(weft_session *s, utf8_state *state, weft_bytes piece)
{
    if (s->buffers->in.message != WEFT_TEXT || utf8_feed(state, piece.data, piece.len)) return 0;
    return session_not_utf8(s);
}

/* Whom to suspect is for the log as well: who runs the server can do something about it. */
static const char *not_inflated(const weft_session *s)
{
    static const char suspicion[] =
        "a compressed message refers to an earlier one against the agreement "
        "(Safari 15.0-15.3?): weft_deflate.keep_window";
    _Static_assert(sizeof suspicion <= CONTROL_MAX - 2 + 1, "a Close has room for it");
    if (keeps_window(s) || !inflater_reached_back(s->buffers->in.inflater))
        return "a compressed message that cannot be inflated";
    log_line(s->cfg->env, WEFT_LOG_INFO, "%s", suspicion);
    return suspicion;
}

/* The first fault of a piece in the order of its bytes, whichever was noticed first: text that is none, behind text;
 * more than a message may have; what error says, which stands at its end. */
static int judge(weft_session *s, int error, utf8_state text, weft_bytes piece)
{
    uint64_t produced = inflater_produced(s->buffers->in.inflater);
    uint64_t max = limit_max_message(s->cfg->limits);
    bool over = produced > max;
    if (!error && !over) return 0;
    if (over) piece.len -= (size_t)(produced - max);
    int earlier = look_at_text(s, &text, piece);
    if (earlier) return earlier;
    if (over) return session_too_big(s);
    if (error == WEFT_ERR_TOO_BIG)
        return session_fail(s, error,
                            "a message that is compressed more than max_inflate_ratio allows");
    return session_fail(s, error, not_inflated(s));
}

/* text: what was before. A bomb is refused while it goes off. */
static int inflate_piece(weft_session *s, bool last, utf8_state text, weft_bytes *piece)
{
    int error = inflater_run(s->buffers->in.inflater, last, piece);
    return error == -ENOMEM ? session_out_of_memory(s) : judge(s, error, text, *piece);
}

/* ---- parked ---------------------------------------------------------------------------------- */

/* payload becomes all that is parked. */
static int park(weft_session *s, weft_bytes *payload)
{
    struct partial *p = session_partial(s);
    if (!p) return session_out_of_memory(s);
    buf_append(&p->parked, payload->data, payload->len);
    *payload = buf_bytes(&p->parked);
    return p->parked.failed ? session_out_of_memory(s) : 0;
}

static int try_inflating(weft_session *s, struct trials *trials)
{
    struct recv *r = &s->buffers->in;
    weft_bytes parked = buf_bytes(&r->partial->parked), piece = {0};
    utf8_state utf8 = 0;
    int error = borrow_inflater(s);
    if (error) return error;
    inflater_feed(r->inflater, parked);
    do {
        error = inflate_piece(s, false, utf8, &piece);
        if (!error) error = look_at_text(s, &utf8, piece);
    } while (!error && piece.len == INFLATE_OUT);
    trials->seen = parked.len;
    trials->effort += parked.len + inflater_produced(r->inflater);
    if (trials == &r->partial->ends) r->partial->len = inflater_produced(r->inflater);
    inflater_give(s->cfg->pool, r->inflater);
    r->inflater = NULL;
    return error;
}

static bool worth_a_trial(const struct trials *trials, size_t parked, size_t growth)
{
    if (parked == trials->seen) return false;
    return trials->effort < TRIAL_FREE || parked / growth >= trials->seen;
}

static int try_perhaps(weft_session *s)
{
    struct partial *p = s->buffers->in.partial;
    bool end = s->buffers->in.left == 0;
    struct trials *trials = end ? &p->ends : &p->midway;
    return worth_a_trial(trials, p->parked.len, end ? 2 : 4) ? try_inflating(s, trials) : 0;
}

int unpack_settle(weft_session *s)
{
    struct recv *r = s->buffers ? &s->buffers->in : NULL;
    struct partial *p = r && !r->inflater ? r->partial : NULL;
    if (!p || p->parked.len == p->ends.seen || p->parked.len == p->midway.seen) return 0;
    return try_inflating(s, &p->midway);
}

/* ---- the ladder's side ----------------------------------------------------------------------- */

static bool is_enough(const weft_session *s, size_t parked)
{
    return s->cfg->chunked && (s->buffers->in.inflater || parked >= PARKED_MAX);
}

int unpack_take(weft_session *s, weft_bytes payload, bool last)
{
    struct recv *r = &s->buffers->in;
    int error = 0;
    if (!last || r->partial || s->cfg->chunked) error = park(s, &payload);
    if (error) return error;
    if (!last && !is_enough(s, payload.len)) return try_perhaps(s);
    if (!r->inflater) error = begin(s);
    if (error) return error;
    inflater_feed(r->inflater, payload);
    return 1;
}

bool unpack_busy(const weft_session *s)
{
    return s->buffers->in.inflater && s->buffers->in.partial && s->buffers->in.partial->parked.len;
}

int unpack_piece(weft_session *s, bool last, weft_bytes *piece)
{
    struct recv *r = &s->buffers->in;
    int error = inflate_piece(s, last, r->utf8, piece);
    if (error) return error;
    if (r->window) window_add(r->window, piece->data, piece->len);
    if (piece->len == INFLATE_OUT) return 0;
    if (r->partial) buf_deinit(&r->partial->parked);
    return 0;
}

uint64_t unpack_received(const weft_session *s)
{
    const struct recv *r = &s->buffers->in;
    if (r->inflater) return inflater_consumed(r->inflater);
    return r->partial ? r->partial->parked.len : 0;
}
