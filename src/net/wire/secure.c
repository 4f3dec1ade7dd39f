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
#include "net/server/server.h"

enum { SCRATCH = LOOP_BUFFER + TLS_RECORD + TLS_SLACK, WRITE_BUDGET = 65536 };

static uint8_t *scratch(struct wire *w)
{
    struct net *n = wire_net(w);
    if (!n->tls_scratch) n->tls_scratch = mem_alloc(wire_env(w), SCRATCH);
    return n->tls_scratch;
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

int secure_write(struct wire *w, struct outq *plain)
{
    if (outq_empty(plain) || secure_pending(w)) return 0;
    uint8_t *room = scratch(w);
    return room ? tls_write(w->gear->tls, plain, WRITE_BUDGET, room) : -ENOMEM;
}

void secure_tell_plain(struct wire *w)
{
    if (!wire_server(w) || !tls_met_http(w->gear->tls)) return;
    server_refused(wire_server(w), 400);
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
