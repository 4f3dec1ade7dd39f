/* SPDX-License-Identifier: MIT
 *
 * cli/nearest.h - did you mean?
 *
 *      struct nearest n = nearest_to("prot");
 *      nearest_try(&n, "port");
 *      nearest_try(&n, "ping");
 *      n.best                          "port"; NULL if nothing is near enough
 */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word;
    const char *best;
    size_t distance; /* of best; what the next one must undercut */
};

struct nearest nearest_to(const char *word);
void nearest_try(struct nearest *n, const char *candidate);

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b. Words longer than
 * 31 characters are infinitely far away. */
size_t nearest_distance(const char *a, const char *b);

#endif
