/* SPDX-License-Identifier: MIT
 *
 * cli/bench_report.c - what came of a bench, for people
 */
#include "cli/bench_report.h"

#include <inttypes.h>
#include <string.h>

#include "cli/escape.h"
#include "cli/values.h"

/* ---- numbers --------------------------------------------------------------------------------- */

const char *bench_print_count(char *text, double n)
{
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%.0f", n), at = 0;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

static const char *print_scaled(char *text, double value, const char *const *units, double step)
{
    while (units[1] && value >= step * 0.9995) {
        value /= step;
        units++;
    }
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(text, BENCH_TEXT, "%.*f %s", decimals, value, *units);
    return text;
}

const char *bench_print_time(char *text, double ns)
{
    static const char *const units[] = {"us", "ms", "s", NULL};
    return print_scaled(text, ns / 1000, units, 1000);
}

const char *bench_print_bytes(char *text, double bytes)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", NULL};
    return print_scaled(text, bytes, units, 1000);
}

const char *bench_unit(const struct bench_options *o)
{
    return o->kind == BENCH_STORM ? "handshake" : o->kind == BENCH_CHANNEL ? "delivery" : "message";
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void print_sizes(FILE *to, const struct bench_options *o)
{
    char text[BENCH_TEXT];
    for (size_t i = 0; i < o->n_sizes; i++) {
        value_print_size(text, sizeof text, o->sizes[i]);
        fprintf(to, "%s%s", i ? "/" : "", text);
    }
}

static void print_load(FILE *to, const struct bench_options *o, const struct bench_result *r)
{
    char text[BENCH_TEXT];
    switch (o->kind) {
    case BENCH_STORM:
        fprintf(to, "%" PRIu64 " handshakes at a time, %s\n", o->connections,
                o->reset ? "dropped" : "closed");
        return;
    case BENCH_IDLE:
        fprintf(to, "%" PRIu64 " idle connections%s%s\n", o->connections, o->via ? " by " : "",
                o->via ? bench_via_names[o->via] : "");
        return;
    case BENCH_POST: fprintf(to, "%" PRIu64 " connections that post, ", o->connections); break;
    case BENCH_CHANNEL:
        fprintf(to, "%" PRIu64 " publishing, %" PRIu64 " listening", o->publishers,
                o->connections - o->publishers);
        fprintf(to, "%s%s, ", o->via ? " by " : "", o->via ? bench_via_names[o->via] : "");
        break;
    case BENCH_ECHO: fprintf(to, "%" PRIu64 " connections, ", o->connections); break;
    }
    if (o->rate) fprintf(to, "%s messages a second, ", bench_print_count(text, (double)o->rate));
    else fprintf(to, "%" PRIu64 " in flight, ", o->depth);
    fprintf(to, "%s of ", o->opcode == WEFT_TEXT ? "text" : "binary");
    print_sizes(to, o);
    if (o->deflate && r->opened)
        fputs(r->deflated ? ", compressed" : ", not compressed: the server does without", to);
    fputc('\n', to);
}

static void print_latency(FILE *to, const char *name, const struct histogram *h)
{
    char a[BENCH_TEXT], b[BENCH_TEXT], c[BENCH_TEXT], d[BENCH_TEXT];
    if (!h->total) return;
    fprintf(to, "  %-12s p50 %s, p99 %s, p99.9 %s, max %s\n", name,
            bench_print_time(a, (double)histogram_at(h, 0.5)),
            bench_print_time(b, (double)histogram_at(h, 0.99)),
            bench_print_time(c, (double)histogram_at(h, 0.999)),
            bench_print_time(d, (double)h->max));
}

static void print_messages(FILE *to, const struct bench_options *o, const struct bench_result *r)
{
    char n[BENCH_TEXT], rate[BENCH_TEXT], bytes[BENCH_TEXT], time[BENCH_TEXT];
    double seconds = r->seconds > 0 ? r->seconds : 1;
    if (o->kind == BENCH_IDLE) return;
    fprintf(to, "  %-12s %s in %s, %s/s",
            o->kind == BENCH_STORM     ? "handshakes"
            : o->kind == BENCH_CHANNEL ? "deliveries"
                                       : "messages",
            bench_print_count(n, (double)r->messages), bench_print_time(time, r->seconds * 1e9),
            bench_print_count(rate, (double)r->messages / seconds));
    if (o->kind != BENCH_STORM)
        fprintf(to, ", %s/s%s", bench_print_bytes(bytes, (double)r->bytes / seconds),
                o->kind == BENCH_ECHO ? " each way" : "");
    fputc('\n', to);
    if (o->kind == BENCH_CHANNEL)
        fprintf(to, "  %-12s %s\n", "published", bench_print_count(n, (double)r->published));
}

static void print_server(FILE *to, const struct bench_options *o, const struct bench_result *r)
{
    char ns[BENCH_TEXT], rss[BENCH_TEXT], each[BENCH_TEXT];
    double cpu = (double)(r->server[1].cpu_ns - r->server[0].cpu_ns);
    if (!o->pid) return;
    fprintf(to, "  %-12s CPU %.1f %%", "server",
            bench_usage_share(&r->server[0], &r->server[1]) * 100);
    if (r->messages)
        fprintf(to, ", %s ns per %s", bench_print_count(ns, cpu / (double)r->messages),
                bench_unit(o));
    fprintf(to, "; memory %s", bench_print_bytes(rss, (double)r->server[1].rss));
    if (o->kind == BENCH_IDLE && r->open)
        fprintf(to, ", %s per connection",
                bench_print_bytes(each, ((double)r->server[1].rss - (double)r->server_first.rss) /
                                            (double)r->open));
    fputc('\n', to);
}

/* Above this share of the time, the threads' own speed may be what was measured. */
static const double BUSY = 0.95;

static void print_self(FILE *to, const struct bench_options *o, const struct bench_result *r)
{
    double share = bench_usage_share(&r->self[0], &r->self[1]);
    fprintf(to, "  %-12s CPU %.1f %%", "weft bench", share * 100);
    if (!o->rate && r->messages && share > BUSY * (double)o->threads)
        fprintf(to, ": busy all the time, so these may be its limits, not the server's; see -t");
    fputc('\n', to);
}

/* On one line, whatever page came with a refusal. */
static void print_words(FILE *to, const char *words)
{
    weft_bytes line = {(const uint8_t *)words, strcspn(words, "\r\n")};
    if (line.len) fputs(": ", to);
    escape_terminal(to, line, "");
    fputs(words[line.len] ? " ...\n" : "\n", to);
}

/* What was wrong with the load, perhaps, and not with the server. */
static void print_hint(FILE *to, const struct bench_options *o, const struct blame *b)
{
    bool wrong = false;
    for (size_t i = 0; i < b->n; i++) wrong |= !strcmp(b->entries[i].cause, "wrong reply");
    if (wrong && o->kind == BENCH_ECHO)
        fputs(
            "  note         what came back was not what was sent: if this is a channel, where everyone hears\n"
            "               everyone, say how many listen, --subscribers N\n",
            to);
}

static void print_errors(FILE *to, const struct bench_options *o, const struct bench_result *r)
{
    char n[BENCH_TEXT];
    const struct blame *b = &r->blame;
    if (r->unanswered)
        fprintf(to, "  %-12s %s\n", "unanswered", bench_print_count(n, (double)r->unanswered));
    if (!b->n) fprintf(to, "  %-12s none\n", "errors");
    for (size_t i = 0; i < b->n; i++) {
        const struct blame_entry *e = &b->entries[i];
        fprintf(to, "  %-12s %s x %s", i ? "" : "errors", bench_print_count(n, (double)e->count),
                e->cause);
        print_words(to, e->words);
    }
    print_hint(to, o, b);
}

void bench_report_text(FILE *to, const struct bench_options *o, const struct bench_result *r)
{
    char time[BENCH_TEXT];
    fprintf(to, "%s%s: ", o->shown.items[0], o->shown.n > 1 ? " and others" : "");
    print_load(to, o, r);
    bool measured = r->seconds > 0;
    if (measured) print_messages(to, o, r);
    else fprintf(to, "  %-12s nothing: it was over before it began\n", "measured");
    print_latency(to, o->kind == BENCH_STORM ? "to open" : "latency", &r->latency);
    if (o->kind != BENCH_STORM) print_latency(to, "opening", &r->opening);
    if (o->kind == BENCH_IDLE && measured)
        fprintf(to, "  %-12s %" PRIu64 " of %" PRIu64 " for %s\n", "held", r->open, o->connections,
                bench_print_time(time, r->seconds * 1e9));
    if (measured) print_server(to, o, r);
    if (measured) print_self(to, o, r);
    print_errors(to, o, r);
    if (r->interrupted) fputs("  interrupted\n", to);
}
