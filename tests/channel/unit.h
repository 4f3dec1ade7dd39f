/* SPDX-License-Identifier: MIT
 *
 * tests/channel/unit.h - what every cmocka program of this room includes
 */
#ifndef CHANNEL_UNIT_H
#define CHANNEL_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "channel/bytes.h"
#include "channel/refusal.h"

#define countof(array) (sizeof(array) / sizeof *(array))

/* A literal, NULs included. */
#define LITERAL(text) ((weft_bytes){(const uint8_t *)(text), sizeof(text) - 1})

#define assert_bytes(bytes, text)                                     \
    do {                                                              \
        weft_bytes got_ = (bytes);                                    \
        assert_int_equal(got_.len, strlen(text));                     \
        if (got_.len) assert_memory_equal(got_.data, text, got_.len); \
    } while (0)

/* It was refused with this code, in words that hold this. */
#define assert_refused(why, status, part)                                                          \
    do {                                                                                           \
        assert_int_equal((why).code, status);                                                      \
        if (!strstr((why).words, part)) fail_msg("\"%s\" does not say \"%s\"", (why).words, part); \
        assert_true(weft_utf8_valid((why).words, strlen((why).words)));                            \
    } while (0)

#endif
