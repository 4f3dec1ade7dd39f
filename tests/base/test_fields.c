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

static void expect_elements(struct elements e, const char *const *want)
{
    for (weft_bytes element; elements_next(&e, &element); want++) {
        assert_non_null(*want);
        assert_true(bytes_is(element, *want));
    }
    assert_null(*want);
}

/* Of all fields of that name, in order; empty ones do not count. */
static void elements(void **state)
{
    (void)state;
    const weft_field fields[] = {{bytes_of("Other"), bytes_of("x, y")},
                                 {bytes_of("A"), bytes_of(", b,\t c d ,, ")},
                                 {bytes_of("AB"), bytes_of("z")},
                                 {bytes_of("a"), bytes_of("")},
                                 {bytes_of("a"), bytes_of("\"e, f\"; g=\"\\\",\", h")}};
    struct elements e = elements_of(fields, 5, "a");
    expect_elements(e, (const char *const[]){"b", "c d", "\"e", "f\"; g=\"\\\"", "\"", "h", NULL});
    e.quoted = true;
    expect_elements(e, (const char *const[]){"b", "c d", "\"e, f\"; g=\"\\\",\"", "h", NULL});
    expect_elements(elements_of(fields, 5, "none"), (const char *const[]){NULL});
    expect_elements(elements_of(NULL, 0, "a"), (const char *const[]){NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lookups), cmocka_unit_test(elements)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
