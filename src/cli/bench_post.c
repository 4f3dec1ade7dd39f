/* SPDX-License-Identifier: MIT
 *
 * cli/bench_post.c - each connection publishes by POST, one message after the other: the next when there is an answer
 */
#include "cli/bench_reader.h"

static void post_next(struct bench_conn *c)
{
    struct bench_worker *w = c->worker;
    if (bench_clock() >= w->end || w->sent >= w->quota || !c->open) return;
    w->sent++;
    c->began = bench_clock();
    c->asked++;
    bench_reader_post(c, w->messages.bytes[(c->index + c->sent++) % w->messages.n]);
}

static void start(struct bench_worker *w)
{
    for (uint32_t i = 0; i < w->n; i++) post_next(&w->conns[i]);
}

void bench_posted(struct bench_conn *c)
{
    struct bench_worker *w = c->worker;
    uint64_t now = bench_now(w, c);
    bench_count(w, now, w->messages.bytes[(c->index + c->answered++) % w->messages.n].len);
    if (bench_counts(w, now)) histogram_add(&w->latency, now - c->began);
    post_next(c);
}

static bool settled(const struct bench_worker *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (w->conns[i].open && w->conns[i].answered < w->conns[i].asked) return false;
    return true;
}

const struct bench_workload bench_post = {.start = start, .settled = settled};
