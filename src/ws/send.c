/* SPDX-License-Identifier: MIT
 *
 * ws/send.c - the one output path: frames are encoded into a queue, and leave it in order
 *
 *      messages, fragments, Close --> queue ----------------+--> output
 *      pings, pongs: queue is short --^
 *                    long ----------> control --[stage]-----^    at the front, between two frames
 *      whole messages while a fragmented one is open --> messages --> queue
 *
 * A whole message is compressed where it is worth it; fragments go as they are. A message that many send
 * without context takeover is compressed once (message.c).
 *
 * Each slice of the queue begins with a frame and holds whole frames; what was sent of the first one
 * is known from its begin, so the next frame boundary can be found without bookkeeping.
 */
#include <assert.h>
#include <errno.h>

#include "base/bytes.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/rare.h"
#include "ws/message.h"
#include "ws/pool.h"
#include "ws/session.h"

enum {
    REASON_MAX = CONTROL_MAX - 2,
    SHORT = 16384, /* bytes: a queue in which a pong may wait for its turn */
};

/* ---- encoding -------------------------------------------------------------------------------- */

/* A fresh, unpredictable masking key (RFC 6455, 5.3). */
static int next_key(weft_session *s, mask_key *key)
{
    struct key_pool *pool = s->buffers->keys;
    enum { KEYS = sizeof pool->keys / sizeof *pool->keys };
    if (!pool) {
        pool = mem_alloc(s->cfg->env, sizeof *pool);
        if (!pool) return -ENOMEM;
        pool->used = KEYS;
        s->buffers->keys = pool;
    }
    if (pool->used == KEYS) {
        int error = env_random(s->cfg->env, pool->keys, sizeof pool->keys);
        if (error) return error;
        pool->used = 0;
    }
    *key = pool->keys[pool->used++];
    return 0;
}

static uint8_t *reserve(weft_session *s, struct outq *q, size_t n)
{
    weft_session_pool *pool = s->cfg->pool;
    return outq_reserve(q, s->cfg->env, pool ? &pool->blobs : NULL, n);
}

/* A client's. */
static RARE int encode_masked(weft_session *s, struct outq *q, uint8_t byte0, const uint8_t *data,
                              size_t len)
{
    mask_key key;
    int error = next_key(s, &key);
    if (error) return error;
    size_t size = frame_head_size(len, true) + len;
    uint8_t *to = reserve(s, q, size);
    if (!to) return -ENOMEM;
    to += frame_write_head(to, byte0, len, key.bytes);
    mask_copy(to, data, len, key);
    outq_commit(q, size);
    return 0;
}

/* One frame at the end of q. */
static inline int encode(weft_session *s, struct outq *q, uint8_t byte0, const void *data,
                         size_t len)
{
    if (len > SIZE_MAX - FRAME_HEAD_MAX) return -ENOMEM;
    if (s->role == WEFT_CLIENT) return encode_masked(s, q, byte0, data, len);
    size_t size = frame_head_size(len, false) + len;
    uint8_t *to = reserve(s, q, size);
    if (!to) return -ENOMEM;
    to += frame_write_head(to, byte0, len, NULL);
    copy(to, data, len);
    outq_commit(q, size);
    return 0;
}

/* ---- compressing ----------------------------------------------------------------------------- */

static bool has_takeover(const weft_session *s)
{
    const weft_deflate_params *d = &s->deflate;
    return !(s->role == WEFT_SERVER ? d->server_no_context_takeover
                                    : d->client_no_context_takeover);
}

static uint8_t window_bits(const weft_session *s)
{
    const weft_deflate_params *d = &s->deflate;
    return s->role == WEFT_SERVER ? d->server_max_window_bits : d->client_max_window_bits;
}

static bool is_to_be_compressed(const weft_session *s, size_t len)
{
    return s->deflate.on && len >= deflate_threshold(s->cfg->deflate);
}

/* A message through d, and into q. One that did not get smaller goes as it is, and leaves no trace in the
 * window, because the peer's will have none. */
static int encode_with(weft_session *s, struct deflater *d, struct outq *q, uint8_t byte0,
                       weft_bytes message)
{
    weft_bytes small;
    struct window *w = s->buffers->window;
    int result = deflater_run(d, window_bits(s), w, message, &small);
    if (result < 0) return result;
    if (!result) return encode(s, q, byte0, message.data, message.len);
    int error = encode(s, q, byte0 | FRAME_RSV1, small.data, small.len);
    if (!error && w) window_add(w, message.data, message.len);
    return error;
}

static RARE int encode_compressed(weft_session *s, struct outq *q, uint8_t byte0,
                                  weft_bytes message)
{
    struct window **w = &s->buffers->window;
    if (has_takeover(s) && !*w) *w = window_new(s->cfg->env, window_bits(s));
    if (has_takeover(s) && !*w) return -ENOMEM;
    struct deflater *d = deflater_take(s->cfg->pool, s->cfg->env);
    if (!d) return -ENOMEM;
    int error = encode_with(s, d, q, byte0, message);
    deflater_give(s->cfg->pool, d);
    return error;
}

/* ---- the buffers ----------------------------------------------------------------------------- */

RARE struct buffers *session_new_buffers(weft_session *s)
{
    return s->buffers = buffers_take(s->cfg->pool, s->cfg->env);
}

/* NULL: no memory. There are buffers. */
static RARE struct waiting *waiting_of(weft_session *s)
{
    struct waiting **w = &s->buffers->waiting;
    if (!*w) *w = mem_zalloc(s->cfg->env, sizeof **w);
    return *w;
}

static void drop_waiting(weft_session *s)
{
    struct waiting *w = s->buffers->waiting;
    outq_clear(&w->control);
    outq_clear(&w->messages);
    mem_free(s->cfg->env, w);
    s->buffers->waiting = NULL;
}

static bool is_idle(const struct waiting *w)
{
    return outq_empty(&w->control) && outq_empty(&w->messages) && !w->has_late && !w->staged_pongs;
}

void session_tidy(weft_session *s)
{
    struct buffers *b = s->buffers;
    if (b->waiting && is_idle(b->waiting)) drop_waiting(s);
    if (!outq_empty(&b->queue) || b->waiting || b->window || b->keys) return;
    if (b->in.busy || b->in.window) return;
    buffers_give(s->cfg->pool, s->cfg->env, b);
    s->buffers = NULL;
}

void send_deinit(weft_session *s)
{
    struct buffers *b = s->buffers;
    if (!b) return;
    outq_clear(&b->queue);
    if (b->waiting) drop_waiting(s);
    mem_free(s->cfg->env, b->window);
    mem_free(s->cfg->env, b->keys);
    buffers_give(s->cfg->pool, s->cfg->env, b);
    s->buffers = NULL;
}

/* ---- sending --------------------------------------------------------------------------------- */

size_t weft_session_buffered(const weft_session *s)
{
    return session_buffered(s);
}

static int refusal(const weft_session *s)
{
    const weft_limits *l = s->cfg->limits;
    if (s->closed || s->state >= RECV_CLOSED) return WEFT_ERR_CLOSED;
    bool full = session_buffered(s) > limit_send_queue_max(l) ||
                session_items(s) > limit_send_queue_items(l);
    return full ? WEFT_ERR_BACKLOG : 0;
}

/* Where a whole message goes: behind an open fragmented one it has to wait. NULL: no memory. */
static struct outq *message_queue(weft_session *s)
{
    struct buffers *b = session_buffers(s);
    if (!b || !s->sending) return b ? &b->queue : NULL;
    struct waiting *w = waiting_of(s);
    return w ? &w->messages : NULL;
}

/* Whether a control frame can stay behind what was queued before it. */
static bool keeps_order(const struct buffers *b)
{
    return b->queue.bytes <= SHORT && (!b->waiting || outq_empty(&b->waiting->control));
}

static int send_control(weft_session *s, weft_opcode op, const void *data, size_t len)
{
    uint8_t byte0 = (uint8_t)(FRAME_FIN | op);
    if (len > CONTROL_MAX) return -EINVAL;
    struct buffers *b = session_buffers(s);
    if (!b) return -ENOMEM;
    if (keeps_order(b)) return encode(s, &b->queue, byte0, data, len);
    struct waiting *w = waiting_of(s);
    return w ? encode(s, &w->control, byte0, data, len) : -ENOMEM;
}

int session_queue(weft_session *s, weft_opcode op, const void *data, size_t len)
{
    struct outq *q = message_queue(s);
    uint8_t byte0 = (uint8_t)(FRAME_FIN | op);
    if (!q) return -ENOMEM;
    if (!is_to_be_compressed(s, len))
        return partial_send(s, q, byte0, data, len) ? 0 : encode(s, q, byte0, data, len);
    return encode_compressed(s, q, byte0, (weft_bytes){data, len});
}

int weft_session_send(weft_session *s, weft_opcode op, const void *data, size_t len)
{
    int error = refusal(s);
    if (error) return error;
    if (op == WEFT_PING || op == WEFT_PONG) return send_control(s, op, data, len);
    if (op != WEFT_TEXT && op != WEFT_BINARY) return -EINVAL;
    return session_queue(s, op, data, len);
}

/* A frame without a masking key, once more with one. */
static RARE int encode_frame(weft_session *s, struct outq *q, const struct blob *frame)
{
    size_t head = frame_length_end(frame->data);
    return encode(s, q, frame->data[0], frame->data + head, frame->len - head);
}

/* A server's, by reference. The first in the queue needs no memory for that. */
static int queue_frame(weft_session *s, struct outq *q, struct blob *frame)
{
    if (q != &s->buffers->queue || !outq_empty(q)) return outq_append_blob(q, frame);
    outq_append_blob_at(q, frame, &s->buffers->first);
    return 0;
}

int session_queue_shared(weft_session *s, weft_message *m)
{
    weft_bytes payload = weft_message_payload(m);
    bool compressed = is_to_be_compressed(s, payload.len);
    if (compressed && has_takeover(s))
        return session_queue(s, weft_message_opcode(m), payload.data, payload.len);
    struct outq *q = message_queue(s);
    struct blob *frame =
        compressed ? message_compressed(m, window_bits(s), s->cfg->pool) : m->frame;
    if (!q || !frame) return -ENOMEM;
    return s->role == WEFT_CLIENT ? encode_frame(s, q, frame) : queue_frame(s, q, frame);
}

int weft_session_send_message(weft_session *s, weft_message *m)
{
    int error = refusal(s);
    return error ? error : session_queue_shared(s, m);
}

int weft_session_send_fragment(weft_session *s, weft_opcode op, const void *data, size_t len,
                               bool final)
{
    if (op != WEFT_TEXT && op != WEFT_BINARY) return -EINVAL;
    int error = refusal(s);
    if (error) return error;
    if (s->sending && s->sending != op) return WEFT_ERR_STATE;
    struct buffers *b = session_buffers(s);
    if (!b) return -ENOMEM;
    uint8_t byte0 = (uint8_t)(s->sending ? WEFT_CONTINUATION : op);
    error = encode(s, &b->queue, (uint8_t)(byte0 | (final ? FRAME_FIN : 0)), data, len);
    if (error) return error;
    s->sending = final ? 0 : (uint8_t)op;
    if (final && b->waiting) outq_splice(&b->queue, &b->waiting->messages);
    return 0;
}

/* ---- pongs ----------------------------------------------------------------------------------- */

/* That were queued and may not be gone. */
static uint64_t waiting_pongs(const struct buffers *b)
{
    const struct waiting *w = b->waiting;
    return b->pongs + (w ? (uint64_t)w->pongs + w->staged_pongs : 0);
}

/* Beyond the limit only the newest ping is remembered. */
static int send_late(weft_session *s, const uint8_t *data, size_t len)
{
    struct waiting *w = waiting_of(s);
    if (!w) return -ENOMEM;
    w->has_late = true;
    w->late.len = (uint8_t)len;
    copy(w->late.data, data, len);
    return 0;
}

int send_pong(weft_session *s, const uint8_t *data, size_t len)
{
    if (s->closed) return 0;
    struct buffers *b = session_buffers(s);
    if (!b) return -ENOMEM;
    if (waiting_pongs(b) >= limit_max_waiting_pongs(s->cfg->limits)) return send_late(s, data, len);
    bool in_order = keeps_order(b);
    int error = send_control(s, WEFT_PONG, data, len);
    if (!error) ++*(in_order ? &b->pongs : &b->waiting->pongs);
    return error;
}

/* The pongs that waited are gone: there is room for the ping that came too late for them. */
static void promote_late(weft_session *s)
{
    struct buffers *b = s->buffers;
    struct waiting *w = b->waiting;
    if (w->has_late && !waiting_pongs(b)) w->has_late = send_pong(s, w->late.data, w->late.len) < 0;
}

/* ---- closing --------------------------------------------------------------------------------- */

int send_close(weft_session *s, weft_bytes body)
{
    if (s->closed) return 0;
    struct buffers *b = session_buffers(s);
    if (!b) return -ENOMEM;
    int error = encode(s, &b->queue, FRAME_FIN | WEFT_CLOSE, body.data, body.len);
    if (error) return error;
    s->closed = true;
    if (b->waiting) outq_clear(&b->waiting->messages); /* its fragmented message never ends */
    return 0;
}

int weft_session_close(weft_session *s, uint16_t code, const char *reason, size_t len)
{
    if (code && !close_code_is_legal(code)) return WEFT_ERR_CODE;
    if (!reason) len = 0;
    if (!code && len) return WEFT_ERR_CODE;
    if (len && !weft_utf8_valid(reason, len)) return WEFT_ERR_UTF8;
    uint8_t body[CONTROL_MAX] = {(uint8_t)(code >> 8), (uint8_t)code};
    size_t cut = utf8_cut((const uint8_t *)reason, len, REASON_MAX);
    copy(body + 2, reason, cut);
    return send_close(s, (weft_bytes){body, code ? 2 + cut : 0});
}

void send_last_words(weft_session *s, uint16_t code, const char *cause)
{
    if (s->closed) return;
    if (weft_session_close(s, code, cause, strlen(cause)) == 0) return;
    s->closed = true;
    s->owed = code;
}

static void pay_last_words(weft_session *s)
{
    uint8_t body[] = {(uint8_t)(s->owed >> 8), (uint8_t)s->owed};
    s->closed = false;
    if (send_close(s, (weft_bytes){body, sizeof body}) == 0) s->owed = 0;
    s->closed = true;
}

/* ---- output ---------------------------------------------------------------------------------- */

static size_t frame_size(const uint8_t *frame)
{
    return frame_head_end(frame) + (size_t)frame_length(frame);
}

/* How much of the frame that is on its way is still in the queue; 0 between two frames. */
static size_t rest_of_frame(const struct slice *first)
{
    if (!first || first->data == first->begin) return 0;
    const uint8_t *end = first->begin;
    while (end < first->data) end += frame_size(end);
    return (size_t)(end - first->data);
}

/* Put the control frames where they are next to go out: behind the frame that is on its way and those
 * put there before, in front of everything else. Nothing goes behind a Close. */
static void stage_control(weft_session *s)
{
    struct buffers *b = s->buffers;
    struct waiting *w = b->waiting;
    if (outq_empty(&w->control)) return;
    size_t at = b->staged ? b->staged : rest_of_frame(b->queue.head);
    size_t end = at + w->control.bytes;
    if (s->closed && at == b->queue.bytes) outq_clear(&w->control);
    else if (outq_insert(&b->queue, at, &w->control) == 0) b->staged = end;
    else return;
    w->staged_pongs += w->pongs;
    w->pongs = 0;
}

struct outq *session_output(weft_session *s)
{
    if (s->owed) pay_last_words(s);
    struct buffers *b = s->buffers;
    if (!b) return NULL;
    if (b->waiting) promote_late(s);
    if (b->waiting) stage_control(s);
    return &b->queue;
}

void session_left(weft_session *s, size_t n)
{
    struct buffers *b = s->buffers;
    if (!b) return;
    b->staged = n < b->staged ? b->staged - n : 0;
    if (outq_empty(&b->queue)) b->pongs = 0;
    if (b->waiting && !b->staged) {
        b->waiting->staged_pongs = 0;
        promote_late(s);
    }
    session_tidy(s);
}

int weft_session_output(weft_session *s, struct iovec *iov, int max)
{
    const struct outq *q = session_output(s);
    return q ? outq_iov(q, iov, max) : 0;
}

void weft_session_sent(weft_session *s, size_t n)
{
    if (s->buffers) outq_sent(&s->buffers->queue, n);
    session_left(s, n);
}
