/* SPDX-License-Identifier: MIT
 *
 * tests/ws/session_of.h - a session with a profile of its own
 */
#ifndef WS_SESSION_OF_H
#define WS_SESSION_OF_H

#include <weft/session.h>

static inline int session_of(weft_session **out, weft_role role, const weft_session_config *cfg)
{
    weft_session_profile *profile;
    int error = weft_session_profile_new(&profile, cfg);
    if (error) return error;
    error = weft_session_new(out, role, profile);
    weft_session_profile_unref(profile); /* the session has its own reference */
    return error;
}

#endif
