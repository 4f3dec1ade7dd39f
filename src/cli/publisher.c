/* SPDX-License-Identifier: MIT
 *
 * cli/publisher.c - the course of a weft pub
 *
 *      connecting -> ready -> leaving -> over
 *          ^           |
 *          +-----------+  gone, and it may help
 *
 * It is over when all is confirmed, or when something cannot be: the server refuses it, nothing is confirmed for as
 * long as -w says, the connection does not come again, or the epoch is another one.
 */
#include "cli/publisher.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/cli.h"

/* ---- the end --------------------------------------------------------------------------------- */

/* What may have been published, or not, and what was not. */
static void report_unconfirmed(const struct publisher *p)
{
    const struct pending *pending = &p->pending;
    if (!pending->n) return;
    uint64_t first = pending->first->number, last = pending->last->number;
    if (p->o->message || p->o->whole)
        complain("the message is not confirmed: it may have been published, or not");
    else if (first == last)
        complain("line %" PRIu64
                 " of the input is not confirmed: it may have been published, or not; "
                 "what is behind it was not",
                 first);
    else
        complain("lines %" PRIu64 " to %" PRIu64
                 " of the input are not confirmed: each may have been published, or not; what is "
                 "behind them was not",
                 first, last);
}

/* Now, whatever is under way. */
void publisher_give_up(struct publisher *p, int status)
{
    report_unconfirmed(p);
    if (!p->status) p->status = status;
    publisher_input_done(p, status);
    p->leaving = true;
    p->ready = false;
    p->outlet->drop(p);
    weft_loop_stop(p->loop);
}

static void leave_when_done(struct publisher *p)
{
    if (!p->done || p->pending.n || p->leaving || !p->ready) return;
    p->leaving = true;
    weft_timer_stop(p->patience);
    p->outlet->leave(p);
}

static void on_patience(weft_timer *t, void *user)
{
    (void)t;
    struct publisher *p = user;
    complain("nothing was confirmed for as long as -w says");
    publisher_give_up(p, EXIT_TIMEOUT);
}

/* For a server that takes something, and for what is pending, from the last that was confirmed on. */
static void await(struct publisher *p)
{
    if ((p->pending.n || !p->ready) && p->o->wait && !p->leaving)
        weft_timer_start(p->patience, p->o->wait);
    else weft_timer_stop(p->patience);
}

/* A message that is one has to be there whole. */
static bool is_cut_short(const struct publisher *p)
{
    return !p->done && (p->o->whole || p->o->message);
}

/* The first signal ends the input, the second one everything. */
static void on_signal(void *user)
{
    struct publisher *p = user;
    if (is_cut_short(p)) {
        complain("interrupted: nothing was published");
        publisher_give_up(p, EXIT_LOST);
    } else if (p->done || !p->ready) {
        publisher_give_up(p, p->pending.n ? EXIT_LOST : EXIT_CLEAN);
    } else {
        publisher_input_done(p, 0);
    }
    leave_when_done(p);
}

/* ---- what there is to do --------------------------------------------------------------------- */

void publisher_go_on(struct publisher *p)
{
    bool had = p->pending.n;
    publisher_input_pump(p);
    if (!had || !p->pending.n) await(p);
    if (p->ready) p->outlet->send(p);
    leave_when_done(p);
}

void publisher_is_ready(struct publisher *p)
{
    p->ready = true;
    again_is_open(&p->again);
    publisher_go_on(p);
}

/* ---- what comes of it ------------------------------------------------------------------------ */

bool publisher_is_at(struct publisher *p, const char *position)
{
    size_t len = strcspn(position, ".");
    bool is_one = position[len] == '.' && len < sizeof p->epoch;
    bool changed = is_one && p->epoch[0] && (strncmp(p->epoch, position, len) || p->epoch[len]);
    if (is_one) snprintf(p->epoch, sizeof p->epoch, "%.*s", (int)len, position);
    if (!changed || !p->in_doubt) return true;
    complain("%s has begun anew, and has forgotten what it was told before", p->url->shown);
    publisher_give_up(p, EXIT_LOST);
    return false;
}

static void take(struct publisher *p, size_t n)
{
    for (; n && p->pending.first; n--) {
        pending_take(&p->pending);
        if (p->in_doubt) p->in_doubt--;
    }
    await(p);
}

void publisher_confirmed(struct publisher *p, size_t n, const char *position)
{
    if (!publisher_is_at(p, position)) return;
    again_is_good(&p->again);
    take(p, n);
    publisher_go_on(p);
}

void publisher_refused(struct publisher *p, size_t n)
{
    take(p, n);
    publisher_input_done(p, EXIT_REFUSED);
    pending_drop_unsent(&p->pending);
    publisher_go_on(p);
}

void publisher_gone(struct publisher *p, const weft_close_info *info, bool opened,
                    uint64_t retry_ms, int (*report)(struct publisher *p, const weft_close_info *i))
{
    bool over = p->leaving;
    p->ready = false;
    publisher_input_pump(p);
    if (!over && again_may_help(&p->again, info, opened)) {
        complain("%s: %s; connecting again", p->url->shown,
                 *info->cause ? info->cause : "the server has closed the connection");
        p->again.retry_ms = retry_ms;
        again_start(&p->again);
        if (!p->pending.n) await(p);
        return;
    }
    int status = over ? EXIT_CLEAN : report(p, info);
    if (!over) publisher_give_up(p, status ? status : EXIT_LOST);
    weft_loop_stop(p->loop);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_again(weft_timer *t, void *user)
{
    (void)t;
    struct publisher *p = user;
    if (p->in_doubt < p->pending.n_sent) p->in_doubt = p->pending.n_sent;
    pending_rewind(&p->pending);
    int r = p->outlet->begin(p);
    if (r) publisher_give_up(p, r);
}

/* Nobody else's keys begin like this. */
static int choose_prefix(char out[ONCE_PREFIX + 1])
{
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return complain("cannot start: no random numbers");
    snprintf(out, ONCE_PREFIX + 1, "%016" PRIx64, random);
    return 0;
}

static int start(struct publisher *p)
{
    weft_loop_config config = {.env = &p->trace.env};
    int r;
    if ((r = weft_loop_new(&p->loop, &config)) < 0 ||
        (r = signals_init(&p->signals, p->loop, on_signal, p)) < 0 ||
        (r = weft_timer_new(&p->patience, p->loop, on_patience, p)) < 0 ||
        (r = again_init(&p->again, p->loop, on_again, p)) < 0 || (r = publisher_input_init(p)) < 0)
        return complain("cannot start: %s", weft_strerror(r));
    await(p);
    r = choose_prefix(p->once);
    return r ? r : p->outlet->begin(p);
}

static void finish(struct publisher *p)
{
    p->leaving = true;
    if (p->loop) p->outlet->drop(p);
    http_deinit(&p->http);
    weft_timer_free(p->patience);
    again_deinit(&p->again);
    publisher_input_deinit(p);
    signals_deinit(&p->signals);
    weft_loop_free(p->loop);
    pending_free(&p->pending);
    free(p->channel_json);
    journal_deinit(&p->journal);
}

int publisher_run(const struct pub_options *o, struct channel_url *url)
{
    struct publisher p = {
        .o = o, .url = url, .outlet = url->posts ? &publisher_by_post : &publisher_by_ws};
    journal_init(&p.journal, STDERR_FILENO);
    trace_init(&p.trace, o->access.verbose, &p.journal, NULL);
    int status = start(&p);
    if (status == 0) {
        int r = weft_loop_run(p.loop);
        status = r < 0 ? complain("the loop stopped: %s", weft_strerror(r)) : p.status;
    }
    finish(&p);
    return status;
}
