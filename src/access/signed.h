/* SPDX-License-Identifier: MIT
 *
 * access/signed.h - URLs that open one channel for a while
 *
 *      /rooms/1?signed=v1.read.1795309464.5f0c...&user=alice
 *
 * The last part of signed is HMAC-SHA256 in hexadecimal, with a secret of --sign-key, over five lines without an end
 * of the last: v1, the operation as it stands in the URL (read, write, presence, drop; several with commas), the
 * decoded name of the channel, the expiry in Unix seconds, the decoded user (empty: there is none).
 */
#ifndef ACCESS_SIGNED_H
#define ACCESS_SIGNED_H

#include "access/identity.h"
#include "access/keys.h"

enum { SIGNED_MAX = 256 /* bytes of the parameter, and of a user */ };

struct signed_url {
    weft_bytes operation, channel, user;
    uint64_t expires_s;
};

/* What a query says of itself. 0: it is not signed; 1: it is, with a new identity in *out; -1, and why. */
int signed_check(weft_bytes query, weft_bytes channel, const struct keys *secrets, uint64_t now_s,
                 struct identity **out, struct why *why);

/* The parameters, "signed=...&user=...", for a key that is a secret. false, and why. */
bool signed_make(const struct signed_url *u, const struct key *secret, char *out, size_t size,
                 struct why *why);

#endif
