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
    return f->dirty.first || f->again.first;
}

/* ---- chains ---------------------------------------------------------------------------------- */

/* Both kinds of chain are walked in one way: next is where in a stream its link lies. */
typedef struct stream **(*link_of)(struct stream *s);

static struct stream **dirty_of(struct stream *s)
{
    return &s->dirty;
}

static struct stream **again_of(struct stream *s)
{
    return &s->again;
}

static inline void append(struct chain *c, struct stream *s, link_of link)
{
    if (*link(s)) return;
    *link(s) = s;
    if (c->first) *link(c->last) = s;
    else c->first = s;
    c->last = s;
    c->n++;
}

static inline struct stream *take_first(struct chain *c, link_of link)
{
    struct stream *s = c->first, *next = *link(s);
    c->first = next == s ? NULL : next;
    *link(s) = NULL;
    c->n--;
    return s;
}

static inline void sweep(struct chain *c, link_of link)
{
    struct chain all = *c;
    *c = (struct chain){0};
    while (all.first) {
        struct stream *s = take_first(&all, link);
        if (!stream_closed(s)) append(c, s, link);
    }
}

void flush_add_dirty(struct flush *f, struct stream *s)
{
    append(&f->dirty, s, dirty_of);
}

void flush_add_again(struct flush *f, struct stream *s)
{
    append(&f->again, s, again_of);
}

void flush_sweep(struct flush *f)
{
    if (!f->stale) return;
    sweep(&f->dirty, dirty_of);
    sweep(&f->again, again_of);
    f->stale = false;
}

void flush_forget(struct flush *f, const struct stream *s)
{
    f->stale |= s->dirty || s->again;
    for (size_t i = 0; i < f->n; i++) {
        if (f->streams[i] != s) continue;
        f->streams[i] = NULL;
        f->requests[i].fd = -1;
    }
}

/* ---- the turn -------------------------------------------------------------------------------- */

void flush_again(struct flush *f)
{
    struct chain todo = f->again;
    f->again = (struct chain){0};
    while (todo.first) {
        struct stream *s = take_first(&todo, again_of);
        if (stream_closed(s)) continue;
        if (stream_stands_back(s) && todo.first) append(&todo, s, again_of);
        else stream_go_on(s);
    }
}

static void pull(struct flush *f, struct stream *s)
{
    struct iovec *iov = f->iov[f->n];
    int n = s->handler->on_pull(s, iov, FLUSH_IOV);
    if (stream_closed(s)) return;
    if (n < 0) {
        s->handler->on_error(s, n);
    } else if (n > 0) {
        assert(n <= FLUSH_IOV);
        f->requests[f->n] = (struct batch_request){.fd = s->io.fd, .n_iov = n, .iov = iov};
        f->streams[f->n++] = s;
    }
}

static void collect(struct flush *f, struct chain *todo)
{
    f->n = 0;
    while (f->n < FLUSH_REQUESTS && todo->first) {
        struct stream *s = take_first(todo, dirty_of);
        if (!stream_closed(s)) pull(f, s);
    }
}

static size_t offered(const struct batch_request *r)
{
    size_t bytes = 0;
    for (int i = 0; i < r->n_iov; i++) bytes += r->iov[i].iov_len;
    return bytes;
}

/* The socket is full: the stream goes on when the kernel says so. */
static void wait_for_room(struct stream *s)
{
    int err = stream_want_write(s);
    if (err < 0) s->handler->on_error(s, err);
    else if (s->handler->on_full) s->handler->on_full(s);
}

static void settle(struct flush *f, size_t i)
{
    const struct batch_request *r = &f->requests[i];
    size_t total = offered(r); /* before on_sent, which may free the pieces */
    bool more = true;
    assert(total > 0);
    if (r->result > 0) more = f->streams[i]->handler->on_sent(f->streams[i], (size_t)r->result);

    struct stream *s = f->streams[i];
    if (!s) return; /* on_sent closed it */
    if (r->result < 0 && r->result != -EAGAIN) s->handler->on_error(s, (int)r->result);
    else if (r->result < (ssize_t)total) wait_for_room(s);
    else if (more) flush_add_dirty(f, s);
}

static void settle_all(struct flush *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->streams[i]) settle(f, i);
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
