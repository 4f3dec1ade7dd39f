/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_head.c - the head parser: what it takes, and what it refuses with which words
 *
 * Every head is fed whole, byte by byte, and cut in two at every place.
 */
#include "http/head.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "split.h"

static void expect_bytes(weft_bytes got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    if (got.len) assert_memory_equal(got.data, want, got.len);
}

static bool response_mode;
static weft_limits limits;

/* Feeds the parts; returns what the last feed returned. rest is what it left of its part. */
static int feed_all(struct head *h, struct split *s, size_t *rest)
{
    weft_span in;
    int r = 0;
    while (r == 0 && split_part(s, &in)) r = head_feed(h, &in);
    *rest = in.len + (s->len - s->at);
    return r;
}

static void init(struct head *h)
{
    if (response_mode) head_init_response(h, NULL, &limits);
    else head_init_request(h, NULL, &limits);
}

/* A complete head, followed by behind, which is left alone. check looks at the results. */
static void accepts(const char *text, void (*check)(const struct head *h))
{
    char whole[512];
    int n = snprintf(whole, sizeof whole, "%sbehind", text);
    assert_true(n > 0 && (size_t)n < sizeof whole);
    for (struct split s = split_of(whole, (size_t)n); split_next(&s);) {
        struct head h;
        size_t rest;
        init(&h);
        assert_int_equal(feed_all(&h, &s, &rest), 1);
        assert_int_equal(rest, strlen("behind"));
        struct head moved = h; /* results survive a move */
        memset(&h, 0, sizeof h);
        if (check) check(&moved);
        head_deinit(&moved);
    }
}

static void refuses_bytes(const char *text, size_t len, int status, const char *why)
{
    for (struct split s = split_of(text, len); split_next(&s);) {
        struct head h;
        size_t rest;
        init(&h);
        assert_int_equal(feed_all(&h, &s, &rest), WEFT_ERR_HTTP);
        assert_string_equal(h.why, why);
        if (!response_mode) assert_int_equal(h.status, status);
        head_deinit(&h);
    }
}

static void refuses(const char *text, int status, const char *why)
{
    refuses_bytes(text, strlen(text), status, why);
}

/* ---- requests that are fine ------------------------------------------------------------------ */

static void is_upgrade(const struct head *h)
{
    expect_bytes(h->method, "GET");
    expect_bytes(h->target, "/chat?room=1&x=a?b");
    expect_bytes(h->path, "/chat");
    expect_bytes(h->query, "room=1&x=a?b");
    expect_bytes(h->host, "localhost:8080");
    assert_int_equal(h->version, 11);
    assert_int_equal(h->n_fields, 4);
    expect_bytes(h->fields[1].name, "Upgrade");
    expect_bytes(h->fields[1].value, "websocket");
    expect_bytes(h->fields[2].value, "keep-alive, Upgrade");
    expect_bytes(h->fields[3].name, "X-Empty");
    expect_bytes(h->fields[3].value, "");
    assert_int_equal(h->body, BODY_NONE);
    assert_true(h->keep_alive);
    assert_false(h->expect_continue);
}

static void a_request(void **state)
{
    (void)state;
    accepts("GET /chat?room=1&x=a?b HTTP/1.1\r\nHost: localhost:8080\r\nUpgrade:websocket\r\n"
            "Connection: \t keep-alive, Upgrade \t\r\nX-Empty:\r\n\r\n",
            is_upgrade);
}

static void is_slash(const struct head *h)
{
    expect_bytes(h->path, "/");
    expect_bytes(h->query, "");
}

static void an_empty_line_before_it_is_tolerated(void **state)
{
    (void)state;
    accepts("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", is_slash);
    refuses("\r\n\r\nGET / HTTP/1.1\r\n", 400, "a request does not begin with a method");
}

static void is_absolute(const struct head *h)
{
    expect_bytes(h->path, "/p");
    expect_bytes(h->query, "q");
    expect_bytes(h->host, "example.org:81");
    expect_bytes(h->fields[0].value, "example.org:81");
}

static void is_absolute_slash(const struct head *h)
{
    is_slash(h);
    expect_bytes(h->host, "[::1]:8080");
}

static void is_absolute_query(const struct head *h)
{
    expect_bytes(h->path, "/");
    expect_bytes(h->query, "q");
}

static void an_absolute_target_replaces_host(void **state)
{
    (void)state;
    accepts("GET http://example.org:81/p?q HTTP/1.1\r\nHost: other\r\n\r\n", is_absolute);
    accepts("GET WSS://[::1]:8080 HTTP/1.1\r\nHost: other\r\n\r\n", is_absolute_slash);
    accepts("GET https://a?q HTTP/1.1\r\nHost: a\r\n\r\n", is_absolute_query);
    refuses("GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400,
            "the target's host or port is not valid");
    refuses("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400,
            "the target's host or port is not valid");
    refuses("GET http://a/ HTTP/1.1\r\n\r\n", 400, "no Host");
    refuses("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400,
            "the target is neither a path nor an absolute URL");
    refuses("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400,
            "the target is neither a path nor an absolute URL");
}

static void is_star(const struct head *h)
{
    expect_bytes(h->path, "*");
}

static void a_star_is_for_options(void **state)
{
    (void)state;
    accepts("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", is_star);
    refuses("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the target * is for OPTIONS only");
}

static void connect_is_refused(void **state)
{
    (void)state;
    refuses("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405,
            "CONNECT: this server is not a proxy");
}

static void is_10(const struct head *h)
{
    assert_int_equal(h->version, 10);
    assert_false(h->keep_alive);
}

static void is_11(const struct head *h)
{
    assert_int_equal(h->version, 11);
    assert_true(h->keep_alive);
}

static void closes(const struct head *h)
{
    assert_false(h->keep_alive);
}

static void versions(void **state)
{
    (void)state;
    accepts("GET / HTTP/1.0\r\n\r\n", is_10);
    accepts("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", is_10);
    accepts("GET / HTTP/1.3\r\nHost: a\r\n\r\n", is_11);
    accepts("GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nconnection: Close , y\r\n\r\n", closes);
    accepts("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", is_11);
    refuses("GET / HTTP/2.0\r\n", 505, "an HTTP version other than 1.0 and 1.1");
    refuses("GET / HTTP/0.9\r\n", 505, "an HTTP version other than 1.0 and 1.1");
    refuses("GET / HTTP/11.1\r\n", 400, "the HTTP version is not of the form HTTP/1.1");
    refuses("GET / HTTP/1.10\r\n", 400, "something stands behind the HTTP version");
    refuses("GET / HTTP/1.1 \r\n", 400, "something stands behind the HTTP version");
    refuses("GET / http/1.1\r\n", 400, "the HTTP version is not of the form HTTP/1.1");
    refuses("GET / HTTP/1\r\n", 400, "the HTTP version is not of the form HTTP/1.1");
    refuses("GET /\r\n", 400, "a request line without HTTP version");
}

/* ---- the request line ------------------------------------------------------------------------ */

static void request_line_form(void **state)
{
    (void)state;
    refuses(" GET / HTTP/1.1\r\n", 400, "a request does not begin with a method");
    refuses("\n", 400, "a bare LF ends a line");
    refuses("\rGET", 400, "a bare CR");
    refuses("G(T / HTTP/1.1\r\n", 400, "a character that may not stand in a method");
    refuses("GET\r\n", 400, "a character that may not stand in a method");
    refuses("\x16\x03\x01", 400, "a TLS handshake came where plain HTTP is spoken");
    refuses("GET  / HTTP/1.1\r\n", 400, "more than one space behind the method");
    refuses("GET /  HTTP/1.1\r\n", 400, "the HTTP version is not of the form HTTP/1.1");
    refuses("GET\t/ HTTP/1.1\r\n", 400, "a character that may not stand in a method");
    refuses("GET /a\tb HTTP/1.1\r\n", 400, "a character that may not stand in a target");
    refuses("GET /\xc3\xa9 HTTP/1.1\r\n", 400, "a character that may not stand in a target");
    refuses("GET /\x7f HTTP/1.1\r\n", 400, "a character that may not stand in a target");
    refuses("GET /a#b HTTP/1.1\r\n", 400, "a fragment in the target");
    refuses("GET /\n", 400, "a bare LF ends a line");
    refuses("GET / HTTP/1.1\n", 400, "a bare LF ends a line");
    refuses("GET / HTTP/1.1\rX", 400, "a bare CR");
    refuses_bytes("GET /\0 HTTP/1.1\r\n", 17, 400, "a NUL byte");
}

/* ---- fields ---------------------------------------------------------------------------------- */

#define LINE "GET / HTTP/1.1\r\nHost: a\r\n"

static void has_obs_text(const struct head *h)
{
    expect_bytes(h->fields[1].value, "\xff\xc3 \t\"#");
}

static void field_form(void **state)
{
    (void)state;
    accepts(LINE "X:\xff\xc3 \t\"#\r\n\r\n", has_obs_text);
    refuses(LINE "X : y\r\n", 400, "a space before the colon");
    refuses(LINE "X\t: y\r\n", 400, "a space before the colon");
    refuses(LINE "X: y\r\n folded\r\n", 400,
            "a header line begins with white space (obsolete folding)");
    refuses("GET / HTTP/1.1\r\n Host: a\r\n", 400,
            "a header line begins with white space (obsolete folding)");
    refuses(LINE ": y\r\n", 400, "an empty header field name");
    refuses(LINE "X\r\n", 400, "a header line without colon");
    refuses(LINE "X(: y\r\n", 400, "a character that may not stand in a header field name");
    refuses(LINE "(: y\r\n", 400, "a character that may not stand in a header field name");
    refuses(LINE "\xc3\xa9: y\r\n", 400, "a character that may not stand in a header field name");
    refuses(LINE "X: y\n", 400, "a bare LF ends a line");
    refuses(LINE "X\n", 400, "a bare LF ends a line");
    refuses(LINE "\n", 400, "a bare LF ends a line");
    refuses(LINE "X: a\rb\r\n", 400, "a bare CR");
    refuses(LINE "\rX", 400, "a bare CR");
    refuses(LINE "X: a\x01\r\n", 400, "a control character in a header field");
    refuses(LINE "X: a\x7f\r\n", 400, "a control character in a header field");
    refuses_bytes("GET / HTTP/1.1\r\nX: \0\r\n", 22, 400, "a NUL byte");
}

#define HOST(value) "GET / HTTP/1.1\r\nHost: " value "\r\n\r\n"

static void host(void **state)
{
    (void)state;
    accepts(HOST("example.org"), NULL);
    accepts(HOST("under_score:65535"), NULL);
    accepts(HOST("[::1]:8080"), NULL);
    accepts(HOST("127.0.0.1:"), NULL); /* RFC 3986: port = *DIGIT */
    refuses("GET / HTTP/1.1\r\n\r\n", 400, "no Host");
    refuses("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400, "more than one Host");
    refuses("GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n", 400, "more than one Host");
    static const char *const bad[] = {
        HOST(""),     HOST(":80"),    HOST("a b"), HOST("a/b"),   HOST("u@a"),   HOST("a:65536"),
        HOST("a:8x"), HOST("a:1:2"),  HOST("::1"), HOST("[::1"),  HOST("[::g]"), HOST("[]"),
        HOST("[a]"),  HOST("[::1]x"), HOST("a%2"), HOST("a\xe9"), HOST("a?b"),   HOST("<a>"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuses(bad[i], 400, "Host is not a valid host");
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static void has_length_5(const struct head *h)
{
    assert_int_equal(h->body, BODY_LENGTH);
    assert_int_equal(h->length, 5);
    assert_true(h->expect_continue);
}

static void has_largest_length(const struct head *h)
{
    assert_true(h->length == UINT64_MAX);
}

static void is_chunked(const struct head *h)
{
    assert_int_equal(h->body, BODY_CHUNKED);
}

static void body_framing(void **state)
{
    (void)state;
    accepts(LINE "Content-Length: 5\r\nExpect: 100-Continue\r\n\r\n", has_length_5);
    accepts(LINE "Content-Length: 18446744073709551615\r\n\r\n", has_largest_length);
    accepts(LINE "Transfer-Encoding: Chunked\r\n\r\n", is_chunked);
    refuses(LINE "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
            "both Content-Length and Transfer-Encoding");
    refuses(LINE "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400,
            "more than one Content-Length");
    static const char *const bad[] = {
        LINE "Content-Length:\r\n\r\n",      LINE "Content-Length: +5\r\n\r\n",
        LINE "Content-Length: -5\r\n\r\n",   LINE "Content-Length: 5, 5\r\n\r\n",
        LINE "Content-Length: 0x5\r\n\r\n",  LINE "Content-Length: 5 5\r\n\r\n",
        LINE "Content-Length: 5.0\r\n\r\n",  LINE "Content-Length: 18446744073709551616\r\n\r\n",
        LINE "Content-Length: five\r\n\r\n", LINE "Content-Length: 99999999999999999999\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuses(bad[i], 400, "Content-Length is not a number");
    static const char *const codings[] = {
        LINE "Transfer-Encoding: gzip, chunked\r\n\r\n",
        LINE "Transfer-Encoding: chunked, chunked\r\n\r\n",
        LINE "Transfer-Encoding: xchunked\r\n\r\n",
        LINE "Transfer-Encoding:\r\n\r\n",
        LINE "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        LINE "Transfer-Encoding: chunked;x\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
        refuses(codings[i], 501, "a Transfer-Encoding other than chunked");
    refuses("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
            "Transfer-Encoding in HTTP/1.0");
    refuses(LINE "Expect: tea\r\n\r\n", 417, "Expect is not 100-continue");
}

/* ---- limits: one below, at, one above -------------------------------------------------------- */

static void request_line_limit(void **state)
{
    (void)state;
    limits.request_line_max = 20;
    accepts("GET /123 HTTP/1.1\r\nHost: a\r\n\r\n", NULL);
    accepts("GET /123456 HTTP/1.1\r\nHost: a\r\n\r\n", NULL);
    refuses("GET /1234567 HTTP/1.1\r\nHost: a\r\n\r\n", 414, "the request line is too long");
    refuses("GET /1234567890123456", 414, "the request line is too long");
    refuses("GETGETGETGETGETGETGET", 414, "the request line is too long");
    limits = (weft_limits){0};
}

static void field_limit(void **state)
{
    (void)state;
    limits.header_field_max = 10;
    accepts(LINE "X: 345678\r\n\r\n", NULL);
    accepts(LINE "X: 3456789\r\n\r\n", NULL);
    refuses(LINE "X: 34567890\r\n\r\n", 431, "a header field is too long");
    refuses(LINE "X2345678901", 431, "a header field is too long");
    limits = (weft_limits){0};
}

static void head_limit(void **state)
{
    (void)state;
    static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
    for (int slack = 1; slack >= 0; slack--) {
        limits.request_head_max = sizeof text - 1 + (unsigned)slack;
        accepts(text, NULL);
    }
    for (unsigned less = 1; less < 16; less++) {
        limits.request_head_max = sizeof text - 1 - less;
        refuses(text, 431, "the head is too long");
    }
    limits.request_head_max = 10;
    refuses(text, 414, "the request line is too long");
    limits = (weft_limits){0};
}

static void fields_limit(void **state)
{
    (void)state;
    limits.max_headers = 3;
    accepts(LINE "a:\r\n\r\n", NULL);
    accepts(LINE "a:\r\nb:\r\n\r\n", NULL);
    refuses(LINE "a:\r\nb:\r\nc", 431, "too many header fields");
    limits = (weft_limits){0};
}

static void default_limits(void **state)
{
    (void)state;
    static char text[20000];
    int n = snprintf(text, sizeof text, "GET /%08178d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    weft_span in = {(uint8_t *)text, (size_t)n};
    struct head h;
    init(&h);
    assert_int_equal(head_feed(&h, &in), 1); /* 8192 */
    head_deinit(&h);
    n = snprintf(text, sizeof text, "GET /%08179d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    in = (weft_span){(uint8_t *)text, (size_t)n};
    init(&h);
    assert_int_equal(head_feed(&h, &in), WEFT_ERR_HTTP);
    assert_int_equal(h.status, 414);
    head_deinit(&h);
}

/* ---- responses ------------------------------------------------------------------------------- */

static void is_101(const struct head *h)
{
    assert_int_equal(h->status, 101);
    expect_bytes(h->reason, "Switching Protocols");
    expect_bytes(h->fields[0].value, "websocket");
    assert_int_equal(h->body, BODY_NONE);
}

static void is_404(const struct head *h)
{
    assert_int_equal(h->status, 404);
    assert_int_equal(h->body, BODY_LENGTH);
    assert_int_equal(h->length, 3);
}

static void is_204(const struct head *h)
{
    expect_bytes(h->reason, "");
    assert_int_equal(h->body, BODY_NONE);
}

static void is_200_10(const struct head *h)
{
    assert_int_equal(h->version, 10);
    expect_bytes(h->reason, "");
    assert_int_equal(h->body, BODY_UNTIL_CLOSE);
}

static void responses(void **state)
{
    (void)state;
    response_mode = true;
    accepts("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", is_101);
    accepts("HTTP/1.1 404 Not\tFound\r\nContent-Length: 3\r\n\r\n", is_404);
    accepts("HTTP/1.1 204 \r\nContent-Length: 3\r\n\r\n", is_204);
    accepts("HTTP/1.0 200\r\n\r\n", is_200_10);
    refuses("ICY 200 OK\r\n", 0, "this is not an HTTP response");
    refuses("\x15\x03\x03", 0, "the server speaks TLS there: this is not an HTTP response");
    refuses("\r\nHTTP/1.1 200 OK\r\n", 0, "this is not an HTTP response");
    refuses("HTTP/2.0 200 OK\r\n", 0, "an HTTP version other than 1.0 and 1.1");
    refuses("HTTP/1.1  200 OK\r\n", 0, "the status is not three digits");
    refuses("HTTP/1.1 20 OK\r\n", 0, "the status is not three digits");
    refuses("HTTP/1.1 2000 OK\r\n", 0, "the status is not three digits");
    refuses("HTTP/1.1 099 OK\r\n\r\n", 0, "the status is not 100 to 599");
    refuses("HTTP/1.1 600 OK\r\n\r\n", 0, "the status is not 100 to 599");
    refuses("HTTP/1.1 200 O\x01\r\n", 0, "a control character in the status line");
    refuses("HTTP/1.1 200 OK\n", 0, "a bare LF ends a line");
    refuses("HTTP/1.1 200 OK\r\nA : b\r\n", 0, "a space before the colon");
    response_mode = false;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static int allocations;

/* Fails when the countdown reaches zero. */
static void *scarce(void *ctx, void *p, size_t size)
{
    (void)ctx;
    if (size && allocations-- == 0) return NULL;
    if (size) return realloc(p, size);
    free(p);
    return NULL;
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    static const weft_env env = {.realloc = scarce};
    static const char text[] =
        LINE "X: 012345678901234567890123456789012345678901234567890123456789"
             "01234567890123456789012345678901234567890123456789\r\n\r\n";
    int n = 0, r;
    do {
        char copy_of[sizeof text];
        memcpy(copy_of, text, sizeof text);
        weft_span in = {(uint8_t *)copy_of, sizeof text - 1};
        struct head h;
        head_init_request(&h, &env, NULL);
        allocations = n++;
        r = head_feed(&h, &in);
        assert_true(r == 1 || r == -ENOMEM);
        head_deinit(&h);
    } while (r != 1);
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request),
        cmocka_unit_test(an_empty_line_before_it_is_tolerated),
        cmocka_unit_test(an_absolute_target_replaces_host),
        cmocka_unit_test(a_star_is_for_options),
        cmocka_unit_test(connect_is_refused),
        cmocka_unit_test(versions),
        cmocka_unit_test(request_line_form),
        cmocka_unit_test(field_form),
        cmocka_unit_test(host),
        cmocka_unit_test(body_framing),
        cmocka_unit_test(request_line_limit),
        cmocka_unit_test(field_limit),
        cmocka_unit_test(head_limit),
        cmocka_unit_test(fields_limit),
        cmocka_unit_test(default_limits),
        cmocka_unit_test(responses),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
