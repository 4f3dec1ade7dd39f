/* SPDX-License-Identifier: MIT
 *
 * net/client/dialer.h - what a loop's clients share: the class of their lanes, their TLS, and who is on the way
 */
#ifndef NET_CLIENT_DIALER_H
#define NET_CLIENT_DIALER_H

#include "base/list.h"
#include "net/lane.h"
#include <weft/tls.h>

struct dialer {
    struct attachment attachment; /* net's */
    struct net *net;
    struct lane_class lane_class;
    struct list ways; /* that lead to no lane yet */
    weft_tls *tls;    /* of those who say nothing of it; NULL until one needs it */
};

#endif
