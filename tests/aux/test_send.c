/* SPDX-License-Identifier: MIT
 *
 * tests/aux/test_send.c - texts for a connection, and what happens to one that cannot take them
 */
#include "net/raw.h"

enum { QUEUE_MAX = 1000, LONG = 5000 };

static weft_conn *conn;
static struct raw *peer;

static void opened(weft_conn *c)
{
    conn = c;
}

static void closed(weft_conn *c, const weft_close_info *info)
{
    (void)c, (void)info;
    conn = NULL;
}

static void begin(struct world *w)
{
    static const weft_handler handler = {.on_open = opened, .on_close = closed};
    world_begin(w);
    world_serve(w, &(weft_server_config){.limits = &(weft_limits){.send_queue_max = QUEUE_MAX}});
    assert_int_equal(weft_server_route(w->server, "/", &handler, NULL), 0);
    world_listen(w);
    peer = raw_open(w, "/");
    assert_non_null(conn);
}

static void end(struct world *w)
{
    raw_free(peer);
    world_end(w);
}

static void hears(struct world *w, const char *want)
{
    settle(w);
    assert_string_equal(raw_frames(peer), want);
}

static void texts_arrive(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    weft_send_str(conn, "hello");
    weft_send_str(conn, "");
    weft_send_printf(conn, "%d%%-%s", 17, "x");
    weft_send_printf(conn, "%s", "");
    hears(&w, "text hello;text;text 17%-x;text;");
    end(&w);
}

/* On both sides of what has room on the stack. */
static void long_ones_too(void **state)
{
    static const int lengths[] = {1023, 1024, LONG};
    struct world w;
    (void)state;
    begin(&w);
    for (size_t i = 0; i < countof(lengths); i++) {
        char want[32];
        weft_send_printf(conn, "%0*d%s", lengths[i] - 3, 7, "end");
        snprintf(want, sizeof want, "text [%d];", lengths[i]);
        hears(&w, want);
    }
    end(&w);
}

static void who_is_behind_is_closed(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    weft_send_printf(conn, "%0*d", LONG, 7);
    weft_send_str(conn, "more than is allowed");
    weft_send_str(conn, "and again");
    hears(&w, "text [5000];close 1008 too slow: the send queue is full;");
    end(&w);
}

static void where_there_is_no_memory_it_is_dropped(void **state)
{
    (void)state;
    for (long nth = 0; nth < 2; nth++) {
        struct world w;
        begin(&w);
        world_fail_at(&w, nth);
        weft_send_printf(conn, "%0*d", LONG, 7);
        assert_true(w.asked > nth);
        world_fail_at(&w, -1);
        settle(&w);
        assert_true(raw_ended(peer));
        assert_null(conn);
        end(&w);
    }
}

static void when_it_is_closing_nothing_happens(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    assert_int_equal(weft_close(conn, WEFT_CLOSE_NORMAL, "bye"), 0);
    weft_send_str(conn, "too late");
    weft_send_printf(conn, "%s", "too late");
    hears(&w, "close 1000 bye;");
    assert_non_null(conn);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_arrive),
        cmocka_unit_test(long_ones_too),
        cmocka_unit_test(who_is_behind_is_closed),
        cmocka_unit_test(where_there_is_no_memory_it_is_dropped),
        cmocka_unit_test(when_it_is_closing_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
