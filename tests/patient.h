/* SPDX-License-Identifier: MIT
 *
 * tests/patient.h - a test whose loop waits for other threads, by the real clock: not for ever
 */
#ifndef TESTS_PATIENT_H
#define TESTS_PATIENT_H

#include <stdlib.h>

#include <weft/loop.h>

enum { PATIENCE_US = 60 * 1000 * 1000 };

/* In any thread, where cmocka's assertions may not fail. */
static inline void must(bool holds)
{
    if (!holds) abort();
}

/* Turn loop until the condition holds. */
#define turn_loop_until(loop, condition)                        \
    for (uint64_t begun = weft_loop_now(loop); !(condition);) { \
        assert_true(weft_loop_now(loop) - begun < PATIENCE_US); \
        assert_int_equal(weft_loop_turn(loop, 5), 0);           \
    }

#endif
