/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_links.c - what hangs on a WebSocket or a reply is told of room before its user, and may do there what
 * it likes
 *
 * Each test is run on both. At first the newest link is told first: "room new;room old;drain a;".
 */
#include "streaming.h"
#include "stuck_calls.h"

enum { SOFT = 1000 };

/* What a link does when there is room, after telling. */
struct hung {
    weft_link link;
    const char *name;
    void (*then)(void);
};

/* What both can do. */
struct carrier {
    void (*open)(bool silent); /* silent: no handler has an on_drain */
    int (*put)(size_t len);
    bool (*backlogged)(void);
    void (*close)(void);
    void (*abort)(void);
    void (*hang)(weft_link *link);
    void (*take_down)(weft_link *link);
    weft_link *(*links)(void);
};

static const struct carrier *on;
static struct raw *raw;
static char filler[10 * SOFT];

/* ---- a WebSocket ----------------------------------------------------------------------------- */

static weft_conn *conn;

static void conn_opens(weft_conn *c)
{
    conn = c;
}

static void conn_drains(weft_conn *c)
{
    (void)c;
    tell(&story, "drain a;");
}

static void conn_closes(weft_conn *c, const weft_close_info *info)
{
    (void)c, (void)info;
    tell(&story, "close a;");
}

static void conn_open(bool silent)
{
    const weft_handler h = {
        .on_open = conn_opens, .on_drain = silent ? NULL : conn_drains, .on_close = conn_closes};
    assert_int_equal(weft_server_route(world.server, "/ws", &h, NULL), 0);
    raw = raw_open(&world, "/ws");
}

static int conn_put(size_t len)
{
    return weft_send(conn, WEFT_BINARY, filler, len);
}

static bool conn_backlogged(void)
{
    return weft_backlogged(conn);
}

static void conn_close(void)
{
    assert_int_equal(weft_close(conn, 1000, NULL), 0);
}

static void conn_abort(void)
{
    weft_abort(conn);
}

static void conn_hang(weft_link *link)
{
    weft_conn_link(conn, link);
}

static void conn_take_down(weft_link *link)
{
    weft_conn_unlink(conn, link);
}

static weft_link *conn_links(void)
{
    return weft_conn_links(conn);
}

static const struct carrier websocket = {
    .open = conn_open,
    .put = conn_put,
    .backlogged = conn_backlogged,
    .close = conn_close,
    .abort = conn_abort,
    .hang = conn_hang,
    .take_down = conn_take_down,
    .links = conn_links,
};

/* ---- a reply --------------------------------------------------------------------------------- */

static struct stream a;

static void reply_open(bool silent)
{
    static const weft_reply_handler h = {.on_close = on_close};
    raw = ask(GET("/"));
    assert_int_equal(weft_reply_begin(&a.reply, take(), 200, NULL, WEFT_LENGTH_UNKNOWN,
                                      silent ? &h : &telling_handler, &a),
                     0);
    settle(&world);
}

static int reply_put(size_t len)
{
    return weft_reply_write(a.reply, filler, len);
}

static bool reply_backlogged(void)
{
    return weft_reply_backlogged(a.reply);
}

static void reply_close(void)
{
    assert_int_equal(weft_reply_end(a.reply), 0);
}

static void reply_abort(void)
{
    weft_reply_abort(a.reply);
}

static void reply_hang(weft_link *link)
{
    weft_reply_link(a.reply, link);
}

static void reply_take_down(weft_link *link)
{
    weft_reply_unlink(a.reply, link);
}

static weft_link *reply_links(void)
{
    return weft_reply_links(a.reply);
}

static const struct carrier reply = {
    .open = reply_open,
    .put = reply_put,
    .backlogged = reply_backlogged,
    .close = reply_close,
    .abort = reply_abort,
    .hang = reply_hang,
    .take_down = reply_take_down,
    .links = reply_links,
};

/* ---- links ----------------------------------------------------------------------------------- */

static void hung_drains(weft_link *link)
{
    const struct hung *h = (struct hung *)link; /* its first member */
    tell(&story, "room %s;", h->name);
    if (h->then) h->then();
}

static void hung_gone(weft_link *link)
{
    struct hung *h = (struct hung *)link;
    tell(&story, "gone %s;", h->name);
    free(h);
}

static const char owner[] = "tests/net/test_links";
static const weft_link_type telling_type = {.on_gone = hung_gone, .on_drain = hung_drains};
static const weft_link_type silent_type = {.on_gone = hung_gone};

static void hang_as(const weft_link_type *type, const char *name, void (*then)(void))
{
    struct hung *h = calloc(1, sizeof *h);
    assert_non_null(h);
    *h = (struct hung){.link = {.owner = owner, .type = type}, .name = name, .then = then};
    on->hang(&h->link);
}

static void hang(const char *name, void (*then)(void))
{
    hang_as(&telling_type, name, then);
}

/* Among others, which are weft's. */
static struct hung *find(const char *name)
{
    for (weft_link *link = on->links(); link; link = link->next) {
        struct hung *h = (struct hung *)link;
        if (link->owner == owner && strcmp(h->name, name) == 0) return h;
    }
    fail_msg("no %s hangs there", name);
    return NULL;
}

static void take_down(const char *name)
{
    struct hung *h = find(name);
    on->take_down(&h->link);
    free(h);
}

/* ---- a full socket --------------------------------------------------------------------------- */

static int begin_on(const struct carrier *which)
{
    const weft_limits limits = {.send_queue_soft = SOFT};
    begin_with(&(weft_server_config){.limits = &limits});
    a = (struct stream){.name = "a"};
    on = which;
    return 0;
}

static int begin_websocket(void **state)
{
    (void)state;
    return begin_on(&websocket);
}

static int begin_reply(void **state)
{
    (void)state;
    return begin_on(&reply);
}

static int end_links(void **state)
{
    raw_free(raw);
    return end(state);
}

static void open_full(void)
{
    on->open(false);
    use_full_sockets(&world.sys, true);
}

static void fill(void)
{
    socket_is_full = true;
    assert_int_equal(on->put(SOFT + 1), 0);
    assert_true(on->backlogged());
    settle(&world);
    expect_story(&story, "");
}

static void drain(void)
{
    make_room();
    settle(&world);
}

/* ---- told ------------------------------------------------------------------------------------ */

static void test_before_the_user(void **state)
{
    (void)state;
    open_full();
    hang("old", NULL);
    hang_as(&silent_type, "silent", NULL);
    hang("new", NULL);
    for (int i = 0; i < 2; i++) {
        fill();
        drain();
        expect_story(&story, "room new;room old;drain a;");
    }
    on->abort();
    settle(&world);
    expect_story(&story, "close a;gone new;gone silent;gone old;");
}

static void test_without_an_on_drain_of_the_user(void **state)
{
    (void)state;
    on->open(true);
    use_full_sockets(&world.sys, true);
    hang("x", NULL);
    fill();
    drain();
    expect_story(&story, "room x;");
}

/* ---- what is queued there -------------------------------------------------------------------- */

static void put_little(void)
{
    assert_int_equal(on->put(1), 0);
}

static void test_who_queues_little_leaves_room(void **state)
{
    (void)state;
    open_full();
    hang("old", NULL);
    hang("new", put_little);
    fill();
    drain();
    expect_story(&story, "room new;room old;drain a;");
}

static void put_much(void)
{
    socket_is_full = true;
    assert_int_equal(on->put(SOFT + 1), 0);
    find("greedy")->then = NULL;
}

/* Who comes behind it is told when there is room indeed, and before it. */
static void test_who_fills_it_again_is_the_last(void **state)
{
    (void)state;
    open_full();
    hang("old", NULL);
    hang("greedy", put_much);
    hang("new", NULL);
    fill();
    drain();
    expect_story(&story, "room new;room greedy;");
    assert_true(on->backlogged());
    drain();
    expect_story(&story, "room old;room new;room greedy;drain a;");
    assert_false(on->backlogged());
}

/* The last link, too, keeps the user from being told wrongly. */
static void test_the_user_behind_who_fills_it_again(void **state)
{
    (void)state;
    open_full();
    hang("greedy", put_much);
    fill();
    drain();
    expect_story(&story, "room greedy;");
    drain();
    expect_story(&story, "room greedy;drain a;");
}

/* ---- hung up and taken down there ------------------------------------------------------------ */

static void take_down_self_and_next(void)
{
    take_down("new");
    take_down("middle");
}

static void test_it_takes_down_itself_and_the_next(void **state)
{
    (void)state;
    open_full();
    hang("old", NULL);
    hang("middle", NULL);
    hang("new", take_down_self_and_next);
    fill();
    drain();
    expect_story(&story, "room new;room old;drain a;");
    on->abort();
    settle(&world);
    expect_story(&story, "close a;gone old;");
}

static void take_down_all(void)
{
    take_down("old");
    take_down("middle");
    take_down("new");
}

static void test_it_takes_down_all(void **state)
{
    static const char *const told_so_far[] = {"room new;drain a;", "room new;room middle;drain a;",
                                              "room new;room middle;room old;drain a;"};
    (void)state;
    open_full();
    for (int who = 0; who < 3; who++) {
        hang("old", who == 2 ? take_down_all : NULL);
        hang("middle", who == 1 ? take_down_all : NULL);
        hang("new", who == 0 ? take_down_all : NULL);
        fill();
        drain();
        expect_story(&story, told_so_far[who]);
    }
    on->abort();
    settle(&world);
    expect_story(&story, "close a;");
}

static void hang_another(void)
{
    take_down("new");
    hang("another", NULL);
}

static void test_what_is_hung_up_there_is_told_the_next_time(void **state)
{
    (void)state;
    open_full();
    hang("old", NULL);
    hang("new", hang_another);
    fill();
    drain();
    expect_story(&story, "room new;room old;drain a;");
    fill();
    drain();
    expect_story(&story, "room another;room old;drain a;");
}

/* ---- ended there ----------------------------------------------------------------------------- */

static void close_it(void)
{
    on->close();
}

static void test_who_closes_is_the_last(void **state)
{
    (void)state;
    open_full();
    hang("old", NULL);
    hang("new", close_it);
    fill();
    drain();
    assert_true(told(&story, "room new;"));
    assert_false(told(&story, "room old;"));
    assert_false(told(&story, "drain a;"));
}

static void abort_it(void)
{
    on->abort();
}

static void test_who_aborts_is_the_last(void **state)
{
    (void)state;
    open_full();
    hang("old", NULL);
    hang("new", abort_it);
    fill();
    drain();
    expect_story(&story, "room new;close a;gone old;gone new;");
}

static void test_who_is_closing_is_told_nothing(void **state)
{
    (void)state;
    open_full();
    hang("x", NULL);
    fill();
    on->close();
    drain();
    assert_false(told(&story, "room x;"));
    assert_false(told(&story, "drain a;"));
}

/* ---- the user's wish ------------------------------------------------------------------------- */

static void test_a_wish_is_no_room(void **state)
{
    (void)state;
    open_full();
    hang("x", NULL);
    assert_int_equal(on->put(10), 0);
    assert_int_equal(weft_want_drain(conn, 1), 0);
    drain();
    expect_story(&story, "drain a;");
}

static void test_a_wish_and_room(void **state)
{
    (void)state;
    open_full();
    hang("x", NULL);
    fill();
    assert_int_equal(weft_want_drain(conn, 1), 0);
    drain();
    expect_story(&story, "room x;drain a;");
}

/* It is fulfilled when that, too, has been taken. */
static void test_a_wish_behind_who_fills_it_again(void **state)
{
    (void)state;
    open_full();
    hang("greedy", put_much);
    fill();
    assert_int_equal(weft_want_drain(conn, 1), 0);
    drain();
    expect_story(&story, "room greedy;");
    drain();
    expect_story(&story, "room greedy;drain a;");
}

#define on_a(carrier, test)                                         \
    {                                                               \
#carrier ": " #test, test, begin_##carrier, end_links, NULL \
    }
#define on_both(test) on_a(websocket, test), on_a(reply, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_both(test_before_the_user),
        on_both(test_without_an_on_drain_of_the_user),
        on_both(test_who_queues_little_leaves_room),
        on_both(test_who_fills_it_again_is_the_last),
        on_both(test_the_user_behind_who_fills_it_again),
        on_both(test_it_takes_down_itself_and_the_next),
        on_both(test_it_takes_down_all),
        on_both(test_what_is_hung_up_there_is_told_the_next_time),
        on_both(test_who_closes_is_the_last),
        on_both(test_who_aborts_is_the_last),
        on_both(test_who_is_closing_is_told_nothing),
        on_a(websocket, test_a_wish_is_no_room),
        on_a(websocket, test_a_wish_and_room),
        on_a(websocket, test_a_wish_behind_who_fills_it_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
