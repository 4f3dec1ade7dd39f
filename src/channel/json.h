/* SPDX-License-Identifier: MIT
 *
 * channel/json.h - JSON, written (RFC 8259)
 *
 * Text stays UTF-8. Escaped is what has to be, the quote, the backslash and control characters, and U+2028 and U+2029,
 * which end a line in JavaScript that takes JSON for its own: so an object is one line, whoever reads it.
 */
#ifndef CHANNEL_JSON_H
#define CHANNEL_JSON_H

#include "channel/text.h"

/* A string with its quotes; text is UTF-8. */
void json_add_string(struct text *to, weft_bytes text);

/* Bytes as a string of base64 with padding (RFC 4648, 4), with its quotes. */
void json_add_base64(struct text *to, weft_bytes bytes);

#endif
