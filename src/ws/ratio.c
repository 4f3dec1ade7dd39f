/* SPDX-License-Identifier: MIT
 *
 * ws/ratio.c - a message of ours that a receiver would take for a bomb
 *
 * What a receiver looks at is how much has come out of how much, in the middle of the message as well: zeros in front
 * of noise are a bomb until the noise comes. So nothing but inflating it tells. That is done for messages beyond
 * RATIO_FREE only, looks where the receiver looks, and stops where it would stop.
 */
#include "ws/ratio.h"

#include <errno.h>

#include "base/limits.h"

static int try(struct inflater *i, const struct window *history, weft_bytes small)
{
    weft_bytes piece;
    int error = inflater_begin(i, history, limit_max_inflate_ratio(NULL));
    if (error) return error;
    inflater_feed(i, small);
    do {
        error = inflater_run(i, true, &piece);
        if (error) return error == -ENOMEM ? error : 0;
    } while (piece.len == INFLATE_OUT);
    return 1;
}

int ratio_is_taken(weft_session_pool *pool, const weft_env *env, const struct window *history,
                   size_t len, weft_bytes small)
{
    if (ratio_is_too_high(len, small.len, limit_max_inflate_ratio(NULL))) return 0;
    struct inflater *i = inflater_take(pool, env);
    if (!i) return -ENOMEM;
    int result = try(i, history, small);
    inflater_give(pool, i);
    return result;
}
