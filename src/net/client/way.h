/* SPDX-License-Identifier: MIT
 *
 * net/client/way.h - from a name to a lane on which the server itself listens
 *
 *      RESOLVING -> CONNECTING -> (PROXY) -> (SECURING) -> arrived
 *
 *      RESOLVING  -> CONNECTING  [resolved]     each address in turn, a share of the time each
 *      CONNECTING -> CONNECTING  [lost]         the next address
 *      CONNECTING -> PROXY       [connected]    CONNECT host:port
 *      CONNECTING, PROXY -> SECURING            the TLS handshake
 *      any        -> arrived                    the lane is whoever's asked for the way
 *      any        -> failed                     and there is no lane
 *
 * From CONNECTING on it sits on the lane.
 */
#ifndef NET_CLIENT_WAY_H
#define NET_CLIENT_WAY_H

#include "http/h1_client.h"
#include "io/resolve.h"
#include "net/client/dialer.h"
#include "net/client/options.h"

enum way_stage { WAY_NOWHERE, WAY_RESOLVING, WAY_CONNECTING, WAY_PROXY, WAY_SECURING };

struct way;

/* Why it ended in nothing. */
struct way_end {
    int error;
    const char *cause; /* constant, or for the call: it is copied if made is set */
    bool made;
    struct h1_client *response; /* a proxy's refusal, to be taken; NULL */
};

struct way {
    struct dialer *dialer;
    const struct options *options;
    const weft_limits *limits;
    void (*arrived)(struct way *w, struct lane *l);
    void (*failed)(struct way *w, const struct way_end *end);

    struct lane *lane;
    struct timer timer;
    struct lookup lookup;
    struct sock_addr addresses[LOOKUP_MAX];
    size_t n, next;    /* addresses, and which one to try */
    uint64_t deadline; /* of RESOLVING and CONNECTING together, ms */
    int error;         /* of the last address */
    struct outq out;   /* to a proxy */
    struct h1_client h1;
    enum way_stage stage;
};

extern const struct talk way_talk;

/* options and limits are kept. */
void way_init(struct way *w, struct dialer *dialer, const struct options *options,
              const weft_limits *limits);

/* Set out; arrived or failed follows from the loop. Errors, and nothing follows: WEFT_ERR_RESOLVE, WEFT_ERR_URL,
 * WEFT_ERR_ADDRESS, -ENOMEM and what starting a thread can say. */
int way_start(struct way *w);

/* Give up, silently: there is no lane. Twice is harmless. */
void way_stop(struct way *w);

#endif
