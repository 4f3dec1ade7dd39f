/* SPDX-License-Identifier: MIT
 *
 * net/web/exchange_refuse.h - a request is refused, and the log told
 */
#ifndef NET_WEB_EXCHANGE_REFUSE_H
#define NET_WEB_EXCHANGE_REFUSE_H

#include "net/web/exchange_inside.h"

struct refusal {
    int status;
    const char *why;  /* for us: a constant */
    const char *type; /* of the body; NULL: none, or fields say it */
    weft_bytes body;
    const struct field_list *fields; /* may be NULL */
    unsigned retry_after;            /* seconds; 0: nothing is said of it */
};

/* Refuse the request that is due and close. When memory is short of even that the lane is dropped, and with it the
 * exchange. */
void exchange_refuse_with(struct exchange *x, const struct refusal *r);

/* The same, with a line of text as the body; or with one that says why. Where the route has a way of its own to say it,
 * the user answers in its place. */
void exchange_refuse_plainly(struct exchange *x, struct refusal *r, const char *text);
void exchange_refuse(struct exchange *x, int status, const char *why);

/* With 503: the server lets nobody in who is new, and perhaps will in so many seconds. */
void exchange_refuse_for_now(struct exchange *x, unsigned retry_s);

#endif
