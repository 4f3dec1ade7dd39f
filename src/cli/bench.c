/* SPDX-License-Identifier: MIT
 *
 * cli/bench.c - weft bench URL: the course of it
 *
 *      workers open their connections -> all are ready -> the plan is written: start, begin, end
 *      -> at begin and end the clocks of both processes are read -> workers are joined -> the report
 *
 * This thread sleeps: it waits for a moment or a signal, and shows progress meanwhile.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench_report.h"
#include "cli/bench_worker.h"
#include "cli/cli.h"
#include "cli/connect.h"

#define MS UINT64_C(1000000)

enum { TICK_MS = 5, SHOW_MS = 500, QUEUE_MIN = 64 << 10, MESSAGE_MIN = 1 << 20, KEPT = 32 << 20 };

struct bench {
    struct bench_options options;
    char proxy[256];
    weft_client_config client;
    weft_dial dial;     /* the client's */
    weft_limits limits; /* the client's */
    weft_tls *tls;      /* the client's; NULL: the system's authorities */
    struct bench_plan plan;
    struct bench_worker *workers;
    size_t started;
    sigset_t signals;
    bool interrupted;
    bool early;      /* all was done, or all was lost, before the end */
    bool watched;    /* stderr is a terminal */
    uint64_t shown;  /* when progress was shown last, */
    uint64_t so_far; /* and how many messages that were */
    struct bench_result result;
};

/* ---- what the workers tell ------------------------------------------------------------------- */

static uint64_t sum(const struct bench *b, size_t offset)
{
    uint64_t all = 0;
    for (size_t i = 0; i < b->started; i++) {
        const char *tally = (const char *)&b->workers[i].tally;
        all +=
            atomic_load_explicit((const _Atomic uint64_t *)(tally + offset), memory_order_relaxed);
    }
    return all;
}

#define SUM(b, what) sum(b, offsetof(struct bench_tally, what))

static bool are_ready(const struct bench *b)
{
    for (size_t i = 0; i < b->started; i++)
        if (!atomic_load(&b->workers[i].tally.ready)) return false;
    return true;
}

static bool are_done(const struct bench *b)
{
    for (size_t i = 0; i < b->started; i++)
        if (!atomic_load(&b->workers[i].tally.done)) return false;
    return true;
}

/* ---- progress -------------------------------------------------------------------------------- */

static void show_load(struct bench *b, uint64_t now)
{
    char rate[BENCH_TEXT], open[BENCH_TEXT], errors[BENCH_TEXT];
    uint64_t messages = SUM(b, messages), begin = atomic_load(&b->plan.begin);
    double seconds = (double)(now - b->shown) / 1e9;
    if (now < begin) {
        fprintf(stderr, "\r\033[Kwarming up, %s open",
                bench_print_count(open, (double)SUM(b, open)));
        return;
    }
    fprintf(stderr, "\r\033[K%.1f s: ", (double)(now - begin) / 1e9);
    if (b->options.kind != BENCH_IDLE)
        fprintf(stderr, "%s %s/s, ",
                bench_print_count(rate, (double)(messages - b->so_far) / seconds),
                b->options.kind == BENCH_CHANNEL ? "deliveries"
                : b->options.kind == BENCH_STORM ? "handshakes"
                                                 : "messages");
    fprintf(stderr, "%s open, %s errors", bench_print_count(open, (double)SUM(b, open)),
            bench_print_count(errors, (double)SUM(b, errors)));
    b->so_far = messages;
}

static void show(struct bench *b, uint64_t now)
{
    if (!b->watched || now - b->shown < SHOW_MS * MS) return;
    if (atomic_load(&b->plan.start) != BENCH_NOT_YET) show_load(b, now);
    else
        fprintf(stderr, "\r\033[Kopening: %llu of %llu", (unsigned long long)SUM(b, opened),
                (unsigned long long)b->options.connections);
    b->shown = now;
}

static void hide(const struct bench *b)
{
    if (b->watched) fputs("\r\033[K", stderr);
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* The first Ctrl-C ends what is measured, the second one ends everything. */
static void interrupt(struct bench *b)
{
    if (b->interrupted || atomic_load(&b->plan.start) == BENCH_NOT_YET)
        atomic_store(&b->plan.hurry, true);
    atomic_store(&b->plan.end, bench_clock());
    b->interrupted = true;
}

static void rest(struct bench *b, uint64_t until)
{
    uint64_t now = bench_clock();
    uint64_t ns = until > now ? until - now : 0;
    if (ns > TICK_MS * MS) ns = TICK_MS * MS;
    struct timespec wait = {0, (long)ns};
    if (sigtimedwait(&b->signals, NULL, &wait) > 0) interrupt(b);
    show(b, bench_clock());
}

static void wait_ready(struct bench *b)
{
    while (!are_ready(b) && !are_done(b)) rest(b, BENCH_NOT_YET);
}

/* The plan's moment, which an interruption may bring forward. */
static void wait_for(struct bench *b, const _Atomic uint64_t *moment)
{
    while (bench_clock() < atomic_load(moment) && !b->interrupted && !are_done(b))
        rest(b, atomic_load(moment));
}

static void wait_done(struct bench *b)
{
    while (!are_done(b)) rest(b, BENCH_NOT_YET);
}

/* ---- the course ------------------------------------------------------------------------------ */

/* Around what is measured: 0 before, 1 after. */
static void read_usage(struct bench *b, int i)
{
    struct bench_result *r = &b->result;
    bench_usage_read(0, &r->self[i]);
    if (!b->options.pid || bench_usage_read(b->options.pid, &r->server[i])) return;
    r->server[i] = i ? r->server[0] : r->server_first;
    blame_add(&r->blame, "no process", "the server's process has ended", EXIT_LOST);
}

static void start_load(struct bench *b)
{
    const struct bench_options *o = &b->options;
    uint64_t now = bench_clock(), begin = now + o->warmup * MS;
    atomic_store(&b->plan.begin, begin);
    atomic_store(&b->plan.end,
                 o->duration == WEFT_NEVER ? BENCH_NOT_YET : begin + o->duration * MS);
    atomic_store(&b->plan.start, now);
}

/* From begin to end, or to the last message of a load that is over before. */
static double measured_seconds(const struct bench *b)
{
    uint64_t begin = atomic_load(&b->plan.begin), end = atomic_load(&b->plan.end), last = 0;
    if (begin == BENCH_NOT_YET || end <= begin) return 0;
    for (size_t i = 0; i < b->started; i++)
        if (b->workers[i].last > last) last = b->workers[i].last;
    if (b->early) end = last > begin ? last : begin;
    return (double)(end - begin) / 1e9;
}

static void drive(struct bench *b)
{
    struct bench_result *r = &b->result;
    wait_ready(b);
    if (!b->interrupted) start_load(b);
    wait_for(b, &b->plan.begin);
    read_usage(b, 0);
    wait_for(b, &b->plan.end);
    read_usage(b, 1);
    b->early = are_done(b) && !b->interrupted && bench_clock() < atomic_load(&b->plan.end);
    wait_done(b);
    r->seconds = measured_seconds(b);
}

/* Not one message: whoever looks at the exit status alone has to learn of it. */
static void blame_silence(struct bench_result *r)
{
    if (r->messages || !r->unanswered || r->blame.n || r->interrupted) return;
    blame_add(&r->blame, "no reply", "nothing came back in all that time", EXIT_TIMEOUT);
}

static void collect(struct bench *b)
{
    struct bench_result *r = &b->result;
    r->opened = SUM(b, opened);
    r->failed = SUM(b, failed);
    r->messages = SUM(b, messages);
    r->bytes = SUM(b, bytes);
    r->interrupted = b->interrupted;
    for (size_t i = 0; i < b->started; i++) {
        const struct bench_worker *w = &b->workers[i];
        histogram_merge(&r->latency, &w->latency);
        histogram_merge(&r->opening, &w->opening);
        blame_merge(&r->blame, &w->blame);
        r->unanswered += w->unanswered;
        r->published += w->counted;
        r->open += w->open;
        r->deflated |= w->deflated;
        if (w->error < 0) blame_error(&r->blame, w->error);
    }
    blame_silence(r);
}

static int report(const struct bench *b)
{
    const struct bench_result *r = &b->result;
    if (b->options.json) bench_report_json(stdout, &b->options, r);
    else bench_report_text(stdout, &b->options, r);
    return r->blame.n ? r->blame.entries[0].exit : EXIT_CLEAN;
}

/* ---- the command ----------------------------------------------------------------------------- */

static uint64_t at_least(uint64_t n, uint64_t least)
{
    return n > least ? n : least;
}

static weft_limits limits_of(const struct bench_options *o)
{
    uint64_t largest = 0;
    for (size_t i = 0; i < o->n_sizes; i++) largest = at_least(largest, o->sizes[i]);
    return (weft_limits){
        .max_message = at_least(largest, MESSAGE_MIN),
        .send_queue_max = at_least((o->depth + 1) * (largest + 16), QUEUE_MIN),
        .send_queue_items = at_least(o->depth + 1, 4096),
        .ping_interval = WEFT_NEVER,
    };
}

static weft_client_config client_of(struct bench *b)
{
    const struct bench_options *o = &b->options;
    b->limits = limits_of(o);
    b->dial = (weft_dial){
        .limits = &b->limits,
        .proxy = connect_proxy(o->proxy, b->proxy, sizeof b->proxy),
        .tls = b->tls,
    };
    return (weft_client_config){
        .dial = &b->dial,
        .origin = o->origin,
        .fields = o->headers.items,
        .credentials = o->credentials,
    };
}

static bool is_here(const char *url)
{
    const char *host = strstr(url, "://");
    return !host || !strncmp(host, "://localhost", 12) || !strncmp(host, "://127.", 7) ||
           !strncmp(host, "://[::1]", 8);
}

/* A load on somebody else's server by a slip of the fingers should at least be noticed. */
static void warn(const struct bench_options *o)
{
    for (size_t i = 0; i < o->shown.n; i++)
        if (!is_here(o->shown.items[i]))
            complain("note: %s is not on this machine; Ctrl-C ends the load", o->shown.items[i]);
}

static const struct bench_workload *workload_of(enum bench_kind kind)
{
    switch (kind) {
    case BENCH_CHANNEL: return &bench_channel;
    case BENCH_STORM: return &bench_storm;
    case BENCH_IDLE: return &bench_idle;
    case BENCH_POST: return &bench_post;
    default: return &bench_echo;
    }
}

static int start_workers(struct bench *b)
{
    const struct bench_options *o = &b->options;
    b->workers = calloc(o->threads, sizeof *b->workers);
    if (!b->workers) return -ENOMEM;
    for (; b->started < o->threads; b->started++) {
        int r = bench_worker_start(&b->workers[b->started], (uint32_t)b->started, o,
                                   workload_of(o->kind), &b->client, &b->plan);
        if (r < 0) {
            bench_worker_free(&b->workers[b->started]);
            return r;
        }
    }
    return 0;
}

/* What is freed is needed again at once: giving it back to the kernel each time costs as much as sending. */
static void keep_memory(void)
{
    mallopt(M_TRIM_THRESHOLD, KEPT);
    mallopt(M_MMAP_THRESHOLD, KEPT);
}

static void block_signals(struct bench *b)
{
    sigemptyset(&b->signals);
    sigaddset(&b->signals, SIGINT);
    sigaddset(&b->signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &b->signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int run(struct bench *b)
{
    const struct bench_options *o = &b->options;
    if (o->pid && !bench_usage_read(o->pid, &b->result.server_first))
        return complain("--pid: there is no process %llu", (unsigned long long)o->pid);
    int status = connect_trust(&b->tls, &o->trust);
    if (status) return status;
    bench_usage_read(0, &b->result.self_first);
    block_signals(b);
    keep_memory();
    warn(o);
    b->client = client_of(b);
    int error = start_workers(b);
    if (error < 0) atomic_store(&b->plan.hurry, true);
    else drive(b);
    for (size_t i = 0; i < b->started; i++) bench_worker_join(&b->workers[i]);
    hide(b);
    if (error < 0) return complain("cannot start: %s", weft_strerror(error));
    collect(b);
    return report(b);
}

int bench_run(int argc, char **argv)
{
    struct bench *b = calloc(1, sizeof *b);
    if (!b) return complain("cannot start: %s", weft_strerror(-ENOMEM));
    b->plan = (struct bench_plan){BENCH_NOT_YET, BENCH_NOT_YET, BENCH_NOT_YET, false};
    b->watched = isatty(STDERR_FILENO);
    int status = bench_options_parse(&b->options, argc, argv);
    if (status == BENCH_HELP) status = EXIT_CLEAN;
    else if (status == 0) status = run(b);
    for (size_t i = 0; i < b->started; i++) bench_worker_free(&b->workers[i]);
    weft_tls_unref(b->tls);
    bench_options_free(&b->options);
    free(b->workers);
    free(b);
    return status;
}
