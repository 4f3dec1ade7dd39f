/* SPDX-License-Identifier: MIT
 *
 * io/listener.h - a socket that accepts
 *
 *      ready -> accept4 ... -> on_accept        up to batch in one turn
 *      no descriptors or memory left:           those who wait are accepted with a spare descriptor and
 *                                               closed, so that they are told at once; then the listener
 *                                               rests (backoff, doubled each time up to tenfold): no spin
 */
#ifndef IO_LISTENER_H
#define IO_LISTENER_H

#include "io/loop.h"
#include "io/socket_file.h"

struct listener {
    struct io io;
    weft_loop *loop;
    struct timer rest;
    unsigned batch;
    uint64_t backoff, pause; /* ms: the first rest, the next one */
    int spare;
    bool rests;
    struct socket_file file;
    void (*on_accept)(struct listener *ln, int fd, const struct sock_addr *peer);
};

/* Does not listen yet. on_accept is given descriptors that are non-blocking, to keep or close.
 * batch and backoff_ms: limits accept_batch and accept_backoff. */
void listener_init(struct listener *ln, weft_loop *l, unsigned batch, uint64_t backoff_ms,
                   void (*on_accept)(struct listener *ln, int fd, const struct sock_addr *peer));

/* Listen at address; mode is that of a Unix socket's file, 0: as the umask says. Errors: as sock_listen and epoll_ctl,
 * and what goes wrong with the file's directory. */
int listener_open(struct listener *ln, const struct sock_addr *address, unsigned mode);

/* Take over a socket that listens. After an error it is the caller's as before. Errors: as sock_adopt_listening and
 * epoll_ctl. */
int listener_adopt(struct listener *ln, int fd);

/* Accept nobody for so long; also from on_accept. */
void listener_rest(struct listener *ln, uint64_t ms);

/* Stop listening; also from on_accept. The file of a Unix socket that was opened here goes, if it is still that one.
 * One that does not listen is fine. */
void listener_close(struct listener *ln);

/* The address with its real port. 0 or -errno. */
int listener_address(const struct listener *ln, struct sock_addr *out);

#endif
