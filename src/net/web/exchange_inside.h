/* SPDX-License-Identifier: MIT
 *
 * net/web/exchange_inside.h - the inside of an exchange (exchange.h), for the files that it is made of
 */
#ifndef NET_WEB_EXCHANGE_INSIDE_H
#define NET_WEB_EXCHANGE_INSIDE_H

#include "http/field_list.h"
#include "http/h1.h"
#include "net/lane.h"
#include "net/site.h"
#include "net/web/asker.h"

struct access;

struct exchange {
    struct lane *lane;
    struct h1 h1;
    struct outq out;
    weft_request *request; /* waits for its reply */
    weft_upgrade *upgrade; /* waits for its answer */
    struct asker asker;
    uint16_t limits;        /* site_limits: of the newest request's route */
    struct access *access;  /* of the request at hand; NULL: nobody wants to know, or it is told */
    struct field_list cors; /* what every answer to it says, too */
    bool varies;            /* and that it varies with Origin */
    uint64_t body_since;    /* when the time of the body at hand began, ms */
    uint64_t body_before;   /* how much of it had come then */
    bool receiving;         /* the deadline for a request runs */
    bool in_body;           /* for its body */
    bool full;              /* the next request waits until the client has read more */
};

static inline const weft_env *exchange_env(const struct exchange *x)
{
    return lane_env(x->lane);
}

static inline const weft_limits *exchange_limits(const struct exchange *x)
{
    return site_limits(lane_site(x->lane), x->limits);
}

/* It has the lane, after so many requests. NULL: no memory. */
struct exchange *exchange_new(struct lane *l, uint32_t requests);
void exchange_free(struct exchange *x);

#endif
