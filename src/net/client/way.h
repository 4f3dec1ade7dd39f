/* SPDX-License-Identifier: MIT
 *
 * net/client/way.h - from a name to a lane on which the server itself listens
 *
 *      BEGINNING -> RESOLVING -> CONNECTING -> (PROXY) -> (SECURING) -> arrived
 *
 *      BEGINNING  -> RESOLVING  [begin]         the user is asked for the host, from the loop; or nobody needs to be
 *      BEGINNING  -> CONNECTING [begin]         the user opens the socket, or has said the address
 *      RESOLVING  -> CONNECTING [resolved]      its addresses race (way_race.c), each on a lane of its own
 *      CONNECTING -> PROXY      [connected]     CONNECT host:port
 *      CONNECTING, PROXY -> SECURING            the TLS handshake
 *      any        -> arrived                    the lane is whoever's asked for the way
 *      any        -> failed                     and there is no lane
 *
 * From CONNECTING on it sits on the lane. Whoever asked may free the way when he is told.
 */
#ifndef NET_CLIENT_WAY_H
#define NET_CLIENT_WAY_H

#include "http/h1_client.h"
#include "io/resolve.h"
#include "net/client/dial.h"
#include "net/client/dialer.h"
#include "net/client/patience.h"

enum way_stage {
    WAY_NOWHERE,
    WAY_BEGINNING,
    WAY_RESOLVING,
    WAY_CONNECTING,
    WAY_PROXY,
    WAY_SECURING
};

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
    struct list link; /* the dialer's ways */
    const struct dial *dial;
    const weft_limits *limits;
    void (*arrived)(struct way *w, struct lane *l);
    void (*failed)(struct way *w, const struct way_end *end);

    struct lane *lane; /* that has won */
    struct timer timer;
    struct patience patience; /* over all redirects; RESOLVING and CONNECTING are one stage */
    struct lookup lookup;
    struct setting_out *setting_out; /* BEGINNING: the loop comes to it */
    weft_lookup *asked;              /* the user is looking it up; NULL: he is not */
    bool *stopped; /* for whoever has called the user and would go on; NULL: nobody */
    struct sock_addr addresses[LOOKUP_MAX];
    size_t n, next;                  /* addresses, and which one to try */
    struct lane *racers[LOOKUP_MAX]; /* CONNECTING: those that are being connected */
    size_t n_racers;
    int error;       /* of those that have failed, the most telling one's */
    struct outq out; /* to a proxy */
    struct h1_client h1;
    enum way_stage stage;
};

extern const struct talk way_talk;

/* The attempt begins. dial and limits are kept. */
void way_init(struct way *w, struct dialer *dialer, const struct dial *dial,
              const weft_limits *limits);

/* Set out; arrived or failed follows from the loop. Errors, and nothing follows: WEFT_ERR_RESOLVE, -ENOMEM and what
 * starting a thread can say. */
int way_start(struct way *w);

/* Give up, silently: there is no lane. Twice is harmless. */
void way_stop(struct way *w);

/* The same, and failed is told. */
void way_give_up(struct way *w, int error, const char *cause);

/* ---- between way.c, way_race.c and way_lane.c ------------------------------------------------ */

/* way_give_up, in the error's own words; and in words of the moment. */
void way_fail_plain(struct way *w, int error);
void way_fail_words(struct way *w, int error, const char *words);

/* A proxy has refused; the response is for whoever asked for the way. */
void way_fail_refused(struct way *w);

/* Connect to one of these; n is not 0. Then the next one, if any is left: or failed, when none is under way. */
void way_race(struct way *w, const struct sock_addr *addresses, size_t n);
void way_race_on(struct way *w);

/* A socket that is being connected takes part. */
void way_ride(struct way *w, int fd);

/* This one is connected; it has failed; nobody has to run any more. */
void way_race_won(struct way *w, struct lane *l);
void way_race_lost(struct way *w, struct lane *l, int error);
void way_race_stop(struct way *w);

/* Time passes, so many ms, but no more than the stage has; WEFT_NEVER: as many as that. */
void way_wait(struct way *w, uint64_t ms);

/* A stage begins, which has so many ms by that limit: in place of the deadline that runs. */
void way_start_timer(struct way *w, uint64_t ms, const char *limit);

#endif
