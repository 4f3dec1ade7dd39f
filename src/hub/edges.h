/* SPDX-License-Identifier: MIT
 *
 * hub/edges.h - who is subscribed to what: a graph whose edges are held at both ends
 *
 * A topic has many subscribers and a subscriber has many topics. Each has one struct edges, a dense
 * array; an edge is an entry in either array, and each entry knows the place of the other:
 *
 *      topic  "chat"   [ A 0 | B 1 | C 0 ]          C's entry 0 is this edge
 *                              |                                 ^
 *      member B        [ "cpu" 4 | "chat" 1 ]       member C  [ "chat" 2 ]
 *
 * So publishing walks an array, and an edge is cut in constant time from either side: the last entry
 * of each array takes the free place, and its other end is told where it went.
 *
 * Invariant: with e = a->v[i], e.to->v[e.at] is { a, i }. No two edges join the same two.
 * An edge costs 2 x 16 bytes; arrays double and halve, so at most four times that.
 */
#ifndef HUB_EDGES_H
#define HUB_EDGES_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/base.h>

struct edge {
    struct edges *to;
    uint32_t at;
};

/* All zero is empty. Must not move while it has edges. */
struct edges {
    struct edge *v;
    uint32_t n, cap;
};

/* The place in a of its edge to b, or -1. Looks through the shorter array. */
int64_t edges_find(const struct edges *a, const struct edges *b);

/* Join two that are not joined. Errors: -ENOMEM (both are as before). */
int edges_join(const weft_env *env, struct edges *a, struct edges *b);

/* Cut a's edge i. An array that becomes empty is freed. */
void edges_cut(const weft_env *env, struct edges *a, uint32_t i);

#endif
