/* SPDX-License-Identifier: MIT
 *
 * ws/session.h - the inside of a session: one receive path (recv.c), one output path (send.c)
 *
 *      input --> recv: HEAD -> PAYLOAD -> HEAD ... -> CLOSED | FAILED --> events
 *                           | pongs, the answer to a Close, the Close of a violation
 *                           v
 *      user ---> send: queue, and beside it what waits for its place --> output
 *
 * Compression is a station on both ways: payload that RSV1 marks goes through an inflater before it is
 * looked at, and a message goes through a deflater before it is encoded.
 *
 * What is under way needs buffers, in either direction; the pool lends them. A session between messages has none:
 * it is what its connection has to remember, 40 bytes.
 */
#ifndef WS_SESSION_H
#define WS_SESSION_H

#include "base/buf.h"
#include "base/outq.h"
#include "base/utf8.h"
#include "ws/deflate.h"
#include "ws/frame.h"
#include "ws/mask.h"
#include "ws/profile.h"

/* Trial inflations of what is parked: how much of it was tried, and the bytes they have read and written. */
struct trials {
    size_t seen;
    uint64_t effort;
};

/* A message of which a part has come. */
struct partial {
    uint64_t len; /* bytes received, or inflated as far as is known */
    uint64_t frames, empty;
    struct blob
        *blob; /* the message behind PARTIAL_HEAD bytes; NULL: none, or it is told in chunks */
    struct buf parked;          /* what is to be inflated and has come (unpack.c) */
    struct trials ends, midway; /* at the end of fragments, and before */
};

/* A control frame of which a part has come, or a pong that waits. */
struct control {
    uint8_t len;
    uint8_t data[CONTROL_MAX];
};

/*  IDLE    -> HEAD      [begin]              IDLE     nothing has begun: the usual frame needs no more
 *  HEAD    -> PAYLOAD   [begin_frame]        HEAD     of a frame, at the message's beginning or within
 *  PAYLOAD -> HEAD      [end_frame]          CLOSED   the peer's Close has come
 *  HEAD    -> IDLE      [session_drop_message]
 *  PAYLOAD -> CLOSED    [take_close]         FAILED   violation: read returns the error for ever
 *  any     -> FAILED    [session_fail]                                                          */
enum recv_state { RECV_IDLE, RECV_HEAD, RECV_PAYLOAD, RECV_CLOSED, RECV_FAILED };

/* What has come of a frame, or of a message. */
struct recv {
    struct partial *partial;
    struct inflater *inflater; /* while a compressed message comes out of it, and lent */
    struct window *window;     /* what it may refer to, with context takeover */
    struct control *control;
    union {
        uint8_t head[FRAME_HEAD_MAX]; /* in HEAD: what has come of it */
        struct {                      /* in PAYLOAD: */
            uint64_t left;            /* bytes of the frame still to come */
            mask_key key;             /* turned to the next byte */
        };
    };
    uint8_t head_len;
    uint8_t byte0;   /* of the frame in progress */
    uint8_t message; /* opcode of the message in progress, 0 when there is none */
    bool compressed; /* it is */
    utf8_state utf8;
    bool busy; /* something has begun, and is not yet over and taken back */
    bool lent; /* it is over: what of it was handed out is taken back with the next call */
};

/* Masking keys of a client, drawn from the kernel many at a time. */
struct key_pool {
    unsigned used;
    mask_key keys[64];
};

/* What waits beside the queue; on the heap only while something does. */
struct waiting {
    struct outq control;  /* pings and pongs: go in front of queue, behind those that are in it */
    struct outq messages; /* whole messages behind an open fragmented one */
    struct control late;  /* the newest ping beyond max_waiting_pongs */
    bool has_late;
    uint32_t pongs; /* in control */
};

/* What is under way, and what belongs to it; lent by the pool while there is something in it. */
struct buffers {
    struct outq queue;     /* frames in the order in which they go out */
    struct slice first;    /* of it, when that is a message which is shared */
    struct window *window; /* what our messages may refer to, with context takeover */
    struct waiting *waiting;
    struct key_pool *keys;
    size_t staged;        /* bytes of queue up to the end of the last ping or pong in it */
    uint32_t pongs;       /* put into queue, since there was last none in it */
    struct buffers *next; /* in the pool */
    struct recv in;       /* all zero when nothing comes in */
};

struct weft_session {
    const struct profile *cfg; /* never NULL */
    struct buffers *buffers;   /* NULL: nothing is under way */
    const char *cause;
    int error;
    uint16_t
        said; /* the code of our Close; WEFT_CLOSE_NO_STATUS if it has none; 0: there is none */
    uint8_t role;
    weft_deflate_params deflate;
    uint8_t state;   /* enum recv_state */
    uint8_t reach;   /* log2 of the longest message that was gathered */
    uint8_t sending; /* opcode of our open fragmented message, 0 when there is none */
    bool closed : 1; /* our Close is queued, gone or owed: nothing may follow it */
    bool placed : 1; /* long messages are received where they are to stay */
    bool owed : 1;   /* for our Close there was no memory yet */
    bool hasty : 1;  /* what is in front of our Close is to be dropped */
};

_Static_assert(sizeof(void *) != 8 || sizeof(weft_session) == 40, "every connection has one");

/* For sessions that lie inside another object, and a profile that outlives them. */
void session_init(weft_session *s, weft_role role, const struct profile *cfg);
void session_deinit(weft_session *s);

/* What there is of the message that comes in is of no more use. */
void session_drop_message(weft_session *s);

struct buffers *session_new_buffers(weft_session *s); /* for session_buffers */

/* NULL: no memory. */
static inline struct buffers *session_buffers(weft_session *s)
{
    return s->buffers ? s->buffers : session_new_buffers(s);
}

/* Buffers that hold nothing go back. */
void session_tidy(weft_session *s);

/* recv.c */

void session_take_back_lent(weft_session *s); /* for session_take_back */

/* What the last event lent is taken back; the next read does it, too. */
static inline void session_take_back(weft_session *s)
{
    if (s->state != RECV_IDLE) session_take_back_lent(s);
}

/* partial.c */

/* The account of the message in progress: a fragmented or gathered or parked one has it. NULL: no memory. */
struct partial *session_partial(weft_session *s);

/* The next bytes of the message. They are copied, unless they lie where session_room said. 0 or -ENOMEM. */
int partial_gather(weft_session *s, weft_bytes piece);

/* What was gathered. */
weft_bytes partial_message(const struct partial *p);

/* Where the next bytes from the peer may be received, to be read from there: where they are to stay; at most
 * *room, which becomes how many. NULL: anywhere. With *room 0 nothing is made ready, it is only asked. */
uint8_t *session_room(weft_session *s, size_t *room);

/* The message on loan, if data and len are just that: queued without a copy, as a server's frame that begins
 * with byte0. Whether it was. */
bool partial_send(weft_session *s, struct outq *q, uint8_t byte0, const void *data, size_t len);

/* unpack.c */

/* Where payload of a compressed message goes; last: it ends the message. 1: to the inflater, ask for
 * pieces. 0: it waits for more. */
int unpack_take(weft_session *s, weft_bytes payload, bool last);

/* Whether there are pieces left of what was taken. */
bool unpack_busy(const weft_session *s);

/* The next piece, inflated; one shorter than INFLATE_OUT is the last for now. */
int unpack_piece(weft_session *s, bool last, weft_bytes *piece);

/* The session is to end for something that came behind what is parked: was there a fault before? Then it has failed for
 * that, and this is the error; else 0. */
int unpack_settle(weft_session *s);

/* Bytes of the message so far, as they travelled. */
uint64_t unpack_received(const weft_session *s);

/* send.c */

void send_deinit(weft_session *s);

/* Queue the pong for a ping; none after a Close. 0 or -ENOMEM. */
int send_pong(weft_session *s, const uint8_t *data, size_t len);

/* Queue the Close frame, once. body may be empty: no code. 0 or -ENOMEM. */
int send_close(weft_session *s, weft_bytes body);

/* The session has failed: queue the Close with this code, and the cause as its reason. When memory is
 * short it is owed, and tried again with the output. */
void send_last_words(weft_session *s, uint16_t code, const char *cause);

/* Queue a message, WEFT_TEXT or WEFT_BINARY; that nothing speaks against sending was found out. */
int session_queue(weft_session *s, weft_opcode op, const void *data, size_t len);
int session_queue_parts(weft_session *s, weft_opcode op, unsigned flags, const weft_bytes *parts,
                        size_t n);
int session_queue_shared(weft_session *s, weft_message *m);

/* For the output: what could not be queued when it was due, for want of memory or of room. */
void send_owed_close(weft_session *s);
void send_late_pong(weft_session *s);

static inline bool session_knows_flags(unsigned flags)
{
    return !(flags & ~(unsigned)(WEFT_SEND_PLAIN | WEFT_SEND_CHECK));
}

/* output.c */

/* What is queued in front of our Close is of no use any more (weft_session_close_now). */
static inline void session_hurry(weft_session *s)
{
    s->hasty = true;
}

/* What weft_session_output shows, for who takes bytes from its front himself and says so: n bytes. NULL:
 * nothing. */
struct outq *session_output(weft_session *s);
void session_left(weft_session *s, size_t n);

/* rules.c */

/* Whether a code may travel in a Close frame (RFC 6455, 7.4, and the registry). */
bool close_code_is_legal(uint16_t code);

/* The peer is to be told that it is over: queues the Close that fits error (PROTOCOL: 1002 ...), once,
 * and lets every later read return error. cause is a constant string. Returns error. */
int session_fail(weft_session *s, int error, const char *cause);

/* The status code that tells the peer of error. */
uint16_t session_close_code(int error);

/* The same for a message over max_message, for text that is not UTF-8, and for ourselves. */
int session_too_big(weft_session *s);
int session_not_utf8(weft_session *s);
int session_out_of_memory(weft_session *s);

/* What is there of a frame's head, and a Close frame's body: 0, or an error and the session has failed. */
int rules_check_head(weft_session *s, const uint8_t *head, size_t have);
int rules_check_close(weft_session *s, weft_bytes body);

/* Bytes, and frames, that go out before a fragment that is queued now, or a ping. */
static inline size_t session_ahead(const weft_session *s)
{
    const struct buffers *b = s->buffers;
    if (!b) return 0;
    return b->queue.bytes + (b->waiting ? b->waiting->control.bytes : 0);
}

static inline size_t session_items_ahead(const weft_session *s)
{
    const struct buffers *b = s->buffers;
    if (!b) return 0;
    return b->queue.items + (b->waiting ? b->waiting->control.items : 0);
}

/* weft_session_buffered */
static inline size_t session_buffered(const weft_session *s)
{
    const struct buffers *b = s->buffers;
    if (!b) return 0;
    return b->queue.bytes +
           (b->waiting ? b->waiting->control.bytes + b->waiting->messages.bytes : 0);
}

/* Frames that are queued. */
static inline size_t session_items(const weft_session *s)
{
    const struct buffers *b = s->buffers;
    if (!b) return 0;
    return b->queue.items +
           (b->waiting ? b->waiting->control.items + b->waiting->messages.items : 0);
}

/* The opcode of the message that has begun and is not complete; 0: none. */
static inline uint8_t session_message(const weft_session *s)
{
    return s->state != RECV_IDLE && s->buffers ? s->buffers->in.message : 0;
}

/* Whether a frame or a message has begun and is not complete. */
static inline bool session_in_message(const weft_session *s)
{
    if (s->state == RECV_HEAD) return s->buffers->in.head_len || s->buffers->in.message;
    return s->state == RECV_PAYLOAD;
}

/* Whether there may be more of a message that has come. */
static inline bool session_inflating(const weft_session *s)
{
    return s->buffers && s->buffers->in.inflater;
}

#endif
