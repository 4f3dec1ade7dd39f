/* SPDX-License-Identifier: MIT
 *
 * net/site.c - counting for a server
 */
#include "net/site.h"

#include "base/limits.h"

void site_refused(struct site *s, int status)
{
    tally_add(&s->tally->refused[status]);
}

void site_undelivered(struct site *s)
{
    tally_add(&s->tally->undelivered);
}

void site_websocket_opened(struct site *s)
{
    tally_add(&s->tally->websockets);
}

void site_websocket_gone(struct site *s, uint16_t code)
{
    struct tally *t = s->tally;
    tally_take(&t->websockets);
    if (code < sizeof t->closed / sizeof *t->closed) tally_add(&t->closed[code]);
}

int site_count_as(struct site *s, uint64_t *key, const struct sock_addr *client)
{
    uint64_t max = limit_max_connections_per_ip(&s->limits);
    uint64_t wanted = address_key(client);
    if (!max || wanted == *key) return 0;
    int error = address_counts_add(&s->tally->address_counts, s->env, wanted, max);
    if (error) return error;
    address_counts_remove(&s->tally->address_counts, *key);
    *key = wanted;
    return 0;
}
