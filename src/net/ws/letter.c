/* SPDX-License-Identifier: MIT
 *
 * net/ws/letter.c - from another thread to a connection that may be gone by then: a message, or a call
 */
#include "net/errand.h"
#include "net/ws/conn.h"

/* The sender is in another thread and hears of nothing. */
static void open_letter(weft_errand *p)
{
    struct errand e = errand_take(p);
    weft_conn *c = weft_conn_find(e.post.loop, e.to);
    if (c) (void)weft_deliver(c, e.arg);
    weft_message_unref(e.arg);
}

int weft_post(weft_loop *l, weft_id id, weft_message *m)
{
    struct errand e = {.post.run = open_letter, .to = id, .arg = weft_message_ref(m)};
    int error = errand_post(l, &e);
    if (error) weft_message_unref(m);
    return error;
}

typedef void call(weft_conn *c, void *arg);

static void run_call(weft_errand *p)
{
    struct errand e = errand_take(p);
    ((call *)e.fn)(weft_conn_find(e.post.loop, e.to), e.arg);
}

int weft_conn_call(weft_loop *l, weft_id id, void (*fn)(weft_conn *c, void *arg), void *arg)
{
    struct errand e = {.post.run = run_call, .to = id, .fn = (void (*)(void))fn, .arg = arg};
    return errand_post(l, &e);
}
