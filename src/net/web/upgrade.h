/* SPDX-License-Identifier: MIT
 *
 * net/web/upgrade.h - the inside of a weft_upgrade: a request that wants to become a WebSocket
 */
#ifndef NET_WEB_UPGRADE_H
#define NET_WEB_UPGRADE_H

#include "net/web/request.h"

struct weft_upgrade {
    weft_request request;
    struct opener opener; /* a copy: routes move, and are replaced */
    struct terms terms;
    char accept[WEFT_ACCEPT_LEN + 1];
    char extension[WEFT_DEFLATE_TEXT]; /* what the 101 says about deflate */
    struct buf why;
    bool held; /* on_upgrade said so: it is the user's */
};

/* The head at hand asks for a WebSocket: accept, refuse, or hold it. The exchange may be gone afterwards. */
void upgrade_begin(struct exchange *x);

#endif
