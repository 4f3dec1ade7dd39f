/* SPDX-License-Identifier: MIT
 *
 * cli/histogram.c - log-linear counting
 *
 *      value         0 ... 127   128 ... 255   256 ... 511   512 ...
 *      step                  1             1             2         4
 *      place         0 ... 127   128 ... 255   256 ... 383   384 ...
 */
#include "cli/histogram.h"

static unsigned top_bit(uint64_t value)
{
    return 63 - (unsigned)__builtin_clzll(value);
}

static unsigned place_of(uint64_t value)
{
    if (value < HISTOGRAM_STEPS) return (unsigned)value;
    if (value >> HISTOGRAM_TOP_BITS) return HISTOGRAM_SIZE - 1;
    unsigned shift = top_bit(value) - HISTOGRAM_STEP_BITS;
    return (shift << HISTOGRAM_STEP_BITS) + (unsigned)(value >> shift);
}

/* The largest value that is counted there. */
static uint64_t end_of(unsigned place)
{
    if (place < HISTOGRAM_STEPS) return place;
    unsigned shift = (place >> HISTOGRAM_STEP_BITS) - 1;
    uint64_t step = HISTOGRAM_STEPS + place % HISTOGRAM_STEPS;
    return ((step + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t value)
{
    h->counts[place_of(value)]++;
    if (!h->total || value < h->min) h->min = value;
    if (value > h->max) h->max = value;
    h->total++;
    h->sum += (double)value;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    if (!from->total) return;
    for (unsigned i = 0; i < HISTOGRAM_SIZE; i++) into->counts[i] += from->counts[i];
    if (!into->total || from->min < into->min) into->min = from->min;
    if (from->max > into->max) into->max = from->max;
    into->total += from->total;
    into->sum += from->sum;
}

uint64_t histogram_at(const struct histogram *h, double share)
{
    double exact = share * (double)h->total;
    uint64_t wanted = (uint64_t)exact, seen = 0;
    if ((double)wanted < exact) wanted++;
    if (wanted == 0) return h->min;
    for (unsigned i = 0; i < HISTOGRAM_SIZE - 1; i++) {
        seen += h->counts[i];
        if (seen >= wanted) return end_of(i) < h->max ? end_of(i) : h->max;
    }
    return h->max;
}

double histogram_mean(const struct histogram *h)
{
    return h->total ? h->sum / (double)h->total : 0;
}
