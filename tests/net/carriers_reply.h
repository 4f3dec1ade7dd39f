/* SPDX-License-Identifier: MIT
 *
 * tests/net/carriers_reply.h - scenarios of requests, and of replies that stream, on any carrier
 */
#ifndef NET_CARRIERS_REPLY_H
#define NET_CARRIERS_REPLY_H

#include "carriers_websocket.h"

/* ---- requests -------------------------------------------------------------------------------- */

static void one_after_the_other(void)
{
    for (int i = 0; i < 3; i++) {
        ask("/now");
        told_all("asked;");
        heard_all("200;body hello;");
    }
    time_passes(14999);
    heard_all("");
    time_passes(1);
    heard_all("end;");
}

static void several_at_once(void)
{
    for each (a)
        for (int i = 0; i < 3; i++) one_asks(a, "GET", "/now", "\r\n");
    ask("/later");
    told_all("asked;asked;asked;asked;");
    heard_all("200;body hello;200;body hello;200;body hello;");
    ask("/now");
    time_passes(100000); /* the answer is ours, and may take long */
    told_all("");
    answer();
    told_all("asked;");
    heard_all("200;body at last;200;body hello;");
}

static void last_one(void)
{
    for each (a) {
        one_asks(a, "GET", "/now", "Connection: close\r\n\r\n");
        one_asks(a, "GET", "/now", "\r\n");
    }
    run();
    told_all("asked;");
    heard_all("200 at last;body hello;end;");
}

static void one_posts(struct actor *a, size_t len)
{
    char rest[64];
    snprintf(rest, sizeof rest, "Content-Length: %zu\r\n\r\n", len);
    one_asks(a, "POST", "/post", rest);
    buf_append(&a->far->said, long_text(), len);
}

/* Who does not read his replies is not asked for more requests; nothing is lost. */
static void many_and_unread(void)
{
    enum { N = 90 };
    read_no_more();
    for each (a)
        for (int i = 0; i < N; i++) one_posts(a, 60000);
    run();
    heard_all("");
    for each (a) assert_true(a->far->kind != &far_memory || a->far->said.len > 0);
    read_again();
    for each (a) expect_repeated(a->teller.story.text, "asked;", N);
    for each (a) expect_repeated(far_heard(a->far), "200;body [60000];", N);
}

static void bad_request(void)
{
    for each (a) far_say(a->far, "no HTTP\r\n\r\n");
    run();
    for each (a) {
        const char *heard = far_heard(a->far);
        assert_memory_equal(heard, "400 at last;body ", 17);
        assert_string_equal(heard + strlen(heard) - 5, ";end;");
    }
}

static void half_a_request(void)
{
    for each (a) far_say(a->far, "GET / HT");
    run();
    time_passes(9999);
    heard_all("");
    time_passes(1);
    heard_all("408 at last;body the request took too long to arrive\n;end;");
}

static void end_between_requests(void)
{
    ask("/now");
    told_all("asked;");
    end_saying();
    heard_all("200;body hello;end;");
}

static void end_before_any(void)
{
    end_saying();
    heard_all("end;");
}

static void end_in_a_request(void)
{
    for each (a) far_say(a->far, "GET / HT");
    end_saying();
    for each (a) {
        const char *heard = far_heard(a->far);
        assert_memory_equal(heard, "400 at last;", 12);
        assert_string_equal(heard + strlen(heard) - 5, ";end;");
    }
}

static void respond_too_late(void)
{
    for each (a) assert_int_equal(weft_respond(a->request, 200, NULL, "x", 1), WEFT_ERR_CLOSED);
    run();
}

static void reset_before_the_answer(void)
{
    ask("/later");
    reset();
    told_all("asked;gone;");
    respond_too_late();
}

static void end_before_the_answer(void)
{
    ask("/later");
    end_saying();
    told_all("asked;gone;");
    heard_all("end;");
    respond_too_late();
}

static void request_aborted(void)
{
    ask("/later");
    for each (a) weft_request_abort(a->request);
    run();
    told_all("asked;");
    heard_all("reset;");
}

/* ---- replies that stream --------------------------------------------------------------------- */

static void begin_all(void)
{
    ask("/stream");
    told_all("asked;begin;");
    heard_all("200;");
}

static void written_and_ended(void)
{
    begin_all();
    write_all("one");
    heard_all("chunk one;");
    for each (a) assert_int_equal(weft_reply_write(a->reply, "two", 3), 0);
    write_all("three");
    heard_all("chunk two;chunk three;");
    time_passes(100000); /* it may last */
    end_replies();
    told_all("over;");
    heard_all("last;");
    ask("/now");
    told_all("asked;");
    heard_all("200;body hello;");
    begin_all();
    end_replies();
    told_all("over;");
    heard_all("last;");
}

static void one_piece_for_all(void)
{
    weft_piece *p;
    begin_all();
    assert_int_equal(weft_piece_new(&p, &world.env, long_text(), 50000), 0);
    for (int i = 0; i < 3; i++)
        for each (a) assert_int_equal(weft_reply_write_piece(a->reply, p), 0);
    weft_piece_unref(p);
    run();
    told_all("drain;");
    heard_all("chunk [50000];chunk [50000];chunk [50000];");
    end_replies();
    told_all("over;");
    heard_all("last;");
}

static void of_known_length(void)
{
    ask("/known");
    told_all("asked;begin;");
    write_all("12345");
    write_all("67890");
    for each (a) assert_int_equal(weft_reply_write(a->reply, "x", 1), WEFT_ERR_STATE);
    end_replies();
    told_all("over;");
    ask("/now");
    told_all("asked;");
    heard_all("200;body 1234567890;200;body hello;");
}

static void less_than_the_length(void)
{
    ask("/known");
    write_all("12345");
    for each (a) assert_int_equal(weft_reply_end(a->reply), WEFT_ERR_STATE);
    run();
    told_all("asked;begin;over WEFT_ERR_STATE;");
    heard_all("200;cut;reset;");
}

static size_t fill_reply(struct actor *a)
{
    size_t n = 0;
    do {
        expect_story(&a->teller.story, n ? "drain;" : "");
        while (weft_reply_write(a->reply, long_text(), 65000) == 0) n++;
        assert_int_equal(weft_reply_write(a->reply, "x", 1), WEFT_ERR_BACKLOG);
        run();
    } while (told(&a->teller.story, "drain;"));
    return n;
}

static void reply_backlog_and_drain(void)
{
    size_t n[CAST_MAX];
    begin_all();
    read_no_more();
    for each (a) n[a - cast] = fill_reply(a);
    heard_all("");
    read_again();
    told_all("drain;");
    for each (a) expect_repeated(far_heard(a->far), "chunk [65000];", n[a - cast]);
    time_passes(100000); /* nobody stalls who has taken everything */
    write_all("more");
    end_replies();
    told_all("over;");
    heard_all("chunk more;last;");
}

static void ended_behind_a_backlog(void)
{
    begin_all();
    read_no_more();
    for each (a) (void)fill_reply(a);
    end_replies();
    ask("/now");
    told_all("");
    read_again();
    told_all("over;asked;");
    heard_at_last("chunk [65000];last;200;body hello;");
}

static void next_request_waits(void)
{
    for each (a) {
        one_asks(a, "GET", "/stream", "\r\n");
        one_posts(a, 60000);
    }
    run();
    told_all("asked;begin;");
    ask("/now");
    write_all("first");
    heard_all("200;chunk first;");
    end_replies();
    told_all("over;asked;asked;");
    heard_all("last;200;body [60000];200;body hello;");
}

static void upgrade_behind_a_reply(void)
{
    begin_all();
    upgrade("/echo");
    for each (a) one_says(a, "hi");
    run();
    told_all("");
    end_replies();
    told_all("over;open;text hi;");
    heard_all("last;101;text hi;");
}

static void reply_stall(void)
{
    begin_all();
    read_no_more();
    for each (a) (void)fill_reply(a);
    time_passes(14999);
    told_all("");
    time_passes(1);
    told_all("over WEFT_ERR_TIMEOUT;");
    read_again();
    heard_at_last("cut;reset;");
}

static void reply_reset(void)
{
    begin_all();
    reset();
    told_all("over ECONNRESET;");
}

static void reply_to_one_who_ended(void)
{
    begin_all();
    end_saying();
    told_all("over WEFT_ERR_LOST;");
    heard_all("cut;end;");
}

/* One that ends by itself is written to its end. */
static void known_reply_to_one_who_ended(void)
{
    ask("/known");
    end_saying();
    told_all("asked;begin;");
    write_all("1234567890");
    end_replies();
    told_all("over;");
    heard_all("200;body 1234567890;end;");
}

static void reply_lost(void)
{
    begin_all();
    lose();
    told_all("over ECONNRESET;");
}

static void reply_aborted(void)
{
    begin_all();
    write_all("one");
    for each (a) weft_reply_abort(a->reply);
    run();
    told_all("over WEFT_ERR_CLOSED;");
    heard_all("chunk one;cut;reset;");
}

static void reply_without_memory(void)
{
    begin_all();
    for each (a) {
        world_fail_at(&world, 0);
        assert_int_equal(weft_reply_write(a->reply, "lost", 4), -ENOMEM);
        world_fail_at(&world, -1);
        assert_int_equal(weft_reply_write(a->reply, "too late", 8), WEFT_ERR_CLOSED);
    }
    run();
    told_all("over ENOMEM;");
    heard_all("cut;reset;");
}

/* ---- behind a proxy -------------------------------------------------------------------------- */

static const char *peer_of(const struct actor *a)
{
    return weft_peer_address(a->reply ? weft_reply_peer(a->reply) : weft_conn_peer(a->teller.conn));
}

/* What a proxy says of a client is of one exchange: each lane has its own, and the next request another. */
static void behind_a_proxy(void)
{
    static const char *const ours[] = {"127.0.0.1", NULL};
    char field[512], want[64];
    config.trust_proxy = ours;
    play_again();
    for (int round = 0; round < 2; round++) {
        for each (a) {
            snprintf(field, sizeof field, "X-Forwarded-For: 192.0.2.%td\r\n%s",
                     10 * round + (a - cast), round ? UPGRADING : "\r\n");
            one_asks(a, "GET", round ? "/talk" : "/stream", field);
        }
        run();
        for each (a) {
            snprintf(want, sizeof want, "192.0.2.%td", 10 * round + (a - cast));
            assert_string_equal(peer_of(a), want);
        }
        if (!round) end_replies();
    }
    told_all("asked;begin;over;open;");
    heard_all("200;last;101;");
}

/* ---- names ----------------------------------------------------------------------------------- */

/* An id is one exchange's: who has the lane next has another. */
static void ids(void)
{
    weft_id first[CAST_MAX], second[CAST_MAX];
    begin_all();
    for each (a) {
        first[a - cast] = a->reply_id;
        assert_ptr_equal(weft_reply_find(world.loop, a->reply_id), a->reply);
        assert_null(weft_conn_find(world.loop, a->reply_id));
    }
    end_replies();
    for each (a) assert_null(weft_reply_find(world.loop, first[a - cast]));
    told_all("over;");
    heard_all("last;");
    begin_all();
    for each (a) {
        second[a - cast] = a->reply_id;
        assert_int_not_equal(first[a - cast], a->reply_id);
        assert_null(weft_reply_find(world.loop, first[a - cast]));
        assert_ptr_equal(weft_reply_find(world.loop, a->reply_id), a->reply);
    }
    end_replies();
    told_all("over;");
    heard_all("last;");
    open_all("/talk");
    for each (a) {
        assert_ptr_equal(weft_conn_find(world.loop, a->teller.id), a->teller.conn);
        assert_null(weft_conn_find(world.loop, second[a - cast]));
        assert_null(weft_reply_find(world.loop, second[a - cast]));
        assert_null(weft_reply_find(world.loop, a->teller.id));
    }
    say_close(1000, "");
    for each (a) assert_null(weft_conn_find(world.loop, a->teller.id));
}

#endif
