/* SPDX-License-Identifier: MIT
 *
 * net/client/dialer.h - what a loop's clients share: the class of their lanes, their TLS, and who is on the way
 */
#ifndef NET_CLIENT_DIALER_H
#define NET_CLIENT_DIALER_H

#include "base/list.h"
#include "net/lane.h"
#include "net/wire/tls_sessions.h"

struct dialer {
    struct attachment attachment; /* net's */
    struct net *net;
    struct lane_class lane_class;
    struct list dials;                /* that are not open yet */
    struct list tls_contexts;         /* those that live */
    struct tls_sessions tls_sessions; /* to be resumed */
};

/* The loop's; made when it is first asked for. NULL: no memory, or the loop is being freed. */
struct dialer *dialer_of(weft_loop *l);

#endif
