/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_parse.c - heads in one go: the same answers as in pieces (test_head.c), where they lie
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weft/handshake.h>

enum { MOST = 8 };

#define REQUEST                                                                \
    "GET /chat?room=1 HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\n" \
    "Connection:Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ== \r\n"   \
    "Sec-WebSocket-Version: 13\r\n\r\n"

#define RESPONSE                                                                        \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

static void is(weft_bytes got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    if (got.len) assert_memory_equal(got.data, want, got.len);
}

/* Text on the heap, exactly as long, so that whoever reads past it is caught. */
static weft_span exact(const char *text, size_t len)
{
    weft_span s = {malloc(len + !len), len};
    if (len) memcpy(s.data, text, len);
    return s;
}

static weft_field fields[MOST];
static weft_request_head request;
static weft_response_head response;
static weft_handshake answer;

/* ---- requests -------------------------------------------------------------------------------- */

/* However much of it is there: 0 until it is complete, and then what follows stays. */
static void a_request_in_any_state(void **state)
{
    static const char whole[] = REQUEST "frames";
    size_t head = strlen(REQUEST);
    (void)state;
    for (size_t len = 0; len <= strlen(whole); len++) {
        weft_span all = exact(whole, len), in = all;
        int r = weft_head_parse(&in, NULL, fields, MOST, &request, &answer);
        assert_int_equal(r, len >= head);
        assert_int_equal(answer.status, 0);
        assert_string_equal(answer.why, "");
        assert_ptr_equal(in.data, all.data + (r ? head : 0));
        assert_int_equal(in.len, len - (r ? head : 0));
        assert_int_equal(request.n_fields, r ? 5 : 0);
        free(all.data);
    }
}

static void its_parts(void **state)
{
    char text[] = REQUEST;
    weft_span in = {(uint8_t *)text, strlen(text)};
    (void)state;
    assert_int_equal(weft_head_parse(&in, NULL, fields, MOST, &request, &answer), 1);
    is(request.method, "GET");
    is(request.target, "/chat?room=1");
    assert_int_equal(request.version, 11);
    assert_ptr_equal(request.fields, fields);
    is(fields[0].name, "Host");
    is(fields[0].value, "example.org");
    is(fields[3].value, "dGhlIHNhbXBsZSBub25jZQ==");
    assert_ptr_equal(request.method.data, text);
    assert_int_equal(weft_handshake_check(&request, NULL, &answer), 101);
    assert_string_equal(answer.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void lines_of_an_empty_head(void **state)
{
    char text[] = "\r\nGET / HTTP/1.0\r\n\r\n";
    weft_span in = {(uint8_t *)text, strlen(text)};
    (void)state;
    assert_int_equal(weft_head_parse(&in, NULL, NULL, 0, &request, &answer), 1);
    is(request.method, "GET");
    assert_int_equal(request.version, 10);
    assert_int_equal(request.n_fields, 0);
    assert_int_equal(in.len, 0);
}

static void the_host_of_an_absolute_target(void **state)
{
    char text[] = "GET http://a.example/x HTTP/1.1\r\nHost: b.example\r\n\r\n";
    weft_span in = {(uint8_t *)text, strlen(text)};
    (void)state;
    assert_int_equal(weft_head_parse(&in, NULL, fields, MOST, &request, &answer), 1);
    is(request.target, "http://a.example/x");
    is(fields[0].value, "a.example");
}

static void refuses(const char *text, const weft_limits *limits, size_t max, int status,
                    const char *why)
{
    weft_span all = exact(text, strlen(text)), in = all;
    assert_int_equal(weft_head_parse(&in, limits, fields, max, &request, &answer), WEFT_ERR_HTTP);
    assert_int_equal(answer.status, status);
    assert_string_equal(answer.why, why);
    assert_ptr_equal(in.data, all.data);
    assert_int_equal(in.len, strlen(text));
    assert_null(request.method.data);
    free(all.data);
}

static void what_is_not_in_form_is_refused(void **state)
{
    (void)state;
    refuses("GET / HTTP/1.1\n", NULL, MOST, 400, "a bare LF ends a line");
    refuses("GET / HTTP/2.0", NULL, MOST, 505, "an HTTP version other than 1.0 and 1.1");
    refuses("GET / HTTP/1.1\r\n\r\n", NULL, MOST, 400, "no Host");
    refuses("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", NULL, MOST, 405,
            "CONNECT: this server is not a proxy");
    refuses("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            NULL, MOST, 400, "both Content-Length and Transfer-Encoding");
}

static void limits_hold(void **state)
{
    static const char two[] = "GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n";
    (void)state;
    refuses("GET /long", &(weft_limits){.request_line_max = 8}, MOST, 414,
            "the request line is too long");
    refuses(two, &(weft_limits){.header_field_max = 6}, MOST, 431, "a header field is too long");
    refuses(two, &(weft_limits){.request_head_max = 30}, MOST, 431, "the head is too long");
    refuses(two, &(weft_limits){.max_headers = 1}, MOST, 431, "too many header fields");
    refuses(two, NULL, 1, 431, "too many header fields");
    refuses(two, NULL, 0, 431, "too many header fields");
}

static void sizes_that_are_none(void **state)
{
    char text[] = REQUEST;
    weft_span in = {(uint8_t *)text, strlen(text)};
    weft_limits limits = {0};
    (void)state;
    assert_int_equal(weft_head_parse_sized(&in, &limits, 8, fields, MOST, &request, &answer),
                     -EINVAL);
    assert_int_equal(answer.status, 0);
    assert_int_equal(weft_response_parse_sized(&in, &limits, 8, fields, MOST, &response), -EINVAL);
    assert_int_equal(in.len, strlen(text));
}

/* ---- responses ------------------------------------------------------------------------------- */

static void a_response_in_any_state(void **state)
{
    static const char whole[] = RESPONSE "frames";
    size_t head = strlen(RESPONSE);
    (void)state;
    for (size_t len = 0; len <= strlen(whole); len++) {
        weft_span all = exact(whole, len), in = all;
        int r = weft_response_parse(&in, NULL, fields, MOST, &response);
        assert_int_equal(r, len >= head);
        assert_int_equal(in.len, len - (r ? head : 0));
        assert_int_equal(response.status, r ? 101 : 0);
        assert_string_equal(response.why, "");
        free(all.data);
    }
}

static void an_answer_that_is_verified(void **state)
{
    char text[] = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" RESPONSE;
    weft_span in = {(uint8_t *)text, strlen(text)};
    weft_agreement agreement = {.key = "dGhlIHNhbXBsZSBub25jZQ=="};
    (void)state;
    assert_int_equal(weft_response_parse(&in, NULL, fields, MOST, &response), 1);
    assert_int_equal(response.status, 103);
    assert_int_equal(weft_response_parse(&in, NULL, fields, MOST, &response), 1);
    assert_int_equal(response.version, 11);
    is(response.reason, "Switching Protocols");
    assert_int_equal(in.len, 0);
    assert_int_equal(weft_handshake_verify(response.fields, response.n_fields, &agreement), 0);
}

/* Fields over several lines are one line when they are handed out; a request has none. */
static void a_folded_response(void **state)
{
    char text[] = "HTTP/1.1 101 x\r\nA: b\r\n c\r\n\t d\r\nE:\r\n f\r\n\r\nframes";
    char request_text[] = "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n";
    (void)state;
    for (size_t len = 0; len <= strlen(text); len++) {
        weft_span all = exact(text, len), in = all;
        int r = weft_response_parse(&in, NULL, fields, MOST, &response);
        assert_int_equal(r, len >= strlen(text) - 6);
        if (!r) assert_memory_equal(all.data, text, len); /* as it was */
        if (r) {
            assert_int_equal(response.n_fields, 2);
            is(fields[0].value, "b   c  \t d");
            is(fields[1].value, "f");
        }
        free(all.data);
    }
    weft_span in = {(uint8_t *)request_text, strlen(request_text)};
    assert_int_equal(weft_head_parse(&in, NULL, fields, MOST, &request, &answer), WEFT_ERR_HTTP);
    assert_int_equal(answer.status, 400);
}

static void what_is_no_response(void **state)
{
    static const struct {
        const char *text, *why;
    } bad[] = {{"SSH-2.0-x", "this is not an HTTP response"},
               {"HTTP/1.1 2x", "the status is not three digits"},
               {"HTTP/1.1 600 x\r\n\r\n", "the status is not 100 to 599"}};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        weft_span all = exact(bad[i].text, strlen(bad[i].text)), in = all;
        assert_int_equal(weft_response_parse(&in, NULL, fields, MOST, &response), WEFT_ERR_HTTP);
        assert_string_equal(response.why, bad[i].why);
        assert_int_equal(response.status, 0);
        free(all.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_in_any_state),
        cmocka_unit_test(its_parts),
        cmocka_unit_test(lines_of_an_empty_head),
        cmocka_unit_test(the_host_of_an_absolute_target),
        cmocka_unit_test(what_is_not_in_form_is_refused),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(sizes_that_are_none),
        cmocka_unit_test(a_response_in_any_state),
        cmocka_unit_test(an_answer_that_is_verified),
        cmocka_unit_test(a_folded_response),
        cmocka_unit_test(what_is_no_response),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
