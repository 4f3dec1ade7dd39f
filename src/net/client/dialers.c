/* SPDX-License-Identifier: MIT
 *
 * net/client/dialers.c - a loop's dialer, and who may sit on its lanes
 */
#include "net/client/dialers.h"

#include "net/client/client.h"
#include "net/client/pipe.h"
#include "net/wire/carry.h"

static const struct talk *const talks[LANE_TALKS] = {
    [LANE_FREE] = &lane_nobody,    [LANE_WAY] = &way_talk,   [LANE_HANDSHAKE] = &handshake_talk,
    [LANE_WEBSOCKET] = &conn_talk, [LANE_PIPE] = &pipe_talk,
};

static void cancel_all(struct attachment *a)
{
    struct dialer *r = container_of(a, struct dialer, attachment);
    while (!list_empty(&r->ways))
        way_give_up(container_of(r->ways.next, struct way, link), WEFT_ERR_CLOSED,
                    "the loop was freed");
}

static void dialer_free(struct attachment *a)
{
    struct dialer *r = container_of(a, struct dialer, attachment);
    weft_tls_unref(r->tls);
    mem_free(net_env(r->net), r);
}

struct dialer *dialer_of(weft_loop *l)
{
    struct net *n = net_of(l);
    if (!n || n->dying) return NULL;
    if (n->client) return container_of(n->client, struct dialer, attachment);
    struct dialer *r = mem_zalloc(net_env(n), sizeof *r);
    if (!r) return NULL;
    r->attachment = (struct attachment){.leave = cancel_all, .free = dialer_free};
    r->net = n;
    carry_class_init(&r->lane_class, talks, n, NULL);
    list_init(&r->ways);
    n->client = &r->attachment;
    return r;
}
