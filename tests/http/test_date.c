/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_date.c - dates there and back
 */
#include "http/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static void three_forms_of_one_date(void **state)
{
    (void)state;
    static const char *const forms[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                        "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994"};
    for (size_t i = 0; i < 3; i++) {
        int64_t seconds = 0;
        assert_true(date_parse(bytes_of(forms[i]), &seconds));
        assert_int_equal(seconds, 784111777);
    }
    char text[HTTP_DATE_SIZE];
    date_format(784111777, text);
    assert_string_equal(text, forms[0]);
}

/* Every 9 days and some, from 1970 to 2100, as the C library has it. */
static void there_and_back(void **state)
{
    (void)state;
    for (int64_t t = 0; t < 4102444800; t += 9 * 86400 + 12345) {
        char got[HTTP_DATE_SIZE], want[HTTP_DATE_SIZE];
        struct tm tm;
        time_t time = (time_t)t;
        gmtime_r(&time, &tm);
        strftime(want, sizeof want, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        date_format(t, got);
        assert_string_equal(got, want);
        int64_t back = -1;
        assert_true(date_parse(bytes_of(got), &back));
        assert_int_equal(back, t);
    }
}

static void edges(void **state)
{
    (void)state;
    char text[HTTP_DATE_SIZE];
    date_format(-1, text);
    assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
    date_format(INT64_MAX, text);
    assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
    int64_t t = 0;
    assert_true(date_parse(bytes_of("Thu, 29 Feb 2024 00:00:00 GMT"), &t));
    assert_int_equal(t, 1709164800);
    assert_true(date_parse(bytes_of("Thu Nov 16 08:49:37 1994"), &t));
    assert_true(date_parse(bytes_of("Friday, 01-Jan-69 00:00:00 GMT"), &t));
    assert_int_equal(t, 3124224000); /* 2069 */
    assert_true(date_parse(bytes_of("Sat, 01 Jan 0000 00:00:00 GMT"), &t));
}

static void not_dates(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "0",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Thu, 29 Feb 2023 00:00:00 GMT",
        "Thu, 29 Feb 2100 00:00:00 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Xun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t n = strlen(bad[i]);
        uint8_t *exact = malloc(n + !n);
        memcpy(exact, bad[i], n);
        int64_t t;
        assert_false(date_parse((weft_bytes){exact, n}, &t));
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_forms_of_one_date),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(edges),
        cmocka_unit_test(not_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
