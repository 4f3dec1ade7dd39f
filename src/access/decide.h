/* SPDX-License-Identifier: MIT
 *
 * access/decide.h - who asks, and may he?
 *
 *      the request's fields --> place --> API key, token, signed URL --> identity --> rules --> rights, or a refusal
 *
 * 401: who are you? There is no token and one is needed, or the one that there is, is of no use. 403: it is known
 * who he is, and he may not. A token that is of no use is refused even where none is needed: who shows one wants to
 * know.
 */
#ifndef ACCESS_DECIDE_H
#define ACCESS_DECIDE_H

#include "access/claims.h"
#include "access/keyring.h"
#include "access/place.h"
#include "access/rule.h"

/* All of it borrowed. */
struct access_facts {
    weft_bytes channel; /* the name, or a pattern that is subscribed to */
    unsigned needed;    /* of weft_right */
    struct places places;
    weft_bytes origin, fetch_site;
    const struct identity *known; /* who the connection was before; NULL: nobody */
    uint64_t now_s;               /* Unix time */
};

struct access_verdict {
    int status;                /* 0: granted */
    unsigned rights;           /* all that he has on this channel */
    struct identity *identity; /* a reference of the caller's; NULL: nobody in particular */
    const char *challenge;     /* the value of WWW-Authenticate; NULL: none */
    struct why why;            /* of a refusal, a sentence */
};

void access_decide(struct access_verdict *out, const struct access_facts *f,
                   const struct rules *rules, const struct keyring *ring,
                   const struct claims_policy *policy);

#endif
