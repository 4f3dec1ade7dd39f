/* SPDX-License-Identifier: MIT
 *
 * cli/metrics_text.c - lines, with what may not stand in them escaped
 */
#include "cli/metrics_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* us; the upper bounds of buckets. */
static const uint64_t bounds[METRICS_BUCKETS] = {50,    100,   250,   500,    1000,   2500,   5000,
                                                 10000, 25000, 50000, 100000, 250000, 1000000};

unsigned metrics_bucket(uint64_t us)
{
    unsigned i = 0;
    while (i < METRICS_BUCKETS && us > bounds[i]) i++;
    return i;
}

static void add(struct metrics_text *t, const char *text)
{
    buffer_add_text(t->out, text);
}

/* Of a label, '"' too; of a help text it is an ordinary character. */
static void add_escaped(struct metrics_text *t, const char *text, bool quoted)
{
    for (; *text; text++) {
        if (*text == '\\') add(t, "\\\\");
        else if (*text == '\n') add(t, "\\n");
        else if (*text == '"' && quoted) add(t, "\\\"");
        else buffer_add(t->out, text, 1);
    }
}

void metrics_family(struct metrics_text *t, const char *name, const char *type, const char *help)
{
    t->name = name;
    t->labelled = false;
    add(t, "# HELP ");
    add(t, name);
    add(t, " ");
    add_escaped(t, help, false);
    add(t, "\n# TYPE ");
    add(t, name);
    add(t, " ");
    add(t, type);
    add(t, "\n");
}

/* A family's name, and what goes behind it: "_bucket". */
static void begin(struct metrics_text *t, const char *suffix)
{
    add(t, t->name);
    add(t, suffix);
}

/* Bytes that are no UTF-8 would spoil all of it for who reads: a file may have such a name. */
void metrics_label(struct metrics_text *t, const char *name, const char *value)
{
    if (!t->labelled) begin(t, "");
    add(t, t->labelled ? "," : "{");
    t->labelled = true;
    add(t, name);
    add(t, "=\"");
    add_escaped(t, weft_utf8_valid(value, strlen(value)) ? value : "?", true);
    add(t, "\"");
}

/* Behind labels, or without any. */
static void end(struct metrics_text *t, const char *value)
{
    if (!t->labelled) begin(t, "");
    add(t, t->labelled ? "} " : " ");
    add(t, value);
    add(t, "\n");
    t->labelled = false;
}

void metrics_count(struct metrics_text *t, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    end(t, text);
}

void metrics_real(struct metrics_text *t, double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.15g", value);
    end(t, text);
}

static void bucket(struct metrics_text *t, const char *bound, uint64_t n)
{
    begin(t, "_bucket");
    t->labelled = true;
    add(t, "{le=\"");
    add(t, bound);
    add(t, "\"");
    metrics_count(t, n);
}

void metrics_spread(struct metrics_text *t, const struct metrics_histogram *h)
{
    uint64_t n = 0;
    char text[64];
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        snprintf(text, sizeof text, "%g", (double)bounds[i] / 1e6);
        bucket(t, text, n += h->buckets[i]);
    }
    bucket(t, "+Inf", n += h->buckets[METRICS_BUCKETS]);
    begin(t, "_sum");
    snprintf(text, sizeof text, " %.15g\n", (double)h->sum_us / 1e6);
    add(t, text);
    begin(t, "_count");
    snprintf(text, sizeof text, " %" PRIu64 "\n", n);
    add(t, text);
}
