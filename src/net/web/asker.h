/* SPDX-License-Identifier: MIT
 *
 * net/web/asker.h - who sent the request at hand, and whether it is meant for us
 *
 * It is the lane's peer; of a proxy that we trust it is whom that names in its fields, who may be another
 * each time.
 */
#ifndef NET_WEB_ASKER_H
#define NET_WEB_ASKER_H

#include "net/web/exchange.h"

/* The head is there: from now on it is from whom it says. WEFT_ERR_POLICY: somebody who has too many connections. */
int asker_recognise(struct exchange *x);

/* Made when it is first asked for, and kept for as many requests as he sends. Borrowed. NULL: no memory. */
weft_peer *asker_peer(struct exchange *x);

/* The same for a conversation that stays, if the lane will not know: a proxy's client. 0, and NULL in *out if there is
 * none; or -ENOMEM. */
int asker_client(struct exchange *x, weft_peer **out);

/* Whether the page that sent this head, if one did, may do so; *origin is whose it is. */
bool asker_origin_allowed(const struct exchange *x, const struct head *h, weft_bytes *origin);

/* Whether the host that it asks is one of ours. */
bool asker_means_us(const struct exchange *x, const struct head *h);

#endif
