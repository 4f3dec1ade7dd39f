/* SPDX-License-Identifier: MIT
 *
 * cli/bench_worker.c - one thread, one loop, its share of the connections
 *
 *      read the plan -> open some more -> workload->turn -> weft_loop_turn -> on_open, on_chunk, on_close
 *
 * The load uses the library as any program would: weft_connect, a weft_handler, weft_send_message.
 */
#include "cli/bench_worker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench_reader.h"
#include "cli/cli.h"
#include "cli/connect.h"
#include "cli/outcome.h"

#define MS UINT64_C(1000000)

enum { TURN_MS = 20, READY_MS = 1, SETTLE_MS = 1000, GOODBYE_MS = 2000 };

/* ---- connections ----------------------------------------------------------------------------- */

static void note_error(struct bench_worker *w)
{
    atomic_store_explicit(&w->tally.errors, blame_total(&w->blame), memory_order_relaxed);
}

static void failed(struct bench_worker *w)
{
    bench_tally_add(&w->tally.failed, 1);
    note_error(w);
}

size_t bench_url_of(const struct bench_conn *c)
{
    const struct bench_worker *w = c->worker;
    return (c->index * w->options->threads + w->number) % w->options->urls.n;
}

/* What it cannot ask has been said. */
static int connect_one(struct bench_conn *c)
{
    struct bench_worker *w = c->worker;
    const char *url = w->options->urls.items[bench_url_of(c)];
    if (bench_is_reader(c)) return bench_reader_open(c) == 0 ? 0 : WEFT_ERR_URL;
    return weft_connect(&c->conn, w->loop, url, w->client, &w->handler, c);
}

static void open_one(struct bench_conn *c)
{
    struct bench_worker *w = c->worker;
    c->began = bench_clock();
    c->open = c->broken = false;
    int r = connect_one(c);
    if (r == 0) {
        w->under_way++;
        return;
    }
    c->conn = NULL;
    blame_add(&w->blame, weft_errname(r), connect_words(r), outcome_exit_connect(r));
    failed(w);
}

void bench_wrong(struct bench_conn *c, const char *cause, const char *format, ...)
{
    char words[128];
    va_list args;
    if (c->broken) return;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    blame_add(&c->worker->blame, cause, words, EXIT_PROTOCOL);
    note_error(c->worker);
    c->broken = true;
    if (c->conn) weft_abort(c->conn);
}

void bench_opened(struct bench_conn *c)
{
    struct bench_worker *w = c->worker;
    c->open = true;
    w->under_way--;
    histogram_add(&w->opening, bench_now(w, c) - c->began);
    bench_tally_add(&w->tally.open, 1);
    bench_tally_add(&w->tally.opened, 1);
    if (c->conn) w->deflated = weft_conn_deflate(c->conn)->on;
    if (w->workload->on_open) w->workload->on_open(c);
}

static void on_open(weft_conn *conn)
{
    bench_opened(weft_conn_user(conn));
}

static void on_chunk(weft_conn *conn, const weft_chunk *chunk)
{
    struct bench_conn *c = weft_conn_user(conn);
    const struct bench_worker *w = c->worker;
    if (w->workload->on_chunk && !c->broken && !w->leaving) w->workload->on_chunk(c, chunk);
}

static void on_drain(weft_conn *conn)
{
    struct bench_conn *c = weft_conn_user(conn);
    c->full = false;
    if (c->worker->workload->flush) c->worker->workload->flush(c);
}

void bench_closed(struct bench_conn *c, const weft_close_info *info)
{
    struct bench_worker *w = c->worker;
    bool in_order = !info->error || info->error == WEFT_ERR_CLOSED;
    bool done = w->options->kind == BENCH_STORM && c->open && !info->by_peer && in_order;
    bool ours = c->broken || w->leaving || done;
    if (!ours) {
        blame_close(&w->blame, info, c->open);
        note_error(w);
    }
    if (c->open) bench_tally_add(&w->tally.open, UINT64_MAX);
    else {
        w->under_way--;
        if (!w->leaving) bench_tally_add(&w->tally.failed, 1);
    }
    c->conn = NULL;
    if (w->workload->on_close && !w->leaving) w->workload->on_close(c);
    c->open = false;
}

static void on_close(weft_conn *conn, const weft_close_info *info)
{
    bench_closed(weft_conn_user(conn), info);
}

/* ---- opening --------------------------------------------------------------------------------- */

static uint64_t seen(const _Atomic uint64_t *tally)
{
    return atomic_load_explicit(tally, memory_order_relaxed);
}

/* Nobody gets in, so the rest is not tried. */
static bool is_hopeless(const struct bench_worker *w)
{
    return seen(&w->tally.opened) == 0 && seen(&w->tally.failed) >= w->options->parallel;
}

void bench_open_again(struct bench_conn *c)
{
    struct bench_worker *w = c->worker;
    if (bench_clock() >= w->end || w->sent >= w->quota || is_hopeless(w)) return;
    w->sent++;
    open_one(c);
}

static void open_more(struct bench_worker *w)
{
    if (is_hopeless(w) || w->options->kind == BENCH_STORM) w->next = w->n;
    while (w->next < w->n && w->under_way < w->options->parallel) open_one(&w->conns[w->next++]);
    if (w->next == w->n && w->under_way == 0) atomic_store(&w->tally.ready, true);
}

/* ---- the turns ------------------------------------------------------------------------------- */

static void read_plan(struct bench_worker *w)
{
    w->start = atomic_load(&w->plan->start);
    w->begin = atomic_load_explicit(&w->plan->begin, memory_order_relaxed);
    w->end = atomic_load_explicit(&w->plan->end, memory_order_relaxed);
}

static int timeout_of(const struct bench_worker *w)
{
    if (!w->loaded) return READY_MS;
    if (!w->workload->next) return TURN_MS;
    uint64_t next = w->workload->next(w), now = bench_clock();
    if (next <= now) return 0;
    uint64_t wait = (next - now) / MS; /* 0, below a millisecond: the clock is watched */
    return wait < TURN_MS ? (int)wait : TURN_MS;
}

static int turn(struct bench_worker *w)
{
    read_plan(w);
    if (!w->loaded && !w->leaving) {
        if (w->start != BENCH_NOT_YET) {
            w->loaded = true;
            if (w->workload->start) w->workload->start(w);
        } else {
            open_more(w);
        }
    }
    w->clock_of = NULL;
    if (w->loaded && !w->leaving && w->workload->turn) w->workload->turn(w);
    w->clock_of = NULL;
    return weft_loop_turn(w->loop, w->leaving ? READY_MS : timeout_of(w));
}

static bool is_deserted(const struct bench_worker *w)
{
    return w->loaded && seen(&w->tally.open) == 0 && w->under_way == 0;
}

/* Whether the load is over; what is under way then has a moment to arrive. */
static bool is_over(const struct bench_worker *w)
{
    if (atomic_load(&w->plan->hurry) || is_deserted(w)) return true;
    if (w->loaded && w->sent >= w->quota && w->workload->settled(w)) return true;
    uint64_t now = bench_clock();
    if (now < w->end) return false;
    if (!w->loaded || !w->workload->settled || w->workload->settled(w)) return true;
    return now - w->end >= SETTLE_MS * MS;
}

static void say_goodbye(struct bench_worker *w)
{
    for (uint32_t i = 0; i < w->n; i++) {
        struct bench_conn *c = &w->conns[i];
        if (c->conn) weft_close(c->conn, WEFT_CLOSE_NORMAL, NULL);
        else if (c->reader && c->open) bench_tally_add(&w->tally.open, UINT64_MAX);
        bench_reader_free(c);
    }
    uint64_t until = bench_clock() + GOODBYE_MS * MS;
    while (w->error == 0 && bench_clock() < until && !atomic_load(&w->plan->hurry) &&
           seen(&w->tally.open) + w->under_way > 0)
        w->error = turn(w);
}

static void *work(void *arg)
{
    struct bench_worker *w = arg;
    w->error = weft_loop_new(&w->loop, NULL);
    while (w->error == 0 && !is_over(w)) w->error = turn(w);
    w->open = seen(&w->tally.open);
    w->leaving = true;
    if (w->workload->finish) w->workload->finish(w);
    atomic_store(&w->tally.done, true);
    say_goodbye(w);
    weft_loop_free(w->loop);
    return NULL;
}

/* ---- the worker ------------------------------------------------------------------------------ */

static uint64_t share(uint64_t all, uint64_t number, uint64_t workers)
{
    return all / workers + (number < all % workers);
}

static int make_conns(struct bench_worker *w)
{
    const struct bench_options *o = w->options;
    bool timed = o->kind == BENCH_ECHO && !o->rate;
    w->n = (uint32_t)share(o->connections, w->number, o->threads);
    w->conns = calloc(w->n, sizeof *w->conns);
    if (timed) w->times = calloc(w->n, o->depth * sizeof *w->times);
    if (!w->conns || (timed && !w->times)) return -ENOMEM;
    for (uint32_t i = 0; i < w->n; i++) {
        w->conns[i].worker = w;
        w->conns[i].index = i;
        if (timed) w->conns[i].times = w->times + i * o->depth;
    }
    return 0;
}

int bench_worker_start(struct bench_worker *w, uint32_t number, const struct bench_options *o,
                       const struct bench_workload *workload, const weft_client_config *client,
                       struct bench_plan *plan)
{
    *w = (struct bench_worker){
        .options = o,
        .workload = workload,
        .client = client,
        .plan = plan,
        .number = number,
        .start = BENCH_NOT_YET,
        .begin = BENCH_NOT_YET,
        .end = BENCH_NOT_YET,
        .quota = o->count ? share(o->count, number, o->threads) : UINT64_MAX,
        .pace = {.rate = o->rate, .worker = number, .workers = o->threads},
        .handler =
            {
                .on_open = on_open,
                .on_chunk = on_chunk,
                .on_drain = on_drain,
                .on_close = on_close,
                .subprotocols = o->subprotocols.n ? o->subprotocols.items : NULL,
                .deflate = o->deflate,
            },
    };
    int r = make_conns(w);
    if (r == 0) r = bench_messages_init(&w->messages, o);
    if (r == 0 && !(w->draft = malloc(w->messages.largest + BENCH_STAMP))) r = -ENOMEM;
    return r == 0 ? -pthread_create(&w->thread, NULL, work, w) : r;
}

void bench_worker_join(struct bench_worker *w)
{
    pthread_join(w->thread, NULL);
}

void bench_worker_free(struct bench_worker *w)
{
    bench_messages_free(&w->messages);
    free(w->conns);
    free(w->times);
    free(w->draft);
}
