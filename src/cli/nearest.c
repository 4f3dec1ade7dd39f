/* SPDX-License-Identifier: MIT
 *
 * cli/nearest.c - the edit distance of Damerau, in its form without overlapping swaps
 *
 * Three rows of the table are kept: the one being filled, the one above, and, for swaps, the one
 * above that.
 */
#include "cli/nearest.h"

#include <stdint.h>
#include <string.h>

enum { LONGEST = 31 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t nearest_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST) return SIZE_MAX;

    size_t rows[3][LONGEST + 1] = {0};
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++) above[j] = j;

    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[m];
}

/* One slip in a short word, one more for every four letters. */
struct nearest nearest_to(const char *word)
{
    return (struct nearest){.word = word, .distance = 2 + strlen(word) / 4};
}

void nearest_try(struct nearest *n, const char *candidate)
{
    size_t distance = nearest_distance(n->word, candidate);
    if (distance >= n->distance || distance >= strlen(candidate)) return;
    n->best = candidate;
    n->distance = distance;
}
