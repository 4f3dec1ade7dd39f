/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_reply_tls.c - replies that stream through TLS: a record that the kernel has not taken is still queued
 */
#include "cert_files.h"
#include "streaming.h"
#include "stuck_calls.h"
#include "tls_peer.h"

enum { SOFT = 4000, STALL = 500 };

static char text[2 * SOFT];

static int begin_tls(void **state)
{
    (void)state;
    weft_server_config cfg = {.limits =
                                  &(weft_limits){.send_queue_soft = SOFT, .write_stall = STALL}};
    memset(text, 't', sizeof text);
    begin_with(&cfg);
    world_listen_tls(&world);
    return 0;
}

/* A client to whom this is streamed, its head arrived and forgotten. */
static struct tls_peer *streaming_tls(struct stream *s, uint64_t length)
{
    struct tls_peer *p = tls_peer_connect(&world, SSL_CTX_new(TLS_client_method()));
    turn_until(&world, tls_peer_settled(p));
    assert_string_equal(p->failed, "");
    tls_peer_say(p, GET("/"));
    turn_until(&world, held);
    stream(s, length);
    turn_until(&world, tls_peer_heard(p, "\r\n\r\n"));
    settle(&world);
    tls_peer_forget(p);
    return p;
}

static void expect_next_tls(struct tls_peer *p)
{
    tls_peer_forget(p);
    tls_peer_say(p, GET("/next"));
    turn_until(&world, held);
    assert_int_equal(weft_respond(take(), 200, NULL, "next", 4), 0);
    turn_until(&world, tls_peer_heard(p, "\r\n\r\nnext"));
}

static void test_to_its_end(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    weft_piece *piece;
    struct tls_peer *p = streaming_tls(&s, WEFT_LENGTH_UNKNOWN);
    assert_int_equal(weft_piece_new(&piece, &world.env, "piece", 5), 0);
    assert_int_equal(weft_reply_write_piece(s.reply, piece), 0);
    weft_piece_unref(piece);
    turn_until(&world, tls_peer_heard(p, "5\r\npiece\r\n"));
    assert_int_equal(put(&s, "abc"), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    assert_true(tls_peer_heard(p, "3\r\nabc\r\n0\r\n\r\n"));
    expect_next_tls(p);
    tls_peer_free(p);
}

/* Neither room nor an end before the kernel has the records. */
static void test_records_that_wait(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct tls_peer *p = streaming_tls(&s, sizeof text);
    use_full_sockets(&world.sys, true);
    assert_int_equal(weft_reply_write(s.reply, text, sizeof text), 0);
    settle(&world);
    expect_story(&story, "");
    assert_true(weft_reply_buffered(s.reply) >= sizeof text);
    make_room();
    turn_until(&world, story.len);
    expect_story(&story, "drain a;");
    settle(&world);
    tls_peer_read(p);
    assert_int_equal(p->len, sizeof text);

    socket_is_full = true;
    assert_int_equal(weft_reply_end(s.reply), 0);
    settle(&world); /* there was nothing left to write */
    expect_close(&s, 0, "");
    socket_is_full = false;
    expect_next_tls(p);
    tls_peer_free(p);
}

static void test_client_takes_nothing(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct tls_peer *p = streaming_tls(&s, WEFT_LENGTH_UNKNOWN);
    use_full_sockets(&world.sys, true);
    assert_int_equal(put(&s, "abc"), 0);
    settle(&world);
    pass(&world, STALL - 1);
    assert_int_equal(s.closes, 0);
    pass(&world, 1);
    expect_close(&s, WEFT_ERR_TIMEOUT, "the client takes none of the bytes we send");
    tls_peer_free(p);
}

static void test_an_end_that_waits(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct tls_peer *p = streaming_tls(&s, WEFT_LENGTH_UNKNOWN);
    use_full_sockets(&world.sys, true);
    assert_int_equal(put(&s, "abc"), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    settle(&world);
    expect_story(&story, "");
    assert_int_equal(s.closes, 0);
    make_room();
    expect_close(&s, 0, "");
    assert_true(tls_peer_heard(p, "0\r\n\r\n"));
    expect_next_tls(p);
    tls_peer_free(p);
}

/* The end of the body is that of the connection: close_notify says that nobody else made it. */
static void test_until_the_end(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct tls_peer *p = tls_peer_connect(&world, SSL_CTX_new(TLS_client_method()));
    turn_until(&world, tls_peer_settled(p));
    tls_peer_say(p, "GET / HTTP/1.0\r\n\r\n");
    turn_until(&world, held);
    stream(&s, WEFT_LENGTH_UNKNOWN);
    assert_int_equal(put(&s, "abc"), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    turn_until(&world, tls_peer_over(p));
    assert_true(p->ended);
    assert_true(tls_peer_heard(p, "\r\n\r\nabc"));
    expect_close(&s, 0, "");
    tls_peer_free(p);
}

/* And when it is broken off there is none. */
static void test_abort(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct tls_peer *p = streaming_tls(&s, WEFT_LENGTH_UNKNOWN);
    assert_int_equal(put(&s, "abc"), 0);
    turn_until(&world, tls_peer_heard(p, "abc"));
    weft_reply_abort(s.reply);
    expect_close(&s, WEFT_ERR_CLOSED, "dropped by the program");
    turn_until(&world, tls_peer_over(p));
    assert_false(p->ended);
    tls_peer_free(p);
}

/* close_notify is how such a client says that it leaves. */
static void test_client_leaves(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct tls_peer *p = streaming_tls(&s, WEFT_LENGTH_UNKNOWN);
    SSL_shutdown(p->ssl);
    expect_close(&s, WEFT_ERR_LOST, "the client left");
    tls_peer_free(p);
}

#define tls_unit(test) cmocka_unit_test_setup_teardown(test, begin_tls, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        tls_unit(test_to_its_end),           tls_unit(test_records_that_wait),
        tls_unit(test_client_takes_nothing), tls_unit(test_an_end_that_waits),
        tls_unit(test_until_the_end),        tls_unit(test_abort),
        tls_unit(test_client_leaves),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
