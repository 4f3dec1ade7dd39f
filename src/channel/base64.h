/* SPDX-License-Identifier: MIT
 *
 * channel/base64.h - base64 with padding (RFC 4648, 4)
 */
#ifndef CHANNEL_BASE64_H
#define CHANNEL_BASE64_H

#include "channel/text.h"

void base64_add(struct text *to, weft_bytes bytes);

/* Strict: whole groups, padding where it belongs, unused bits zero, nothing else. Writes at most three bytes for four
 * characters, and may do so in the place of the text. Returns how many bytes there are, or -1. */
ptrdiff_t base64_read(weft_bytes text, uint8_t *out);

#endif
