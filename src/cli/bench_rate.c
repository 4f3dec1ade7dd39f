/* SPDX-License-Identifier: MIT
 *
 * cli/bench_rate.c - messages that go out when they are due, whatever has become of those before them
 *
 * Message m of the worker belongs to sender m modulo n. A sender whose queue is full only remembers how
 * many it was asked for, so a server that cannot follow costs the generator neither memory nor time.
 */
#include "cli/bench_worker.h"

/* All connections, or those that publish: the first ones. */
static uint32_t senders(const struct bench_worker *w)
{
    return w->options->kind == BENCH_CHANNEL ? (uint32_t)w->options->publishers : w->n;
}

uint64_t bench_rate_due(const struct bench_conn *c, uint64_t nth)
{
    const struct bench_worker *w = c->worker;
    return w->start + pace_due(&w->pace, nth * senders(w) + c->index);
}

/* How many messages of the worker are due by now. */
static uint64_t due_by_now(const struct bench_worker *w)
{
    uint64_t now = bench_clock(), until = now < w->end ? now + 1 : w->end;
    uint64_t n = until > w->start ? pace_count(&w->pace, until - w->start) : 0;
    if (n > w->quota) n = w->quota;
    return n > w->sent ? n : w->sent;
}

/* Whoever has a new one is among the last so many. */
void bench_rate_turn(struct bench_worker *w)
{
    if (!w->options->rate) return;
    uint64_t all = due_by_now(w), m = w->sent;
    uint32_t n = senders(w);
    if (all - m > n) m = all - n;
    for (; m < all; m++) {
        struct bench_conn *c = &w->conns[m % n];
        c->asked = (all - c->index - 1) / n + 1;
        w->workload->flush(c);
    }
    w->sent = all;
}

bool bench_rate_owes(const struct bench_worker *w)
{
    return w->options->rate && due_by_now(w) > w->sent;
}

uint64_t bench_rate_next(const struct bench_worker *w)
{
    if (!w->options->rate) return BENCH_NOT_YET;
    uint64_t time = w->start + pace_due(&w->pace, w->sent);
    return time < w->end && w->sent < w->quota ? time : BENCH_NOT_YET;
}
