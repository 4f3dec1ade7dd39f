/* SPDX-License-Identifier: MIT
 *
 * channel/publication.h - what somebody wants published: a message, what it replaces, and a name to say it once by
 *
 * It comes as a command of weft.v1, as a line of a batch, or as the body and the header fields of a POST.
 */
#ifndef CHANNEL_PUBLICATION_H
#define CHANNEL_PUBLICATION_H

#include <weft/topic.h>

#include "channel/json_read.h"
#include "channel/refusal.h"

enum { KEY_MAX = 64, ONCE_KEY_MAX = 64 }; /* bytes */

/* All parts are borrowed. */
struct publication {
    weft_opcode op; /* WEFT_TEXT or WEFT_BINARY */
    weft_bytes payload;
    weft_bytes key;  /* empty: it replaces nothing */
    weft_bytes once; /* empty: it is not said that it is to be published once */
};

/* Its members in an object, in this order where they are looked for. */
#define PUBLICATION_NAMES "data", "base64", "key", "once"
enum {
    PUBLICATION_DATA,
    PUBLICATION_BASE64,
    PUBLICATION_KEY,
    PUBLICATION_ONCE,
    PUBLICATION_MEMBERS
};

/* From these members. max is what a payload may have, in bytes. 0; or -1, and why: 400, 413, or 503: no memory. */
int publication_read(struct publication *out, const struct json_value *members, size_t max,
                     struct scratch *s, struct refusal *why);

/* Whether a Weft-Key or an Idempotency-Key that a header field says is one: UTF-8, so many bytes. Empty: it was not
 * sent, and that is fine. 0, or -1 and why (400). */
int publication_check_key(weft_bytes key, struct refusal *why);
int publication_check_once(weft_bytes once, struct refusal *why);

#endif
