/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_log.c - what a peer sent cannot break a log line: escaping and cutting
 */
#include "base/log.h"

#include "unit.h"

enum { LINE_MAX_BYTES = 256 };

static char line[1024];
static int level, lines;

static void take(void *ctx, int how_bad, const char *text)
{
    assert_ptr_equal(ctx, &lines);
    assert_true(strlen(text) < LINE_MAX_BYTES);
    level = how_bad;
    lines++;
    strcpy(line, text);
}

static const weft_env env = {.ctx = &lines, .log = take};

static void test_line(void **state)
{
    (void)state;
    log_line(&env, WEFT_LOG_WARN, "%s: %d", "peer", 42);
    assert_string_equal(line, "peer: 42");
    assert_int_equal(level, WEFT_LOG_WARN);
    assert_int_equal(lines, 1);
    log_line(&env, WEFT_LOG_ERROR, "%s", "");
    assert_string_equal(line, "");
}

static void test_nobody_listens(void **state)
{
    (void)state;
    log_line(NULL, WEFT_LOG_ERROR, "%s", "x");
    log_line(&(weft_env){0}, WEFT_LOG_ERROR, "%s", "x");
}

static void test_escaping(void **state)
{
    (void)state;
    log_line(&env, WEFT_LOG_INFO, "%s", "a\n\x1b[31m\x7f\xc3\xa4~ \t");
    assert_string_equal(line, "a\\x0a\\x1b[31m\\x7f\\xc3\\xa4~ \\x09");
    for (int c = 1; c < 256; c++) {
        log_line(&env, WEFT_LOG_INFO, "%c", c);
        assert_int_equal(strlen(line), c >= 0x20 && c < 0x7f ? 1 : 4);
    }
}

/* Never more than 256 bytes with the NUL, never half an escape. */
static void test_cutting(void **state)
{
    (void)state;
    char text[600];
    for (size_t n = 0; n < sizeof text; n++) {
        memset(text, n % 2 ? 'a' : '\n', n);
        text[n] = 0;
        log_line(&env, WEFT_LOG_INFO, "%s", text);
        size_t len = strlen(line);
        if (n % 2 == 0) assert_int_equal(len % 4, 0);
        assert_true(len >= (n < 250 ? n : 250));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_escaping),
        cmocka_unit_test(test_cutting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
