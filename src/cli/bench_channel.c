/* SPDX-License-Identifier: MIT
 *
 * cli/bench_channel.c - what a publisher sends comes to every subscriber
 *
 * The first conns publish, in turns; the others listen. The time of sending stands in the message, so
 * latency is that of each delivery, whether or not the server sends publishers their own messages (they
 * are deliveries too, but nobody waits for them).
 *
 *      without a rate   the next message goes out when fewer than depth are still on their way to anybody
 *      with a rate      when it is due
 */
#include <ctype.h>
#include <string.h>

#include "cli/bench_worker.h"

static bool is_publisher(const struct bench_conn *c)
{
    return c->index < c->worker->options->publishers;
}

/* ---- out ------------------------------------------------------------------------------------- */

static void flush(struct bench_conn *c)
{
    struct bench_worker *w = c->worker;
    while (c->sent < c->asked && c->open && !c->full) {
        weft_bytes b = w->messages.bytes[(c->index + c->sent) % w->messages.n];
        memcpy(w->draft, b.data, b.len);
        uint64_t since = w->options->rate ? bench_rate_due(c, c->sent) : bench_clock();
        bench_stamp(w->draft, since);
        c->full = weft_send(c->conn, w->options->opcode, w->draft, b.len) < 0;
        if (c->full) return;
        w->counted += bench_counts(w, since);
        c->sent++;
        w->published++;
        w->expected += w->subscribers;
    }
}

/* Publishers take turns; NULL: none of them can. */
static struct bench_conn *next_publisher(struct bench_worker *w)
{
    for (uint64_t i = 0; i < w->options->publishers; i++) {
        struct bench_conn *c = &w->conns[w->publisher++ % w->options->publishers];
        if (c->open && !c->full) return c;
    }
    return NULL;
}

static bool has_room(const struct bench_worker *w)
{
    return w->expected - w->delivered <= (w->options->depth - 1) * w->subscribers;
}

static void publish_some(struct bench_worker *w)
{
    struct bench_conn *c;
    if (bench_clock() >= w->end || !w->subscribers) return;
    while (has_room(w) && w->sent < w->quota && (c = next_publisher(w))) {
        w->sent++;
        c->asked++;
        flush(c);
    }
}

static void start(struct bench_worker *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        w->subscribers += w->conns[i].open && !is_publisher(&w->conns[i]);
    if (!w->options->rate) publish_some(w);
}

/* ---- in -------------------------------------------------------------------------------------- */

/* The digits of the stamp that are in this chunk. */
static bool read_stamp(struct bench_conn *c, const weft_chunk *chunk)
{
    for (uint64_t i = 0; i < chunk->len && c->got + i < BENCH_STAMP; i++) {
        uint8_t digit = chunk->data[i];
        if (!isxdigit(digit)) return false;
        c->stamp = c->stamp << 4 | (uint64_t)(isdigit(digit) ? digit - '0' : digit - 'a' + 10);
    }
    return true;
}

static bool is_ours(const struct bench_conn *c, uint64_t now)
{
    const struct bench_options *o = c->worker->options;
    bool known = false;
    for (size_t i = 0; i < o->n_sizes; i++) known |= o->sizes[i] == c->got;
    return known && c->stamp >= c->worker->start && c->stamp <= now;
}

static void count(struct bench_conn *c, uint64_t now)
{
    struct bench_worker *w = c->worker;
    uint64_t since = c->stamp;
    bench_count(w, now, c->got);
    if (bench_counts(w, w->options->rate ? since : now)) histogram_add(&w->latency, now - since);
    if (is_publisher(c)) return;
    c->answered++;
    w->delivered++;
    if (!w->options->rate && has_room(w)) publish_some(w);
}

/* Of what came by plain HTTP only the stamp has been looked at, and what was in front of it. */
void bench_delivered(struct bench_conn *c)
{
    struct bench_worker *w = c->worker;
    uint64_t now = bench_now(w, c);
    if (!w->loaded || w->options->kind != BENCH_CHANNEL) return;
    c->got = w->messages.largest;
    if (c->stamp >= w->start && c->stamp <= now) count(c, now);
    c->got = 0;
}

static void on_chunk(struct bench_conn *c, const weft_chunk *chunk)
{
    if (chunk->first) c->stamp = 0;
    bool stamped = read_stamp(c, chunk);
    c->got += chunk->len;
    if (stamped && !chunk->final) return;
    uint64_t now = bench_now(c->worker, c);
    if (stamped && is_ours(c, now)) count(c, now);
    else bench_wrong(c, "strange message", "a message that no publisher of ours has sent");
    c->got = 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Who has left is not waited for. */
static void on_close(struct bench_conn *c)
{
    struct bench_worker *w = c->worker;
    if (!w->loaded || is_publisher(c) || !c->open) return;
    w->subscribers--;
    w->expected -= w->published;
    w->delivered -= c->answered;
}

static bool settled(const struct bench_worker *w)
{
    return !bench_rate_owes(w) && w->delivered >= w->expected;
}

static void finish(struct bench_worker *w)
{
    if (w->expected > w->delivered) w->unanswered = w->expected - w->delivered;
}

const struct bench_workload bench_channel = {
    .on_chunk = on_chunk,
    .on_close = on_close,
    .flush = flush,
    .start = start,
    .turn = bench_rate_turn,
    .next = bench_rate_next,
    .settled = settled,
    .finish = finish,
};
