/* SPDX-License-Identifier: MIT
 *
 * cli/bench_echo.c - every message comes back
 *
 *      without a rate   each connection keeps depth messages in flight: a reply sends the next one
 *      with a rate      message m of the worker goes out on connection m modulo n when it is due; its
 *                       latency counts from then, and one that never comes back counts with its wait
 *
 * Replies come in the order of sending, so the nth reply answers the nth message of its connection. Of
 * the first reply on a connection every byte is compared, of the others the length and the first few.
 */
#include <string.h>

#include "cli/bench_worker.h"

enum { COMPARED = 64 };

/* ---- out ------------------------------------------------------------------------------------- */

/* Which message is the connection's nth: they do not all begin with the same one. */
static uint32_t message_of(const struct bench_conn *c, uint64_t nth)
{
    return (uint32_t)((c->index + nth) % c->worker->messages.n);
}

/* What was asked for and has room. */
static void flush(struct bench_conn *c)
{
    struct bench_worker *w = c->worker;
    while (c->sent < c->asked && c->open && !c->full) {
        c->full = weft_send_message(c->conn, w->messages.items[message_of(c, c->sent)]) < 0;
        if (c->full) return;
        c->sent++;
    }
}

static void send_next(struct bench_conn *c, uint64_t now)
{
    struct bench_worker *w = c->worker;
    if (now >= w->end || w->sent >= w->quota) return;
    w->sent++;
    c->times[c->asked++ % w->options->depth] = now;
    flush(c);
}

static void start(struct bench_worker *w)
{
    if (w->options->rate) return;
    for (uint64_t k = 0; k < w->options->depth; k++)
        for (uint32_t i = 0; i < w->n; i++)
            if (w->conns[i].open) send_next(&w->conns[i], bench_now(w, &w->conns[i]));
}

/* ---- in -------------------------------------------------------------------------------------- */

static bool verify(struct bench_conn *c, const weft_chunk *chunk, weft_bytes sent)
{
    uint64_t end = c->got + chunk->len, compared = c->checked ? COMPARED : sent.len;
    if (chunk->opcode != c->worker->options->opcode) {
        bench_wrong(c, "wrong reply", "%s came back as %s",
                    chunk->opcode == WEFT_TEXT ? "binary" : "text",
                    chunk->opcode == WEFT_TEXT ? "text" : "binary");
        return false;
    }
    if (end > sent.len || (chunk->final && end < sent.len)) {
        bench_wrong(c, "wrong reply", "%s%llu bytes came back for %zu", chunk->final ? "" : "over ",
                    (unsigned long long)end, sent.len);
        return false;
    }
    if (compared > end) compared = end;
    if (c->got < compared && memcmp(chunk->data, sent.data + c->got, compared - c->got) != 0) {
        bench_wrong(c, "wrong reply", "other bytes came back than were sent");
        return false;
    }
    return true;
}

static void answered(struct bench_conn *c, uint64_t bytes)
{
    struct bench_worker *w = c->worker;
    uint64_t now = bench_now(w, c), nth = c->answered++;
    uint64_t since = w->options->rate ? bench_rate_due(c, nth) : c->times[nth % w->options->depth];
    bench_count(w, now, bytes);
    if (bench_counts(w, w->options->rate ? since : now)) histogram_add(&w->latency, now - since);
    c->checked = true;
    if (!w->options->rate) send_next(c, now);
}

static void on_chunk(struct bench_conn *c, const weft_chunk *chunk)
{
    struct bench_worker *w = c->worker;
    if (c->answered == c->sent) {
        bench_wrong(c, "wrong reply", "a message that answers none of ours");
        return;
    }
    weft_bytes sent = w->messages.bytes[message_of(c, c->answered)];
    if (!w->options->unverified && !verify(c, chunk, sent)) return;
    c->got += chunk->len;
    if (!chunk->final) return;
    uint64_t bytes = c->got;
    c->got = 0;
    answered(c, bytes);
}

/* ---- the end --------------------------------------------------------------------------------- */

static bool is_awaited(const struct bench_worker *w)
{
    return w->options->rate || w->quota != UINT64_MAX;
}

static bool settled(const struct bench_worker *w)
{
    if (bench_rate_owes(w)) return false;
    for (uint32_t i = 0; i < w->n && is_awaited(w); i++) {
        const struct bench_conn *c = &w->conns[i];
        if (c->open && c->answered < c->asked) return false;
    }
    return true;
}

/* With a rate, what is not answered counts with how long it has waited. */
static void give_up(struct bench_conn *c, uint64_t now)
{
    struct bench_worker *w = c->worker;
    for (; c->answered < c->asked; c->answered++) {
        uint64_t since = w->options->rate ? bench_rate_due(c, c->answered) : now;
        if (!bench_counts(w, since)) continue;
        if (w->options->rate) histogram_add(&w->latency, now - since);
        w->unanswered++;
    }
}

/* Nothing has come back in all the time that counts: else a later message would be under way. */
static bool is_silent(const struct bench_conn *c)
{
    const struct bench_worker *w = c->worker;
    if (!c->open || c->answered == c->asked || w->begin >= w->end) return false;
    return !c->answered || c->times[(c->asked - 1) % w->options->depth] < w->begin;
}

static void finish(struct bench_worker *w)
{
    if (w->loaded) bench_rate_turn(w);
    uint64_t now = bench_clock();
    for (uint32_t i = 0; i < w->n; i++) {
        struct bench_conn *c = &w->conns[i];
        if (is_awaited(w)) give_up(c, now);
        else if (is_silent(c)) w->unanswered += c->asked - c->answered;
    }
}

const struct bench_workload bench_echo = {
    .on_chunk = on_chunk,
    .flush = flush,
    .start = start,
    .turn = bench_rate_turn,
    .next = bench_rate_next,
    .settled = settled,
    .finish = finish,
};
