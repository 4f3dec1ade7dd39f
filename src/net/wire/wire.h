/* SPDX-License-Identifier: MIT
 *
 * net/wire/wire.h - one TCP or Unix connection, whatever is spoken on it just now
 *
 *      accept --> WEB --[101]--> WEBSOCKET --> LINGER --> buried
 *                  +------[refusal, last reply]--^
 *      connect -> DIAL --[101]-> WEBSOCKET --> ...
 *
 *      WEB       -> WEBSOCKET  [conn_open]       DIAL -> WEBSOCKET [conn_open]
 *      any       -> LINGER     [wire_finish]: when the output is written, the end of our direction is
 *                              sent, and what still arrives is read and dropped (bounded in bytes and
 *                              time), so that no reset eats our last words
 *      any       -> DEAD       [wire_drop]: the socket is closed now, the memory goes when the turn ends
 *
 * Up: the stream's bytes go to what the phase says. Who stops before everything is consumed (a budget,
 * a pause, a reply that is due) leaves the rest; it is held here, and reading rests until it is used.
 * Down: what gear->out holds, then what a WebSocket's session has queued, straight from its queue.
 *
 * With TLS there is a box between the stream and all that: what is held, what the phase gets and what
 * out holds is plain; what the stream gets and gives is the box's.
 */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include "base/buf.h"
#include "base/outq.h"
#include "io/stream.h"
#include "net/net.h"
#include "net/wire/tls.h"

enum wire_phase { WIRE_WEB, WIRE_DIAL, WIRE_WEBSOCKET, WIRE_LINGER, WIRE_DEAD };

struct web;
struct held;
struct dial;

/* What a plain WebSocket does without when all is written: it is freed then. */
struct gear {
    struct outq out;         /* what was said in HTTP, or plain bytes that are to be records */
    struct tls *tls;         /* NULL: the bytes go as they are */
    struct proxied *proxied; /* NULL: the peer is the client */
    struct held *held;       /* input that nobody has consumed yet */
};

/* How a client's wire ends: of its limits, which are gone by then. */
struct farewell {
    uint32_t discard_max;
    uint16_t linger, write_stall; /* in LINGER_UNIT ms, so at most 655 s */
};

enum { LINGER_UNIT = 10 };

/* What an open WebSocket costs while it is idle, bytes of heap on a machine of 64 bits:
 *
 *      wire   8 | stream 40 | gear 8 | timer 32 | conn 8 | peer_key 8 | slot, phase 8            112
 *      conn   8 | wire, user, links, subprotocol, reason 40 | times 16 | flags 8 | session 40    112
 *      slot                                                                                       16
 *
 * The 8 in front is malloc's. tests/net/test_idle.c counts, and fails above 256. */
struct wire {
    struct stream stream;
    struct gear *gear; /* NULL only in phases WEBSOCKET and LINGER */
    union {
        struct timer timer; /* the phase's deadline */
        struct dead dead;   /* in phase DEAD */
    };
    union {
        struct web *web;
        struct dial *dial;
        weft_conn *conn;
        uint32_t discard_left; /* lingering, when all is written: bytes to read and drop */
    };
    union {
        uint64_t peer_key;        /* a server's: its count of connections for each address */
        struct farewell farewell; /* a client's, while it lingers */
    };
    uint32_t slot; /* among net's, and of its WebSocket's id */
    uint8_t phase;
    bool feeding : 1;     /* wire_feed is on the stack */
    bool finishing : 1;   /* linger, or close, as soon as the output is written */
    bool eof : 1;         /* the peer has sent its last byte */
    bool turned_away : 1; /* over max_connections: only told so */
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct wire) == 104, "every connection has one");

void wire_kind_init(struct wire_kind *k, weft_loop *l, struct weft_server *server);

/* A wire on a connected socket (WEB), or on one that is being connected (DIAL). It takes fd over.
 * NULL: no memory or no room in epoll; fd is closed. */
struct wire *wire_accept(struct weft_server *server, int fd);
struct wire *wire_connect(struct net *n, int fd, struct dial *dial);

/* NULL: we connected. */
static inline struct weft_server *wire_server(const struct wire *w)
{
    return container_of(w->stream.handler, const struct wire_kind, stream)->server;
}

const weft_env *wire_env(const struct wire *w);
struct net *wire_net(const struct wire *w);

/* Of the server, or of what the client's wire is for; NULL when that has let go of it. */
const weft_limits *wire_limits(const struct wire *w);

/* Whether the client's bytes came by TLS: to us, or to a proxy that we trust. */
bool wire_is_secure(const struct wire *w);

/* Bytes that the kernel has not taken yet; a session's queue not counted. */
static inline size_t wire_buffered(const struct wire *w)
{
    if (!w->gear) return 0;
    return w->gear->out.bytes + (w->gear->tls ? tls_out(w->gear->tls)->bytes : 0);
}

static inline struct tls *wire_tls(const struct wire *w)
{
    return w->gear ? w->gear->tls : NULL;
}

static inline struct proxied *wire_proxied(const struct wire *w)
{
    return w->gear ? w->gear->proxied : NULL;
}

/* Something was queued: in out, or in the WebSocket's session. */
static inline void wire_dirty(struct wire *w)
{
    stream_dirty(&w->stream);
}

/* Held input may go on, in the next turn; yield: even though we are in the middle of feeding. */
void wire_again(struct wire *w);
void wire_yield(struct wire *w);

/* The client's address, as weft_conn_peer. */
int wire_peer(const struct wire *w, char *text, size_t size);

/* Stop reading; go on where we stopped. */
void wire_pause(struct wire *w);
void wire_resume(struct wire *w);

/* Write what is queued, then end politely: LINGER. The owner (web, dial, conn) has let go of the wire;
 * limits are for the call. */
void wire_finish(struct wire *w, const weft_limits *limits);

/* Close the socket now. The owner is told (web_lost, dial_lost, conn_lost) with error and cause. */
void wire_drop(struct wire *w, int error, const char *cause);

/* The same with a reset: nothing of what is queued is of use to the peer. */
void wire_reset(struct wire *w, int error, const char *cause);

/* The deadline of the phase, ms from now. */
void wire_deadline(struct wire *w, uint64_t ms);
void wire_no_deadline(struct wire *w);

/* ---- what the phases provide ----------------------------------------------------------------- */

void web_feed(struct wire *w, weft_span *in);
void web_eof(struct wire *w);
void web_drained(struct wire *w); /* some of the output is gone */
void web_full(struct wire *w);    /* and the rest has to wait */
void web_late(struct wire *w);    /* the deadline has passed */
void web_lost(struct wire *w, int error);
void web_leave(struct wire *w); /* the server shuts down: end, unless a reply is due */

void dial_connected(struct wire *w);
void dial_secured(struct wire *w); /* the TLS handshake is done */
void dial_feed(struct wire *w, weft_span *in);
void dial_eof(struct wire *w);
void dial_lost(struct wire *w, int error, const char *cause);
const weft_limits *dial_limits(const struct dial *d);

const weft_limits *conn_limits(const weft_conn *c);
void conn_feed(weft_conn *c, weft_span *in);
void conn_eof(weft_conn *c);
bool conn_is_paused(const weft_conn *c);
void conn_drained(weft_conn *c);
void conn_written(weft_conn *c); /* nothing is left to write */
void conn_late(weft_conn *c);
void conn_lost(weft_conn *c, int error, const char *cause);

/* The server's count of its wires (server.c). */
void server_wire_gone(struct weft_server *s, struct wire *w);

#endif
