/* SPDX-License-Identifier: MIT
 *
 * cli/heart.h - a heartbeat: when to ping, which ping a pong answers, and when to give up
 *
 *      heart_turn     what is due: nothing, a ping, or the end, because the oldest ping has had no pong for so long
 *      heart_ping     one goes out: its number, which is what it carries
 *      heart_pong     what one carries that came in: the number of the ping, and how long that was ago
 *
 * No clock and no I/O: times are microseconds of the caller's. The heartbeat of the library itself (ping_interval) is
 * quieter: it pings only who says nothing. This one is there to be looked at.
 */
#ifndef CLI_HEART_H
#define CLI_HEART_H

#include <weft/base.h>

enum { HEART_PATIENCE_MS = 3000, HEART_EVERY_MS = 1000, HEART_PENDING = 16, HEART_TEXT = 11 };

enum heart_turn { HEART_RESTS, HEART_BEATS, HEART_GIVES_UP };

struct heart {
    uint64_t every, next; /* of pings; every 0: there are none by itself */
    uint32_t n;           /* how many went out */
    struct heart_ping {
        uint32_t n;
        uint64_t at;
    } pending[HEART_PENDING]; /* without a pong, the oldest first */
    size_t n_pending;
};

void heart_init(struct heart *h, uint64_t now);

/* 0: none by itself; else 250 to 10,000 ms. false: neither. */
bool heart_every(struct heart *h, uint64_t ms, uint64_t now);

enum heart_turn heart_turn(struct heart *h, uint64_t now);
uint64_t
heart_next(const struct heart *h); /* when heart_turn is to be asked; UINT64_MAX: no need */

/* Its number from 1, and as text what it is to carry; 0: too many have no pong yet. */
uint32_t heart_ping(struct heart *h, uint64_t now, char text[HEART_TEXT]);

/* Older ones count as answered, too (RFC 6455, 5.5.3). 0: nobody waits for this one. */
uint32_t heart_pong(struct heart *h, weft_bytes text, uint64_t now, uint64_t *rtt_us);

#endif
