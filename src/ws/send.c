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
 */
#include <assert.h>
#include <errno.h>

#include "base/bytes.h"
#include "base/env.h"
#include "base/limits.h"
#include "base/rare.h"
#include "ws/message.h"
#include "ws/ratio.h"
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

static int random_key(weft_session *s, mask_key *key)
{
    *key = (mask_key){{0}};
    return s->role == WEFT_CLIENT ? next_key(s, key) : 0;
}

/* One frame of several pieces: for a server the key is zero, and masking is copying. */
static int encode_pieces(weft_session *s, struct outq *q, uint8_t byte0,
                         const struct pieces *message)
{
    mask_key key;
    bool masked = s->role == WEFT_CLIENT;
    if (message->n == 1) return encode(s, q, byte0, message->at[0].data, message->at[0].len);
    if (message->len > SIZE_MAX - FRAME_HEAD_MAX) return -ENOMEM;
    int error = random_key(s, &key);
    if (error) return error;
    size_t size = frame_head_size(message->len, masked) + message->len;
    uint8_t *to = reserve(s, q, size);
    if (!to) return -ENOMEM;
    to += frame_write_head(to, byte0, message->len, masked ? key.bytes : NULL);
    for (size_t i = 0; i < message->n; i++) {
        weft_bytes piece = message->at[i];
        if (masked) key = mask_copy(to, piece.data, piece.len, key);
        else copy(to, piece.data, piece.len);
        to += piece.len;
    }
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

static void remember(struct window *w, const struct pieces *message)
{
    for (size_t i = 0; w && i < message->n; i++)
        window_add(w, message->at[i].data, message->at[i].len);
}

/* A message through d, and into q. One that did not get smaller, or too small, or for which there is no memory, goes as
 * it is, and leaves no trace in the window, because the peer's will have none. */
static int encode_with(weft_session *s, struct deflater *d, struct outq *q, uint8_t byte0,
                       const struct pieces *message)
{
    weft_bytes small;
    struct window *w = s->buffers->window;
    int result = deflater_run(d, window_bits(s), w, message, &small);
    if (result > 0 && message->len > RATIO_FREE)
        result = ratio_is_taken(s->cfg->pool, s->cfg->env, w, message->len, small);
    if (result <= 0) return encode_pieces(s, q, byte0, message);
    int error = encode(s, q, byte0 | FRAME_RSV1, small.data, small.len);
    if (!error) remember(w, message);
    return error;
}

static bool has_window(weft_session *s)
{
    struct window **w = &s->buffers->window;
    if (has_takeover(s) && !*w) *w = window_new(s->cfg->env, window_bits(s));
    return *w || !has_takeover(s);
}

/* Whether a message is compressed is its own matter (RFC 7692, 6), so without memory for it it is not. */
static RARE int encode_compressed(weft_session *s, struct outq *q, uint8_t byte0,
                                  const struct pieces *message)
{
    struct deflater *d = has_window(s) ? deflater_take(s->cfg->pool, s->cfg->env) : NULL;
    if (!d) return encode_pieces(s, q, byte0, message);
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
    return outq_empty(&w->control) && outq_empty(&w->messages) && !w->has_late;
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

/* Whether what goes behind so much may be queued. */
static int refusal(const weft_session *s, size_t bytes, size_t items)
{
    const weft_limits *l = s->cfg->limits;
    if (s->closed || s->state >= RECV_CLOSED) return WEFT_ERR_CLOSED;
    bool full = bytes > limit_send_queue_max(l) || items > limit_send_queue_items(l);
    return full ? WEFT_ERR_BACKLOG : 0;
}

static int message_refusal(const weft_session *s)
{
    return refusal(s, session_buffered(s), session_items(s));
}

/* Messages that wait for the last fragment are behind it: they do not keep it back. */
static int refusal_ahead(const weft_session *s)
{
    return refusal(s, session_ahead(s), session_items_ahead(s));
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

/* Later ones go behind it, wherever they may (output.c). */
static int queue_control(weft_session *s, uint8_t byte0, const void *data, size_t len)
{
    struct outq *q = &s->buffers->queue;
    int error = encode(s, q, byte0, data, len);
    if (!error) s->buffers->staged = q->bytes;
    return error;
}

static int send_control(weft_session *s, weft_opcode op, const void *data, size_t len)
{
    uint8_t byte0 = (uint8_t)(FRAME_FIN | op);
    if (len > CONTROL_MAX) return -EINVAL;
    struct buffers *b = session_buffers(s);
    if (!b) return -ENOMEM;
    if (keeps_order(b)) return queue_control(s, byte0, data, len);
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
    weft_bytes message = {data, len};
    return encode_compressed(s, q, byte0, &(struct pieces){&message, 1, len});
}

int weft_session_send(weft_session *s, weft_opcode op, const void *data, size_t len)
{
    bool control = op == WEFT_PING || op == WEFT_PONG;
    int error = control ? refusal_ahead(s) : message_refusal(s);
    if (error) return error;
    if (control) return send_control(s, op, data, len);
    if (op != WEFT_TEXT && op != WEFT_BINARY) return -EINVAL;
    return session_queue(s, op, data, len);
}

static struct pieces pieces_of(const weft_bytes *parts, size_t n)
{
    struct pieces p = {parts, n, 0};
    for (size_t i = 0; i < n; i++)
        p.len = parts[i].len > SIZE_MAX - p.len ? SIZE_MAX : p.len + parts[i].len;
    return p;
}

static bool is_text(const struct pieces *message)
{
    utf8_state state = 0;
    for (size_t i = 0; i < message->n; i++)
        if (!utf8_feed(&state, message->at[i].data, message->at[i].len)) return false;
    return !state;
}

int session_queue_parts(weft_session *s, weft_opcode op, unsigned flags, const weft_bytes *parts,
                        size_t n)
{
    struct pieces message = pieces_of(parts, n);
    uint8_t byte0 = (uint8_t)(FRAME_FIN | op);
    if (op == WEFT_TEXT && (flags & WEFT_SEND_CHECK) && !is_text(&message)) return WEFT_ERR_UTF8;
    struct outq *q = message_queue(s);
    if (!q) return -ENOMEM;
    if (!(flags & WEFT_SEND_PLAIN) && is_to_be_compressed(s, message.len))
        return encode_compressed(s, q, byte0, &message);
    if (n == 1 && partial_send(s, q, byte0, parts->data, parts->len)) return 0;
    return encode_pieces(s, q, byte0, &message);
}

int weft_session_sendv(weft_session *s, weft_opcode op, unsigned flags, const weft_bytes *parts,
                       size_t n)
{
    if ((op != WEFT_TEXT && op != WEFT_BINARY) || !session_knows_flags(flags)) return -EINVAL;
    int error = message_refusal(s);
    return error ? error : session_queue_parts(s, op, flags, parts, n);
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
    struct blob *small = compressed ? message_compressed(m, window_bits(s), s->cfg->pool) : NULL;
    struct blob *frame = small ? small : m->frame; /* there may be no memory for a small one */
    if (!q) return -ENOMEM;
    return s->role == WEFT_CLIENT ? encode_frame(s, q, frame) : queue_frame(s, q, frame);
}

int weft_session_send_message(weft_session *s, weft_message *m)
{
    int error = message_refusal(s);
    return error ? error : session_queue_shared(s, m);
}

int weft_session_send_fragment(weft_session *s, weft_opcode op, const void *data, size_t len,
                               bool final)
{
    if (op != WEFT_TEXT && op != WEFT_BINARY) return -EINVAL;
    int error = refusal_ahead(s);
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
    return (uint64_t)b->pongs + (b->waiting ? b->waiting->pongs : 0);
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

static int queue_pong(weft_session *s, const uint8_t *data, size_t len)
{
    struct buffers *b = s->buffers;
    bool in_order = keeps_order(b);
    int error = send_control(s, WEFT_PONG, data, len);
    if (!error) ++*(in_order ? &b->pongs : &b->waiting->pongs);
    return error;
}

/* None overtakes one that is late. */
int send_pong(weft_session *s, const uint8_t *data, size_t len)
{
    if (s->closed) return 0;
    struct buffers *b = session_buffers(s);
    if (!b) return -ENOMEM;
    bool late = b->waiting && b->waiting->has_late;
    if (late || waiting_pongs(b) >= limit_max_waiting_pongs(s->cfg->limits))
        return send_late(s, data, len);
    return queue_pong(s, data, len);
}

/* The pongs that waited are gone: there is room for the ping that came too late for them. */
void send_late_pong(weft_session *s)
{
    struct waiting *w = s->buffers->waiting;
    if (!w->has_late || waiting_pongs(s->buffers)) return;
    w->has_late = !s->closed && queue_pong(s, w->late.data, w->late.len) < 0;
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
    s->said = WEFT_CLOSE_NO_STATUS;
    if (body.len) s->said = (uint16_t)(body.data[0] << 8 | body.data[1]);
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
    s->closed = s->owed = true;
    s->said = code;
}

int weft_session_close_now(weft_session *s, uint16_t code, const char *reason, size_t len)
{
    int error = weft_session_close(s, code, reason, len);
    if (!error) session_hurry(s);
    return error;
}

void send_owed_close(weft_session *s)
{
    uint8_t body[] = {(uint8_t)(s->said >> 8), (uint8_t)s->said};
    s->closed = false;
    s->owed = send_close(s, (weft_bytes){body, sizeof body}) < 0;
    s->closed = true;
}
