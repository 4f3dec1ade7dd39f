/* SPDX-License-Identifier: MIT
 *
 * net/client/dialers.h - where a loop's dialer comes from, which knows all who may sit on its lanes
 */
#ifndef NET_CLIENT_DIALERS_H
#define NET_CLIENT_DIALERS_H

#include "net/client/dialer.h"

/* The loop's; made when it is first asked for. NULL: no memory, or the loop is being freed. */
struct dialer *dialer_of(weft_loop *l);

#endif
