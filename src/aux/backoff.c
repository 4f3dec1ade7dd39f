/* SPDX-License-Identifier: MIT
 *
 * aux/backoff.c - how long to wait before connecting again
 */
#include <weft/aux.h>

#include "aux/hook.h"

/* first doubled so many times, most at most. */
static uint64_t longest(unsigned attempt, uint64_t first, uint64_t most)
{
    while (attempt && first && first < most) {
        first = first > most / 2 ? most : first * 2;
        attempt--;
    }
    return first < most ? first : most;
}

uint64_t weft_backoff_ms(const weft_loop *l, unsigned attempt, uint64_t first_ms, uint64_t most_ms)
{
    uint64_t random, longest_ms = longest(attempt, first_ms, most_ms);
    if (longest_ms == UINT64_MAX || !hook_random(weft_loop_env(l), &random)) return longest_ms;
    return random % (longest_ms + 1);
}
