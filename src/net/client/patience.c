/* SPDX-License-Identifier: MIT
 *
 * net/client/patience.c - of two deadlines the nearer one
 */
#include "net/client/patience.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/env.h"

enum { US_PER_MS = 1000, MS_PER_S = 1000 };

/* Up to the next millisecond, as timers count. */
static uint64_t now_ms(const struct patience *p)
{
    return (env_now_us(p->env) + US_PER_MS - 1) / US_PER_MS;
}

static uint64_t end_of(const struct patience *p, uint64_t ms)
{
    uint64_t now = now_ms(p);
    return ms < WEFT_NEVER - now ? now + ms : WEFT_NEVER;
}

void patience_begin(struct patience *p, const weft_env *env, uint64_t whole)
{
    *p = (struct patience){.env = env, .whole = whole};
    p->whole_end = end_of(p, whole);
}

uint64_t patience_stage(struct patience *p, uint64_t ms, const char *limit)
{
    p->end = end_of(p, ms);
    p->ms = ms;
    p->limit = limit;
    if (p->whole_end < p->end) {
        p->end = p->whole_end;
        p->ms = p->whole;
        p->limit = "open_timeout";
    }
    return patience_left(p);
}

uint64_t patience_left(const struct patience *p)
{
    uint64_t now = now_ms(p);
    if (p->end == WEFT_NEVER) return WEFT_NEVER;
    return p->end > now ? p->end - now : 0;
}

void patience_words(const struct patience *p, const char *what, char *out, size_t size)
{
    bool seconds = p->ms % MS_PER_S == 0;
    snprintf(out, size, "%s within %" PRIu64 " %s (%s)", what, seconds ? p->ms / MS_PER_S : p->ms,
             seconds ? "s" : "ms", p->limit);
}
