/* SPDX-License-Identifier: MIT
 *
 * net/web/exchange_hand.h - the request at hand is somebody else's, with the lane: who answers it bit by bit, or late
 */
#ifndef NET_WEB_EXCHANGE_HAND_H
#define NET_WEB_EXCHANGE_HAND_H

#include "net/web/exchange_inside.h"

/* What somebody needs who goes on with a reply that has begun. */
struct handed {
    struct lane *lane;
    struct framing framing;
    struct outq out;   /* with the head of the reply at its end */
    uint32_t requests; /* on this connection so far */
    uint16_t limits;   /* site_limits */
    bool last;         /* it ends with this reply */
};

/* The head of a reply whose body follows: *to is the caller's, and the exchange is gone; he sits down on the lane
 * at once. A proxy's client hangs in *links. Errors: -EINVAL, -ENOMEM, and nothing has changed. */
int exchange_begin(struct exchange *x, int status, struct field_list *fields, uint64_t length,
                   weft_link **links, struct handed *to);

/* What has to be known of a request that was taken to answer it without this exchange (waiting.h). */
struct forgotten {
    struct lane *lane;     /* NULL: it has an exchange again, or nobody waits any more */
    struct asker *asker;   /* NULL: what the lane says of him is all */
    struct access *access; /* as the exchange's */
    struct field_list cors;
    struct h1_waiting http;
    uint16_t limits;
    bool varies;
};

void forgotten_deinit(struct forgotten *w, const weft_env *env);

/* The lane is of r, the request that waits, and the exchange is gone. Errors: -ENOMEM, and nothing has changed. */
int exchange_leave(struct exchange *x, weft_request *r, struct forgotten *to);

/* The lane has an exchange again, in which r waits for its reply; takes what w has. NULL: no memory, and the lane was
 * dropped. */
struct exchange *exchange_come_back(struct forgotten *w, weft_request *r);

#endif
