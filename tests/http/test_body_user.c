/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_body_user.c - a response's body for who brings his own sockets, at every split
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <weft/handshake.h>

#include "split.h"

enum { FIELDS = 8 };

static weft_field fields[FIELDS];

/* The head of it, and where the rest begins. */
static weft_response_head parse(const char *text, size_t *head)
{
    static char copy[512];
    weft_response_head r;
    snprintf(copy, sizeof copy, "%s", text);
    weft_span in = {(uint8_t *)copy, strlen(copy)};
    assert_int_equal(weft_response_parse(&in, NULL, fields, FIELDS, &r), 1);
    *head = strlen(copy) - in.len;
    return r;
}

struct got {
    char text[256];
    size_t len, rest;
};

static int read_all(weft_body *b, struct split *s, struct got *got)
{
    weft_span in = {0};
    weft_bytes piece = {0};
    int r = WEFT_BODY_MORE;
    *got = (struct got){0};
    while (r == WEFT_BODY_MORE && split_part(s, &in))
        while ((r = weft_body_read(b, &in, &piece)) == WEFT_BODY_PIECE) {
            assert_true(piece.len > 0 && got->len + piece.len < sizeof got->text);
            memcpy(got->text + got->len, piece.data, piece.len);
            got->len += piece.len;
        }
    assert_int_equal(piece.len, 0);
    got->rest = in.len + (s->len - s->at);
    return r;
}

/* The answer to method has this body, which ends so, and behind it so much of text. */
static void gives(const char *method, const char *text, int kind, const char *body, int result,
                  size_t rest)
{
    size_t head;
    weft_response_head r = parse(text, &head);
    for (struct split s = split_of(text + head, strlen(text) - head); split_next(&s);) {
        weft_body b;
        struct got got;
        assert_int_equal(weft_body_begin(&b, &r, method), kind);
        assert_string_equal(b.why, "");
        bool known = kind == WEFT_BODY_LENGTH || kind == WEFT_BODY_NONE;
        uint64_t length = weft_body_left(&b);
        assert_int_equal(read_all(&b, &s, &got), result);
        assert_true(weft_body_left(&b) == (known ? length - got.len : UINT64_MAX));
        if (known) assert_int_equal(weft_body_left(&b) == 0, result == WEFT_BODY_END);
        assert_string_equal(got.text, body);
        assert_int_equal(got.rest, rest);
        bool over = result == WEFT_BODY_END || kind == WEFT_BODY_UNTIL_CLOSE;
        assert_int_equal(weft_body_eof(&b), over ? WEFT_BODY_END : WEFT_ERR_HTTP);
        assert_string_equal(b.why, over ? "" : "the stream ended inside a body");
    }
}

static void how_it_ends(void **state)
{
    (void)state;
    gives("GET", "HTTP/1.1 403 x\r\nContent-Length: 4\r\n\r\nno!\nmore", WEFT_BODY_LENGTH, "no!\n",
          WEFT_BODY_END, 4);
    gives("GET", "HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\nmore", WEFT_BODY_LENGTH, "",
          WEFT_BODY_END, 4);
    gives("GET", "HTTP/1.1 403 x\r\nContent-Length: 9\r\n\r\ncut", WEFT_BODY_LENGTH, "cut",
          WEFT_BODY_MORE, 0);
    gives("GET", "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nmore",
          WEFT_BODY_CHUNKED, "abc", WEFT_BODY_END, 4);
    gives("POST", "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", WEFT_BODY_CHUNKED,
          "ab", WEFT_BODY_MORE, 0);
    gives("GET", "HTTP/1.0 200 x\r\n\r\nuntil the end", WEFT_BODY_UNTIL_CLOSE, "until the end",
          WEFT_BODY_MORE, 0);
}

static void where_there_is_none(void **state)
{
    (void)state;
    gives("GET", "HTTP/1.1 101 x\r\nContent-Length: 4\r\n\r\nmore", WEFT_BODY_NONE, "",
          WEFT_BODY_END, 4);
    gives("GET", "HTTP/1.1 204 x\r\nContent-Length: 4\r\n\r\nmore", WEFT_BODY_NONE, "",
          WEFT_BODY_END, 4);
    gives("GET", "HTTP/1.1 304 x\r\nContent-Length: 4\r\n\r\nmore", WEFT_BODY_NONE, "",
          WEFT_BODY_END, 4);
    gives("HEAD", "HTTP/1.1 200 x\r\nContent-Length: 4\r\n\r\nmore", WEFT_BODY_NONE, "",
          WEFT_BODY_END, 4);
    gives("CONNECT", "HTTP/1.1 200 x\r\nContent-Length: 4\r\n\r\nmore", WEFT_BODY_NONE, "",
          WEFT_BODY_END, 4);
    gives("CONNECT", "HTTP/1.1 407 x\r\nContent-Length: 4\r\n\r\nmore", WEFT_BODY_LENGTH, "more",
          WEFT_BODY_END, 0);
}

static void what_does_not_say_where_it_ends(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "HTTP/1.1 200 x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nmore",
        "HTTP/1.1 200 x\r\nContent-Length: -4\r\n\r\nmore",
        "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nmore",
        "HTTP/1.1 200 x\r\nTransfer-Encoding: gzip\r\n\r\nmore",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t head;
        weft_response_head r = parse(bad[i], &head);
        weft_body b;
        weft_bytes piece;
        uint8_t byte = 'x';
        weft_span in = {&byte, 1};
        assert_int_equal(weft_body_begin(&b, &r, "GET"), WEFT_ERR_HTTP);
        assert_true(strlen(b.why) > 10);
        assert_int_equal(weft_body_read(&b, &in, &piece), WEFT_BODY_END);
        assert_int_equal(in.len, 1);
    }
}

static void what_is_malformed(void **state)
{
    (void)state;
    size_t head;
    char text[] = "zz\r\n";
    weft_response_head r = parse("HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n", &head);
    weft_body b;
    weft_bytes piece;
    weft_span in = {(uint8_t *)text, sizeof text - 1};
    assert_int_equal(weft_body_begin(&b, &r, "GET"), WEFT_BODY_CHUNKED);
    assert_int_equal(weft_body_read(&b, &in, &piece), WEFT_ERR_HTTP);
    assert_string_equal(b.why, "a chunk size without digits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_it_ends),
        cmocka_unit_test(where_there_is_none),
        cmocka_unit_test(what_does_not_say_where_it_ends),
        cmocka_unit_test(what_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
