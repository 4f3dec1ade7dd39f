/* SPDX-License-Identifier: MIT
 *
 * net/ws/conn_class.c - a handler, taken from the user, and what follows from it for its sessions
 */
#include "net/ws/conn_class.h"

#include "base/limits.h"
#include "base/strings.h"
#include "net/net.h"

SIZED_TAKER(handler_take, weft_handler, on_leave, 96, on_leave)

/* What it points to is copied, too. */
static int take(struct conn_class *k, const weft_limits *limits, const struct handler_given *given)
{
    const weft_env *env = weft_loop_env(k->net->loop);
    weft_handler *h = &k->handler;
    weft_limits own;
    int error = handler_take(env, h, given->handler, given->size);
    if (error) return error;
    const char *const *subprotocols = h->subprotocols;
    const weft_limits *wanted = h->limits;
    h->subprotocols = NULL; /* so that none but ours is freed */
    h->limits = &k->limits;
    error = deflate_take_at(env, &k->deflate, &h->deflate, given->deflate_size);
    if (!error) error = limits_take_at(env, &own, &wanted, given->limits_size);
    if (error) return error;
    if (limits) k->limits = *limits;
    limits_override(&k->limits, wanted);
    return strings_copy(&h->subprotocols, env, subprotocols);
}

/* Sends are refused above the maxima; above the softer ones whoever sends is backlogged. */
static void set_calm(struct conn_class *k)
{
    uint64_t soft = limit_send_queue_soft(&k->limits), max = limit_send_queue_max(&k->limits);
    k->calm_bytes = soft < max ? soft : max;
    k->calm_items = limit_send_queue_items(&k->limits) / 2;
}

int conn_class_init(struct conn_class *k, struct net *n, const weft_limits *limits,
                    const struct handler_given *given)
{
    *k = (struct conn_class){.net = n};
    int error = take(k, limits, given);
    if (error) return error;
    set_calm(k);
    k->profile = (struct profile){
        .env = weft_loop_env(n->loop),
        .limits = &k->limits,
        .deflate = k->handler.deflate,
        .pool = &n->pool,
        .chunked = k->handler.on_chunk != NULL,
    };
    return 0;
}

int conn_class_offer(struct conn_class *k, const char *const *subprotocols,
                     const weft_deflate *deflate)
{
    const char *const *offered;
    int error = strings_copy(&offered, k->profile.env, subprotocols);
    if (error) return error;
    if (offered) {
        strings_free(k->profile.env, k->handler.subprotocols);
        k->handler.subprotocols = offered;
    }
    if (deflate) {
        k->deflate = *deflate;
        k->handler.deflate = k->profile.deflate = &k->deflate;
    }
    return 0;
}

void conn_class_deinit(struct conn_class *k)
{
    strings_free(weft_loop_env(k->net->loop), k->handler.subprotocols);
}
