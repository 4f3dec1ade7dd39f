/* SPDX-License-Identifier: MIT
 *
 * ws/rules.c - what a peer may not do, and what it is told then (RFC 6455, 5 and 7; RFC 7692, 6)
 *
 * The receive ladder asks here before it goes on with a head or a Close. Every violation goes through
 * session_fail, where an error finds its close code.
 */
#include <errno.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "ws/session.h"

/* ---- the end --------------------------------------------------------------------------------- */

uint16_t session_close_code(int error)
{
    switch (error) {
    case WEFT_ERR_PROTOCOL: return WEFT_CLOSE_PROTOCOL_ERROR;
    case WEFT_ERR_DEFLATE:
    case WEFT_ERR_UTF8: return WEFT_CLOSE_INVALID_PAYLOAD;
    case WEFT_ERR_POLICY: return WEFT_CLOSE_POLICY_VIOLATION;
    case WEFT_ERR_TOO_BIG: return WEFT_CLOSE_MESSAGE_TOO_BIG;
    default: return WEFT_CLOSE_INTERNAL_ERROR;
    }
}

int session_fail(weft_session *s, int error, const char *cause)
{
    int earlier = error == -ENOMEM ? 0 : unpack_settle(s);
    if (earlier) return earlier;
    s->state = RECV_FAILED;
    s->error = error;
    s->cause = cause;
    send_last_words(s, session_close_code(error), cause);
    return error;
}

int session_too_big(weft_session *s)
{
    return session_fail(s, WEFT_ERR_TOO_BIG, "the message is larger than the limit");
}

int session_not_utf8(weft_session *s)
{
    return session_fail(s, WEFT_ERR_UTF8, "a text message is not UTF-8");
}

int session_out_of_memory(weft_session *s)
{
    return session_fail(s, -ENOMEM, "out of memory");
}

static int violation(weft_session *s, const char *cause)
{
    return session_fail(s, WEFT_ERR_PROTOCOL, cause);
}

/* ---- heads ----------------------------------------------------------------------------------- */

static const char *rsv_fault(const weft_session *s, uint8_t byte0)
{
    uint8_t opcode = byte0 & FRAME_OPCODE, rsv = byte0 & FRAME_RSV;
    if (!rsv) return NULL;
    if (!s->deflate.on) return "a reserved bit is set, and no extension was negotiated";
    if (rsv != FRAME_RSV1) return "a reserved bit is set that the extension does not use";
    if (opcode == WEFT_TEXT || opcode == WEFT_BINARY) return NULL;
    return "the compression bit on a frame that does not begin a message";
}

/* What the first two bytes can do wrong. */
static const char *start_fault(const weft_session *s, uint8_t byte0, uint8_t byte1)
{
    uint8_t opcode = byte0 & FRAME_OPCODE;
    const char *fault = rsv_fault(s, byte0);
    if (fault) return fault;
    if (opcode & FRAME_CONTROL) {
        if (opcode > WEFT_PONG) return "a reserved control opcode";
        if (!(byte0 & FRAME_FIN)) return "a fragmented control frame";
        if ((byte1 & FRAME_LEN) > CONTROL_MAX) return "a control frame longer than 125 bytes";
    } else {
        if (opcode > WEFT_BINARY) return "a reserved opcode";
        if (opcode == WEFT_CONTINUATION && !session_message(s))
            return "a continuation frame without a message to continue";
        if (opcode != WEFT_CONTINUATION && session_message(s))
            return "a new message before the last one was complete";
    }
    bool masked = byte1 & FRAME_MASK;
    if (s->role == WEFT_SERVER && !masked) return "a frame from a client is not masked";
    if (s->role == WEFT_CLIENT && masked) return "a frame from a server is masked";
    return NULL;
}

static int check_start(weft_session *s, const uint8_t *head)
{
    const char *fault = start_fault(s, head[0], head[1]);
    return fault ? violation(s, fault) : 0;
}

/* How many bytes of payload the message in progress may still have. Compressed, it may be a little
 * larger than it is: blocks that are stored have heads. */
static uint64_t payload_left(const weft_session *s, uint8_t byte0)
{
    const struct recv *r = &s->buffers->in;
    uint64_t max = limit_max_message(s->cfg->limits);
    bool compressed = r->message ? r->compressed : byte0 & FRAME_RSV1;
    if (!compressed) return max - (r->partial ? r->partial->len : 0);
    uint64_t more = max / 16 + 1024;
    return (max < UINT64_MAX - more ? max + more : UINT64_MAX) - unpack_received(s);
}

static int check_length(weft_session *s, const uint8_t *head)
{
    if (!frame_length_is_minimal(head))
        return violation(s, "a length that is not in its shortest form, or over 2^63");
    if (head[0] & FRAME_CONTROL) return 0;
    return frame_length(head) > payload_left(s, head[0]) ? session_too_big(s) : 0;
}

int rules_check_head(weft_session *s, const uint8_t *head, size_t have)
{
    if (have < FRAME_HEAD_MIN) return 0;
    int error = check_start(s, head);
    if (error || have < frame_length_end(head)) return error;
    return check_length(s, head);
}

/* ---- Close frames ---------------------------------------------------------------------------- */

bool close_code_is_legal(uint16_t code)
{
    if (code >= 3000) return code < 5000;
    if (code < 1000 || code > 1014) return false;
    return code < 1004 || code > 1006;
}

int rules_check_close(weft_session *s, weft_bytes body)
{
    int earlier = unpack_settle(s);
    if (earlier || !body.len) return earlier;
    if (body.len == 1) return violation(s, "a Close frame with half a status code");
    if (!close_code_is_legal((uint16_t)(body.data[0] << 8 | body.data[1])))
        return violation(s, "a status code that may not be sent");
    if (!weft_utf8_valid(body.data + 2, body.len - 2))
        return session_fail(s, WEFT_ERR_UTF8, "the reason of a Close frame is not UTF-8");
    return 0;
}
