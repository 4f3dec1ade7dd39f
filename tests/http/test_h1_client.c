/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_h1_client.c - the client's side of an exchange, at every split
 */
#include "http/h1_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "split.h"

static weft_limits limits;

static int feed_all(struct h1_client *c, struct split *s, size_t *rest)
{
    weft_span in = {0};
    int r = H1C_MORE;
    while (r == H1C_MORE && split_part(s, &in)) r = h1_client_feed(c, &in);
    *rest = in.len + (s->len - s->at);
    return r;
}

static bool whole; /* what a refusal has is all of its body */

static void gives(bool connect, const char *text, int result, int status, const char *body,
                  const char *behind)
{
    for (struct split s = split_of(text, strlen(text)); split_next(&s);) {
        struct h1_client c;
        size_t rest;
        h1_client_init(&c, NULL, &limits, connect);
        int r = feed_all(&c, &s, &rest);
        if (r == H1C_MORE && result != H1C_MORE) r = h1_client_eof(&c);
        assert_int_equal(r, result);
        if (result >= 0 && result != H1C_MORE) assert_int_equal(c.head.status, status);
        if (result == H1C_REFUSED) assert_true(bytes_is(buf_bytes(&c.body), body));
        if (result == H1C_REFUSED) assert_int_equal(c.whole, whole);
        if (result == H1C_SWITCHED) assert_int_equal(rest, strlen(behind));
        h1_client_deinit(&c);
    }
}

static void switched(void **state)
{
    (void)state;
    gives(false, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi",
          H1C_SWITCHED, 101, "", "\x81\x02hi");
    gives(true, "HTTP/1.1 200 Connection established\r\n\r\nTLS", H1C_SWITCHED, 200, "", "TLS");
    gives(true, "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nTLS", H1C_SWITCHED, 200, "", "TLS");
}

/* Behind a 101, and behind a 2xx to CONNECT, the other protocol begins, whatever the fields say of a body (RFC 9110,
 * 9.3.6; RFC 9112, 6.3). */
static void what_fields_say_of_a_body_does_not_matter(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "Content-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: \r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: \r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    };
    char text[256];
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        for (int version = 0; version < 2; version++) {
            snprintf(text, sizeof text, "HTTP/1.%d 200 OK\r\n%s\r\nTLS", version, fields[i]);
            gives(true, text, H1C_SWITCHED, 200, "", "TLS");
            snprintf(text, sizeof text, "HTTP/1.%d 204 OK\r\n%s\r\nTLS", version, fields[i]);
            gives(true, text, H1C_SWITCHED, 204, "", "TLS");
            snprintf(text, sizeof text, "HTTP/1.%d 101 OK\r\n%s\r\nframes", version, fields[i]);
            gives(false, text, H1C_SWITCHED, 101, "", "frames");
            snprintf(text, sizeof text,
                     "HTTP/1.%d 103 Hints\r\n%s\r\nHTTP/1.1 101 OK\r\n\r\nframes", version,
                     fields[i]);
            gives(false, text, H1C_SWITCHED, 101, "", "frames");
        }
    }
}

/* Nor does it hide the status of a refusal. */
static void a_refusal_is_one_whatever_its_fields_say_of_a_body(void **state)
{
    (void)state;
    gives(false, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx", H1C_REFUSED, 200, "", "");
    gives(false, "HTTP/1.1 403 No\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy", H1C_REFUSED,
          403, "", "");
    gives(false, "HTTP/1.1 503 No\r\nTransfer-Encoding: gzip\r\n\r\nxy", H1C_REFUSED, 503, "", "");
    gives(true, "HTTP/1.1 407 No\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
          H1C_REFUSED, 407, "", "");
}

static void interim_responses_are_skipped(void **state)
{
    (void)state;
    gives(false,
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
          "HTTP/1.1 101 Switching Protocols\r\n\r\n",
          H1C_SWITCHED, 101, "", "");
    gives(false, "HTTP/1.1 199 A\r\n\r\n", H1C_MORE, 0, "", "");
}

static void too_many_interim_responses(void **state)
{
    (void)state;
    struct h1_client c;
    h1_client_init(&c, NULL, &limits, false);
    int r = H1C_MORE, n = 0;
    for (; r == H1C_MORE; n++) {
        char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
        weft_span in = {(uint8_t *)text, sizeof text - 1};
        r = h1_client_feed(&c, &in);
    }
    assert_int_equal(r, WEFT_ERR_HTTP);
    assert_string_equal(c.why, "too many interim responses");
    assert_int_equal(n, 17);
    h1_client_deinit(&c);
}

static void refused(void **state)
{
    (void)state;
    whole = true;
    gives(false, "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nno!\nmore", H1C_REFUSED, 403,
          "no!\n", "");
    gives(false, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", H1C_REFUSED, 403, "", "");
    gives(false, "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
          H1C_REFUSED, 503, "abc", "");
    gives(false, "HTTP/1.0 404 Not Found\r\n\r\nuntil the end", H1C_REFUSED, 404, "until the end",
          "");
    gives(false, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", H1C_REFUSED, 304, "",
          "");
    gives(false, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", H1C_REFUSED, 200, "ok", "");
    gives(true, "HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n", H1C_REFUSED, 407, "", "");
    whole = false;
}

static void a_broken_body_is_still_a_refusal(void **state)
{
    (void)state;
    gives(false, "HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nabc", H1C_REFUSED, 403, "abc", "");
    gives(false, "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd", H1C_REFUSED, 403,
          "abc", "");
}

static void the_body_is_cut_at_its_limit(void **state)
{
    (void)state;
    limits.refusal_body_max = 4;
    whole = true;
    gives(false, "HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nabcd", H1C_REFUSED, 403, "abcd", "");
    whole = false;
    gives(false, "HTTP/1.1 403 No\r\nContent-Length: 99999\r\n\r\nabcdefgh", H1C_REFUSED, 403,
          "abcd", "");
    gives(false, "HTTP/1.1 403 No\r\n\r\nabcdefgh", H1C_REFUSED, 403, "abcd", "");
    limits = (weft_limits){0};
}

static void no_answer(void **state)
{
    (void)state;
    gives(false, "HTTP/1.1 101 Sw", WEFT_ERR_LOST, 0, "", "");
    gives(false, "SSH-2.0-OpenSSH\r\n", WEFT_ERR_HTTP, 0, "", "");
    gives(false, "HTTP/1.1 101 X\r\nA : b\r\n\r\n", WEFT_ERR_HTTP, 0, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(switched),
        cmocka_unit_test(what_fields_say_of_a_body_does_not_matter),
        cmocka_unit_test(a_refusal_is_one_whatever_its_fields_say_of_a_body),
        cmocka_unit_test(interim_responses_are_skipped),
        cmocka_unit_test(too_many_interim_responses),
        cmocka_unit_test(refused),
        cmocka_unit_test(a_broken_body_is_still_a_refusal),
        cmocka_unit_test(the_body_is_cut_at_its_limit),
        cmocka_unit_test(no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
