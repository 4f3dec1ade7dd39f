/* SPDX-License-Identifier: MIT
 *
 * net/wire/secure.c - between a wire and its TLS box
 *
 * A receive brings at most LOOP_BUFFER bytes, and the box may have had less than one record from
 * before: what they say fits into scratch.
 */
#include "net/wire/secure.h"

#include <errno.h>

#include "http/canned.h"

enum { SCRATCH = LOOP_BUFFER + TLS_RECORD + TLS_SLACK, WRITE_BUDGET = 65536 };

static uint8_t *scratch(struct wire *w)
{
    struct net *n = lane_net(&w->lane);
    if (!n->scratch) n->scratch = mem_alloc(wire_env(w), SCRATCH);
    return n->scratch;
}

int secure_read(struct wire *w, weft_bytes in, weft_span *plain)
{
    *plain = (weft_span){.data = scratch(w)};
    if (!plain->data) return -ENOMEM;
    int n;
    tls_feed(w->gear->tls, in);
    while ((n = tls_read(w->gear->tls, plain->data + plain->len, SCRATCH - plain->len)) > 0)
        plain->len += (size_t)n;
    return n;
}

bool secure_has_room(const struct wire *w)
{
    struct tls *tls = w->gear->tls;
    return tls_ready(tls) && tls_out(tls)->bytes < WRITE_BUDGET;
}

int secure_write(struct wire *w, const struct outq *plain, size_t *taken)
{
    uint8_t *room = scratch(w);
    return room ? tls_write(w->gear->tls, plain, room, taken) : -ENOMEM;
}

void secure_tell_plain(struct wire *w)
{
    struct site *site = lane_site(&w->lane);
    if (!site || !tls_met_http(w->gear->tls)) return;
    site_refused(site, 400);
    (void)canned_answer(tls_out(w->gear->tls), wire_env(w), 400, 0,
                        "this port speaks TLS: use https:// or wss:// to get in");
}

bool secure_ended(const struct wire *w)
{
    return wire_tls(w) && tls_ended(w->gear->tls);
}

bool secure_pending(const struct wire *w)
{
    return wire_tls(w) && !tls_ready(w->gear->tls) && !tls_broken(w->gear->tls);
}
