/* SPDX-License-Identifier: MIT
 *
 * io/flush.c - pull, send, settle
 */
#include "io/flush.h"

#include <assert.h>
#include <errno.h>

void flush_init(struct flush *f)
{
    list_init(&f->dirty);
    list_init(&f->again);
    f->n = 0;
}

bool flush_waiting(const struct flush *f)
{
    return !list_empty(&f->dirty) || !list_empty(&f->again);
}

void flush_forget(struct flush *f, const struct stream *s)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->streams[i] != s) continue;
        f->streams[i] = NULL;
        f->requests[i].fd = -1;
    }
}

void flush_again(struct flush *f)
{
    struct list todo;
    list_init(&todo);
    list_splice(&todo, &f->again);
    while (!list_empty(&todo)) {
        struct stream *s = container_of(todo.next, struct stream, again);
        list_remove(&s->again);
        s->handler->on_again(s);
    }
}

static void pull(struct flush *f, struct stream *s)
{
    struct iovec *iov = f->iov[f->n];
    int n = s->handler->on_pull(s, iov, FLUSH_IOV);
    if (stream_closed(s)) return;
    if (n < 0) {
        s->handler->on_error(s, n);
    } else if (n == 0) {
        stream_drained(s);
    } else {
        assert(n <= FLUSH_IOV);
        f->requests[f->n] = (struct batch_request){.fd = s->io.fd, .n_iov = n, .iov = iov};
        f->streams[f->n++] = s;
    }
}

static void collect(struct flush *f, struct list *todo)
{
    f->n = 0;
    while (f->n < FLUSH_REQUESTS && !list_empty(todo)) {
        struct stream *s = container_of(todo->next, struct stream, dirty);
        list_remove(&s->dirty);
        pull(f, s);
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
    else if (!more) stream_drained(s);
    else if (list_empty(&s->dirty)) list_append(&f->dirty, &s->dirty);
}

static void settle_all(struct flush *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->streams[i]) settle(f, i);
    f->n = 0;
}

static void flush_round(struct flush *f, const struct sys *sys, struct ring *ring)
{
    struct list todo;
    list_init(&todo);
    list_splice(&todo, &f->dirty);
    while (!list_empty(&todo)) {
        collect(f, &todo);
        batch_send(ring, sys, f->requests, f->n);
        settle_all(f);
    }
}

void flush_dirty(struct flush *f, const struct sys *sys, struct ring *ring)
{
    for (int round = 0; round < FLUSH_ROUNDS && !list_empty(&f->dirty); round++)
        flush_round(f, sys, ring);
}
