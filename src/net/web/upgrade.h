/* SPDX-License-Identifier: MIT
 *
 * net/web/upgrade.h - the inside of a weft_upgrade: a request that wants to become a WebSocket
 */
#ifndef NET_WEB_UPGRADE_H
#define NET_WEB_UPGRADE_H

#include "net/web/request.h"

/*
 *      ASKED -> ANSWERED -> freed  [weft_upgrade_accept, _refuse]   inside on_upgrade: when that has returned
 *            -> freed              [decide]                         it returned the answer
 *            -> HELD -> freed      [weft_upgrade_accept, _refuse]   it returned WEFT_HOLD
 */
enum upgrade_state { UPGRADE_ASKED, UPGRADE_ANSWERED, UPGRADE_HELD };

struct weft_upgrade {
    weft_request request;
    struct opener opener; /* a copy: routes move, and are replaced */
    struct terms terms;
    weft_conn *
        conn; /* made before on_upgrade is asked, which can count on it then; not of one that is held */
    char accept[WEFT_ACCEPT_LEN + 1];
    char extension[WEFT_DEFLATE_TEXT]; /* what the 101 says about deflate */
    struct buf type, body;             /* of a refusal; type has its NUL */
    bool has_body;                     /* the user gave one */
    uint8_t state;                     /* enum upgrade_state */
    int answer; /* what on_upgrade said, or a call inside it: 0, or a status */
};

/* The head at hand asks for a WebSocket: accept, refuse, or hold it. The exchange may be gone afterwards. */
void upgrade_begin(struct exchange *x);

#endif
