/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_fields.c - looking into header fields
 */
#include "base/fields.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void lookups(void **state)
{
    (void)state;
    const weft_field fields[] = {{bytes_of("Connection"), bytes_of("keep-alive,\tUpgrade ,")},
                                 {bytes_of("CONNECTION"), bytes_of("close")},
                                 {bytes_of("Connections"), bytes_of("x")},
                                 {bytes_of("Empty"), bytes_of("")}};
    assert_ptr_equal(fields_first(fields, 4, "connection"), &fields[0]);
    assert_null(fields_first(fields, 4, "Connectio"));
    assert_int_equal(fields_count(fields, 4, "connection"), 2);
    assert_int_equal(fields_count(fields, 0, "connection"), 0);
    assert_true(fields_have_token(fields, 4, "Connection", "upgrade"));
    assert_true(fields_have_token(fields, 4, "Connection", "CLOSE"));
    assert_false(fields_have_token(fields, 4, "Connection", "x"));
    assert_false(fields_have_token(fields, 4, "Connection", "up"));
    assert_false(fields_have_token(fields, 4, "Connection", "upgrade2"));
    assert_false(fields_have_token(fields, 4, "Empty", "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lookups)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
