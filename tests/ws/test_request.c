/* SPDX-License-Identifier: MIT
 *
 * tests/ws/test_request.c - a client's opening request as text, and the walk over a list
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weft/handshake.h>

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define HEAD                                                                   \
    "GET /chat?x=1 HTTP/1.1\r\nHost: example.org:81\r\nUpgrade: websocket\r\n" \
    "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n"

#define FIELD(name, value)                          \
    {                                               \
        {(const uint8_t *)(name), strlen(name)},    \
        {                                           \
            (const uint8_t *)(value), strlen(value) \
        }                                           \
    }

static char out[1024];

static int write(const weft_agreement *a, const weft_field *fields, size_t n)
{
    return weft_handshake_request(out, sizeof out, "example.org:81", "/chat?x=1", a, fields, n);
}

static void the_least(void **state)
{
    (void)state;
    const weft_agreement a = {.key = KEY};
    assert_int_equal(write(&a, NULL, 0), strlen(HEAD "\r\n"));
    assert_string_equal(out, HEAD "\r\n");
}

static void all_of_it(void **state)
{
    (void)state;
    static const char *const two[] = {"chat.v2", "chat", NULL};
    const weft_field fields[] = {FIELD("Origin", "https://example.org"), FIELD("X-Empty", "")};
    weft_deflate deflate = {0};
    char offer[WEFT_DEFLATE_TEXT], want[1024];
    const weft_agreement a = {.key = KEY, .subprotocols = two, .offered = &deflate};
    assert_int_equal(weft_deflate_offer(&deflate, offer), 0);
    strcpy(want, HEAD "Sec-WebSocket-Protocol: chat.v2, chat\r\n");
    if (*offer) strcat(strcat(strcat(want, "Sec-WebSocket-Extensions: "), offer), "\r\n");
    strcat(want, "Origin: https://example.org\r\nX-Empty: \r\n\r\n");
    assert_int_equal(write(&a, fields, 2), strlen(want));
    assert_string_equal(out, want);
}

/* What a server makes of it. */
static void a_server_takes_it(void **state)
{
    (void)state;
    weft_field fields[16];
    weft_request_head head;
    weft_handshake answer;
    const weft_agreement a = {.key = KEY};
    int n = write(&a, NULL, 0);
    weft_span in = {(uint8_t *)out, (size_t)n};
    assert_int_equal(weft_head_parse(&in, NULL, fields, 16, &head, &answer), 1);
    assert_int_equal(in.len, 0);
    assert_int_equal(weft_handshake_check(&head, NULL, &answer), 101);
}

/* On the heap, so that whoever writes behind it is caught. */
static void the_room_that_there_is(void **state)
{
    (void)state;
    const weft_agreement a = {.key = KEY};
    size_t len = strlen(HEAD "\r\n");
    for (size_t size = 0; size <= len + 1; size++) {
        char *text = malloc(size + !size);
        text[0] = 'x';
        int n = weft_handshake_request(text, size, "example.org:81", "/chat?x=1", &a, NULL, 0);
        assert_int_equal(n, size > len ? (int)len : -ENOSPC);
        if (size) assert_string_equal(text, size > len ? HEAD "\r\n" : "");
        else assert_int_equal(text[0], 'x');
        free(text);
    }
}

static void what_cannot_be_sent(void **state)
{
    (void)state;
    const weft_agreement a = {.key = KEY};
    const weft_field bad[] = {
        FIELD("X A", "1"),
        FIELD("", "1"),
        FIELD("X", "a\r\nb"),
        FIELD("Host", "x"),
        FIELD("upgrade", "x"),
        FIELD("Connection", "x"),
        FIELD("Content-Length", "0"),
        FIELD("Sec-WebSocket-Key", "x"),
        FIELD("Sec-WebSocket-Protocol", "x"),
        FIELD("Transfer-Encoding", "chunked"),
    };
    static const char *const texts[] = {"", "a b", "a\r\nb", "\xc3\xa4", "a\x7f"};
    static const char *const no_token[] = {"chat", "a b", NULL};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(write(&a, &bad[i], 1), -EINVAL);
        assert_string_equal(out, "");
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(weft_handshake_request(out, 9, texts[i], "/", &a, NULL, 0), -EINVAL);
        assert_int_equal(weft_handshake_request(out, 9, "x", texts[i], &a, NULL, 0), -EINVAL);
    }
    assert_int_equal(write(&(weft_agreement){.key = KEY, .subprotocols = no_token}, NULL, 0),
                     -EINVAL);
    assert_int_equal(weft_handshake_request_sized(
                         out, sizeof out, "x", "/",
                         &(weft_agreement){.key = KEY, .offered = &(weft_deflate){0}}, NULL, 0, 1),
                     -EINVAL);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static void walks(const char *list, const char *want)
{
    char got[128] = "";
    weft_bytes token, rest = {(const uint8_t *)list, strlen(list)};
    while (weft_token_next(&rest, &token)) {
        strncat(got, (const char *)token.data, token.len);
        strcat(got, "|");
    }
    assert_string_equal(got, want);
    assert_int_equal(rest.len, 0);
    assert_int_equal(token.len, 0);
}

static void the_walk_over_a_list(void **state)
{
    (void)state;
    walks("", "");
    walks("a", "a|");
    walks("a,b", "a|b|");
    walks(" a ,\tb\t, c d ", "a|b|c d|");
    walks(",,a,, ,b,", "a|b|");
    walks("a;q=\"x,y\",b", "a;q=\"x,y\"|b|");
    walks("\"x\\\",y\", z", "\"x\\\",y\"|z|");
    walks("a, \"open, b", "a|\"open, b|");
    walks(" , ", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least),           cmocka_unit_test(all_of_it),
        cmocka_unit_test(a_server_takes_it),   cmocka_unit_test(the_room_that_there_is),
        cmocka_unit_test(what_cannot_be_sent), cmocka_unit_test(the_walk_over_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
