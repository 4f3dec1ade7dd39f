/* SPDX-License-Identifier: MIT
 *
 * ws/ratio.h - how much may come out of a compressed message (limit max_inflate_ratio)
 */
#ifndef WS_RATIO_H
#define WS_RATIO_H

#include "ws/pool.h"

enum { RATIO_FREE = 1 << 20 /* inflated bytes of a message that nobody minds */ };

static inline bool ratio_is_too_high(uint64_t produced, uint64_t consumed, uint64_t max)
{
    return produced > RATIO_FREE && produced / max > consumed;
}

/* Whether a receiver with the default limit takes small, which a message of len bytes was compressed to behind history
 * (may be NULL). 1, 0, or -ENOMEM. */
int ratio_is_taken(weft_session_pool *pool, const weft_env *env, const struct window *history,
                   size_t len, weft_bytes small);

#endif
