/* SPDX-License-Identifier: MIT
 *
 * net/web/asker.c - what the lane knows, and what a proxy says
 */
#include "net/web/asker.h"

#include <errno.h>

#include "base/fields.h"
#include "net/hosts.h"
#include "net/peer.h"
#include "net/site.h"

void asker_deinit(struct asker *a)
{
    weft_peer_unref(a->peer);
    a->peer = NULL;
}

/* A proxy's next request may be somebody else's. */
static void read_forwarded(struct asker *a, const struct head *h)
{
    asker_deinit(a);
    forwarded_read(&a->forwarded, &lane_site(a->lane)->trust, h->fields, h->n_fields);
}

int asker_recognise(struct asker *a, const struct head *h)
{
    if (a->lane->trusted) read_forwarded(a, h);
    return lane_count_as(a->lane, a->forwarded.known ? &a->forwarded.client : NULL);
}

weft_peer *asker_peer(struct asker *a)
{
    if (!a->peer) a->peer = peer_of(a->lane, &a->forwarded);
    return a->peer;
}

int asker_client(struct asker *a, weft_peer **out)
{
    bool needed = a->forwarded.known || a->forwarded.secure;
    *out = needed ? asker_peer(a) : NULL;
    return needed && !*out ? -ENOMEM : 0;
}

/* Whether the bytes come by TLS: to us, or to a proxy that we trust. */
static bool is_secure(const struct asker *a)
{
    return a->forwarded.secure || lane_secure(a->lane);
}

bool asker_origin_allowed(const struct asker *a, const struct head *h, weft_bytes *origin)
{
    const struct site *s = lane_site(a->lane);
    const weft_request_head head = head_as_request(h);
    return weft_origin_check(&head, s->origins, is_secure(a), s->all_loopback, origin);
}

bool asker_origin_named(const struct asker *a, const struct head *h)
{
    weft_bytes refused;
    const char *const *origins = lane_site(a->lane)->origins;
    const weft_request_head head = head_as_request(h);
    const weft_field *origin = fields_first(h->fields, h->n_fields, "Origin");
    if (!origins || !origin || bytes_is(origin->value, "null")) return false;
    return weft_origin_check(&head, origins, is_secure(a), false, &refused);
}

/* Pages come by TCP. */
static bool is_by_file(const struct asker *a)
{
    struct sock_addr address;
    return lane_peer(a->lane, &address) == 0 && address.sa.sa_family == AF_UNIX;
}

bool asker_means_us(const struct asker *a, const struct head *h)
{
    const char *const *hosts = lane_site(a->lane)->hosts;
    return hosts_have(hosts, h->host) || (hosts_say(hosts, "unix") && is_by_file(a));
}
