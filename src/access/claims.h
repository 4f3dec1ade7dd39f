/* SPDX-License-Identifier: MIT
 *
 * access/claims.h - what a token says, once it is known who has signed it (RFC 7519, 4)
 *
 *      {"sub":"alice","name":"Alice","exp":1795309464,"nbf":1795305864,"iss":"https://id.example","aud":"weft",
 *       "channels":{"read":["/rooms/ **"],"write":["/rooms/1"],"presence":["/rooms/1"],"drop":[]}}
 *
 * exp has to be there. Who is named by channels has those rights on them and no others; without it he is only known.
 * What is meant for another (aud, iss) is refused, also if nobody has said whom this server is: a token opens
 * nothing by accident.
 */
#ifndef ACCESS_CLAIMS_H
#define ACCESS_CLAIMS_H

#include "access/identity.h"

enum { CLAIMS_LEEWAY_S = 60 };

/* What is expected. */
struct claims_policy {
    const char *issuer, *audience; /* NULL: nothing was said */
};

/* A new identity; NULL, and why. now_s: Unix time. */
struct identity *claims_read(weft_bytes payload, const struct claims_policy *p, uint64_t now_s,
                             const uint8_t print[CRYPTO_HASH], struct why *why);

#endif
