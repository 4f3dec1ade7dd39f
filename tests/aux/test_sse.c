/* SPDX-License-Identifier: MIT
 *
 * tests/aux/test_sse.c - events for EventSource: their text, and how they reach a client
 */
#include <inttypes.h>
#include <limits.h>

#include "net/raw.h"

/* ---- the text -------------------------------------------------------------------------------- */

static void formats(const char *event, const char *id, const char *data, const char *want)
{
    int len = (int)strlen(want), size_of_data = data ? (int)strlen(data) : 0;
    for (int size = len + 1; size >= len - 1 && size >= 0; size--) {
        char *out = malloc((size_t)size + 1);
        out[0] = '?';
        assert_int_equal(weft_sse_format(out, (size_t)size, event, id, data, (size_t)size_of_data),
                         len);
        if (size < len) assert_int_equal(out[0], '?');
        else assert_memory_equal(out, want, (size_t)len);
        free(out);
    }
}

static void an_event_is_made_of_lines(void **state)
{
    (void)state;
    formats(NULL, NULL, "hello", "data: hello\n\n");
    formats("price", NULL, "1", "event: price\ndata: 1\n\n");
    formats(NULL, "17", "1", "id: 17\ndata: 1\n\n");
    formats("price", "17", "1", "event: price\nid: 17\ndata: 1\n\n");
    formats(NULL, "17", NULL, "id: 17\n\n");
    formats(NULL, "", NULL, "id: \n\n");
    formats(NULL, NULL, NULL, "\n");
}

static void each_line_of_data_is_one(void **state)
{
    (void)state;
    formats(NULL, NULL, "", "data: \n\n");
    formats(NULL, NULL, " a", "data:  a\n\n");
    formats(NULL, NULL, "a\nb", "data: a\ndata: b\n\n");
    formats(NULL, NULL, "a\rb\r\nc", "data: a\ndata: b\ndata: c\n\n");
    formats(NULL, NULL, "a\n", "data: a\ndata: \n\n");
    formats(NULL, NULL, "\r", "data: \ndata: \n\n");
    formats(NULL, NULL, "\n\r\n", "data: \ndata: \ndata: \n\n");
    formats(NULL, NULL, "a\n\nevent: b", "data: a\ndata: \ndata: event: b\n\n");
}

static void type_and_id_are_one_line(void **state)
{
    static const char *const bad[] = {"a\nb", "a\r", "\n", "\r\ndata: x"};
    char out[64];
    (void)state;
    for (size_t i = 0; i < countof(bad); i++) {
        assert_int_equal(weft_sse_format(out, sizeof out, bad[i], NULL, "x", 1), -EINVAL);
        assert_int_equal(weft_sse_format(out, sizeof out, NULL, bad[i], "x", 1), -EINVAL);
    }
    assert_int_equal(weft_sse_format(NULL, 0, NULL, NULL, "x", 1), 9);
}

/* ---- on its way ------------------------------------------------------------------------------ */

static struct world w;
static weft_reply *reply;
static int begun, ended;
static size_t handler_size;

static void has_ended(weft_reply *r, int error, const char *cause)
{
    (void)r, (void)cause;
    reply = NULL;
    ended = error;
}

static const weft_reply_handler handler = {.on_leave = weft_sse_leave, .on_close = has_ended};

static void on_request(weft_request *r, void *user)
{
    (void)user;
    begun = weft_sse_begin_sized(&reply, r, &handler, handler_size, NULL);
    if (begun < 0) reply = NULL;
}

static struct raw *begin(void)
{
    world_begin(&w);
    world_serve(&w, NULL);
    assert_int_equal(world_requests(w.server, "/", on_request, NULL), 0);
    world_listen(&w);
    ended = 1;
    handler_size = sizeof handler;
    return raw_connect(&w);
}

static void end(struct raw *r)
{
    raw_free(r);
    world_end(&w);
}

#define GET_EVENTS "GET / HTTP/1.0\r\n\r\n" /* not chunked */

static void events_reach_a_client(void **state)
{
    struct raw *r = begin();
    weft_piece *piece;
    (void)state;
    assert_int_equal(raw_ask(&w, r, GET_EVENTS), 200);
    assert_true(raw_heard(r, "Content-Type: text/event-stream\r\n"));
    assert_true(raw_heard(r, "Cache-Control: no-store\r\n"));
    assert_true(raw_heard(r, "X-Accel-Buffering: no\r\n"));
    assert_int_equal(weft_sse_piece(&piece, &w.env, "all", "1", "a\nb", 3), 0);
    assert_int_equal(weft_reply_write_piece(reply, piece), 0);
    weft_piece_unref(piece);
    assert_int_equal(weft_sse_write(reply, NULL, "2", "one", 3), 0);
    assert_int_equal(weft_sse_write(reply, "\n", NULL, "one", 3), -EINVAL);
    settle(&w);
    raw_read(r);
    assert_string_equal(raw_body(r), "event: all\nid: 1\ndata: a\ndata: b\n\nid: 2\ndata: one\n\n");
    end(r);
}

static void long_events_too(void **state)
{
    enum { MOST = 5000 };
    static char data[MOST];
    struct raw *r = begin();
    size_t total = 0;
    (void)state;
    memset(data, 'x', sizeof data);
    assert_int_equal(raw_ask(&w, r, GET_EVENTS), 200);
    for (size_t len = 2030; len < 2050; len++) {
        assert_int_equal(weft_sse_write(reply, NULL, NULL, data, len), 0);
        total += len + 8;
    }
    assert_int_equal(weft_sse_write(reply, NULL, NULL, data, MOST), 0);
    settle(&w);
    raw_read(r);
    assert_int_equal(strlen(raw_body(r)), total + MOST + 8);
    end(r);
}

static void who_leaves_says_when_to_come_back(void **state)
{
    struct raw *r = begin();
    (void)state;
    assert_int_equal(raw_ask(&w, r, GET_EVENTS), 200);
    assert_int_equal(weft_server_shutdown(w.server, WEFT_CLOSE_GOING_AWAY, NULL, NULL), 0);
    while (!raw_ended(r)) pass(&w, 1000); /* before it is dropped, at the deadline */
    assert_true(raw_heard(r, "\r\n\r\nretry: "));
    assert_string_equal(r->got + r->len - 2, "\n\n");
    turn_until(&w, ended == 0);
    end(r);
}

/* ---- what fails ------------------------------------------------------------------------------ */

static void without_memory_there_is_no_stream(void **state)
{
    (void)state;
    for (long nth = 0, good = 0; !good; nth++) {
        struct raw *r = begin();
        world_fail_at(&w, nth);
        raw_say(r, GET_EVENTS);
        turn_until(&w, reply || raw_ended(r) || raw_status(r));
        good = w.asked <= nth;
        world_fail_at(&w, -1);
        if (begun < 0) assert_null(reply);
        end(r);
        assert_null(reply);
    }
}

static void without_memory_there_is_no_event(void **state)
{
    static char data[5000];
    weft_piece *piece;
    (void)state;
    memset(data, 'x', sizeof data);
    for (long nth = 0; nth < 2; nth++) {
        struct raw *r = begin();
        assert_int_equal(raw_ask(&w, r, GET_EVENTS), 200);
        world_fail_at(&w, nth);
        assert_int_equal(weft_sse_piece(&piece, &w.env, NULL, NULL, data, sizeof data), -ENOMEM);
        world_fail_at(&w, nth);
        assert_int_equal(weft_sse_write(reply, NULL, NULL, data, sizeof data), -ENOMEM);
        world_fail_at(&w, -1);
        settle(&w);
        assert_int_equal(!reply, nth == 1); /* what the reply itself lacks memory for ends it */
        end(r);
    }
}

/* Whoever cannot be told when to come back finds out by the end of the stream. */
static void without_memory_who_leaves_is_dropped(void **state)
{
    struct raw *r = begin();
    (void)state;
    assert_int_equal(raw_ask(&w, r, GET_EVENTS), 200);
    world_fail_at(&w, 0);
    weft_sse_leave(reply, 1000);
    world_fail_at(&w, -1);
    settle(&w);
    assert_true(raw_ended(r));
    assert_null(reply);
    end(r);
}

static void sizes_that_are_none(void **state)
{
    weft_piece *piece;
    (void)state;
    assert_int_equal(weft_sse_piece_sized(&piece, &w.env, 8, NULL, NULL, "x", 1), -EINVAL);
    assert_int_equal(weft_sse_piece_sized(&piece, &w.env, 5000, NULL, NULL, "x", 1), -EINVAL);
    assert_int_equal(weft_sse_piece(&piece, NULL, NULL, NULL, "x", 1), 0);
    weft_piece_unref(piece);

    struct raw *r = begin();
    handler_size = 8;
    assert_int_equal(raw_ask(&w, r, GET_EVENTS), 500);
    assert_int_equal(begun, -EINVAL);
    end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_made_of_lines),
        cmocka_unit_test(each_line_of_data_is_one),
        cmocka_unit_test(type_and_id_are_one_line),
        cmocka_unit_test(events_reach_a_client),
        cmocka_unit_test(long_events_too),
        cmocka_unit_test(who_leaves_says_when_to_come_back),
        cmocka_unit_test(without_memory_there_is_no_stream),
        cmocka_unit_test(without_memory_there_is_no_event),
        cmocka_unit_test(without_memory_who_leaves_is_dropped),
        cmocka_unit_test(sizes_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
