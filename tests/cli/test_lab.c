/* SPDX-License-Identifier: MIT
 *
 * What the laboratory says to heads and frames. The protocol itself is tested elsewhere: here it is what of it is told,
 * and that nobody gets more out of it than fits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <weft/aux.h>
#include <weft/handshake.h>

#include "cli/lab.h"

/* ---- asking ---------------------------------------------------------------------------------- */

static json_t *parsed(FILE *to, char **text, size_t *len)
{
    assert_int_equal(fclose(to), 0);
    json_t *said = json_loadb(*text, *len, JSON_ALLOW_NUL, NULL);
    assert_non_null(said);
    free(*text);
    return said;
}

static json_t *handshake(const char *head)
{
    char *text, *copy = strdup(head);
    size_t len;
    FILE *to = open_memstream(&text, &len);
    assert_int_equal(lab_handshake(to, (weft_span){(uint8_t *)copy, strlen(copy)}), 0);
    free(copy);
    return parsed(to, &text, &len);
}

static json_t *frames(const void *bytes, size_t n, bool deflate)
{
    char *text;
    size_t len;
    uint8_t *copy = malloc(n + 1);
    memcpy(copy, bytes, n);
    FILE *to = open_memstream(&text, &len);
    assert_int_equal(lab_frames(to, (weft_span){copy, n}, deflate), 0);
    free(copy);
    return parsed(to, &text, &len);
}

static const char *string(const json_t *said, const char *name)
{
    return json_string_value(json_object_get(said, name));
}

/* ---- handshakes ------------------------------------------------------------------------------ */

#define GOOD                                                                                   \
    "GET /chat HTTP/1.1\r\nHost: example.org\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static void assert_answer(const char *head, int status, const char *answer, const char *why)
{
    json_t *said = handshake(head);
    assert_int_equal(json_integer_value(json_object_get(said, "status")), status);
    assert_string_equal(string(said, "answer"), answer);
    assert_string_equal(string(said, "why"), why);
    json_decref(said);
}

static void assert_refused(const char *head, int status, const char *holds)
{
    json_t *said = handshake(head);
    char line[32];
    snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    assert_int_equal(json_integer_value(json_object_get(said, "status")), status);
    assert_memory_equal(string(said, "answer"), line, strlen(line));
    assert_non_null(strstr(string(said, "answer"), holds));
    assert_non_null(strstr(string(said, "answer"), string(said, "why")));
    assert_true(strlen(string(said, "why")) > 0);
    json_decref(said);
}

static void a_good_one_is_agreed_to(void **state)
{
    (void)state;
#define AGREED                                                                          \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    assert_answer(GOOD "\r\n", 101, AGREED "\r\n", "");
    assert_answer(GOOD "Sec-WebSocket-Protocol: talk, chat\r\n\r\n", 101,
                  AGREED "Sec-WebSocket-Protocol: chat\r\n\r\n", "");
    assert_answer(GOOD "Sec-WebSocket-Protocol: talk\r\n\r\n", 101, AGREED "\r\n", "");
}

/* Builds without compression agree to none. */
static bool is_compressing(void)
{
    json_t *said = handshake(GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    bool is = strstr(string(said, "answer"), "\r\nSec-WebSocket-Extensions: permessage-deflate");
    json_decref(said);
    return is;
}

static void compression_is_agreed_to(void **state)
{
    (void)state;
    const weft_field offer = {{(const uint8_t *)"Sec-WebSocket-Extensions", 24},
                              {(const uint8_t *)"permessage-deflate", 18}};
    const weft_request_head head = {.fields = &offer, .n_fields = 1};
    weft_deflate_params agreed;
    char text[WEFT_DEFLATE_TEXT];
    int can = weft_deflate_choose(&head, &(weft_deflate){0}, &agreed, text);
    assert_int_equal(is_compressing(), can);
}

static void pages_of_this_machine_and_of_the_host_may(void **state)
{
    (void)state;
    assert_answer(GOOD "Origin: http://localhost:3000\r\n\r\n", 101, AGREED "\r\n", "");
    assert_answer(GOOD "Origin: http://127.0.0.1\r\n\r\n", 101, AGREED "\r\n", "");
    assert_answer(GOOD "Origin: http://example.org\r\n\r\n", 101, AGREED "\r\n", "");
    assert_refused(GOOD "Origin: http://evil.example\r\n\r\n", 403, "403 Forbidden\r\n");
}

static void refusals_say_what_they_need(void **state)
{
    (void)state;
    assert_refused("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 426, "\r\nUpgrade: websocket\r\n");
    assert_refused("POST / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n", 405,
                   "\r\nAllow: GET\r\n");
    assert_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "400 Bad Request\r\n");
    assert_refused("GET / HTTP/1.1\nHost: a\n\n", 400, "\r\nConnection: close\r\n");
    assert_refused("GET / HTTP/3.7\r\n\r\n", 505, "505 HTTP Version Not Supported\r\n");
}

static void without_its_end_there_is_no_answer(void **state)
{
    (void)state;
    assert_answer(GOOD, 0, "", "the head has no end: it is an empty line");
    assert_answer("", 0, "", "the head has no end: it is an empty line");
}

/* ---- frames ---------------------------------------------------------------------------------- */

static void assert_frames(const char *bytes, size_t n, bool deflate, const char *expected)
{
    json_t *said = frames(bytes, n, deflate), *wanted = json_loads(expected, 0, NULL);
    assert_non_null(wanted);
    if (!json_equal(said, wanted)) {
        char *text = json_dumps(said, JSON_COMPACT);
        print_error("%s\n", text);
        free(text);
        fail();
    }
    json_decref(said);
    json_decref(wanted);
}
#define FRAMES(bytes, expected) assert_frames(bytes, sizeof bytes - 1, false, expected)

#define KEY                     "\0\0\0\0" /* so that one can read what is masked with it */

static void messages_come_back(void **state)
{
    (void)state;
    FRAMES("", "{\"events\":[],\"answer\":\"\",\"error\":null}");
    FRAMES("\x81\x82\x01\x02\x03\x04ik", "{\"events\":[{\"type\":\"text\",\"data\":\"hi\"}],"
                                         "\"answer\":\"gQJoaQ==\",\"error\":null}");
    FRAMES("\x82\x83" KEY "\0\xff\"", "{\"events\":[{\"type\":\"binary\",\"base64\":\"AP8i\"}],"
                                      "\"answer\":\"ggMA/yI=\",\"error\":null}");
}

static void what_stands_between_fragments_is_told_first(void **state)
{
    (void)state;
    FRAMES(
        "\x01\x81" KEY "h"
        "\x89\x81" KEY "?"
        "\x8a\x80" KEY "\x80\x81" KEY "i",
        "{\"events\":[{\"type\":\"ping\",\"base64\":\"Pw==\"},{\"type\":\"pong\",\"base64\":\"\"}"
        ",{\"type\":\"text\",\"data\":\"hi\"}],\"answer\":\"igE/gQJoaQ==\",\"error\":null}");
}

static void a_close_is_answered(void **state)
{
    (void)state;
    FRAMES("\x88\x86" KEY "\x03\xe8"
           "bye!"
           "\x81\x81" KEY "x",
           "{\"events\":[{\"type\":\"close\",\"code\":1000,\"reason\":\"bye!\"}],"
           "\"answer\":\"iAID6A==\",\"error\":null}");
}

/* The code is the one that the Close has. */
static void assert_error(const char *bytes, size_t n, bool deflate, int code)
{
    json_t *said = frames(bytes, n, deflate);
    json_t *error = json_object_get(said, "error");
    uint8_t answer[512];
    const char *text = string(said, "answer");
    ptrdiff_t len = weft_base64_decode((weft_bytes){(const uint8_t *)text, strlen(text)}, answer);
    const char *reason = string(error, "reason");
    assert_int_equal(json_integer_value(json_object_get(error, "code")), code);
    assert_int_equal(len, 4 + (ptrdiff_t)strlen(reason));
    assert_int_equal(answer[0], 0x88);
    assert_int_equal(answer[2] << 8 | answer[3], code);
    assert_memory_equal(answer + 4, reason, strlen(reason));
    json_decref(said);
}
#define ERROR(bytes, code) assert_error(bytes, sizeof bytes - 1, false, code)

static void what_is_wrong_has_its_code(void **state)
{
    (void)state;
    ERROR("\x81\x02hi", 1002);                              /* not masked */
    ERROR("\xc1\x82" KEY "hi", 1002);                       /* RSV1 */
    ERROR("\x81\x82" KEY "\xc3(", 1007);                    /* no UTF-8 */
    ERROR("\x82\xff\0\0\0\0\0\1\0\1" KEY, 1009);            /* one byte above LAB_MESSAGE_MAX */
    assert_error("\xc1\x82" KEY "\xff\xff", 8, true, 1007); /* no deflate stream */
}

static void compressed_ones_are_inflated(void **state)
{
    (void)state;
    if (!is_compressing()) skip();
    /* RFC 7692, 7.2.3.1, and 7.2.3.4 with BFINAL set, which is how a browser's CompressionStream ends.
     * Sent back it is as it was: compressed it would be longer. */
    static const char shared[] = "\xc1\x87" KEY "\xf2\x48\xcd\xc9\xc9\x07\x00";
    static const char final[] = "\xc1\x88" KEY "\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
    static const char told[] = "{\"events\":[{\"type\":\"text\",\"data\":\"Hello\"}],"
                               "\"answer\":\"gQVIZWxsbw==\",\"error\":null}";
    assert_frames(shared, sizeof shared - 1, true, told);
    assert_frames(final, sizeof final - 1, true, told);
}

static void what_gets_shorter_is_compressed(void **state)
{
    (void)state;
    if (!is_compressing()) skip();
    static const char text[] = "\x81\xa8" KEY "weft weft weft weft weft weft weft weft ";
    json_t *said = frames(text, sizeof text - 1, true);
    uint8_t answer[64];
    const char *base64 = string(said, "answer");
    ptrdiff_t len =
        weft_base64_decode((weft_bytes){(const uint8_t *)base64, strlen(base64)}, answer);
    assert_in_range(len, 3, 30);
    assert_int_equal(answer[0], 0xc1);
    json_decref(said);
}

static size_t take_output(weft_session *s, uint8_t *to)
{
    size_t n = 0;
    struct iovec iov;
    for (; weft_session_output(s, &iov, 1) == 1; weft_session_sent(s, iov.iov_len)) {
        memcpy(to + n, iov.iov_base, iov.iov_len);
        n += iov.iov_len;
    }
    return n;
}

/* Each frame is a hundred bytes, and becomes as much as a message may be. */
static void a_bomb_is_small(void **state)
{
    (void)state;
    if (!is_compressing()) skip();
    enum { FRAMES = 20 };
    static uint8_t zeros[LAB_MESSAGE_MAX], bytes[LAB_MESSAGE_MAX];
    const weft_deflate_params agreed = {true, true, true, 15, 15};
    weft_session *client;
    size_t n = 0;
    assert_int_equal(weft_session_new(&client, WEFT_CLIENT, NULL), 0);
    weft_session_set_deflate(client, &agreed);
    for (int i = 0; i < FRAMES; i++) {
        assert_int_equal(weft_session_send(client, WEFT_BINARY, zeros, sizeof zeros), 0);
        n += take_output(client, bytes + n);
    }
    weft_session_free(client);

    json_t *said = frames(bytes, n, true);
    assert_int_equal(json_array_size(json_object_get(said, "events")), 5);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(said, "error"), "code")),
                     1008);
    json_decref(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_one_is_agreed_to),
        cmocka_unit_test(compression_is_agreed_to),
        cmocka_unit_test(pages_of_this_machine_and_of_the_host_may),
        cmocka_unit_test(refusals_say_what_they_need),
        cmocka_unit_test(without_its_end_there_is_no_answer),
        cmocka_unit_test(messages_come_back),
        cmocka_unit_test(what_stands_between_fragments_is_told_first),
        cmocka_unit_test(a_close_is_answered),
        cmocka_unit_test(what_is_wrong_has_its_code),
        cmocka_unit_test(compressed_ones_are_inflated),
        cmocka_unit_test(what_gets_shorter_is_compressed),
        cmocka_unit_test(a_bomb_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
