/* SPDX-License-Identifier: MIT
 *
 * channel/origin.c - Origin decides where there is one, and Sec-Fetch-Site where there is none
 */
#include "channel/origin.h"

#include <weft/aux.h>

#include "channel/bytes.h"

/* What a stranger called himself, with room for what a message is about. */
enum { ORIGIN_SHOWN = 120 };

static int refuse_origin(weft_bytes origin, struct refusal *why)
{
    char shown[ORIGIN_SHOWN];
    if (bytes_are(origin, "null"))
        return refusal_write(
            why, 403,
            "a page without an origin, such as one opened as a file, may not use this "
            "server (--origin null would let all of these)");
    weft_escape(shown, sizeof shown, origin);
    return refusal_write(
        why, 403, "pages of %s may not use this server (--origin %s would let them)", shown, shown);
}

static bool is_from_elsewhere(weft_bytes site)
{
    return bytes_are(site, "cross-site") || bytes_are(site, "same-site");
}

int origin_check(const struct origin_facts *facts, struct refusal *why)
{
    bool follows_link = facts->page && bytes_are(facts->mode, "navigate");
    if (facts->origin.len) return facts->allowed ? 0 : refuse_origin(facts->origin, why);
    if (!is_from_elsewhere(facts->site) || follows_link || facts->any) return 0;
    return refusal_write(
        why, 403,
        "a page of another site asks without saying its origin, as images and scripts are "
        "asked for; fetch() with its own origin, allowed by --origin, is how pages read here");
}
