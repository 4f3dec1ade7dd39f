/* SPDX-License-Identifier: MIT
 *
 * cli/bench_json.c - what came of a bench, as one line of JSON
 *
 * Times of messages are microseconds, others seconds; sizes are bytes. What does not apply is not there.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/bench_report.h"
#include "cli/escape.h"

static weft_bytes text(const char *s)
{
    return (weft_bytes){(const uint8_t *)s, strlen(s)};
}

static double per(double n, double all)
{
    return all > 0 ? n / all : 0;
}

static void print_load(FILE *to, const struct bench_options *o)
{
    static const char *const kinds[] = {"echo", "channel", "storm", "idle", "post"};
    fprintf(to, "{\"load\":\"%s\",\"urls\":[", kinds[o->kind]);
    for (size_t i = 0; i < o->shown.n; i++) {
        if (i) fputc(',', to);
        escape_json(to, text(o->shown.items[i]));
    }
    fprintf(to, "],\"connections\":%" PRIu64 ",\"threads\":%" PRIu64, o->connections, o->threads);
    if (o->kind == BENCH_CHANNEL)
        fprintf(to, ",\"publishers\":%" PRIu64 ",\"subscribers\":%" PRIu64, o->publishers,
                o->connections - o->publishers);
    if (o->via) fprintf(to, ",\"via\":\"%s\"", bench_via_names[o->via]);
    if (o->kind == BENCH_STORM) fprintf(to, ",\"reset\":%s", o->reset ? "true" : "false");
    if (o->kind == BENCH_STORM || o->kind == BENCH_IDLE) return;
    if (o->rate) fprintf(to, ",\"rate\":%" PRIu64, o->rate);
    else fprintf(to, ",\"depth\":%" PRIu64, o->depth);
    fprintf(to, ",\"opcode\":\"%s\",\"sizes\":[", o->opcode == WEFT_TEXT ? "text" : "binary");
    for (size_t i = 0; i < o->n_sizes; i++) fprintf(to, "%s%" PRIu64, i ? "," : "", o->sizes[i]);
    fputc(']', to);
}

static void print_times(FILE *to, const char *name, const struct histogram *h)
{
    fprintf(to, ",\"%s\":{\"count\":%" PRIu64, name, h->total);
    if (h->total)
        fprintf(to,
                ",\"min\":%.3f,\"mean\":%.3f,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p99.9\":%.3f,"
                "\"max\":%.3f",
                (double)h->min / 1e3, histogram_mean(h) / 1e3, (double)histogram_at(h, 0.5) / 1e3,
                (double)histogram_at(h, 0.9) / 1e3, (double)histogram_at(h, 0.99) / 1e3,
                (double)histogram_at(h, 0.999) / 1e3, (double)h->max / 1e3);
    fputc('}', to);
}

static void print_messages(FILE *to, const struct bench_options *o, const struct bench_result *r)
{
    const char *name = o->kind == BENCH_STORM     ? "handshakes"
                       : o->kind == BENCH_CHANNEL ? "deliveries"
                                                  : "messages";
    fprintf(to, ",\"%s\":%" PRIu64 ",\"%s_per_s\":%.1f", name, r->messages, name,
            per((double)r->messages, r->seconds));
    if (o->kind != BENCH_STORM)
        fprintf(to, ",\"bytes\":%" PRIu64 ",\"bytes_per_s\":%.1f", r->bytes,
                per((double)r->bytes, r->seconds));
    if (o->kind == BENCH_CHANNEL) fprintf(to, ",\"published\":%" PRIu64, r->published);
    if (o->kind != BENCH_STORM) fprintf(to, ",\"unanswered\":%" PRIu64, r->unanswered);
    print_times(to, "latency_us", &r->latency);
}

static void print_process(FILE *to, const char *name, const struct bench_result *r,
                          const struct bench_usage *first, const struct bench_usage *u)
{
    double cpu = (double)(u[1].cpu_ns - u[0].cpu_ns);
    double user = (double)(u[1].user_ns - u[0].user_ns), sys = (double)(u[1].sys_ns - u[0].sys_ns);
    fprintf(to, ",\"%s\":{\"cpu_s\":%.9f,\"cpu_share\":%.4f,\"user_share_of_cpu\":%.3f", name,
            cpu / 1e9, bench_usage_share(&u[0], &u[1]), per(user, user + sys));
    if (r->messages) fprintf(to, ",\"cpu_ns_each\":%.1f", per(cpu, (double)r->messages));
    fprintf(to, ",\"rss\":%" PRIu64, u[1].rss);
    if (r->open)
        fprintf(to, ",\"rss_per_connection\":%.1f",
                ((double)u[1].rss - (double)first->rss) / (double)r->open);
    fputc('}', to);
}

static void print_errors(FILE *to, const struct blame *b)
{
    fprintf(to, ",\"errors\":[");
    for (size_t i = 0; i < b->n; i++) {
        fprintf(to, "%s{\"cause\":", i ? "," : "");
        escape_json(to, text(b->entries[i].cause));
        fprintf(to, ",\"count\":%" PRIu64 ",\"words\":", b->entries[i].count);
        escape_json(to, text(b->entries[i].words));
        fputc('}', to);
    }
    fputc(']', to);
}

void bench_report_json(FILE *to, const struct bench_options *o, const struct bench_result *r)
{
    print_load(to, o);
    fprintf(to,
            ",\"deflate\":%s,\"seconds\":%.6f,\"open\":%" PRIu64 ",\"opened\":%" PRIu64
            ",\"failed\":%" PRIu64,
            r->deflated ? "true" : "false", r->seconds, r->open, r->opened, r->failed);
    if (o->kind != BENCH_IDLE) print_messages(to, o, r);
    if (o->kind != BENCH_STORM) print_times(to, "opening_us", &r->opening);
    if (o->pid) {
        fprintf(to, ",\"pid\":%" PRIu64, o->pid);
        print_process(to, "server", r, &r->server_first, r->server);
    }
    print_process(to, "generator", r, &r->self_first, r->self);
    print_errors(to, &r->blame);
    fprintf(to, ",\"interrupted\":%s}\n", r->interrupted ? "true" : "false");
}
