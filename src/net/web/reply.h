/* SPDX-License-Identifier: MIT
 *
 * net/web/reply.h - the inside of a weft_reply: one that streams
 *
 *      weft_reply_begin -> OPEN -> ENDED -> the lane goes on with the next request, or finishes
 *                             \       \
 *                              +-------+-> LOST: on_close says why
 *
 *      OPEN  -> ENDED  [weft_reply_end]   the body is complete
 *      ENDED -> OPEN   [late]             it was dropped, to be had again (reply_repeats)
 *      OPEN  -> OVER   [written]          to HEAD: the head has been taken
 *      ENDED -> OVER   [written]          all of it has been taken; the lane is somebody else's
 *      any   -> OVER   [lost]             the client is gone, or a deadline passed, or memory ran out
 *      OVER  -> buried                    at the end of the turn: on_close, the links, free
 *
 * Idle, and on a wire, it costs 112 bytes of heap for the wire, 16 for the slot, and 160 here. The first piece in
 * its queue needs none.
 */
#ifndef NET_WEB_REPLY_H
#define NET_WEB_REPLY_H

#include "io/loop.h"
#include "net/web/request.h"

enum reply_state { REPLY_OPEN, REPLY_ENDED, REPLY_OVER };

struct weft_reply {
    struct lane *lane; /* NULL when it is over */
    weft_reply_handler handler;
    void *user;
    weft_link *links;
    struct outq out;
    union {
        struct slice first; /* of out, for a piece */
        struct {            /* when it is over */
            struct dead dead;
            struct lane *left; /* which is buried behind it */
            weft_id id;
            const char *cause;
            int error;
        };
    };
    struct framing framing;
    uint32_t requests;   /* that began on the connection before */
    uint16_t limits;     /* site_limits */
    uint8_t state : 2;   /* enum reply_state */
    bool last : 1;       /* the connection ends with it */
    bool backlogged : 1; /* on_drain is due when there is room */
    bool asked : 1;      /* to come to an end */
    bool repeats : 1;    /* reply_repeats, and it can be done */
    bool cut : 1;        /* it ends where its body does not */
};

_Static_assert(sizeof(void *) != 8 || sizeof(weft_reply) == 152, "20,000 of them may be open");

extern const struct talk reply_talk;

/* The same, and bytes are counted. */
struct talk reply_talk_counting(void);

/* The body, of known length, can be had again: what is queued of it when the client has taken nothing for a second
 * is dropped, framing.left says how much is to come, and on_drain is told when there is room. To be said before any
 * of it is queued; done if only the head is, and that is short (not replies to earlier requests). */
void reply_repeats(weft_reply *r);

/* As weft_reply_write without a copy: the bytes of the blob. */
int reply_queue_blob(weft_reply *r, struct blob *b);

#endif
