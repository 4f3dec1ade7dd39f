/* SPDX-License-Identifier: MIT
 *
 * access/jwt.h - signed tokens (RFC 7515, RFC 7519, RFC 8725)
 *
 *      base64url(header) . base64url(payload) . base64url(signature)
 *
 * The header is read first, to learn which key is meant; nothing else is until that key has signed it. Its alg has
 * to be that key's own, so "none", and a public key used as a secret, get nowhere. An extension that is critical
 * (crit) is not understood, so refused.
 */
#ifndef ACCESS_JWT_H
#define ACCESS_JWT_H

#include "access/claims.h"
#include "access/keys.h"

enum { JWT_MAX = 8192 };

/* A new identity; NULL, and why. */
struct identity *jwt_check(weft_bytes token, const struct keys *keys, const struct claims_policy *p,
                           uint64_t now_s, struct why *why);

/* Sign these claims, a JSON object. A text, to be freed; NULL, and why. */
char *jwt_make(const struct key *key, weft_bytes claims, struct why *why);

#endif
