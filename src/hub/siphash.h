/* SPDX-License-Identifier: MIT
 *
 * hub/siphash.h - SipHash-1-3, a hash whose collisions nobody can find without the key
 *
 * Topic names come from strangers. With a hash that they can compute, a few thousand chosen names
 * would make one long chain of the table (Aumasson and Bernstein, "SipHash: a fast short-input PRF").
 */
#ifndef HUB_SIPHASH_H
#define HUB_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const uint8_t key[16], const void *data, size_t len);

#endif
