/* SPDX-License-Identifier: MIT
 *
 * cli/drain.c - from phase to phase
 */
#include "cli/drain.h"

#include <signal.h>

enum { DELAY_MS = 5000, DRAIN_MS = 20000, DRAIN_PASSED_MS = 5000, RETRY_SPREAD_MIN_S = 4 };

static uint64_t or_usual(uint64_t said, uint64_t usual)
{
    return said == DRAIN_UNSAID ? usual : said;
}

struct drain_times drain_times_of(const struct drain_times *said, bool supervised, bool passed)
{
    uint64_t delay = passed ? 0 : DELAY_MS, drain = passed ? DRAIN_PASSED_MS : DRAIN_MS;
    if (!supervised) delay = drain = 0;
    return (struct drain_times){or_usual(said->delay, delay), or_usual(said->drain, drain)};
}

/* ---- phases, from the last one up ------------------------------------------------------------ */

static void on_gone(weft_server *s, void *user)
{
    struct drain *d = user;
    (void)s;
    d->stage = DRAIN_OVER;
}

static void enter(struct drain *d, enum drain_phase stage)
{
    d->stage = stage;
    health_leaves(d->health);
    d->on_phase(d, d->user);
}

static void leave(struct drain *d, uint16_t code)
{
    enter(d, DRAIN_LEAVING);
    if (weft_server_shutdown(d->server, code, on_gone, d) < 0) d->stage = DRAIN_OVER;
}

static void on_asked(weft_server *s, void *user)
{
    (void)s;
    leave(user, WEFT_CLOSE_SERVICE_RESTART);
}

static void turn_away(const struct drain *d)
{
    unsigned spread_s = (unsigned)(d->times.drain / 1000);
    if (d->passed) weft_server_unlisten(d->server);
    else
        weft_server_refuse(d->server, 1,
                           spread_s < RETRY_SPREAD_MIN_S ? RETRY_SPREAD_MIN_S : spread_s);
}

static void drain(struct drain *d)
{
    enter(d, DRAIN_DRAINING);
    turn_away(d);
    trace_line(d->trace, "draining");
    int r = weft_server_drain(d->server, WEFT_CLOSE_SERVICE_RESTART, d->times.drain, on_asked, d);
    if (r < 0) leave(d, WEFT_CLOSE_SERVICE_RESTART);
}

static void on_time(weft_timer *timer, void *user)
{
    (void)timer;
    drain(user);
}

static void delay(struct drain *d)
{
    enter(d, DRAIN_DELAYING);
    weft_timer_start(d->timer, d->times.delay);
}

/* ---- life ------------------------------------------------------------------------------------ */

int drain_init(struct drain *d, weft_loop *l)
{
    d->stage = DRAIN_SERVING;
    return weft_timer_new(&d->timer, l, on_time, d);
}

void drain_deinit(struct drain *d)
{
    weft_timer_free(d->timer);
}

static void begin_to_end(struct drain *d, int number)
{
    bool in_phases = number == SIGTERM && (d->times.delay || d->times.drain);
    trace_line(d->trace, "leaving; once more to stop at once");
    if (!in_phases) leave(d, WEFT_CLOSE_GOING_AWAY);
    else if (d->times.delay) delay(d);
    else drain(d);
}

void drain_signal(struct drain *d, int number)
{
    if (d->stage == DRAIN_SERVING) begin_to_end(d, number);
    else d->stage = DRAIN_OVER;
}
