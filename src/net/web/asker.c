/* SPDX-License-Identifier: MIT
 *
 * net/web/asker.c - what the lane knows, and what a proxy says
 */
#include "net/web/asker.h"

#include <errno.h>

#include "net/hosts.h"
#include "net/peer.h"

/* A proxy's next request may be somebody else's. */
static void read_forwarded(struct exchange *x)
{
    const struct head *h = &x->h1.head;
    weft_peer_unref(x->peer);
    x->peer = NULL;
    forwarded_read(&x->forwarded, &lane_site(x->lane)->trust, h->fields, h->n_fields);
}

int asker_recognise(struct exchange *x)
{
    if (x->lane->trusted) read_forwarded(x);
    return lane_count_as(x->lane, x->forwarded.known ? &x->forwarded.client : NULL);
}

weft_peer *asker_peer(struct exchange *x)
{
    if (!x->peer) x->peer = peer_of(x->lane, &x->forwarded);
    return x->peer;
}

int asker_client(struct exchange *x, weft_peer **out)
{
    bool needed = x->forwarded.known || x->forwarded.secure;
    *out = needed ? asker_peer(x) : NULL;
    return needed && !*out ? -ENOMEM : 0;
}

/* Whether the bytes come by TLS: to us, or to a proxy that we trust. */
static bool is_secure(const struct exchange *x)
{
    return x->forwarded.secure || lane_secure(x->lane);
}

bool asker_origin_allowed(const struct exchange *x, const struct head *h, weft_bytes *origin)
{
    const struct site *s = lane_site(x->lane);
    const weft_request_head head = head_as_request(h);
    return weft_origin_check(&head, s->origins, is_secure(x), s->all_loopback, origin);
}

/* Pages come by TCP. */
static bool is_by_file(const struct exchange *x)
{
    struct sock_addr a;
    return lane_peer(x->lane, &a) == 0 && a.sa.sa_family == AF_UNIX;
}

bool asker_means_us(const struct exchange *x, const struct head *h)
{
    const char *const *hosts = lane_site(x->lane)->hosts;
    return hosts_have(hosts, h->host) || (hosts_say(hosts, "unix") && is_by_file(x));
}
