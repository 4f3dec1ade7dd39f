/* SPDX-License-Identifier: MIT
 *
 * net/spent.h - memory of what its user has answered, kept for a while where assertions are on
 *
 * Whoever answers twice, or looks at what he has answered, looks at memory that is somebody else's by then. So that an
 * assertion can tell, the newest few of a loop are kept in debug builds, with a mark that says so. AddressSanitizer
 * tells it better, and has them freed at once.
 */
#ifndef NET_SPENT_H
#define NET_SPENT_H

#include "base/alloc.h"

#if defined(NDEBUG) || defined(__SANITIZE_ADDRESS__)
enum { SPENT_KEPT = 0 };
#else
enum { SPENT_KEPT = 64 };
#endif

/* All zero is empty. */
struct spent {
    void *kept[SPENT_KEPT + 1];
    unsigned next;
};

/* p is no longer needed. */
static inline void spent_free(struct spent *s, const weft_env *env, void *p)
{
    if (!SPENT_KEPT) {
        mem_free(env, p);
        return;
    }
    mem_free(env, s->kept[s->next]);
    s->kept[s->next] = p;
    s->next = (s->next + 1) % (SPENT_KEPT + 1);
}

static inline void spent_deinit(struct spent *s, const weft_env *env)
{
    for (unsigned i = 0; i <= SPENT_KEPT; i++) mem_free(env, s->kept[i]);
}

#endif
