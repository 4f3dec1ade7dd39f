/* SPDX-License-Identifier: MIT
 *
 * net/client/pipe_dial.c - from a URL to a pipe on a lane
 *
 *      weft_pipe_connect -> way (way.c) -> pipe_arrived
 *                                   \----> pipe_over: it could not connect
 */
#include <errno.h>

#include "base/sized.h"
#include "net/client/dialers.h"
#include "net/client/pipe.h"
#include "net/client/words.h"

SIZED_TAKER(handler_take, weft_pipe_handler, on_close, 32, on_close)

static weft_pipe *pipe_of(struct way *w)
{
    return container_of(w, struct pipe_way, way)->pipe;
}

static void arrived(struct way *w, struct lane *l)
{
    pipe_arrived(pipe_of(w), l);
}

/* Of a proxy's refusal the status says most. */
static void failed(struct way *w, const struct way_end *end)
{
    char words[REFUSAL_WORDS];
    if (end->response) {
        refusal_words(&end->response->head, "the proxy", words, sizeof words);
        pipe_over(pipe_of(w), end->error, end->cause, words);
    } else {
        int error = end->error ? end->error : WEFT_ERR_CLOSED;
        pipe_over(pipe_of(w), error, end->made ? weft_strerror(error) : end->cause,
                  end->made ? end->cause : NULL);
    }
}

static int set_out(weft_pipe *p, struct dialer *dialer, const char *url, const weft_dial *dial)
{
    struct pipe_way *to = p->way = mem_zalloc(net_env(p->net), sizeof *to);
    if (!to) return -ENOMEM;
    to->pipe = p;
    to->way.arrived = arrived;
    to->way.failed = failed;
    way_init(&to->way, dialer, &to->dial, &p->limits);
    int error = dial_init(&to->dial, net_env(p->net), url, dial_pipe_url, dial);
    return error ? error : way_start(&to->way);
}

static weft_pipe *pipe_new(struct net *n, const weft_limits *limits, const weft_pipe_handler *h,
                           void *user)
{
    weft_pipe *p = mem_zalloc(net_env(n), sizeof *p);
    if (!p) return NULL;
    p->net = n;
    p->handler = *h;
    p->user = user;
    if (limits) p->limits = *limits;
    if (slots_add(&n->slots, net_env(n), SLOT_PIPE, p, &p->slot) == 0) return p;
    mem_free(net_env(n), p);
    return NULL;
}

int weft_pipe_connect_sized(weft_pipe **out, weft_loop *l, const char *url, const weft_dial *dial,
                            size_t dial_size, size_t limits_size, const weft_pipe_handler *h,
                            size_t h_size, void *user)
{
    weft_dial taken;
    weft_limits limits;
    weft_pipe_handler handler;
    if (out) *out = NULL;
    const weft_env *env = weft_loop_env(l);
    int error = dial_take(env, &taken, &limits, dial, dial_size, limits_size);
    if (!error) error = handler_take(env, &handler, h, h_size);
    if (error) return error;
    struct dialer *dialer = dialer_of(l);
    weft_pipe *p = dialer ? pipe_new(dialer->net, taken.limits, &handler, user) : NULL;
    if (!p) return -ENOMEM;
    error = set_out(p, dialer, url, &taken);
    if (error) pipe_discard(p);
    else if (out) *out = p;
    return error;
}
