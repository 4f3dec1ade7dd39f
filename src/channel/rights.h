/* SPDX-License-Identifier: MIT
 *
 * channel/rights.h - who may do what: the program is asked, and answers at once or later
 *
 *      rights_ask -> on_ask ... weft_channel_ask_grant, _refuse -> granted or refused
 *
 * Embedded in what asks, first: a visit, or a command of weft.v1 that is about another channel.
 */
#ifndef CHANNEL_RIGHTS_H
#define CHANNEL_RIGHTS_H

#include "channel/channels.h"
#include "channel/pass.h"
#include "channel/refusal.h"

struct weft_channel_ask {
    weft_channels *channels;
    weft_bytes name;
    unsigned needs; /* of weft_right */
    weft_request *request;
    weft_upgrade *upgrade; /* whose request that is; NULL: none */
    weft_conn *conn;       /* of a command; NULL: it is a request */
    weft_bytes token;      /* of a command that is a token; else empty */
    struct pass *pass;     /* in granted: what there is besides rights, to be taken over; or NULL */

    /* One of them, once: with all that he may do, which is enough; or why not. */
    void (*granted)(weft_channel_ask *a, unsigned rights);
    void (*refused)(weft_channel_ask *a, const struct refusal *why);
};

void rights_ask(weft_channel_ask *a);

#endif
