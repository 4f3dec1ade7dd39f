/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_tls_hello.c - what a server keeps for whoever has not said all of his ClientHello
 *
 * OpenSSL's memory is counted: there is none of it before the hello is whole, nor after a handshake has failed.
 */
#include "cert_files.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include "base/bytes.h"
#include "net/wire/tls.h"
#include "net/wire/tls_hello.h"

static struct world memory = {
    .fail_at = -1, .env = {.ctx = &memory, .realloc = world_realloc, .now_us = world_now}};

/* ---- what OpenSSL has ------------------------------------------------------------------------ */

static long blocks;

static void *counted_malloc(size_t n, const char *file, int line)
{
    (void)file, (void)line;
    void *p = malloc(n);
    blocks += p != NULL;
    return p;
}

static void *counted_realloc(void *p, size_t n, const char *file, int line)
{
    (void)file, (void)line;
    void *q = realloc(p, n);
    blocks += !p && q;
    return q;
}

static void counted_free(void *p, const char *file, int line)
{
    (void)file, (void)line;
    blocks -= p != NULL;
    free(p);
}

/* ---- judging --------------------------------------------------------------------------------- */

enum { ROOM = 40000 };

static uint8_t said[ROOM];
static size_t n_said;

static void put_record(uint8_t type, const void *data, size_t len)
{
    const uint8_t head[] = {type, 3, 1, (uint8_t)(len >> 8), (uint8_t)len};
    assert_true(n_said + sizeof head + len <= ROOM);
    copy(said + n_said, head, sizeof head);
    copy(said + n_said + sizeof head, data, len);
    n_said += sizeof head + len;
}

/* A ClientHello with so many bytes behind its head, in records of piece bytes. */
static void put_hello(size_t len, size_t piece)
{
    static uint8_t message[ROOM];
    const uint8_t head[] = {1, (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
    copy(message, head, sizeof head);
    n_said = 0;
    for (size_t at = 0, left = len + sizeof head; left;) {
        size_t n = left < piece ? left : piece;
        put_record(22, message + at, n);
        at += n;
        left -= n;
    }
}

static void expect_after(size_t n, enum hello wanted)
{
    enum hello got = tls_hello_judge((weft_bytes){said, n});
    if (got != wanted) fail_msg("%d after %zu of %zu bytes, wanted %d", got, n, n_said, wanted);
}

/* Not before the last byte. */
static void expect_whole(void)
{
    for (size_t n = 0; n < n_said; n++) expect_after(n, HELLO_MORE);
    expect_after(n_said, HELLO_WHOLE);
}

static void test_a_hello_is_whole_with_its_last_byte(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 300; piece += 37) {
        put_hello(250, piece);
        expect_whole();
    }
    put_hello(16375, 16384); /* as much as is held */
    expect_after(n_said - 1, HELLO_MORE);
    expect_after(n_said, HELLO_WHOLE);
}

/* OpenSSL waits for the end of a record, whatever is in it. */
static void test_a_record_is_waited_for(void **state)
{
    (void)state;
    uint8_t longer[64] = {1, 0, 0, 10};
    n_said = 0;
    put_record(22, longer, sizeof longer);
    expect_whole();
    n_said = 0;
    put_record(21, "\x02\x28", 2);
    expect_whole();
    n_said = 0;
    put_record(22, NULL, 0); /* empty: allowed, and no end */
    expect_after(n_said, HELLO_MORE);
    copy(said, "\x80\x09\x01\x03\x01six...", 11); /* of SSL 2 */
    n_said = 11;
    expect_whole();
}

static void test_what_is_no_tls_is_seen_in_five_bytes(void **state)
{
    (void)state;
    copy(said, "GET / HTTP/1.1", 14);
    n_said = 5;
    expect_whole();
    copy(said, "\x16\x02\x00\x00\x05", 5);
    expect_whole();
}

static void test_what_is_too_long(void **state)
{
    (void)state;
    put_hello(16381, 16384);
    expect_after(8, HELLO_MORE);
    expect_after(9, HELLO_LONG);
    put_hello(4000, 1); /* in six times as many bytes */
    expect_after(TLS_HELLO_MAX - 1, HELLO_MORE);
    expect_after(TLS_HELLO_MAX, HELLO_LONG);
    n_said = 0;
    static const uint8_t much[16385];
    put_record(22, much, sizeof much);
    expect_after(4, HELLO_MORE);
    expect_after(5, HELLO_LONG);
}

/* ---- a server's end -------------------------------------------------------------------------- */

static weft_tls *server, *client;

static int begin(void **state)
{
    (void)state;
    server = new_server_tls(&memory.env);
    client = new_tls(&memory.env, &(weft_tls_config){.authorities = certificate});
    return !server || !client;
}

static int end(void **state)
{
    (void)state;
    weft_tls_unref(server);
    weft_tls_unref(client);
    assert_int_equal(memory.live, 0);
    return 0;
}

static int feed(struct tls *t, const void *data, size_t len)
{
    uint8_t room[100];
    tls_feed(t, (weft_bytes){data, len});
    return tls_read(t, room, sizeof room);
}

static void test_no_ssl_before_the_hello_is_whole(void **state)
{
    (void)state;
    struct tls *c = tls_connect(&memory.env, client, bytes_of("localhost"), 443, 0);
    struct tls *s = tls_accept(&memory.env, server);
    const struct slice *hello = tls_out(c)->head;
    long before = blocks;
    assert_int_equal(feed(s, NULL, 0), 0);
    for (size_t i = 0; i < hello->len; i++) {
        assert_int_equal(blocks, before);
        assert_true(outq_empty(tls_out(s)));
        assert_int_equal(feed(s, hello->data + i, 1), 0);
    }
    assert_true(blocks > before);
    assert_false(outq_empty(tls_out(s))); /* its answer */
    tls_free(c);
    tls_free(s);
}

static void expect_refused(const void *data, size_t len, const char *why)
{
    struct tls *s = tls_accept(&memory.env, server);
    long before = blocks;
    for (size_t i = 0; i < len && !tls_broken(s); i++) (void)feed(s, (const uint8_t *)data + i, 1);
    assert_true(tls_broken(s));
    assert_non_null(strstr(tls_cause(s), why));
    assert_int_equal(blocks, before);
    assert_false(tls_ready(s) || tls_ended(s));
    tls_close(s);
    tls_free(s);
}

/* Who is refused may read that late: by then only the alert is kept for him. */
static void test_no_ssl_after_it_has_failed(void **state)
{
    (void)state;
    static const char junk[] = "\x16\x03\x01\x00\x08\x01\x00\x00\x04junk";
    expect_refused("GET / HTTP/1.1\r\n\r\n", 18, "a plain HTTP request");
    expect_refused(junk, sizeof junk - 1, "TLS: ");
    put_hello(20000, 16384);
    expect_refused(said, n_said, "more than 16 KiB");
    put_hello(4000, 1);
    expect_refused(said, n_said, "more than 16 KiB");
}

static void test_without_memory(void **state)
{
    (void)state;
    put_hello(250, 100);
    for (int nth = 0; nth < 3; nth++) {
        struct tls *s = tls_accept(&memory.env, server);
        assert_int_equal(feed(s, said, 10), 0);
        world_fail_at(&memory, nth);
        int error = nth ? 0 : -ENOMEM;
        assert_int_equal(feed(s, said + 10, 10), error);
        world_fail_at(&memory, -1);
        tls_free(s);
    }
}

/* Who goes on reading from the socket may feed what has failed: it has one cause, and takes nothing. */
static void test_fed_after_it_has_failed(void **state)
{
    (void)state;
    put_hello(250, 100);
    struct tls *s = tls_accept(&memory.env, server);
    assert_int_equal(feed(s, said, 10), 0);
    for (int again = 0; again < 2; again++) {
        world_fail_at(&memory, 0);
        assert_int_equal(feed(s, said + 10, 10), -ENOMEM);
        world_fail_at(&memory, -1);
    }
    long before = memory.live;
    assert_int_equal(feed(s, said + 10, n_said - 10), -ENOMEM);
    assert_int_equal(memory.live, before);
    tls_free(s);
}

int main(void)
{
    CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hello_is_whole_with_its_last_byte),
        cmocka_unit_test(test_a_record_is_waited_for),
        cmocka_unit_test(test_what_is_no_tls_is_seen_in_five_bytes),
        cmocka_unit_test(test_what_is_too_long),
        cmocka_unit_test_setup_teardown(test_no_ssl_before_the_hello_is_whole, begin, end),
        cmocka_unit_test_setup_teardown(test_no_ssl_after_it_has_failed, begin, end),
        cmocka_unit_test_setup_teardown(test_without_memory, begin, end),
        cmocka_unit_test_setup_teardown(test_fed_after_it_has_failed, begin, end),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
