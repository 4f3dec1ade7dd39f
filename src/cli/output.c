/* SPDX-License-Identifier: MIT
 *
 * cli/output.c - stdout that never blocks the loop
 */
#include "cli/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool can_take(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, 0) == 1;
}

static int write_some(struct output *o)
{
    size_t queued = output_queued(o);
    ssize_t n = write(o->fd, o->data + o->start, queued < PIPE_BUF ? queued : PIPE_BUF);
    if (n < 0) return errno == EINTR || errno == EAGAIN ? 0 : -errno;
    o->start += (size_t)n;
    return 0;
}

static void on_ready(void *user)
{
    struct output *o = user;
    int r = 0;
    while (output_queued(o) && can_take(o->fd) && r == 0) r = write_some(o);

    if (output_queued(o) && r == 0) return;
    o->start = o->end = 0;
    o->broken = r < 0;
    ready_want(&o->ready, false);
    if (r < 0) o->on_broken(o->user, r);
    else o->on_empty(o->user);
}

int output_init(struct output *o, weft_loop *l, int fd)
{
    o->fd = fd;
    return ready_init(&o->ready, l, fd, WEFT_WRITABLE, on_ready, o);
}

void output_deinit(struct output *o)
{
    ready_deinit(&o->ready);
    free(o->data);
}

size_t output_queued(const struct output *o)
{
    return o->end - o->start;
}

static int make_room(struct output *o, size_t len)
{
    size_t queued = output_queued(o);
    if (o->start) memmove(o->data, o->data + o->start, queued);
    o->start = 0;
    o->end = queued;

    size_t size = o->size ? o->size : 4096;
    while (size - queued < len) size *= 2;
    if (size == o->size) return 0;
    uint8_t *data = realloc(o->data, size);
    if (!data) return -ENOMEM;
    o->data = data;
    o->size = size;
    return 0;
}

int output_write(struct output *o, const void *data, size_t len)
{
    if (o->broken || !len) return 0;
    int r = o->size - o->end < len ? make_room(o, len) : 0;
    if (r < 0) return r;
    memcpy(o->data + o->end, data, len);
    o->end += len;
    ready_want(&o->ready, true);
    return 0;
}
