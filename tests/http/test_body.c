/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_body.c - bodies cut out of the stream, at every split
 */
#include "http/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "split.h"

struct got {
    char text[256];
    size_t len;
    size_t rest;
};

/* Reads until the end, an error, or the last byte. */
static int read_all(struct body *b, struct split *s, struct got *got)
{
    weft_span in = {0};
    weft_bytes piece;
    int r = BODY_MORE;
    *got = (struct got){0};
    while (r == BODY_MORE && split_part(s, &in))
        while ((r = body_read(b, &in, &piece)) == BODY_PIECE) {
            assert_true(piece.len > 0 && got->len + piece.len < sizeof got->text);
            memcpy(got->text + got->len, piece.data, piece.len);
            got->len += piece.len;
        }
    got->rest = in.len + (s->len - s->at);
    return r;
}

static void gives(enum body_kind kind, uint64_t length, uint64_t max, const char *text, int result,
                  const char *body, const char *rest)
{
    for (struct split s = split_of(text, strlen(text)); split_next(&s);) {
        struct body b;
        struct got got;
        assert_int_equal(body_init(&b, kind, length, max), 0);
        assert_int_equal(read_all(&b, &s, &got), result);
        assert_string_equal(got.text, body);
        assert_int_equal(got.rest, strlen(rest));
        int eof = body_eof(&b);
        if (kind == BODY_UNTIL_CLOSE) assert_int_equal(eof, BODY_END);
        else assert_int_equal(eof, result == BODY_END ? BODY_END : WEFT_ERR_HTTP);
    }
}

static void refuses(const char *text, uint64_t max, int status, const char *why)
{
    for (struct split s = split_of(text, strlen(text)); split_next(&s);) {
        struct body b;
        struct got got;
        body_init(&b, BODY_CHUNKED, 0, max);
        assert_int_equal(read_all(&b, &s, &got), WEFT_ERR_HTTP);
        assert_int_equal(b.status, status);
        assert_string_equal(b.why, why);
    }
}

static void none(void **state)
{
    (void)state;
    gives(BODY_NONE, 0, 0, "GET", BODY_END, "", "GET");
}

static void a_length(void **state)
{
    (void)state;
    gives(BODY_LENGTH, 5, 5, "helloGET", BODY_END, "hello", "GET");
    gives(BODY_LENGTH, 0, 5, "GET", BODY_END, "", "GET");
    gives(BODY_LENGTH, 5, 5, "hell", BODY_MORE, "hell", "");
    struct body b;
    assert_int_equal(body_init(&b, BODY_LENGTH, 4, 5), 0);
    assert_int_equal(body_init(&b, BODY_LENGTH, 5, 5), 0);
    assert_int_equal(body_init(&b, BODY_LENGTH, 6, 5), WEFT_ERR_HTTP);
    assert_int_equal(b.status, 413);
    assert_string_equal(b.why, "the body is too large");
}

static void until_close(void **state)
{
    (void)state;
    gives(BODY_UNTIL_CLOSE, 0, 5, "hello", BODY_MORE, "hello", "");
    struct body b;
    weft_bytes piece;
    char text[] = "hello";
    weft_span in = {(uint8_t *)text, 5};
    assert_int_equal(body_init(&b, BODY_UNTIL_CLOSE, 0, 4), 0);
    assert_int_equal(body_read(&b, &in, &piece), WEFT_ERR_HTTP);
    assert_int_equal(b.status, 413);
}

static void chunks(void **state)
{
    (void)state;
    gives(BODY_CHUNKED, 0, 100, "5\r\nhello\r\n0\r\n\r\nGET", BODY_END, "hello", "GET");
    gives(BODY_CHUNKED, 0, 11, "5\r\nhello\r\n006\r\n world\r\n00\r\n\r\n", BODY_END, "hello world",
          "");
    gives(BODY_CHUNKED, 0, 10, "a;x=\"y\";z\r\n0123456789\r\n0;end\r\n\r\n", BODY_END, "0123456789",
          "");
    gives(BODY_CHUNKED, 0, 10, "A \t;x\r\n0123456789\r\n0\r\n\r\n", BODY_END, "0123456789", "");
    gives(BODY_CHUNKED, 0, 10, "1\r\nx\r\n0\r\nTrailer: a\r\nOther:\r\n\r\nGET", BODY_END, "x",
          "GET");
    gives(BODY_CHUNKED, 0, 10, "0\r\n\r", BODY_MORE, "", "");
    gives(BODY_CHUNKED, 0, 10, "5\r\nhel", BODY_MORE, "hel", "");
}

static void malformed_chunks(void **state)
{
    (void)state;
    refuses("\r\n", 9, 400, "a chunk size without digits");
    refuses(";x\r\n", 9, 400, "a chunk size without digits");
    refuses(" 5\r\n", 9, 400, "a chunk size without digits");
    refuses("+5\r\n", 9, 400, "a chunk size without digits");
    refuses("-5\r\n", 9, 400, "a chunk size without digits");
    refuses("0x5\r\n", 9, 400, "a chunk size is not hexadecimal");
    refuses("5g\r\n", 9, 400, "a chunk size is not hexadecimal");
    refuses("5\n", 9, 400, "a chunk size is not hexadecimal");
    refuses("5\rx", 9, 400, "a bare CR behind a chunk size");
    refuses("5 \r\n", 9, 400, "white space behind a chunk size");
    refuses("5;a\nb", 9, 400, "a control character in a chunk extension");
    refuses("00000000000000005\r\n", 9, 400, "a chunk size has too many digits");
    refuses("10000000000000000\r\n", 9, 400, "a chunk size has too many digits");
    refuses("1\r\nxx", 9, 400, "a chunk is longer than its size");
    refuses("1\r\nx\n", 9, 400, "a chunk is longer than its size");
    refuses("1\r\nx\rx", 9, 400, "a bare CR behind a chunk");
    refuses("0\r\n a: b\r\n", 9, 400, "a malformed trailer");
    refuses("0\r\na\r\n", 9, 400, "a malformed trailer");
    refuses("0\r\na : b\r\n", 9, 400, "a malformed trailer");
    refuses("0\r\n:\r\n", 9, 400, "a malformed trailer");
    refuses("0\r\n\n", 9, 400, "a malformed trailer");
    refuses("0\r\na: \x01\r\n", 9, 400, "a control character in a trailer");
    refuses("0\r\na: b\n", 9, 400, "a control character in a trailer");
    refuses("0\r\na: b\rx", 9, 400, "a bare CR in a trailer");
    refuses("0\r\n\rx", 9, 400, "a bare CR behind the trailers");
}

static void limits(void **state)
{
    (void)state;
    gives(BODY_CHUNKED, 0, 2, "1\r\nx\r\n1\r\ny\r\n0\r\n\r\n", BODY_END, "xy", "");
    refuses("3\r\n", 2, 413, "the body is too large");
    refuses("1\r\nx\r\n2\r\n", 2, 413, "the body is too large");
    refuses("ffffffffffffffff\r\n", 2, 413, "the body is too large");
}

/* The bound on what nobody asked for holds over all chunks together. */
static void extensions_and_trailers_are_bounded(void **state)
{
    (void)state;
    static const char *const forms[] = {"0;%0*d", "0\r\nname: %0*d", "0\r\n%0*d"};
    for (size_t i = 0; i < 3; i++) {
        char text[5000];
        int n = snprintf(text, sizeof text, forms[i], 4200, 0);
        weft_span in = {(uint8_t *)text, (size_t)n};
        weft_bytes piece;
        struct body b;
        body_init(&b, BODY_CHUNKED, 0, 9);
        assert_int_equal(body_read(&b, &in, &piece), WEFT_ERR_HTTP);
        assert_string_equal(b.why, "chunk extensions or trailers are too long");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none),
        cmocka_unit_test(a_length),
        cmocka_unit_test(until_close),
        cmocka_unit_test(chunks),
        cmocka_unit_test(malformed_chunks),
        cmocka_unit_test(limits),
        cmocka_unit_test(extensions_and_trailers_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
