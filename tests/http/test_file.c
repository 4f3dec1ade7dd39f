/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_file.c - safe paths, types, conditions and ranges
 */
#include "http/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- paths ----------------------------------------------------------------------------------- */

static int path(const char *text, char *out, size_t size)
{
    size_t n = strlen(text);
    uint8_t *exact = malloc(n + !n);
    memcpy(exact, text, n);
    int r = file_path((weft_bytes){exact, n}, out, size);
    free(exact);
    return r;
}

static void safe_paths(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"/", "index.html"},
        {"/a", "a"},
        {"/a/", "a/index.html"},
        {"/a%20b/c.txt", "a b/c.txt"},
        {"/100%25", "100%"},
        {"/%2541", "%41"}, /* decoded once */
        {"/b\xc3\xbc"
         "cher",
         "b\xc3\xbc"
         "cher"},
        {"/b%C3%BCcher", "b\xc3\xbc"
                         "cher"},
        {"/a..b/c.", "a..b/c."},
        {"/a:b?c", "a:b?c"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char out[64];
        assert_int_equal(path(pairs[i][0], out, sizeof out), 0);
        assert_string_equal(out, pairs[i][1]);
    }
}

static void unsafe_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int status;
    } bad[] = {
        {"", 400},        {"a", 400},       {"*", 400},          {"/a%00", 400},
        {"/a%2fb", 400},  {"/a%2Fb", 400},  {"/a%5cb", 400},     {"/a\\b", 400},
        {"/a%", 400},     {"/a%4", 400},    {"/a%4g", 400},      {"/%g4", 400},
        {"/%ff", 400},    {"/%c3", 400},    {"/%c0%af", 400},    {"/%ed%a0%80", 400},
        {"/a%0a", 400},   {"/a%7f", 400},   {"/%1b", 400},       {"/..", 404},
        {"/../etc", 404}, {"/a/../b", 404}, {"/%2e%2e/b", 404},  {"/a/.%2e", 404},
        {"/./a", 404},    {"/.git/x", 404}, {"/a/.hidden", 404}, {"/%2ehidden", 404},
        {"//a", 404},     {"/a//b", 404},   {"/a//", 404},       {"//", 404},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char out[64];
        assert_int_equal(path(bad[i].path, out, sizeof out), bad[i].status);
    }
    char out[16];
    assert_int_equal(path("/0123456789abcdef", out, sizeof out), 414);
    assert_int_equal(path("/01234/", out, sizeof out), 414);
    assert_int_equal(path("/012/", out, sizeof out), 0);
    assert_int_equal(path("/", out, 10), 414);
    assert_int_equal(path("/", out, 11), 0);
}

static void types(void **state)
{
    (void)state;
    assert_string_equal(file_type("index.html"), "text/html; charset=utf-8");
    assert_string_equal(file_type("a.b/APP.JS"), "text/javascript; charset=utf-8");
    assert_string_equal(file_type("x.tar.gz"), "application/gzip");
    assert_string_equal(file_type("x.woff2"), "font/woff2");
    assert_string_equal(file_type("a.html/x"), "application/octet-stream");
    assert_string_equal(file_type("Makefile"), "application/octet-stream");
    assert_string_equal(file_type("x."), "application/octet-stream");
}

/* ---- conditions and ranges ------------------------------------------------------------------- */

static const struct file_info info = {
    .size = 1000, .mtime = 784111777, .mtime_ns = 5, .inode = 0x1234};

#define ETAG     "\"1234-3e8-ae1b981bc490a05\""
#define MODIFIED "Sun, 06 Nov 1994 08:49:37 GMT"
#define EARLIER  "Sun, 06 Nov 1994 08:49:36 GMT"

/* Asks with up to two fields. */
static struct file_answer ask(const char *name, const char *value, const char *name2,
                              const char *value2)
{
    weft_field fields[2] = {0};
    size_t n = 0;
    if (name) fields[n++] = (weft_field){bytes_of(name), bytes_of(value)};
    if (name2) fields[n++] = (weft_field){bytes_of(name2), bytes_of(value2)};
    struct file_answer a;
    file_evaluate(&info, fields, n, &a);
    return a;
}

static void expect_status(const char *name, const char *value, const char *name2,
                          const char *value2, int status)
{
    assert_int_equal(ask(name, value, name2, value2).status, status);
}

static void the_whole_file(void **state)
{
    (void)state;
    struct file_answer a = ask(NULL, NULL, NULL, NULL);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.first, 0);
    assert_int_equal(a.length, 1000);
    assert_string_equal(a.etag, ETAG);
    assert_string_equal(a.modified, MODIFIED);
    assert_string_equal(a.range, "");
}

static void none_match(void **state)
{
    (void)state;
    expect_status("If-None-Match", ETAG, NULL, NULL, 304);
    expect_status("if-none-match", "W/" ETAG, NULL, NULL, 304);
    expect_status("If-None-Match", "*", NULL, NULL, 304);
    expect_status("If-None-Match", "\"a,b\" , W/\"c\",," ETAG, NULL, NULL, 304);
    expect_status("If-None-Match", "\"a\"", "If-None-Match", ETAG, 304);
    expect_status("If-None-Match", "\"a\"", NULL, NULL, 200);
    expect_status("If-None-Match", "", NULL, NULL, 200);
    expect_status("If-None-Match", "W/", NULL, NULL, 200);
    expect_status("If-None-Match", "\"", NULL, NULL, 200);
    expect_status("If-None-Match", "1234", NULL, NULL, 200);
    expect_status("If-None-Match", "\"a\"", "If-Modified-Since", MODIFIED, 200); /* 13.1.3 */
    assert_int_equal(ask("If-None-Match", "*", NULL, NULL).length, 0);
}

static void modified_since(void **state)
{
    (void)state;
    expect_status("If-Modified-Since", MODIFIED, NULL, NULL, 304);
    expect_status("If-Modified-Since", "Sun Nov  6 08:49:38 1994", NULL, NULL, 304);
    expect_status("If-Modified-Since", EARLIER, NULL, NULL, 200);
    expect_status("If-Modified-Since", "yesterday", NULL, NULL, 200);
}

static void preconditions(void **state)
{
    (void)state;
    expect_status("If-Match", ETAG, NULL, NULL, 200);
    expect_status("If-Match", "*", NULL, NULL, 200);
    expect_status("If-Match", "\"a\", " ETAG, NULL, NULL, 200);
    expect_status("If-Match", "W/" ETAG, NULL, NULL, 412); /* the strong comparison */
    expect_status("If-Match", "\"a\"", "If-None-Match", ETAG, 412);
    expect_status("If-Unmodified-Since", MODIFIED, NULL, NULL, 200);
    expect_status("If-Unmodified-Since", EARLIER, NULL, NULL, 412);
    expect_status("If-Unmodified-Since", "never", NULL, NULL, 200);
    expect_status("If-Match", ETAG, "If-Unmodified-Since", EARLIER, 200);
}

static void expect_range(const char *range, int status, uint64_t first, uint64_t length,
                         const char *text)
{
    struct file_answer a = ask("Range", range, NULL, NULL);
    assert_int_equal(a.status, status);
    assert_int_equal(a.first, first);
    assert_int_equal(a.length, length);
    assert_string_equal(a.range, text);
}

static void ranges(void **state)
{
    (void)state;
    expect_range("bytes=0-99", 206, 0, 100, "bytes 0-99/1000");
    expect_range("bytes=999-999", 206, 999, 1, "bytes 999-999/1000");
    expect_range("Bytes=900-", 206, 900, 100, "bytes 900-999/1000");
    expect_range("bytes=-1", 206, 999, 1, "bytes 999-999/1000");
    expect_range("bytes=-5000", 206, 0, 1000, "bytes 0-999/1000");
    expect_range("bytes=0-99999999999999999999999", 206, 0, 1000, "bytes 0-999/1000");
    expect_range("bytes=1000-", 416, 0, 0, "bytes */1000");
    expect_range("bytes=1000-1000", 416, 0, 0, "bytes */1000");
    expect_range("bytes=-0", 416, 0, 0, "bytes */1000");
    expect_range("bytes=99999999999999999999999-", 416, 0, 0, "bytes */1000");
    static const char *const ignored[] = {
        "bytes=0-1,3-4", "bytes=2-1", "bytes=-", "bytes=",     "bytes", "lines=0-1",
        "bytes=a-",      "bytes=0-x", "bytes=0", "bytes= 0-1", "0-1",   ""};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        expect_range(ignored[i], 200, 0, 1000, "");
}

static void ranges_with_conditions(void **state)
{
    (void)state;
    expect_status("Range", "bytes=0-1", "If-Range", ETAG, 206);
    expect_status("Range", "bytes=0-1", "If-Range", MODIFIED, 206);
    expect_status("Range", "bytes=0-1", "If-Range", "W/" ETAG, 200);
    expect_status("Range", "bytes=0-1", "If-Range", "\"a\"", 200);
    expect_status("Range", "bytes=0-1", "If-Range", EARLIER, 200);
    expect_status("Range", "bytes=0-1", "If-Range", "", 200);
    expect_status("Range", "bytes=0-1", "If-None-Match", ETAG, 304);
    expect_status("Range", "bytes=0-1", "Range", "bytes=2-3", 200);
}

static void an_empty_file_has_no_range(void **state)
{
    (void)state;
    static const struct file_info empty = {.inode = 1};
    static const char *const all[] = {"bytes=0-", "bytes=-1"};
    for (int i = 0; i < 2; i++) {
        weft_field f = {bytes_of("Range"), bytes_of(all[i])};
        struct file_answer a;
        file_evaluate(&empty, &f, 1, &a);
        assert_int_equal(a.status, 416);
        assert_string_equal(a.range, "bytes */0");
    }
}

static void the_largest_numbers_fit(void **state)
{
    (void)state;
    static const struct file_info huge = {
        .size = UINT64_MAX, .mtime = -1, .mtime_ns = 999999999, .inode = UINT64_MAX};
    weft_field f = {bytes_of("Range"), bytes_of("bytes=18446744073709551613-")};
    struct file_answer a;
    file_evaluate(&huge, &f, 1, &a);
    assert_string_equal(a.range,
                        "bytes 18446744073709551613-18446744073709551614/18446744073709551615");
    assert_string_equal(a.etag, "\"ffffffffffffffff-ffffffffffffffff-ffffffffffffffff\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(safe_paths),
        cmocka_unit_test(unsafe_paths),
        cmocka_unit_test(types),
        cmocka_unit_test(the_whole_file),
        cmocka_unit_test(none_match),
        cmocka_unit_test(modified_since),
        cmocka_unit_test(preconditions),
        cmocka_unit_test(ranges),
        cmocka_unit_test(ranges_with_conditions),
        cmocka_unit_test(an_empty_file_has_no_range),
        cmocka_unit_test(the_largest_numbers_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
