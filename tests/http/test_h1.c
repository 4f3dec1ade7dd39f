/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_h1.c - the server's side of a connection: what comes out for what goes in
 */
#include "http/h1.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "queued.h"
#include "split.h"

static weft_limits limits;
static struct outq out;
static struct h1 h;

static int begin(void **state)
{
    (void)state;
    limits = (weft_limits){0};
    h1_init(&h, NULL, &limits, &out);
    return 0;
}

static int end(void **state)
{
    (void)state;
    h1_deinit(&h);
    outq_clear(&out);
    return 0;
}

static void restart(void)
{
    end(NULL);
    begin(NULL);
}

static void expect_out(const char *want)
{
    expect_queued(&out, want);
}

static weft_span span_of(const char *text)
{
    return (weft_span){(uint8_t *)(uintptr_t)text, strlen(text)};
}

static int feed(const char *text)
{
    weft_span in = span_of(text);
    int r = h1_feed(&h, &in);
    assert_int_equal(in.len, 0);
    return r;
}

static void reply(int status, const char *body)
{
    assert_int_equal(h1_reply_begin(&h, status, NULL, 0, NULL, strlen(body)), 0);
    assert_int_equal(h1_reply_write(&h, body, strlen(body)), 0);
    assert_int_equal(h1_reply_end(&h), 0);
}

#define GET "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

static void a_request_and_its_reply(void **state)
{
    (void)state;
    static const weft_field type = {{(const uint8_t *)"Content-Type", 12},
                                    {(const uint8_t *)"text/plain", 10}};
    assert_true(h1_idle(&h));
    assert_int_equal(feed("GET /a"), H1_MORE);
    assert_false(h1_idle(&h));
    assert_int_equal(feed(" HTTP/1.1\r\nHost: a\r\n\r\n"), H1_HEAD);
    assert_true(bytes_is(h.head.path, "/a"));
    assert_int_equal(feed(""), H1_REQUEST);
    assert_int_equal(feed(""), H1_WAIT);
    assert_int_equal(h1_reply_begin(&h, 200, &type, 1, "Sun, 06 Nov 1994 08:49:37 GMT", 5), 0);
    assert_int_equal(h1_reply_begin(&h, 200, &type, 1, NULL, 5), WEFT_ERR_STATE);
    assert_int_equal(h1_reply_write(&h, "hel", 3), 0);
    assert_int_equal(h1_reply_write(&h, "lop", 3), WEFT_ERR_STATE);
    assert_int_equal(h1_reply_write(&h, "lo", 2), 0);
    assert_int_equal(h1_reply_end(&h), 0);
    expect_out("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 5\r\n"
               "Content-Type: text/plain\r\n\r\nhello");
    assert_true(h1_idle(&h));
    assert_int_equal(feed(""), H1_MORE);
    assert_int_equal(h1_eof(&h), H1_DONE);
}

/* A driver as the owner's: answers each request with its path and body. */
static int drive(weft_span *in)
{
    for (;;) {
        int r = h1_feed(&h, in);
        if (r == H1_HEAD) continue;
        if (r != H1_REQUEST) return r;
        char body[256];
        int n = snprintf(body, sizeof body, "%.*s:%.*s", (int)h.head.path.len, h.head.path.data,
                         (int)h.body.len, h.body.len ? (char *)h.body.data : "");
        assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, (uint64_t)n), 0);
        assert_int_equal(h1_reply_write(&h, body, (size_t)n), 0);
        assert_int_equal(h1_reply_end(&h), 0);
    }
}

static void pipelined_requests_at_every_split(void **state)
{
    (void)state;
    static const char text[] = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                               "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
                               "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
                               "GET /4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for (struct split s = split_of(text, sizeof text - 1); split_next(&s);) {
        weft_span in;
        int r = H1_MORE;
        while (split_part(&s, &in)) {
            assert_int_equal(r, H1_MORE);
            r = drive(&in);
        }
        assert_int_equal(r, H1_DONE);
        expect_out("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n/1:"
                   "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n/2:hello"
                   "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n/3:abcde"
                   "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n/4:");
        restart();
    }
}

static void the_next_request_waits_in_the_span(void **state)
{
    (void)state;
    weft_span in = span_of(GET "GET /b");
    assert_int_equal(h1_feed(&h, &in), H1_HEAD);
    assert_int_equal(h1_feed(&h, &in), H1_REQUEST);
    assert_int_equal(h1_feed(&h, &in), H1_WAIT);
    assert_int_equal(in.len, 6);
    reply(200, "");
    assert_int_equal(h1_feed(&h, &in), H1_MORE);
    assert_int_equal(in.len, 0);
}

static void a_reply_of_unknown_length_is_chunked(void **state)
{
    (void)state;
    feed(GET);
    assert_int_equal(feed(""), H1_REQUEST);
    assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, H1_LENGTH_UNKNOWN), 0);
    assert_true(h1_replying(&h));
    assert_int_equal(h1_reply_write(&h, "hello world, hello", 18), 0);
    assert_int_equal(h1_reply_write(&h, "", 0), 0);
    assert_int_equal(h1_reply_write(&h, "abc", 3), 0);
    assert_int_equal(h1_reply_end(&h), 0);
    expect_out("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               "12\r\nhello world, hello\r\n3\r\nabc\r\n0\r\n\r\n");
    assert_int_equal(feed(""), H1_MORE);
}

static void http_10_gets_neither_chunks_nor_a_second_request(void **state)
{
    (void)state;
    feed("GET / HTTP/1.0\r\n\r\n");
    assert_int_equal(feed(""), H1_REQUEST);
    assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, H1_LENGTH_UNKNOWN), 0);
    assert_int_equal(h1_reply_write(&h, "abc", 3), 0);
    assert_int_equal(h1_reply_end(&h), 0);
    expect_out("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc");
    weft_span in = span_of(GET);
    assert_int_equal(h1_feed(&h, &in), H1_DONE);
    assert_int_equal(in.len, strlen(GET));
}

static void head_gets_the_length_and_no_body(void **state)
{
    (void)state;
    feed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    reply(200, "hello");
    expect_out("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    feed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, H1_LENGTH_UNKNOWN), 0);
    assert_int_equal(h1_reply_write(&h, "abc", 3), 0);
    assert_int_equal(h1_reply_end(&h), 0);
    expect_out("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    feed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, 7), 0);
    assert_int_equal(h1_reply_end(&h), 0); /* nobody needs to write what is not sent */
    expect_out("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
    feed(GET); /* the next is no HEAD any more */
    reply(200, "hello");
    expect_out("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

static void statuses_without_body(void **state)
{
    (void)state;
    static const int statuses[] = {204, 304};
    feed(GET);
    assert_int_equal(h1_reply_begin(&h, 204, NULL, 0, NULL, 5), -EINVAL);
    reply(200, "");
    expect_out("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    for (int i = 0; i < 2; i++) {
        feed(GET);
        assert_int_equal(h1_reply_begin(&h, statuses[i], NULL, 0, NULL, 0), 0);
        assert_int_equal(h1_reply_write(&h, "x", 1), WEFT_ERR_STATE);
        assert_int_equal(h1_reply_end(&h), 0);
        expect_out(i ? "HTTP/1.1 304 Not Modified\r\n\r\n" : "HTTP/1.1 204 No Content\r\n\r\n");
    }
}

/* RFC 9110, 8.6: what a 200 in its place would have said. */
static void a_304_says_how_long_the_body_would_be(void **state)
{
    (void)state;
    for (int head = 0; head < 2; head++) {
        feed(head ? "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" : GET);
        assert_int_equal(h1_reply_begin(&h, 304, NULL, 0, NULL, 5), 0);
        assert_int_equal(h1_reply_end(&h), 0);
        expect_out("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
    }
    feed(GET); /* and what follows is the next reply */
    reply(200, "hello");
    expect_out("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

static void the_caller_s_date_is_the_only_one(void **state)
{
    (void)state;
    const weft_field date = {bytes_of("date"), bytes_of("Sat, 05 Nov 1994 00:00:00 GMT")};
    feed(GET);
    assert_int_equal(h1_reply_begin(&h, 200, &date, 1, "Sun, 06 Nov 1994 08:49:37 GMT", 0), 0);
    assert_int_equal(h1_reply_end(&h), 0);
    expect_out(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\ndate: Sat, 05 Nov 1994 00:00:00 GMT\r\n\r\n");
}

static void a_reply_that_is_too_short_ends_the_connection(void **state)
{
    (void)state;
    feed(GET);
    assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, 5), 0);
    assert_int_equal(h1_reply_end(&h), WEFT_ERR_STATE);
    assert_int_equal(feed(""), H1_DONE);
}

static void replies_out_of_turn(void **state)
{
    (void)state;
    assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, 0), WEFT_ERR_STATE);
    assert_int_equal(h1_reply_write(&h, "a", 1), WEFT_ERR_STATE);
    assert_int_equal(h1_reply_end(&h), WEFT_ERR_STATE);
    assert_int_equal(h1_upgrade(&h, NULL, 0), WEFT_ERR_STATE);
    feed(GET);
    assert_int_equal(h1_reply_begin(&h, 101, NULL, 0, NULL, 0), -EINVAL);
    assert_int_equal(h1_reply_begin(&h, 600, NULL, 0, NULL, 0), -EINVAL);
    expect_out("");
}

static void fields_are_checked(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"X", "a\r\nSet-Cookie: b"},
        {"X", "a\nb"},
        {"X:", "a"},
        {"", "a"},
        {"X Y", "a"},
        {"content-length", "5"},
        {"Connection", "close"},
        {"Transfer-Encoding", "chunked"},
    };
    feed(GET);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        weft_field f = {bytes_of(bad[i][0]), bytes_of(bad[i][1])};
        assert_int_equal(h1_reply_begin(&h, 200, &f, 1, NULL, 0), -EINVAL);
    }
    assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, "a\r\nb", 0), -EINVAL);
    expect_out("");
    reply(500, "");
    expect_out("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
}

/* ---- bodies that stream ---------------------------------------------------------------------- */

static void a_body_in_pieces(void **state)
{
    (void)state;
    struct head head;
    char text[] =
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nabcde";
    size_t len = strlen(text);
    weft_span in = {(uint8_t *)text, len - 3};
    assert_int_equal(h1_feed(&h, &in), H1_HEAD);
    h1_stream(&h, &head);
    assert_true(bytes_is(head.method, "POST"));
    assert_true(h1_in_body(&h));
    assert_int_equal(h1_feed(&h, &in), H1_PIECE);
    expect_out("HTTP/1.1 100 Continue\r\n\r\n");
    assert_int_equal(h.piece.len, 2);
    assert_memory_equal(h.piece.data, "ab", 2);
    assert_int_equal(h1_feed(&h, &in), H1_MORE);
    assert_int_equal(h.received, 2);
    in = (weft_span){(uint8_t *)text + len - 3, 3};
    assert_int_equal(h1_feed(&h, &in), H1_PIECE);
    assert_memory_equal(h.piece.data, "cde", 3);
    assert_int_equal(h1_feed(&h, &in), H1_REQUEST);
    assert_false(h1_in_body(&h));
    assert_int_equal(h.body.len, 0);
    reply(200, "ok");
    expect_out("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    head_deinit(&head);
    feed(GET); /* and the next is as ever */
    reply(200, "ok");
    expect_out("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

/* ---- bodies of requests ---------------------------------------------------------------------- */

#define POST(fields) "POST / HTTP/1.1\r\nHost: a\r\n" fields "\r\n"

static void continue_is_sent_when_the_body_is_wanted(void **state)
{
    (void)state;
    assert_int_equal(feed(POST("Content-Length: 3\r\nExpect: 100-continue\r\n")), H1_HEAD);
    expect_out("");
    assert_int_equal(feed(""), H1_MORE);
    expect_out("HTTP/1.1 100 Continue\r\n\r\n");
    assert_int_equal(feed("ab"), H1_MORE);
    assert_int_equal(feed("c"), H1_REQUEST);
    reply(200, "");
    expect_out("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void a_reply_before_the_body_spares_it_and_closes(void **state)
{
    (void)state;
    feed(POST("Content-Length: 3\r\nExpect: 100-continue\r\n"));
    reply(404, "");
    expect_out("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_int_equal(feed(""), H1_DONE);
}

static void a_body_beyond_the_limit(void **state)
{
    (void)state;
    limits.http_body_max = 4;
    for (int over = 0; over < 2; over++) {
        char text[128];
        snprintf(text, sizeof text, POST("Content-Length: %d\r\nExpect: 100-continue\r\n"),
                 4 + over);
        assert_int_equal(feed(text), H1_HEAD);
        assert_int_equal(feed(""), over ? WEFT_ERR_HTTP : H1_MORE);
        expect_out(over ? "" : "HTTP/1.1 100 Continue\r\n\r\n");
        if (!over) assert_int_equal(feed("abcd"), H1_REQUEST);
        if (!over) reply(200, "");
        outq_clear(&out);
    }
    assert_int_equal(h.status, 413);
    reply(h.status, h.why);
    expect_out("HTTP/1.1 413 Content Too Large\r\nContent-Length: 21\r\nConnection: close\r\n\r\n"
               "the body is too large");
    assert_int_equal(feed(""), H1_DONE);
}

/* ---- errors, limits, ends -------------------------------------------------------------------- */

static void a_violation_is_answered_once_and_closes(void **state)
{
    (void)state;
    weft_span in = span_of("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
    assert_int_equal(h1_feed(&h, &in), WEFT_ERR_HTTP);
    assert_int_equal(h1_feed(&h, &in), WEFT_ERR_HTTP);
    assert_int_equal(h.status, 400);
    reply(h.status, h.why);
    expect_out("HTTP/1.1 400 Bad Request\r\nContent-Length: 24\r\nConnection: close\r\n\r\n"
               "a space before the colon");
    assert_int_equal(h1_feed(&h, &in), H1_DONE);
}

static void the_owner_may_refuse_at_any_time_before_the_reply(void **state)
{
    (void)state;
    static const char *const so_far[] = {"", "GET /", GET, POST("Content-Length: 3\r\n") "ab"};
    for (size_t i = 0; i < sizeof so_far / sizeof *so_far; i++) {
        weft_span in = span_of(so_far[i]);
        while (h1_feed(&h, &in) == H1_HEAD) {
        }
        h1_refuse(&h, 408, "too slow");
        assert_int_equal(feed(""), WEFT_ERR_HTTP);
        assert_string_equal(h.why, "too slow");
        reply(h.status, "");
        expect_out(
            "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assert_int_equal(feed(""), H1_DONE);
        restart();
    }
    feed(GET);
    assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, 0), 0);
    h1_refuse(&h, 408, "too late");
    assert_int_equal(h1_reply_end(&h), 0);
    assert_int_equal(feed(""), H1_MORE);
}

static void the_last_request_says_close(void **state)
{
    (void)state;
    limits.http_requests = 2;
    feed(GET);
    reply(200, "");
    expect_out("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    feed(GET);
    reply(200, "");
    expect_out("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_int_equal(feed(""), H1_DONE);
}

static void asked_to_be_the_last(void **state)
{
    (void)state;
    feed(GET);
    h1_last(&h);
    reply(200, "");
    expect_out("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    restart();
    h1_last(&h);
    weft_span in = span_of(GET);
    assert_int_equal(h1_feed(&h, &in), H1_DONE);
}

static void the_client_stops_sending(void **state)
{
    (void)state;
    feed(GET);
    feed("");
    assert_int_equal(h1_eof(&h), H1_WAIT);
    reply(200, "");
    assert_int_equal(feed(""), H1_DONE);
    restart();
    feed("GET ");
    assert_int_equal(h1_eof(&h), WEFT_ERR_HTTP);
    assert_string_equal(h.why, "the stream ended inside a request");
    restart();
    feed(POST("Content-Length: 3\r\n"));
    feed("ab");
    assert_int_equal(h1_eof(&h), WEFT_ERR_HTTP);
    assert_int_equal(h.status, 400);
}

static void a_taken_request_outlives_the_connection(void **state)
{
    (void)state;
    struct head head;
    struct buf body;
    feed(POST("Content-Length: 3\r\n"));
    assert_int_equal(feed("abc"), H1_REQUEST);
    h1_take(&h, &head, &body);
    reply(200, "ok");
    feed(GET);
    restart();
    assert_true(bytes_is(head.method, "POST"));
    assert_true(bytes_is(buf_bytes(&body), "abc"));
    head_deinit(&head);
    buf_deinit(&body);
}

/* ---- upgrade --------------------------------------------------------------------------------- */

static void a_reply_is_handed_over(void **state)
{
    (void)state;
    struct framing f;
    feed(GET);
    assert_int_equal(h1_hand_over(&h, &f), WEFT_ERR_STATE);
    assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, H1_LENGTH_UNKNOWN), 0);
    assert_int_equal(h1_reply_write(&h, "a", 1), 0);
    assert_int_equal(h1_hand_over(&h, &f), 0);
    assert_false(h1_replying(&h) || h.last || h.head.text.cap);
    weft_span in = span_of(GET);
    assert_int_equal(h1_feed(&h, &in), H1_WAIT);
    assert_int_equal(in.len, strlen(GET));
    assert_int_equal(h1_hand_over(&h, &f), WEFT_ERR_STATE);
    assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, 0), WEFT_ERR_STATE);
    assert_int_equal(h1_reply_write(&h, "b", 1), WEFT_ERR_STATE);
    assert_int_equal(h1_reply_end(&h), WEFT_ERR_STATE);
    assert_int_equal(h1_upgrade(&h, NULL, 0), WEFT_ERR_STATE);
    h1_refuse(&h, 408, "late");
    assert_int_equal(h1_eof(&h), H1_WAIT);
    h1_deinit(&h);
    assert_int_equal(framing_write(&f, &out, NULL, "bc", 2), 0);
    assert_int_equal(framing_end(&f, &out, NULL), 0);
    expect_out(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n");
}

/* As one h1 after the other: the limit counts all of them. */
static void the_count_of_requests_goes_on(void **state)
{
    (void)state;
    struct framing f;
    limits.http_requests = 3;
    for (int i = 0; i < 3; i++) {
        uint32_t before = h.requests;
        h1_deinit(&h);
        h1_init(&h, NULL, &limits, &out);
        h1_continue(&h, before);
        feed(GET);
        assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, 1), 0);
        assert_int_equal(h1_hand_over(&h, &f), 0);
        assert_int_equal(f.left, 1);
        assert_int_equal(h.last, i == 2);
        expect_out(i == 2 ? "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n"
                          : "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
    }
    assert_int_equal(h.requests, 3);
}

static void what_a_handed_over_reply_to_http_10_and_to_head_needs(void **state)
{
    (void)state;
    struct framing f;
    feed("GET / HTTP/1.0\r\n\r\n");
    assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, H1_LENGTH_UNKNOWN), 0);
    assert_int_equal(h1_hand_over(&h, &f), 0);
    assert_int_equal(f.kind, BODY_UNTIL_CLOSE);
    assert_true(h.last);
    restart();
    feed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, H1_LENGTH_UNKNOWN), 0);
    assert_int_equal(h1_hand_over(&h, &f), 0);
    assert_true(f.is_head && f.kind == BODY_CHUNKED);
    assert_false(h.last);
}

static void an_upgrade_leaves_the_rest_alone_and_holds_no_memory(void **state)
{
    (void)state;
    static const weft_field fields[] = {
        {{(const uint8_t *)"Upgrade", 7}, {(const uint8_t *)"websocket", 9}},
        {{(const uint8_t *)"Connection", 10}, {(const uint8_t *)"Upgrade", 7}}};
    static const char text[] = GET "\x81\x80 frames";
    for (struct split s = split_of(text, sizeof text - 1); split_next(&s);) {
        weft_span in;
        int r = H1_MORE;
        while (r == H1_MORE && split_part(&s, &in)) r = h1_feed(&h, &in);
        assert_int_equal(r, H1_HEAD);
        assert_int_equal(h1_upgrade(&h, fields, 2), 0);
        assert_null(h.head.text.data);
        assert_null(h.head.fields);
        size_t rest = in.len;
        assert_int_equal(h1_feed(&h, &in), H1_TUNNEL);
        assert_int_equal(in.len, rest);
        assert_int_equal(rest + (s.len - s.at), sizeof text - sizeof GET);
        assert_int_equal(h1_reply_begin(&h, 200, NULL, 0, NULL, 0), WEFT_ERR_STATE);
        expect_out("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\n\r\n");
        restart();
    }
}

static void an_upgrade_with_body_or_to_http_10_is_not_possible(void **state)
{
    (void)state;
    feed(POST("Content-Length: 3\r\n"));
    assert_int_equal(h1_upgrade(&h, NULL, 0), WEFT_ERR_STATE);
    assert_int_equal(feed("abc"), H1_REQUEST);
    assert_int_equal(h1_upgrade(&h, NULL, 0), WEFT_ERR_STATE);
    restart();
    feed("GET / HTTP/1.0\r\n\r\n");
    assert_int_equal(h1_upgrade(&h, NULL, 0), WEFT_ERR_STATE);
    restart();
    weft_field bad = {bytes_of("X"), bytes_of("a\nb")};
    feed(GET);
    assert_int_equal(h1_upgrade(&h, &bad, 1), -EINVAL);
    assert_int_equal(h1_upgrade(&h, NULL, 0), 0);
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

static int exchange(weft_span *in)
{
    int r = h1_feed(&h, in);
    if (r == H1_HEAD) r = h1_feed(&h, in);
    if (r != H1_REQUEST) return r;
    r = h1_reply_begin(&h, 200, NULL, 0, NULL, H1_LENGTH_UNKNOWN);
    if (!r) r = h1_reply_write(&h, h.body.data, h.body.len);
    return r ? r : h1_reply_end(&h);
}

static void memory_that_runs_out_ends_in_an_error(void **state)
{
    (void)state;
    static const weft_env env = {.realloc = scarce};
    int n = 0, r;
    do {
        weft_span in = span_of(POST("Content-Length: 3\r\nExpect: 100-continue\r\n") "abc");
        h1_init(&h, &env, &limits, &out);
        allocations = n++;
        r = exchange(&in);
        assert_true(r == 0 || r == -ENOMEM);
        end(NULL);
    } while (r);
    assert_true(n > 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_and_its_reply),
        TEST(pipelined_requests_at_every_split),
        TEST(the_next_request_waits_in_the_span),
        TEST(a_reply_of_unknown_length_is_chunked),
        TEST(http_10_gets_neither_chunks_nor_a_second_request),
        TEST(head_gets_the_length_and_no_body),
        TEST(statuses_without_body),
        TEST(a_body_in_pieces),
        TEST(a_304_says_how_long_the_body_would_be),
        TEST(the_caller_s_date_is_the_only_one),
        TEST(a_reply_that_is_too_short_ends_the_connection),
        TEST(replies_out_of_turn),
        TEST(fields_are_checked),
        TEST(continue_is_sent_when_the_body_is_wanted),
        TEST(a_reply_before_the_body_spares_it_and_closes),
        TEST(a_body_beyond_the_limit),
        TEST(a_violation_is_answered_once_and_closes),
        TEST(the_owner_may_refuse_at_any_time_before_the_reply),
        TEST(the_last_request_says_close),
        TEST(asked_to_be_the_last),
        TEST(the_client_stops_sending),
        TEST(a_taken_request_outlives_the_connection),
        TEST(a_reply_is_handed_over),
        TEST(the_count_of_requests_goes_on),
        TEST(what_a_handed_over_reply_to_http_10_and_to_head_needs),
        TEST(an_upgrade_leaves_the_rest_alone_and_holds_no_memory),
        TEST(an_upgrade_with_body_or_to_http_10_is_not_possible),
        TEST(memory_that_runs_out_ends_in_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
