/* SPDX-License-Identifier: MIT
 *
 * net/access.h - what is told of each request and WebSocket when it is over (weft_server_config.on_access)
 *
 *      head --> access_begin --> exchange --[answered, refused, left]--> access_tell      at the end of the turn
 *                                   |
 *                                   +--> access_hang --> a reply, a WebSocket --> access_finish --> its burial tells
 *
 * A record is there only where somebody wants to be told: for all others every call here is one test of a pointer. It
 * has
 * copies of all that it needs, so that it is told even if the server is being freed. Whoever carries bytes for it adds
 * them up in seen.
 */
#ifndef NET_ACCESS_H
#define NET_ACCESS_H

#include "net/lane.h"
#include <weft/server.h>

struct head;

struct access {
    union {
        weft_link link; /* of what it hangs on */
        struct dead dead;
    };
    weft_loop *loop;
    void (*on_access)(const weft_access *a, void *user);
    void (*on_traffic)(const weft_access *a, uint64_t received, uint64_t sent,
                       void *user); /* or NULL */
    void *user;
    uint64_t since;  /* us */
    uint64_t others; /* bytes in front of its own: those that are sent first are not counted */
    bool over;
    uint64_t came, went; /* bytes that on_traffic has not been told of */
    weft_access seen;
    uint8_t text[]; /* the method, and the target behind it */
};

/* *out is a new one; NULL if nobody wants it. head: NULL when none has come whole. Errors: -ENOMEM. */
int access_begin(struct access **out, const struct lane *l, weft_access_kind kind,
                 const struct head *head);
void access_free(struct access *a); /* untold; NULL is fine, as in all of these */

/* Of a WebSocket, which is open from now on. */
void access_opens(struct access *a);

/* It is over, with this in seen: who was there is referenced, NULL if unknown. What hangs somewhere is told when that
 * goes. */
void access_finish(struct access *a, weft_peer *peer);

/* The same of what hangs nowhere: at the end of the turn. */
void access_tell(struct access *a, weft_peer *peer);

/* From now on it goes with what has these links. */
void access_hang(struct access *a, weft_link **links);
struct access *access_in(weft_link *links);

/* So many bytes of it have come and gone, of whatever kind. That is noted wherever it happens, in a call of the user's,
 * too; on_traffic is told of it from the loop. What is told nowhere before is told with the end. */
static inline void access_pass(struct access *a, uint64_t received, uint64_t sent)
{
    if (!a) return;
    a->came += received;
    a->went += sent;
}
void access_tell_traffic(struct access *a);

static inline void access_received(weft_link *links, size_t n)
{
    struct access *a = access_in(links);
    if (!a) return;
    a->seen.received += n;
    access_pass(a, n, 0);
    access_tell_traffic(a);
}

void access_sent(weft_link *links, size_t n);

#endif
