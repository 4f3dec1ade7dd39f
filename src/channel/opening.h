/* SPDX-License-Identifier: MIT
 *
 * channel/opening.h - a WebSocket on a channel, and how it begins
 */
#ifndef CHANNEL_OPENING_H
#define CHANNEL_OPENING_H

#include "channel/channels.h"

struct session;

/* How it begins; gone when it has. */
struct opening {
    weft_topic *topic;   /* of its URL, held, until it has begun */
    weft_position since; /* what its URL said */
    weft_seek seek;      /* what the 101 made of that */
    bool subscribes, takes_loss, looks_on;
    char *client;      /* NULL: he says no name */
    struct pass *pass; /* until it is open; or NULL */
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

#endif
