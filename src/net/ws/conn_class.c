/* SPDX-License-Identifier: MIT
 *
 * net/ws/conn_class.c - a handler, taken from the user, and what follows from it for its sessions
 */
#include "net/ws/conn_class.h"

#include "base/limits.h"
#include "base/strings.h"
#include "net/net.h"

SIZED_TAKER(handler_take, weft_handler, max_message, 88, max_message)

/* What it points to is copied, too. */
static int take(struct conn_class *k, const weft_handler *from, size_t size, size_t deflate_size)
{
    weft_handler *h = &k->handler;
    int error = handler_take(h, from, size);
    if (error) return error;
    const char *const *subprotocols = h->subprotocols;
    h->subprotocols = NULL; /* so that none but ours is freed */
    error = deflate_take_at(&k->deflate, &h->deflate, deflate_size);
    return error ? error
                 : strings_copy(&h->subprotocols, weft_loop_env(k->net->loop), subprotocols);
}

/* Sends are refused above the maximum, and on_drain is due above the softer one. */
static void set_calm(struct conn_class *k)
{
    uint64_t soft = limit_send_queue_soft(&k->limits), max = limit_send_queue_max(&k->limits);
    k->calm_bytes = soft < max ? soft : max;
    k->calm_items = limit_send_queue_items(&k->limits);
}

int conn_class_init(struct conn_class *k, struct net *n, const weft_limits *limits,
                    const weft_handler *h, size_t h_size, size_t deflate_size)
{
    *k = (struct conn_class){.net = n};
    int error = take(k, h, h_size, deflate_size);
    if (error) return error;
    if (limits) k->limits = *limits;
    if (k->handler.max_message) k->limits.max_message = k->handler.max_message;
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

void conn_class_deinit(struct conn_class *k)
{
    strings_free(weft_loop_env(k->net->loop), k->handler.subprotocols);
}
