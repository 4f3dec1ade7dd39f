/* SPDX-License-Identifier: MIT
 *
 * ws/profile.h - what sessions have in common
 *
 *      weft_session -> struct profile     inside a weft_session_profile, which the session counts,
 *                                         or inside an object of net's, which outlives it
 */
#ifndef WS_PROFILE_H
#define WS_PROFILE_H

#include <stdatomic.h>

#include "base/list.h"
#include <weft/session.h>

/* As sessions look at it: a NULL pointer means defaults. */
struct profile {
    const weft_env *env;
    const weft_limits *limits;
    const weft_deflate *deflate;
    weft_session_pool *pool;
    bool chunked;
};

/* With the memory behind it. */
struct weft_session_profile {
    struct profile profile;
    atomic_uint refs;
    weft_env env;
    weft_limits limits;
    weft_deflate deflate;
};

/* All default, and nobody counts it. */
extern const struct profile profile_default;

/* The session that was made with it is gone. */
static inline void profile_leave(const struct profile *p)
{
    if (p == &profile_default) return;
    weft_session_profile_unref(container_of(p, weft_session_profile, profile));
}

#endif
