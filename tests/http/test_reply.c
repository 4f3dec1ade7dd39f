/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_reply.c - the writers: exact bytes, or nothing at all
 */
#include "http/reply.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "queued.h"

static struct outq out;

static void expect_out(const char *want)
{
    expect_queued(&out, want);
    outq_clear(&out);
}

static void a_head(void **state)
{
    (void)state;
    weft_field fields[] = {{bytes_of("ETag"), bytes_of("\"a\"")},
                           {bytes_of("X-Obs"), bytes_of("\xc3\xa9\t")}};
    struct reply r = {.status = 404,
                      .date = "Sun, 06 Nov 1994 08:49:37 GMT",
                      .fields = fields,
                      .n_fields = 2,
                      .body = BODY_LENGTH,
                      .length = UINT64_MAX,
                      .close = true};
    assert_int_equal(reply_head(&out, NULL, &r), 0);
    assert_int_equal(out.items, 1);
    expect_out("HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
               "Content-Length: 18446744073709551615\r\nConnection: close\r\nETag: \"a\"\r\n"
               "X-Obs: \xc3\xa9\t\r\n\r\n");
}

static void a_status_without_phrase_keeps_its_space(void **state)
{
    (void)state;
    assert_int_equal(reply_head(&out, NULL, &(struct reply){.status = 299}), 0);
    expect_out("HTTP/1.1 299 \r\n\r\n");
}

static void statuses(void **state)
{
    (void)state;
    assert_int_equal(reply_head(&out, NULL, &(struct reply){.status = 99}), -EINVAL);
    assert_int_equal(reply_head(&out, NULL, &(struct reply){.status = 600}), -EINVAL);
    assert_string_equal(reply_status_text(426), "Upgrade Required");
    assert_string_equal(reply_status_text(0), "");
    expect_out("");
}

static void bad_fields(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"A", "b\rc"}, {"A", "b\nc"},   {"A", "b\x01"},
                                         {"", "b"},     {"A B", "c"},    {"A:", "c"},
                                         {"A\n", "c"},  {"\xc3\xa9", ""}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        weft_field f = {bytes_of(bad[i][0]), bytes_of(bad[i][1])};
        assert_false(reply_field_valid(f.name, f.value));
        struct reply r = {.status = 200, .fields = &f, .n_fields = 1};
        assert_int_equal(reply_head(&out, NULL, &r), -EINVAL);
        assert_int_equal(request_head(&out, NULL, "GET", bytes_of("/"), &f, 1), -EINVAL);
    }
    assert_false(reply_field_valid(bytes_of("A"), (weft_bytes){(const uint8_t *)"a\0b", 3}));
    expect_out("");
}

static void requests(void **state)
{
    (void)state;
    weft_field host = {bytes_of("Host"), bytes_of("a:80")};
    assert_int_equal(request_head(&out, NULL, "CONNECT", bytes_of("a:80"), &host, 1), 0);
    expect_out("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n");
    static const char *const bad[] = {"", "/a b", "/a\r\nX: y", "/\xc3\xa9", "/#"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(request_head(&out, NULL, "GET", bytes_of(bad[i]), &host, 1), -EINVAL);
    assert_int_equal(request_head(&out, NULL, "G T", bytes_of("/"), &host, 1), -EINVAL);
    expect_out("");
}

static void *nothing(void *ctx, void *p, size_t size)
{
    (void)ctx;
    if (!size) free(p);
    return NULL;
}

static void without_memory_nothing_is_queued(void **state)
{
    (void)state;
    static const weft_env env = {.realloc = nothing};
    assert_int_equal(reply_head(&out, &env, &(struct reply){.status = 200}), -ENOMEM);
    assert_int_equal(request_head(&out, &env, "GET", bytes_of("/"), NULL, 0), -ENOMEM);
    expect_out("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head),   cmocka_unit_test(a_status_without_phrase_keeps_its_space),
        cmocka_unit_test(statuses), cmocka_unit_test(bad_fields),
        cmocka_unit_test(requests), cmocka_unit_test(without_memory_nothing_is_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
