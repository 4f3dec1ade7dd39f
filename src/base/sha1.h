/* SPDX-License-Identifier: MIT
 *
 * base/sha1.h - SHA-1 (RFC 3174), for Sec-WebSocket-Accept only: no secret depends on it
 */
#ifndef BASE_SHA1_H
#define BASE_SHA1_H

#include <stddef.h>
#include <stdint.h>

enum { SHA1_LEN = 20 };

/* len is at most 119: a message of one or two blocks. */
void sha1(const void *data, size_t len, uint8_t digest[SHA1_LEN]);

#endif
