/* SPDX-License-Identifier: MIT
 *
 * ws/recv.c - the receive ladder: bytes in wire order become events
 *
 * Each rung takes what it needs from the input and either goes on, returns an event, or returns 0
 * because the input is used up. Payload is unmasked and (text) validated where it lies, as it comes;
 * a message that lies whole in one input is handed out there, any other is gathered in a partial that
 * grows with the bytes received, never with the length declared.
 *
 * A compressed message is unpacked first (unpack.c), and then goes the same way: its payload is what comes
 * out of the inflater. Limits and UTF-8 are for that.
 *
 * Control frames between fragments touch neither partial, inflater, utf8 nor message.
 */
#include <assert.h>
#include <errno.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "ws/session.h"

/* ---- the head of a frame --------------------------------------------------------------------- */

static int count_fragment(weft_session *s, uint64_t len)
{
    struct partial *p = session_partial(s);
    if (!p) return session_out_of_memory(s);
    const weft_limits *l = s->cfg->limits;
    if (++p->frames > limit_max_fragments(l) + (p->len + p->parked.len) / 16)
        return session_fail(s, WEFT_ERR_POLICY, "too many fragments in a message");
    if (!len && ++p->empty > limit_max_empty_fragments(l))
        return session_fail(s, WEFT_ERR_POLICY, "too many empty fragments in a message");
    return 0;
}

/* The head, gathered or where it lies, makes room for what comes next. */
static void enter_payload(weft_session *s, const uint8_t *head)
{
    struct recv *r = &s->buffers->in;
    uint64_t left = frame_length(head);
    mask_key key = {{0}};
    if (head[1] & FRAME_MASK) memcpy(key.bytes, head + frame_length_end(head), KEY_LEN);
    r->byte0 = head[0];
    r->left = left;
    r->key = key;
    r->head_len = 0;
    s->state = RECV_PAYLOAD;
}

/* The head is complete and in order. */
static int begin_frame(weft_session *s, const uint8_t *head)
{
    struct recv *r = &s->buffers->in;
    enter_payload(s, head);
    uint8_t opcode = r->byte0 & FRAME_OPCODE;
    if (opcode & FRAME_CONTROL) return 0;
    if (opcode != WEFT_CONTINUATION) {
        r->message = opcode;
        r->compressed = r->byte0 & FRAME_RSV1;
    }
    bool fragment = !(r->byte0 & FRAME_FIN) || opcode == WEFT_CONTINUATION;
    return fragment ? count_fragment(s, r->left) : 0;
}

static bool head_is_complete(const uint8_t *head, size_t have)
{
    return have >= FRAME_HEAD_MIN && have >= frame_head_end(head);
}

/* A head in pieces: gathered byte by byte, refused as soon as it can be. 1 when it is complete. */
static int gather_head(weft_session *s, weft_span *in)
{
    struct recv *r = &s->buffers->in;
    while (!head_is_complete(r->head, r->head_len)) {
        if (!in->len) return 0;
        r->head[r->head_len++] = *in->data;
        span_skip(in, 1);
        int error = rules_check_head(s, r->head, r->head_len);
        if (error) return error;
    }
    int error = begin_frame(s, r->head);
    return error ? error : 1;
}

/* 1: the frame's payload comes next. 0: bring more. */
static int read_head(weft_session *s, weft_span *in)
{
    if (s->buffers->in.head_len || !head_is_complete(in->data, in->len)) return gather_head(s, in);
    const uint8_t *head = in->data;
    int error = rules_check_head(s, head, in->len);
    if (!error) error = begin_frame(s, head);
    span_skip(in, frame_head_end(head));
    return error ? error : 1;
}

/* ---- payload --------------------------------------------------------------------------------- */

/* The next piece of the frame's payload, unmasked where it lies. */
static weft_bytes take_payload(weft_session *s, weft_span *in)
{
    struct recv *r = &s->buffers->in;
    size_t n = in->len < r->left ? in->len : (size_t)r->left;
    weft_bytes piece = {in->data, n};
    if (s->role == WEFT_SERVER) r->key = mask_in_place(in->data, n, r->key);
    r->left -= n;
    span_skip(in, n);
    return piece;
}

static bool frame_is_complete(const weft_session *s)
{
    return s->buffers->in.left == 0;
}

static void end_frame(weft_session *s)
{
    s->state = RECV_HEAD;
}

/* ---- control frames -------------------------------------------------------------------------- */

/* The peer says goodbye; the answer repeats its code (RFC 6455, 5.5.1). */
static int take_close(weft_session *s, weft_bytes body, weft_event *ev)
{
    int error = rules_check_close(s, body);
    if (error) return error;
    s->state = RECV_CLOSED;
    if (send_close(s, (weft_bytes){body.data, body.len ? 2 : 0}) < 0)
        return session_out_of_memory(s);
    ev->kind = WEFT_EV_CLOSE;
    ev->code = WEFT_CLOSE_NO_STATUS;
    if (body.len) {
        ev->code = (uint16_t)(body.data[0] << 8 | body.data[1]);
        body = bytes_from(body, 2);
    }
    ev->data = body.data;
    ev->len = body.len;
    return 1;
}

static int take_control(weft_session *s, weft_bytes body, weft_event *ev)
{
    struct recv *r = &s->buffers->in;
    weft_opcode opcode = (weft_opcode)(r->byte0 & FRAME_OPCODE);
    end_frame(s);
    r->lent = true;
    *ev = (weft_event){.opcode = opcode, .data = body.data, .len = body.len};
    if (opcode == WEFT_CLOSE) return take_close(s, body, ev);
    ev->kind = opcode == WEFT_PING ? WEFT_EV_PING : WEFT_EV_PONG;
    if (opcode == WEFT_PING && send_pong(s, body.data, body.len) < 0)
        return session_out_of_memory(s);
    return 1;
}

/* 1 an event; 0 bring more. */
static int control_payload(weft_session *s, weft_span *in, weft_event *ev)
{
    struct recv *r = &s->buffers->in;
    weft_bytes piece = take_payload(s, in);
    if (!r->control && frame_is_complete(s)) return take_control(s, piece, ev);
    if (!r->control) r->control = mem_zalloc(s->cfg->env, sizeof *r->control);
    if (!r->control) return session_out_of_memory(s);
    copy(r->control->data + r->control->len, piece.data, piece.len);
    r->control->len = (uint8_t)(r->control->len + piece.len);
    if (!frame_is_complete(s)) return 0;
    return take_control(s, (weft_bytes){r->control->data, r->control->len}, ev);
}

/* ---- messages -------------------------------------------------------------------------------- */

static int check_text(weft_session *s, utf8_state *state, weft_bytes piece, bool final)
{
    if (!utf8_feed(state, piece.data, piece.len)) return session_not_utf8(s);
    if (final && *state)
        return session_fail(s, WEFT_ERR_UTF8, "a text message ends inside a code point");
    return 0;
}

/* Chunks of nothing are not worth telling, but for the last. */
static int chunk(weft_session *s, weft_bytes piece, bool final, weft_event *ev)
{
    struct partial *p = s->buffers->in.partial || !final ? session_partial(s) : NULL;
    if (!p && !final) return session_out_of_memory(s);
    if (!piece.len && !final) return 0;
    ev->kind = WEFT_EV_CHUNK;
    ev->first = !p || p->len == 0;
    ev->final = final;
    ev->data = piece.data;
    ev->len = piece.len;
    if (p) p->len += piece.len;
    return 1;
}

static int whole(weft_session *s, weft_bytes piece, bool final, weft_event *ev)
{
    const struct recv *r = &s->buffers->in;
    if ((r->partial || !final) && partial_gather(s, piece) < 0) return session_out_of_memory(s);
    if (!final) return 0;
    weft_bytes message = r->partial ? partial_message(r->partial) : piece;
    ev->kind = WEFT_EV_MESSAGE;
    ev->first = ev->final = true;
    ev->data = message.data;
    ev->len = message.len;
    return 1;
}

/* The next piece of the message: 1 an event, 0 nothing to tell yet. */
static int take_piece(weft_session *s, weft_bytes piece, bool final, weft_event *ev)
{
    struct recv *r = &s->buffers->in;
    int result = r->message == WEFT_TEXT ? check_text(s, &r->utf8, piece, final) : 0;
    if (result) return result;
    *ev = (weft_event){.opcode = (weft_opcode)r->message};
    result = s->cfg->chunked ? chunk(s, piece, final, ev) : whole(s, piece, final, ev);
    if (result < 0 || !final) return result;
    r->message = 0;
    r->lent = true;
    return result;
}

/* Whether the message ends with the frame, of which nothing is left. */
static bool message_is_complete(const weft_session *s)
{
    return frame_is_complete(s) && (s->buffers->in.byte0 & FRAME_FIN);
}

/* 1 an event; 0 go on, or bring more. */
static int plain_payload(weft_session *s, weft_span *in, weft_event *ev)
{
    weft_bytes piece = take_payload(s, in);
    int result = take_piece(s, piece, message_is_complete(s), ev);
    if (result >= 0 && frame_is_complete(s)) end_frame(s);
    return result;
}

/* ---- compressed messages --------------------------------------------------------------------- */

/* As plain_payload. The frame ends when all that was taken of it is told. */
static int compressed_payload(weft_session *s, weft_span *in, weft_event *ev)
{
    int result = 1;
    if (!unpack_busy(s)) {
        weft_bytes payload = take_payload(s, in);
        result = unpack_take(s, payload, message_is_complete(s));
        if (result < 0) return result;
    }
    bool more = result;
    for (result = 0; more && !result;) {
        weft_bytes piece;
        bool last = message_is_complete(s);
        result = unpack_piece(s, last, &piece);
        if (result) return result;
        more = piece.len == INFLATE_OUT;
        result = take_piece(s, piece, last && !more, ev);
    }
    if (result >= 0 && !more && frame_is_complete(s)) end_frame(s);
    return result;
}

static int data_payload(weft_session *s, weft_span *in, weft_event *ev)
{
    return s->buffers->in.compressed ? compressed_payload(s, in, ev) : plain_payload(s, in, ev);
}

/* ---- the usual frame ------------------------------------------------------------------------- */

/* Where the payload begins of a message in one frame, not compressed, that lies in the input as a whole;
 * 0: it is anything else, which is for the ladder to look at. */
static size_t usual_head(const weft_session *s, const weft_span *in)
{
    const uint8_t *head = in->data;
    if (in->len < FRAME_HEAD_MIN) return 0;
    if (head[0] != (FRAME_FIN | WEFT_TEXT) && head[0] != (FRAME_FIN | WEFT_BINARY)) return 0;
    if ((head[1] & FRAME_MASK) != (s->role == WEFT_SERVER ? FRAME_MASK : 0)) return 0;
    size_t begin = frame_head_end(head);
    if ((head[1] & FRAME_LEN) == FRAME_LEN64 || in->len < begin) return 0;
    uint64_t len = frame_length(head);
    bool minimal = len > CONTROL_MAX || (head[1] & FRAME_LEN) != FRAME_LEN16;
    bool fits = len <= in->len - begin && len <= limit_max_message(s->cfg->limits);
    return minimal && fits ? begin : 0;
}

/* At one go what the ladder would do with it: 1 an event, 0 it is not usual. */
static USUAL int read_usual(weft_session *s, weft_span *in, weft_event *ev)
{
    size_t begin = usual_head(s, in);
    if (!begin) return 0;
    const uint8_t *head = in->data;
    weft_opcode opcode = (weft_opcode)(head[0] & FRAME_OPCODE);
    utf8_state text = 0;
    weft_bytes payload = {in->data + begin, (size_t)frame_length(head)};
    if (s->role == WEFT_SERVER)
        mask_in_place(in->data + begin, payload.len, mask_key_at(head + begin - KEY_LEN));
    span_skip(in, begin + payload.len);
    int error = opcode == WEFT_TEXT ? check_text(s, &text, payload, true) : 0;
    if (error) return error;
    *ev = (weft_event){.kind = s->cfg->chunked ? WEFT_EV_CHUNK : WEFT_EV_MESSAGE,
                       .opcode = opcode,
                       .first = true,
                       .final = true,
                       .data = payload.data,
                       .len = payload.len};
    return 1;
}

/* ---- the ladder ------------------------------------------------------------------------------ */

void session_take_back_lent(weft_session *s)
{
    if (!s->buffers || !s->buffers->in.lent) return;
    struct recv *r = &s->buffers->in;
    r->lent = false;
    mem_free(s->cfg->env, r->control);
    r->control = NULL;
    if (!r->message) session_drop_message(s);
}

static int read_payload(weft_session *s, weft_span *in, weft_event *ev)
{
    bool control = s->buffers->in.byte0 & FRAME_CONTROL;
    return control ? control_payload(s, in, ev) : data_payload(s, in, ev);
}

/* The ladder needs buffers. Whether there is memory for it. */
static bool begin(weft_session *s)
{
    struct buffers *b = session_buffers(s);
    if (!b) return false;
    b->in.busy = true;
    s->state = RECV_HEAD;
    return true;
}

static USUAL int climb(weft_session *s, weft_span *in, weft_event *ev)
{
    for (int result;;) {
        switch ((enum recv_state)s->state) {
        case RECV_IDLE:
            result = read_usual(s, in, ev);
            if (result) return result;
            if (!in->len) return 0;
            if (!begin(s)) return session_out_of_memory(s);
            break;
        case RECV_HEAD:
            result = read_head(s, in);
            if (result <= 0) return result;
            break;
        case RECV_PAYLOAD:
            result = read_payload(s, in, ev);
            if (result) return result;
            if (s->state == RECV_PAYLOAD) return 0;
            break;
        case RECV_CLOSED: span_skip(in, in->len); return 0;
        case RECV_FAILED: return s->error;
        }
    }
}

extern USUAL int weft_session_read(weft_session *s, weft_span *in, weft_event *ev)
{
    session_take_back(s);
    int result = climb(s, in, ev);
    if (result < 0) session_drop_message(s);
    return result;
}
