/* SPDX-License-Identifier: MIT
 *
 * cli/drain.h - how a server ends: at once, or in phases, so that nobody who is served by several of them notices
 *
 *               SIGTERM              the delay is over         all were asked          all are gone
 *      SERVING ---------> DELAYING -------------------> DRAINING ------------> LEAVING ------------> OVER
 *         |    \                                            ^                     ^                    ^
 *         |     '------- SIGTERM, and there is no delay ----'                     |                    |
 *         '------------- SIGINT; SIGTERM, and there is neither -------------------'                    |
 *                        a second signal, in any phase but SERVING ------------------------------------'
 *
 *      DELAYING    /readyz is 503, as in all that follow. Who comes is served: load balancers notice late
 *      DRAINING    who is new is refused (503, Retry-After), or, where all sockets were passed to us, waits in
 *                  their backlog. Who is there is asked to leave, one after the other. POST publishes to the end
 *      LEAVING     the listeners are closed, and so is who is left: weft_server_shutdown
 *
 * Who is drained is told 1012, a restart; who is not, 1001.
 *
 * What nobody has said (DRAIN_UNSAID) depends on who would notice. A program that is started from a shell, or by a
 * test, ends at once: no load balancer asks it. Under systemd (NOTIFY_SOCKET, passed sockets) there are 5 s and 20 s;
 * where all sockets were passed it is none and 5 s, because nobody is sent elsewhere, but waits for the next process.
 */
#ifndef CLI_DRAIN_H
#define CLI_DRAIN_H

#include "cli/health.h"
#include "cli/trace.h"

#define DRAIN_UNSAID UINT64_MAX

enum drain_phase { DRAIN_SERVING, DRAIN_DELAYING, DRAIN_DRAINING, DRAIN_LEAVING, DRAIN_OVER };

/* How long it takes, in ms. */
struct drain_times {
    uint64_t delay, drain;
};

struct drain {
    enum drain_phase stage;
    struct drain_times times;
    bool passed; /* all sockets were: who is new waits there */
    weft_server *server;
    struct health *health;
    const struct trace *trace;
    void (*on_phase)(const struct drain *d, void *user); /* another one has begun */
    void *user;
    weft_timer *timer;
};

/* What holds, of what was said. supervised: by systemd. */
struct drain_times drain_times_of(const struct drain_times *said, bool supervised, bool passed);

/* All but stage and timer are set. Errors: -ENOMEM. */
int drain_init(struct drain *d, weft_loop *l);
void drain_deinit(struct drain *d); /* behind the server; one of zeros is fine */

/* SIGINT or SIGTERM has come. */
void drain_signal(struct drain *d, int number);

#endif
