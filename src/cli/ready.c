/* SPDX-License-Identifier: MIT
 *
 * cli/ready.c - be called when a descriptor can be read or written, whatever it is
 */
#include "cli/ready.h"

#include <errno.h>

static void on_watch(weft_watch *w, unsigned events, void *user)
{
    (void)w;
    (void)events;
    struct ready *r = user;
    if (r->wanted) r->on_ready(r->user);
}

static void on_post(void *arg)
{
    struct ready *r = arg;
    r->posted = false;
    if (r->wanted) r->on_ready(r->user);
    if (r->wanted && !r->posted) r->posted = weft_loop_post(r->loop, on_post, r) == 0;
}

int ready_init(struct ready *r, weft_loop *l, int fd, unsigned events, void (*on_ready)(void *user),
               void *user)
{
    *r = (struct ready){.loop = l, .events = events, .on_ready = on_ready, .user = user};
    int error = weft_watch_new(&r->watch, l, fd, events, on_watch, r);
    if (error < 0) return error == -EPERM ? 0 : error;
    return weft_watch_set(r->watch, 0);
}

void ready_want(struct ready *r, bool wanted)
{
    if (r->wanted == wanted) return;
    r->wanted = wanted;
    if (r->watch) weft_watch_set(r->watch, wanted ? r->events : 0);
    else if (wanted && !r->posted) r->posted = weft_loop_post(r->loop, on_post, r) == 0;
}

void ready_deinit(struct ready *r)
{
    r->wanted = false;
    weft_watch_free(r->watch);
}
