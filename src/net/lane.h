/* SPDX-License-Identifier: MIT
 *
 * net/lane.h - the seam between who talks and who carries
 *
 *      a conversation   an exchange, a reply that streams, a WebSocket; a client's way, its handshake, a pipe
 *           ^   |
 *      told |   | asks
 *           |   v
 *      a lane           a stream of bytes in each direction, and who sits on it just now
 *           ^   |
 *      told |   | asks
 *           |   v
 *      a carrier        the wire, whose only lane this is: HTTP/1.1. Another may have many on one connection
 *
 * Nobody above knows which carrier it is on, and no carrier knows what is talked about. Who writes another
 * carrier needs this file only: a table of what it does (struct carrier), for each server and loop a struct
 * lane_class, and for each lane a struct lane, embedded in what the carrier has of it.
 *
 * The life of a lane:
 *
 *      lane_open      it has a slot, and nobody sits on it
 *      lane_become    somebody does: he is told from now on. In the middle of lane_feed the rest of the bytes
 *                     is his
 *      lane_finish    he has said all: what is queued goes out, then the lane ends as politely as its carrier
 *                     can. Nobody sits on it
 *      lane_drop      it ends now: who sits on it is told (lost), and nobody sits on it
 *      lane_close     by the carrier, when the lane is gone for good
 *
 * Up. The carrier calls lane_feed with bytes on loan. What is consumed of them is gone, and a carrier with
 * windows gives back so much; what is left he keeps, and brings again, first, when he is asked to (again,
 * resume). Who is paused is not fed.
 *
 * Down. A conversation queues in a queue of its own and says lane_dirty, which is all that sending costs. When
 * the turn ends the carrier asks for that queue (pull), takes as much of its front as he may, and says how much
 * is gone (sent). So what a peer does not take stays with the conversation, which has the limits.
 *
 * Time. The lane has one timer, for who sits on it. Limits, counts, routes and whom to trust are the site's, in
 * lane_class; a client has none.
 *
 * Many lanes on one connection. What carries them is a lane, too, the trunk, and who sits there is their carrier: so
 * the server, which passes over those that are carried, tells him of leaving (leave) and of the end (lost, with
 * error and cause), and he tells them. Lost, he drops them all: they are buried before the trunk, and the site hears
 * that the carrier is gone from the trunk's burial.
 */
#ifndef NET_LANE_H
#define NET_LANE_H

#include <assert.h>

#include "base/outq.h"
#include "io/duplex.h"
#include "io/sock.h"
#include "net/net.h"

struct facts;
struct lane;
struct site;

/* Who sits on a lane. */
enum lane_talk {
    LANE_FREE,      /* nobody: it is new, or the carrier's own */
    LANE_EXCHANGE,  /* requests, and the replies that are made at once */
    LANE_REPLY,     /* one that streams */
    LANE_WAITING,   /* a request whose answer takes long */
    LANE_WEBSOCKET, /* after the opening handshake, of a server or a client */
    LANE_WAY,       /* a client's, until there is a way to the server */
    LANE_HANDSHAKE, /* a client's, until there is a WebSocket */
    LANE_PIPE,      /* a client's, for bytes of the user's own protocol */
    LANE_TRUNK,     /* who carries other lanes on this one */
    LANE_TALKS
};

/* What the server says to everybody when it leaves. */
struct leaving {
    uint16_t code;   /* for a WebSocket's Close */
    uint64_t spread; /* ms over which those who are sent away may come back */
    bool last;       /* time is all but up: who was only asked until now is sent away */
    bool
        stays; /* the server does, for now: only who would stay is told, and other connections are let be */
};

/* What a conversation is told. Every one of these may end the lane. */
struct talk {
    /* It stays long with nothing to say: what a carrier can do without meanwhile, it gives back. */
    bool light;

    /* The lane is there: it has been accepted or connected, and TLS is done. May be NULL. */
    void (*ready)(struct lane *l);

    void (*feed)(struct lane *l, weft_span *in);

    /* Where the next bytes are better received than in the loop's buffer, and they are then fed from there;
     * NULL: anywhere. *room is the most that may come, and becomes how much fits; 0: it is only asked. Called
     * if the lane says that it is in place. */
    uint8_t *(*room)(struct lane *l, size_t *room);

    /* The peer has sent its last byte. */
    void (*eof)(struct lane *l);

    /* What goes out next, from the front; NULL or empty: nothing just now. */
    struct outq *(*pull)(struct lane *l);

    /* The first n bytes of that are gone; 0: only bytes that the carrier had before. Whether to pull again
     * though the lane is not dirty. */
    bool (*sent)(struct lane *l, size_t n);

    /* There was nothing to pull, and nothing is under way. */
    void (*written)(struct lane *l);

    /* The peer takes no more just now. Not told again until it has taken some. */
    void (*full)(struct lane *l);

    /* The lane's deadline has passed. */
    void (*late)(struct lane *l);

    /* The server leaves: come to an end. Whether a peer was sent away for it, which is done a few at a
     * time; called again until the lane is gone. */
    bool (*leave)(struct lane *l, const struct leaving *how);

    /* The lane is gone; nobody sits on it any more. cause is for on_close: a constant string, of no words only
     * where nobody is told of it. */
    void (*lost)(struct lane *l, int error, const char *cause);
};

/* What a carrier does when he is asked. */
struct carrier {
    /* For lanes without a socket (lane_class_init): it is dirty, at the end of the turn; and what was left may go
     * on, in the next turn: who sits there is fed, unless he has paused, even if nothing was left. */
    void (*flush)(struct lane *l);
    void (*again)(struct lane *l);

    /* Whoever sat paused may be fed again. */
    void (*resume)(struct lane *l);

    /* Take these bytes over: they go out before anything that is pulled from now on. 0 and q is empty, or
     * -ENOMEM and nothing has changed. */
    int (*say)(struct lane *l, struct outq *q);

    /* What was said goes out, then the lane ends. */
    void (*finish)(struct lane *l);

    /* The lane ends now; if reset so that the peer hears of it at once and the rest is forgotten. Nothing is
     * told of it any more. Its memory goes later, when bury is called, which calls lane_close. */
    void (*drop)(struct lane *l, bool reset);
    void (*bury)(struct dead *d);

    /* Bytes that he was given and that have not been taken. */
    size_t (*buffered)(const struct lane *l);

    /* The other end's address: 0, or -ENOTCONN as long as it is not known. Whether bytes come in secret. And what else
     * is known of the other end (peer.h); NULL: nothing is. All of them until bury, also of a lane that is gone. */
    int (*peer)(const struct lane *l, struct sock_addr *out);
    bool (*secure)(const struct lane *l);
    void (*identify)(const struct lane *l, struct facts *f);

    /* Count the connection under whoever uses it: this client, or, NULL, the one that the carrier knows of. 0, or
     * WEFT_ERR_POLICY: he has too many. */
    int (*count_as)(struct lane *l, const struct sock_addr *client);

    /* Find out whether the peer is there though neither side says anything: ask after so many ms of silence,
     * and drop the lane so many later; a peer that is there but does not read has stall_ms at least. */
    void (*probe)(struct lane *l, uint64_t idle_ms, uint64_t answer_ms, uint64_t stall_ms);

    /* The deadline has passed. NULL: who sits there is told. */
    void (*late)(struct lane *l);

    /* The server leaves. NULL: who sits there is told. */
    bool (*leave)(struct lane *l, const struct leaving *how);
};

/* What the lanes of one carrier have in common, on one loop and for one server; found from the lane. */
struct lane_class {
    struct duplex_handler duplex;
    const struct carrier *carrier;
    const struct talk *talks[LANE_TALKS]; /* NULL: such does not sit here */
    struct net *net;
    struct site *site; /* NULL: we connected */
};

/* 88 bytes; every idle WebSocket has one (net/wire/wire.h adds it up). */
struct lane {
    struct duplex duplex; /* its turn in the loop; and, of a wire, its socket */
    union {
        void *talker;  /* of the kind that talk says */
        uint64_t left; /* while nobody sits here: the carrier's */
    };
    union {
        struct timer timer;
        struct dead dead; /* when it is gone */
    };
    uint32_t slot;     /* among net's */
    uint8_t talk;      /* enum lane_talk */
    uint8_t state;     /* the carrier's: here it costs nothing */
    bool feeding : 1;  /* lane_feed is on the stack */
    bool paused : 1;   /* by who sits there */
    bool in_place : 1; /* talk->room is worth a call */
    bool light : 1;    /* as talk says */
    bool more : 1;     /* the carrier has bytes that go out before those that are pulled */
    bool eof : 1;      /* the peer has sent its last byte */
    bool trusted : 1;  /* the peer is a proxy of ours: what it says of its client is believed */
    bool carried : 1;  /* its carrier tells it of leaving and of the end; else the server does */
    bool gone : 1;     /* dropped, and not buried yet */
    bool unending : 1; /* an end in order would pass for the end of what is being said */
    bool cut : 1; /* behind that byte there may have been others: the end was not the peer's word */
    uint16_t bits : 5; /* the carrier's, too */
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct lane) == 88, "every connection has one");

/* ---- for carriers ---------------------------------------------------------------------------- */

/* A class for lanes without sockets. site may be NULL. */
void lane_class_init(struct lane_class *k, const struct carrier *carrier,
                     const struct talk *const *talks, struct net *n, struct site *site);

/* A lane of such a class. 0 or -ENOMEM. */
int lane_open(struct lane *l, const struct lane_class *k);

/* For carriers with a socket: all but the duplex, which is the caller's. 0 or -ENOMEM. */
int lane_init(struct lane *l, struct net *n);

/* The lane is no more: its slot is free. */
void lane_close(struct lane *l);

/* Let who sits there have bytes, and whom he hands the lane to; in is what they left. When nobody sits there any more,
 * nobody will ask for it. */
void lane_feed(struct lane *l, weft_span *in);

/* Tell who sits there that it is over; nobody does any more. The lane may go on for a while, to end in order. */
void lane_lost(struct lane *l, int error, const char *cause);

extern const struct talk lane_nobody; /* of every table the first: LANE_FREE */

static inline const struct lane_class *lane_class(const struct lane *l)
{
    return container_of(l->duplex.handler, const struct lane_class, duplex);
}

static inline const struct talk *lane_talk(const struct lane *l)
{
    return lane_class(l)->talks[l->talk];
}

/* ---- for conversations ----------------------------------------------------------------------- */

static inline weft_loop *lane_loop(const struct lane *l)
{
    return duplex_loop(&l->duplex);
}

static inline struct net *lane_net(const struct lane *l)
{
    return lane_class(l)->net;
}

static inline struct site *lane_site(const struct lane *l)
{
    return lane_class(l)->site;
}

static inline const weft_env *lane_env(const struct lane *l)
{
    return weft_loop_env(lane_loop(l));
}

static inline weft_id lane_id(const struct lane *l)
{
    return slots_id(&lane_net(l)->slots, l->slot);
}

/* The exchange that had the id is over. */
void lane_renew_id(struct lane *l);

/* When who is sent away may come back, in ms: from one second on, each at another moment. */
uint64_t lane_return_ms(const struct lane *l, const struct leaving *how);

/* For who has nothing to do when he is told that; or when the server leaves. */
void lane_ignore(struct lane *l);
bool lane_stays(struct lane *l, const struct leaving *how);

/* Somebody else sits there from now on, and no deadline runs. What was said before goes out first; said may be
 * NULL, and is empty then. 0, or -ENOMEM and nothing has changed; without anything said it is 0. */
int lane_become(struct lane *l, enum lane_talk talk, void *talker, struct outq *said);

/* Who sits there. Only where it is certain that he does. */
static inline void *lane_talker(const struct lane *l, enum lane_talk talk)
{
    assert(l->talk == (uint8_t)talk);
    (void)talk;
    return l->talker;
}

/* Something was queued: it is pulled at the end of the turn. */
static inline void lane_dirty(struct lane *l)
{
    duplex_dirty(&l->duplex);
}

/* What was left of the input may go on, in the next turn; yield: even though we are in the middle of it. */
static inline void lane_yield(struct lane *l)
{
    duplex_again(&l->duplex);
}

static inline void lane_again(struct lane *l)
{
    if (!l->feeding) duplex_again(&l->duplex);
}

/* What was fed cost more than its bytes say: next time those who are quick go first. */
static inline void lane_busy(struct lane *l)
{
    duplex_busy(&l->duplex);
}

/* Stop being fed, and go on where we stopped. */
static inline void lane_pause(struct lane *l)
{
    l->paused = true;
    duplex_pause(&l->duplex);
}

static inline bool lane_paused(const struct lane *l)
{
    return l->paused;
}

static inline void lane_resume(struct lane *l)
{
    l->paused = false;
    lane_class(l)->carrier->resume(l);
}

/* The deadline of who sits there, ms from now; WEFT_NEVER: none. */
void lane_deadline(struct lane *l, uint64_t ms);

/* The same, unless an earlier one is set. */
void lane_no_later(struct lane *l, uint64_t ms);

/* Say the rest (may be NULL; whatever of it cannot be said is the caller's still) and end. */
void lane_finish(struct lane *l, struct outq *rest);

/* End now; lost is told from here. reset: what is queued is of no use to the peer. */
void lane_drop(struct lane *l, int error, const char *cause);
void lane_reset(struct lane *l, int error, const char *cause);

/* The user wants no more of it: reset. What is no lane yet ends with the same words. */
void lane_abort(struct lane *l);
extern const char lane_aborted[];

static inline size_t lane_buffered(const struct lane *l)
{
    return l->more ? lane_class(l)->carrier->buffered(l) : 0;
}

static inline int lane_peer(const struct lane *l, struct sock_addr *out)
{
    return lane_class(l)->carrier->peer(l, out);
}

static inline bool lane_secure(const struct lane *l)
{
    return lane_class(l)->carrier->secure(l);
}

static inline void lane_identify(const struct lane *l, struct facts *f)
{
    if (lane_class(l)->carrier->identify) lane_class(l)->carrier->identify(l, f);
}

static inline void lane_probe(struct lane *l, uint64_t idle_ms, uint64_t answer_ms,
                              uint64_t stall_ms)
{
    lane_class(l)->carrier->probe(l, idle_ms, answer_ms, stall_ms);
}

static inline int lane_count_as(struct lane *l, const struct sock_addr *client)
{
    return lane_class(l)->carrier->count_as(l, client);
}

/* ---- for servers ----------------------------------------------------------------------------- */

/* Leave; returns how many were sent away, at most max. */
size_t lanes_leave(struct net *n, const struct site *site, const struct leaving *how, size_t max);

/* The same of those from *slot on, without going past one who would stay for long when max have been told; *slot is
 * behind those that were looked at. */
size_t lanes_ask(struct net *n, const struct site *site, const struct leaving *how, uint32_t *slot,
                 size_t max);

/* The same of those that have come to their age, most or up to 10 % less, in the last units of SLOT_TIME that have
 * passed; and each time once more when they are as old again. */
void lanes_age(struct net *n, const struct site *site, const struct leaving *how, uint32_t most,
               uint32_t passed);

/* How many would stay for long: WebSockets, replies that stream, requests that wait. */
size_t lanes_that_stay(const struct net *n, const struct site *site);

/* Drop them all: those of a site, or, NULL, the loop's. Each may bring about others: users are told. */
void lanes_drop(struct net *n, const struct site *site, int error, const char *cause);

#endif
