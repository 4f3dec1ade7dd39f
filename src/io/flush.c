/* SPDX-License-Identifier: MIT
 *
 * io/flush.c - pull, send, settle
 */
#include "io/flush.h"

#include <assert.h>
#include <errno.h>

void flush_init(struct flush *f)
{
    *f = (struct flush){0};
}

bool flush_waiting(const struct flush *f)
{
    return f->dirty.first || f->line.first || f->again.first;
}

/* ---- chains ---------------------------------------------------------------------------------- */

/* Both kinds of chain are walked in one way: next is where in a duplex its link lies. */
typedef struct duplex **(*link_of)(struct duplex *d);

static struct duplex **dirty_of(struct duplex *d)
{
    return &d->dirty;
}

static struct duplex **again_of(struct duplex *d)
{
    return &d->again;
}

static inline void append(struct chain *c, struct duplex *d, link_of link)
{
    if (*link(d)) return;
    *link(d) = d;
    if (c->first) *link(c->last) = d;
    else c->first = d;
    c->last = d;
    c->n++;
}

static inline struct duplex *take_first(struct chain *c, link_of link)
{
    struct duplex *d = c->first, *next = *link(d);
    c->first = next == d ? NULL : next;
    *link(d) = NULL;
    c->n--;
    return d;
}

static inline void sweep(struct chain *c, link_of link)
{
    struct chain all = *c;
    *c = (struct chain){0};
    while (all.first) {
        struct duplex *d = take_first(&all, link);
        if (!duplex_closed(d)) append(c, d, link);
    }
}

void flush_add_dirty(struct flush *f, struct duplex *d)
{
    append(&f->dirty, d, dirty_of);
}

void flush_add_again(struct flush *f, struct duplex *d)
{
    append(&f->again, d, again_of);
}

void flush_add_line(struct flush *f, struct duplex *d)
{
    append(&f->line, d, again_of);
}

void flush_sweep(struct flush *f)
{
    if (!f->stale) return;
    sweep(&f->dirty, dirty_of);
    sweep(&f->line, again_of);
    sweep(&f->again, again_of);
    f->stale = false;
}

void flush_forget(struct flush *f, const struct duplex *d)
{
    f->stale |= d->dirty || d->again;
    for (size_t i = 0; i < f->n; i++) {
        if (f->duplexes[i] != d) continue;
        f->duplexes[i] = NULL;
        f->requests[i].fd = -1;
    }
}

/* ---- the turn -------------------------------------------------------------------------------- */

void flush_line_up(struct flush *f)
{
    if (f->line.first) f->line.last->again = f->again.first;
    else f->line.first = f->again.first;
    f->line.last = f->again.last;
    f->line.n += f->again.n;
    f->again = (struct chain){0};
}

void flush_next_in_line(struct flush *f)
{
    struct duplex *d = take_first(&f->line, again_of);
    if (duplex_closed(d)) return;
    if (duplex_stands_back(d) && f->line.first) append(&f->line, d, again_of);
    else duplex_go_on(d);
}

static void pull(struct flush *f, struct duplex *d)
{
    struct iovec *iov = f->iov[f->n];
    int n = d->handler->on_pull(d, iov, FLUSH_IOV);
    if (duplex_closed(d)) return;
    if (n < 0) {
        d->handler->on_error(d, n);
    } else if (n > 0) {
        assert(n <= FLUSH_IOV);
        f->requests[f->n] = (struct batch_request){.fd = d->io.fd, .n_iov = n, .iov = iov};
        f->duplexes[f->n++] = d;
    }
}

static void collect(struct flush *f, struct chain *todo)
{
    f->n = 0;
    while (f->n < FLUSH_REQUESTS && todo->first) {
        struct duplex *d = take_first(todo, dirty_of);
        if (!duplex_closed(d)) pull(f, d);
    }
}

static size_t offered(const struct batch_request *r)
{
    size_t bytes = 0;
    for (int i = 0; i < r->n_iov; i++) bytes += r->iov[i].iov_len;
    return bytes;
}

/* The socket is full: the duplex goes on when the kernel says so. */
static void wait_for_room(struct duplex *d)
{
    int err = duplex_want_write(d);
    if (err < 0) d->handler->on_error(d, err);
    else if (d->handler->on_full) d->handler->on_full(d);
}

static void settle(struct flush *f, size_t i)
{
    const struct batch_request *r = &f->requests[i];
    size_t total = offered(r); /* before on_sent, which may free the pieces */
    bool more = true;
    assert(total > 0);
    if (r->result > 0) more = f->duplexes[i]->handler->on_sent(f->duplexes[i], (size_t)r->result);

    struct duplex *d = f->duplexes[i];
    if (!d) return; /* on_sent closed it */
    if (r->result < 0 && r->result != -EAGAIN) d->handler->on_error(d, (int)r->result);
    else if (r->result < (ssize_t)total) wait_for_room(d);
    else if (more) flush_add_dirty(f, d);
}

static void settle_all(struct flush *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->duplexes[i]) settle(f, i);
    f->n = 0;
}

static void flush_round(struct flush *f, const struct sys *sys, struct ring *ring)
{
    struct chain todo = f->dirty;
    f->dirty = (struct chain){0};
    while (todo.first) {
        collect(f, &todo);
        batch_send(ring, sys, f->requests, f->n);
        settle_all(f);
    }
}

void flush_dirty(struct flush *f, const struct sys *sys, struct ring *ring)
{
    for (int round = 0; round < FLUSH_ROUNDS && f->dirty.first; round++) flush_round(f, sys, ring);
}
