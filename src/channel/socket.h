/* SPDX-License-Identifier: MIT
 *
 * channel/socket.h - WebSockets on a channel: raw, or with envelopes (channel/session.h)
 *
 *      raw: a message in is published, a message out is what was published, nothing around it. So who counts what he
 *      has received knows where he is, and what breaks the count closes the connection: 1013 "lost since=P"
 */
#ifndef CHANNEL_SOCKET_H
#define CHANNEL_SOCKET_H

#include "channel/visit.h"

struct session;

/* How it begins; gone when it has. */
struct opening {
    weft_topic *topic;   /* of its URL, held, until it has begun */
    weft_position since; /* what its URL said */
    weft_seek seek;      /* what the 101 made of that */
    bool subscribes, takes_loss, looks_on;
    char *client; /* NULL: he has no name */
    weft_timer *closing;
};

/*
 *      OPENS -> RAW    [on_open]
 *            -> V1     [on_open]
 *      A raw one that is to be told of a loss stays what it is until it is closed.
 */
enum socket_is { SOCKET_OPENS, SOCKET_RAW, SOCKET_V1 };

/* One for each connection, from the answer to on_close. */
struct socket {
    weft_reader
        reader; /* raw: a member of its topic; its yours: enum socket_is and rights, eight bits each */
    weft_channels *channels; /* held */
    union {
        struct opening *opening;
        weft_topic *topic; /* raw: of its URL, held */
        struct session *session;
    };
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct socket) == 56, "every subscriber has one");

static inline enum socket_is socket_is(const struct socket *s)
{
    return (enum socket_is)(s->reader.yours & 0xff);
}

/* Of weft_right, on the channel of its URL. */
static inline unsigned socket_rights(const struct socket *s)
{
    return s->reader.yours >> 8;
}

static inline void socket_set(struct socket *s, enum socket_is is, unsigned rights)
{
    s->reader.yours = (uint16_t)(is | rights << 8);
}

/* What was agreed on: envelopes, not raw. */
bool socket_speaks_v1(const char *subprotocol);

/* The route of upgrades. Errors: as weft_server_route. */
int socket_route(weft_channels *c, weft_server *s, const char *path,
                 int (*on_upgrade)(weft_upgrade *u));

/* Consumes v. */
void socket_accept(visit *v);

#endif
