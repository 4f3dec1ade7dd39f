/* SPDX-License-Identifier: MIT
 *
 * net/web/asker.h - who sent the request at hand, and whether it is meant for us
 *
 * It is the lane's peer; of a proxy that we trust it is whom that names in its fields, who may be another each time.
 */
#ifndef NET_WEB_ASKER_H
#define NET_WEB_ASKER_H

#include "http/head.h"
#include "net/forwarded.h"
#include "net/lane.h"

/* All zero, but for the lane. */
struct asker {
    struct lane *lane;
    weft_peer *peer;            /* of the request at hand; NULL: nobody has asked */
    struct forwarded forwarded; /* what a proxy says of it */
};

void asker_deinit(struct asker *a);

/* The head is there: from now on it is from whom it says. WEFT_ERR_POLICY: somebody who has too many connections. */
int asker_recognise(struct asker *a, const struct head *h);

/* Made when it is first asked for, and kept for as many requests as he sends. Borrowed. NULL: no memory. */
weft_peer *asker_peer(struct asker *a);

/* The same for a conversation that stays, if the lane will not know: a proxy's client. 0, and NULL in *out if there is
 * none; or -ENOMEM. */
int asker_client(struct asker *a, weft_peer **out);

/* Whether the page that sent this head, if one did, may do so; *origin is whose it is. */
bool asker_origin_allowed(const struct asker *a, const struct head *h, weft_bytes *origin);

/* Whether it is allowed because it is in the list of origins, and not null, which any page can be. */
bool asker_origin_named(const struct asker *a, const struct head *h);

/* Whether the host that it asks is one of ours. */
bool asker_means_us(const struct asker *a, const struct head *h);

#endif
