/* SPDX-License-Identifier: MIT
 *
 * net/site.c - counting for a server
 */
#include "net/site.h"

#include "base/env.h"
#include "base/limits.h"
#include "net/slots.h"

unsigned site_retry_s(const struct site *s, uint32_t slot)
{
    uint64_t least = tally_read(&s->tally->retry_s);
    if (!least) return 0;
    return (unsigned)(least + slot_spread(slot, tally_read(&s->tally->retry_spread_s) + 1));
}

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

void site_websocket_gone(struct site *s, uint16_t code, uint16_t sent_code)
{
    struct tally *t = s->tally;
    tally_take(&t->websockets);
    if (code < sizeof t->closed / sizeof *t->closed) tally_add(&t->closed[code]);
    if (sent_code < sizeof t->close_sent / sizeof *t->close_sent)
        tally_add(&t->close_sent[sent_code]);
}

int site_connects(struct site *s, const struct sock_addr *client)
{
    uint64_t key = s->tally->connects ? address_key(client) : 0;
    if (!key) return 0;
    const weft_take one = {.key = {(const uint8_t *)&key, sizeof key},
                           .amount = 1,
                           .per_s = limit_connect_rate(&s->limits)};
    return weft_buckets_take(s->tally->connects, &one, 1, env_now_us(s->env)) ? WEFT_ERR_POLICY : 0;
}

int site_count_as(struct site *s, struct address *a, const struct sock_addr *client)
{
    struct address_counts *counts = &s->tally->address_counts;
    uint64_t max = limit_max_connections_per_ip(&s->limits);
    uint64_t wanted = address_key(client), was = address_counted_as(a);
    if (!max || wanted == was) return 0;
    int error = address_counts_add(counts, s->env, wanted, max);
    if (error) return error;
    error = address_count_as(a, s->env, wanted);
    address_counts_remove(counts, error ? wanted : was);
    return error;
}
