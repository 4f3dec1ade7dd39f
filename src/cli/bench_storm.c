/* SPDX-License-Identifier: MIT
 *
 * cli/bench_storm.c - connections are opened and closed, again and again
 *
 *      TCP, TLS, upgrade -> on_open -> Close, or with --reset none -> on_close -> the next one
 */
#include "cli/bench_worker.h"

static void on_open(struct bench_conn *c)
{
    struct bench_worker *w = c->worker;
    uint64_t now = bench_now(w, c);
    bench_count(w, now, 0);
    if (bench_counts(w, now)) histogram_add(&w->latency, now - c->began);
    if (w->options->reset) weft_abort(c->conn);
    else weft_close(c->conn, WEFT_CLOSE_NORMAL, NULL);
}

static void on_close(struct bench_conn *c)
{
    bench_open_again(c);
}

static void start(struct bench_worker *w)
{
    for (uint32_t i = 0; i < w->n; i++) bench_open_again(&w->conns[i]);
}

static bool settled(const struct bench_worker *w)
{
    return w->under_way == 0 && atomic_load_explicit(&w->tally.open, memory_order_relaxed) == 0;
}

const struct bench_workload bench_storm = {
    .on_open = on_open,
    .on_close = on_close,
    .start = start,
    .settled = settled,
};
