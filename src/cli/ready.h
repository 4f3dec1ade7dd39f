/* SPDX-License-Identifier: MIT
 *
 * cli/ready.h - be called when a descriptor can be read or written, whatever it is
 *
 * Pipes, terminals and sockets are watched. A regular file cannot be (epoll says EPERM): it is always
 * ready, so its turn comes by weft_loop_post.
 */
#ifndef CLI_READY_H
#define CLI_READY_H

#include <weft/loop.h>

struct ready {
    weft_loop *loop;
    weft_watch *watch; /* NULL: always ready */
    unsigned events;   /* WEFT_READABLE or WEFT_WRITABLE */
    bool wanted, posted;
    void (*on_ready)(void *user);
    void *user;
};

/* Nothing is wanted at first. Errors: -errno. r must stay until the loop has stopped for good. */
int ready_init(struct ready *r, weft_loop *l, int fd, unsigned events, void (*on_ready)(void *user),
               void *user);
void ready_want(struct ready *r, bool wanted);
void ready_deinit(struct ready *r); /* a struct of zeros is fine */

#endif
