/* SPDX-License-Identifier: MIT
 *
 * net/client/user_lookup.h - a weft_lookup: a name that the user looks up
 *
 *      user_lookup_new -> the user's -> weft_lookup_answer -> posted to the loop -> on_done, and it is freed
 *
 * It may outlive who asked, and the loop: then nobody is told.
 */
#ifndef NET_CLIENT_USER_LOOKUP_H
#define NET_CLIENT_USER_LOOKUP_H

#include "io/loop.h"
#include "io/resolve.h"
#include <weft/dial.h>

struct weft_lookup {
    weft_errand post;
    weft_loop *loop;
    weft_env env; /* its memory is by this one */
    bool has_env;
    bool answered; /* and posted */
    void *asker;   /* NULL: who asked is gone */
    void (*on_done)(void *asker, int error, const struct sock_addr *addresses, size_t n);
    int error;
    uint16_t port;
    size_t n;
    struct sock_addr addresses[LOOKUP_MAX];
};

/* To be given to the user. on_done is as in io/resolve.h; the addresses get the port. NULL: no memory. */
weft_lookup *user_lookup_new(weft_loop *l, uint16_t port, void *asker,
                             void (*on_done)(void *asker, int error,
                                             const struct sock_addr *addresses, size_t n));

/* Whoever asked is gone. NULL is fine. */
void user_lookup_cancel(weft_lookup *k);

/* The user does not want it. Who asked, or NULL if he is gone. */
void *user_lookup_refused(weft_lookup *k);

#endif
