/* SPDX-License-Identifier: MIT
 *
 * tests/hub/unit.h - what every cmocka program of this room includes
 */
#ifndef HUB_UNIT_H
#define HUB_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define countof(array) (sizeof(array) / sizeof *(array))

/* A reproducible sequence (xorshift64*). */
static inline uint32_t roll(uint64_t *state, uint32_t below)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 0x2545f4914f6cdd1d) >> 32) % below;
}

#endif
