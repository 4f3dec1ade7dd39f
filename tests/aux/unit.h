/* SPDX-License-Identifier: MIT
 *
 * tests/aux/unit.h - what every cmocka program of this room includes
 */
#ifndef AUX_UNIT_H
#define AUX_UNIT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weft/weft.h>

#define countof(array) (sizeof(array) / sizeof *(array))

static inline weft_bytes bytes(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

static inline void expect_bytes(weft_bytes got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    if (got.len) assert_memory_equal(got.data, want, got.len);
}

#endif
