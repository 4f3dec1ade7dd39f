/* SPDX-License-Identifier: MIT
 *
 * net/ws/conn.h - the inside of a weft_conn: a session, its handler, and how it ends
 *
 *      DIALING -> OPENING -> OPEN -> (closing handshake, or a violation) -> ENDED -> buried
 *
 *      DIALING -> OPENING  [ready]     a client's; a server's begins here. It sits on a lane
 *      OPENING -> OPEN     [feed]      on_open is told, from the loop
 *      any     -> ENDED    [conn_end]  the lane is let go of, the outcome is written down
 *      ENDED   -> buried   [bury]      at the end of the turn: on_close, the links, free
 *
 * on_close comes from bury and from nowhere else, so it is told exactly once and never from inside a
 * function that the user called.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include "net/lane.h"
#include "net/site.h"
#include "net/ws/conn_class.h"
#include "ws/session.h"

enum conn_state { CONN_DIALING, CONN_OPENING, CONN_OPEN, CONN_ENDED };

/* Milliseconds of the loop's clock, cut to 32 bits; 0 means none. Differences survive the wrap. */
typedef uint32_t conn_time;

/* Of the peer's Close. */
struct reason {
    uint8_t len;
    uint8_t text[];
};

/* What an open connection has to remember; net/wire/wire.h draws what it costs while it is idle. */
struct weft_conn {
    struct lane *lane; /* NULL while dialing; when ended, only to ask it who the peer was */
    void *user;
    weft_link *links;
    union {
        const char *subprotocol; /* a server's, or "" */
        struct owner *owner;     /* a client's: who dialed it */
    };
    struct reason *reason; /* NULL: none */
    union {
        struct {
            conn_time since;    /* the last byte of the peer; pinged: our ping after it; */
                                /* closing: the closing handshake began */
            conn_time message;  /* the message in progress began */
            conn_time stalled;  /* the peer has taken no byte since */
            uint32_t ping_sent; /* the newest ping, for on_pong's round trip; us, 0 none */
        };
        struct dead dead; /* once it has ended */
    };
    uint32_t slot;        /* of its id: a server's has its lane's */
    uint16_t code;        /* of the peer's Close, 0 before there is one */
    uint8_t state : 2;    /* enum conn_state */
    bool backlogged : 1;  /* on_drain is due when there is room */
    bool wants_drain : 1; /* or earlier: see backlog.c */
    bool full : 1;        /* whole messages are refused */
    bool by_peer : 1, clean : 1, paused : 1;
    bool told_open : 1;
    bool pinged : 1;      /* by keep-alive, and no byte has followed yet */
    bool closing : 1;     /* the closing handshake has begun */
    bool asked : 1;       /* to come to an end, because the server leaves */
    weft_session session; /* its error and cause say in the end why the connection ended */
};

_Static_assert(sizeof(void *) != 8 || sizeof(weft_conn) == 104, "every connection has one");

static inline const struct conn_class *conn_class(const weft_conn *c)
{
    return container_of(c->session.cfg, const struct conn_class, profile);
}

static inline const weft_limits *conn_limits(const weft_conn *c)
{
    return c->session.cfg->limits;
}

static inline struct net *conn_net(const weft_conn *c)
{
    return conn_class(c)->net;
}

static inline const weft_handler *conn_handler(const weft_conn *c)
{
    return &conn_class(c)->handler;
}

static inline void conn_assert_usable(const weft_conn *c)
{
    net_assert_usable(conn_net(c)->loop);
}

/* Who dialed a client's WebSocket: asked by it, and going with it. */
struct owner {
    const char *subprotocol;                               /* that was agreed on; "" */
    void (*cancel)(weft_conn *c);                          /* give up dialing; conn_end follows */
    const weft_refusal *(*refusal)(const struct owner *o); /* NULL: there was none */
    void (*free)(struct owner *o);
};

extern const struct talk conn_talk;

/* The same, and bytes are counted. */
struct talk conn_talk_counting(void);

/* A weft_conn that sits on no lane yet. k is kept. NULL: no memory. */
weft_conn *conn_new(weft_role role, const struct conn_class *k, void *user);

/* One that nobody has seen. */
void conn_discard(weft_conn *c);

/* Over: the lane is let go of by the caller or was lost. error and cause are for on_close. */
void conn_end(weft_conn *c, int error, const char *cause);

/* The closing handshake has begun. */
void conn_begin_closing(weft_conn *c);

/* What is queued with the carrier; and, weft_buffered, with the session, too. */
static inline size_t conn_carried(const weft_conn *c)
{
    return c->lane && c->state != CONN_ENDED ? lane_buffered(c->lane) : 0;
}

static inline size_t conn_buffered(const weft_conn *c)
{
    return session_buffered(&c->session) + conn_carried(c);
}

/* ---- backlog.c: how much is queued ----------------------------------------------------------- */

/* So much is queued that something may have to be done about it. */
void conn_overflows(weft_conn *c);

/* Whether fragments, and pings, are refused. */
bool conn_is_full_ahead(const weft_conn *c);

/* There is less. */
void conn_tell_if_drained(weft_conn *c);

/* Something was queued: sends are refused from now on if it is too much. What the carrier has taken over is bounded,
 * and counts when there is much of our own. */
static inline void conn_note_backlog(weft_conn *c)
{
    const struct conn_class *k = conn_class(c);
    bool calm = session_buffered(&c->session) <= k->calm_bytes &&
                session_items(&c->session) <= k->calm_items;
    if (!calm) conn_overflows(c);
}

/* Now, for the round trip of a ping. */
uint32_t conn_stopwatch(const weft_conn *c);

/* End with the Close that fits error (session_fail). */
void conn_fail(weft_conn *c, int error, const char *cause);

/* ---- keepalive.c: the deadlines of an open connection ---------------------------------------- */

conn_time conn_now(const weft_conn *c);

/* Something began that has a deadline: let the lane's timer fire no later than that. */
void keepalive_arm(weft_conn *c);

/* Bytes came; after feeding, whether a message is in progress. */
void keepalive_heard(weft_conn *c);
void keepalive_fed(weft_conn *c);

/* Bytes went out; the peer takes no more. */
void keepalive_sent(weft_conn *c);
void keepalive_full(weft_conn *c);

/* The timer fired. */
void keepalive_late(weft_conn *c);

/* The closing handshake has begun. */
void keepalive_closing(weft_conn *c);

/* Reading goes on after a pause: the time of the pause was ours, not the peer's. */
void keepalive_resumed(weft_conn *c);

#endif
