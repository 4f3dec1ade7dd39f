/* SPDX-License-Identifier: MIT
 *
 * net/wire/wire.h - one TCP or Unix connection: the carrier that has one lane
 *
 *      carry_accept, carry_connect -> OPEN -> LINGER -> DEAD -> buried
 *
 *      OPEN   -> LINGER  [lane_finish]  when the output is written, the end of our direction is sent, and
 *                                       what still arrives is read and dropped (bounded in bytes and time),
 *                                       so that no reset eats our last words
 *      OPEN   -> LINGER  [break_off]    a TLS error: the alert is written first
 *      any    -> DEAD    [lane_drop]    the socket is closed now, the memory goes when the turn ends
 *
 * Up: the duplex's bytes go to who sits on the lane. What he leaves (a budget, a pause, a reply that is due) is
 * kept here, unread, and reading rests until it is used.
 * Down: what extra->out holds, which somebody said who sits there no more; then what is pulled.
 *
 * With TLS there is its end (wire_tls.h) between the duplex and all that: what is unread, what is fed and what out
 * holds is plain; what the duplex gets and gives is ciphertext.
 *
 * On a trusted proxy's wire a PROXY header may come before all else.
 */
#ifndef NET_WIRE_WIRE_H
#define NET_WIRE_WIRE_H

#include "net/address.h"
#include "net/lane.h"
#include "net/site.h"
#include "net/wire/proxy_header.h"
#include "net/wire/tls.h"

struct unread;

/* What an open WebSocket does without when all is written: it is freed then. */
struct wire_extra {
    struct outq out;                   /* what goes first, or plain bytes that are to be records */
    struct tls *tls;                   /* NULL: the bytes go as they are */
    struct proxy_header *proxy_header; /* NULL: it has been read, or none may come */
    struct unread *unread;             /* input that nobody has consumed yet */
};

/* How a client's wire ends: of its limits, which are gone by then. */
struct farewell {
    uint32_t discard_max;
    uint16_t linger, write_stall; /* in LINGER_UNIT ms, so at most 655 s */
};

enum { LINGER_UNIT = 10 };

enum wire_state { WIRE_OPEN, WIRE_LINGER, WIRE_DEAD }; /* lane.state */

enum {                       /* lane.bits */
       WIRE_FINISHING = 1,   /* linger, or close, as soon as the output is written */
       WIRE_TURNED_AWAY = 2, /* over max_connections: only told so */
       WIRE_SECURED = 4,     /* the TLS handshake was done once: who sits there knows */
       WIRE_BITS = 7
};

/* What an open WebSocket costs while it is idle, bytes of heap on a machine of 64 bits:
 *
 *      wire   8 | lane (duplex 40, talker 8, timer 32, slot and bits 8) | extra 8 | address 8     112
 *      conn   8 | lane, user, links, subprotocol, reason 40 | times 16 | flags 8 | session 40    112
 *      slot                                                                                       16
 *
 * The 8 in front is malloc's. tests/net/test_idle.c counts, and fails above 256. */
struct wire {
    struct lane lane;
    struct wire_extra *extra; /* NULL only when there is nothing for it */
    struct address address;   /* of the peer: a proxy's client, once a PROXY header has named him */
    struct farewell farewell[]; /* a client's has one */
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct wire) == 104, "every connection has one");

static inline struct wire *wire_at(struct duplex *d)
{
    return container_of(d, struct wire, lane.duplex);
}

static inline struct wire *wire_of(struct lane *l)
{
    return container_of(l, struct wire, lane);
}

static inline const struct wire *wire_const(const struct lane *l)
{
    return container_of(l, const struct wire, lane);
}

static inline const weft_env *wire_env(const struct wire *w)
{
    return lane_env(&w->lane);
}

static inline bool wire_is(const struct wire *w, unsigned bit)
{
    return w->lane.bits & bit;
}

static inline struct tls *wire_tls(const struct wire *w)
{
    return w->extra ? w->extra->tls : NULL;
}

static inline struct proxy_header *wire_proxy_header(const struct wire *w)
{
    return w->extra ? w->extra->proxy_header : NULL;
}

/* Bytes that we were given and the kernel has not taken. */
static inline size_t wire_buffered(const struct wire *w)
{
    if (!w->extra) return 0;
    return w->extra->out.bytes + (w->extra->tls ? tls_out(w->extra->tls)->bytes : 0);
}

/* For lane.more, when that may have changed. */
static inline void wire_note_more(struct wire *w)
{
    w->lane.more = wire_buffered(w) > 0;
}

/* Whether there is input that nobody has consumed yet. */
static inline bool wire_has_unread(const struct wire *w)
{
    return w->extra && w->extra->unread;
}

/* ---- wire.c ---------------------------------------------------------------------------------- */

/* It has an extra: made when it is not there. false: no memory. */
bool wire_need_extra(struct wire *w);

void wire_shed(struct wire *w); /* for wire_unload */

static inline void wire_unload(struct wire *w)
{
    if (w->extra && w->lane.light) wire_shed(w);
}

/* Write what is queued, then linger. */
void wire_finish(struct wire *w);

/* Nothing is left to write. If the wire is finishing, it lingers from now on. */
void wire_linger(struct wire *w);

/* How long the peer may take nothing of our last words, ms. */
uint64_t wire_last_stall(const struct wire *w);

extern const struct carrier wire_carrier;

/* ---- in.c ------------------------------------------------------------------------------------ */

void wire_on_bytes(struct duplex *d, uint8_t *data, size_t len);
uint8_t *wire_on_room(struct duplex *d, size_t *room);
void wire_on_eof(struct duplex *d);
void wire_on_again(struct duplex *d);
void wire_resume(struct lane *l);

/* ---- out.c ----------------------------------------------------------------------------------- */

int wire_on_pull(struct duplex *d, struct iovec *iov, int max);
bool wire_on_sent(struct duplex *d, size_t n);
void wire_on_full(struct duplex *d);

#endif
