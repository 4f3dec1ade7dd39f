/* SPDX-License-Identifier: MIT
 *
 * net/wire/wire_tls.c - between a wire and its TLS end
 *
 * A receive brings at most LOOP_BUFFER bytes, and the TLS end may have had less than one record from
 * before: what they say fits into scratch.
 */
#include "net/wire/wire_tls.h"

#include <errno.h>

#include "http/canned.h"

enum { SCRATCH = LOOP_BUFFER + TLS_RECORD + TLS_SLACK, WRITE_BUDGET = 65536 };

static uint8_t *scratch(struct wire *w)
{
    struct net *n = lane_net(&w->lane);
    if (!n->scratch) n->scratch = mem_alloc(wire_env(w), SCRATCH);
    return n->scratch;
}

int wire_tls_read(struct wire *w, weft_bytes in, weft_span *plain)
{
    *plain = (weft_span){.data = scratch(w)};
    if (!plain->data) return -ENOMEM;
    int n;
    tls_feed(w->extra->tls, in);
    while ((n = tls_read(w->extra->tls, plain->data + plain->len, SCRATCH - plain->len)) > 0)
        plain->len += (size_t)n;
    return n;
}

bool wire_tls_has_room(const struct wire *w)
{
    struct tls *tls = w->extra->tls;
    return tls_ready(tls) && tls_out(tls)->bytes < WRITE_BUDGET;
}

int wire_tls_write(struct wire *w, const struct outq *plain, size_t *taken)
{
    uint8_t *room = scratch(w);
    return room ? tls_write(w->extra->tls, plain, room, taken) : -ENOMEM;
}

void wire_tls_tell_plain(struct wire *w)
{
    struct site *site = lane_site(&w->lane);
    if (!site || !tls_met_http(w->extra->tls)) return;
    site_refused(site, 400);
    (void)canned_answer(tls_out(w->extra->tls), wire_env(w), 400, 0,
                        "this port speaks TLS: use https:// or wss:// to get in");
}

bool wire_tls_ended(const struct wire *w)
{
    return wire_tls(w) && tls_ended(w->extra->tls);
}

bool wire_tls_pending(const struct wire *w)
{
    return wire_tls(w) && !tls_ready(w->extra->tls) && !tls_broken(w->extra->tls);
}
