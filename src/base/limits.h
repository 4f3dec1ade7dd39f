/* SPDX-License-Identifier: MIT
 *
 * base/limits.h - reads a limit: limit_max_message(limits) and so on, one function for each
 *
 * NULL limits, and a limit of 0, mean the default. Made from the one list in weft/base.h.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include "base/sized.h"

SIZED_TAKER(limits_take, weft_limits, max_age, 42 * 8, max_age)
SIZED_TAKER_AT(limits_take, weft_limits)

#define LIMIT_READER(name, value, unit, text)                 \
    static inline uint64_t limit_##name(const weft_limits *l) \
    {                                                         \
        return l && l->name ? l->name : (value);              \
    }
WEFT_LIMITS(LIMIT_READER)
#undef LIMIT_READER

/* What is not 0 in over stands in place of what is in to. over may be NULL. */
static inline void limits_override(weft_limits *to, const weft_limits *over)
{
    if (!over) return;
#define LIMIT_OVERRIDE(name, value, unit, text) \
    if (over->name) to->name = over->name;
    WEFT_LIMITS(LIMIT_OVERRIDE)
#undef LIMIT_OVERRIDE
}

#endif
