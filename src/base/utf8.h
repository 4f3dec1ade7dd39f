/* SPDX-License-Identifier: MIT
 *
 * base/utf8.h - UTF-8 as it arrives (RFC 3629)
 *
 * One byte of state between calls; 0 is the start, and means that the text so far is complete.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <weft/base.h>

typedef uint8_t utf8_state;

/* Go on with n bytes. false at the first byte that no valid text can have at this place. */
bool utf8_feed(utf8_state *state, const uint8_t *data, size_t n);

/* The largest length <= n at which text, valid UTF-8, can be cut between code points. */
size_t utf8_cut(const uint8_t *text, size_t len, size_t n);

#endif
