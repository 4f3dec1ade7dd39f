/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_reply_faults.c - replies that stream, again and again, with another allocation failing in each run
 *
 * Three clients at once: one is sent chunks, one a known length, and one reads until the end; each is sent copies
 * and a piece that they share, then asks for something else on the same connection. Whatever fails,
 *
 *      a reply that could not be begun is refused, and its on_close is not told
 *      one that was begun is closed once; if a call of it said -ENOMEM, with that
 *      what a client has of a body is how that body begins: there is no hole in it, and nothing strange behind it
 *      nothing leaks, nothing hangs, and a WebSocket beside them does not notice
 */
#include "streaming.h"
#include "teller.h"

enum { CLIENTS = 3 };

/* What a client who hears all of it has heard, without heads. */
static const struct kind {
    const char *request;
    uint64_t length;
    const char *body;
} kinds[CLIENTS] = {
    {GET("/stream") GET("/other"), WEFT_LENGTH_UNKNOWN,
     "3\r\none\r\n5\r\npiece\r\n5\r\npiece\r\n3\r\ntwo\r\n0\r\n\r\n"},
    {GET("/stream") GET("/other"), 16, "onepiecepiecetwo"},
    {"GET /stream HTTP/1.0\r\n\r\n", WEFT_LENGTH_UNKNOWN, "onepiecepiecetwo"},
};

static struct teller bystander;
static struct stream streams[CLIENTS];
static int refused[CLIENTS]; /* by weft_reply_begin */
static int failed[CLIENTS];  /* what a write or the end of it said */
static unsigned begun;

static void other(weft_request *r, void *user)
{
    (void)user;
    (void)weft_respond(r, 200, NULL, "other", 5);
}

/* They are told apart by the order of their coming. */
static void start(weft_request *r, void *user)
{
    (void)user;
    unsigned i = begun++;
    struct stream *s = &streams[i];
    assert_true(i < CLIENTS);
    held = r;
    s->name = "a";
    int error = stream_as(s, 200, kinds[i].length);
    refused[i] = error;
    if (error) assert_null(s->reply);
}

/* The rest of the body is written by who sees it as a user would: as long as nothing has failed. */
static void go_on(unsigned i, int (*call)(weft_reply *r, weft_piece *p), weft_piece *p)
{
    struct stream *s = &streams[i];
    if (!s->reply || failed[i]) return;
    failed[i] = call(s->reply, p);
}

static int write_one(weft_reply *r, weft_piece *p)
{
    (void)p;
    return weft_reply_write(r, "one", 3);
}

static int write_two(weft_reply *r, weft_piece *p)
{
    (void)p;
    return weft_reply_write(r, "two", 3);
}

static int end_whole(weft_reply *r, weft_piece *p)
{
    (void)p;
    return weft_reply_end(r);
}

static void run(void)
{
    weft_piece *p = NULL;
    if (weft_piece_new(&p, &world.env, "piece", 5) < 0) return;
    int (*const calls[])(weft_reply *, weft_piece *) = {
        write_one, weft_reply_write_piece, weft_reply_write_piece, write_two, end_whole};
    for (size_t c = 0; c < countof(calls); c++) {
        for (unsigned i = 0; i < CLIENTS; i++) go_on(i, calls[c], p);
        if (c == 0)
            settle(&world); /* so that the first piece finds an empty queue, and the second not */
    }
    weft_piece_unref(p);
}

/* Whatever the head was, what follows it is a beginning of this; all of it if the reply was whole. */
static void expect_no_hole(struct raw *r, const struct kind *k, const struct stream *s)
{
    const char *body = raw_body(r);
    size_t n = strlen(k->body);
    if (s->closes && !s->error) assert_true(strncmp(body, k->body, n) == 0);
    if (strlen(body) < n) n = strlen(body);
    assert_memory_equal(body, k->body, n);
}

static bool all_are_closed(void)
{
    for (int i = 0; i < CLIENTS; i++)
        if (streams[i].reply) return false;
    return true;
}

static void serve(void)
{
    memset(&bystander, 0, sizeof bystander);
    memset(streams, 0, sizeof streams);
    memset(refused, 0, sizeof refused);
    memset(failed, 0, sizeof failed);
    begun = 0;
    begin_with(NULL);
    assert_int_equal(weft_server_route(world.server, "/third", &telling, &bystander), 0);
    assert_int_equal(world_requests(world.server, "/stream", start, NULL), 0);
    assert_int_equal(world_requests(world.server, "/other", other, NULL), 0);
}

static void expect_right(unsigned i, struct raw *r)
{
    const struct stream *s = &streams[i];
    assert_int_equal(s->closes, i < begun && !refused[i]);
    assert_true(refused[i] == 0 || refused[i] == -ENOMEM);
    assert_true(failed[i] == 0 || failed[i] == -ENOMEM || failed[i] == WEFT_ERR_CLOSED);
    if (failed[i] == -ENOMEM) assert_int_equal(s->error, -ENOMEM);
    raw_read(r);
    if (begun == CLIENTS && !refused[i]) expect_no_hole(r, &kinds[i], s);
}

static void expect_bystander(struct raw *r)
{
    raw_text(r, "still there?");
    turn_until(&world, told(&bystander.story, "text still there?;"));
    assert_int_equal(bystander.closes, 0);
    raw_free(r);
}

/* Those for which no piece could be made. */
static void abort_the_others(void)
{
    for (int i = 0; i < CLIENTS; i++)
        if (streams[i].reply && weft_reply_is_open(streams[i].reply))
            weft_reply_abort(streams[i].reply);
}

/* Whether that allocation was asked for. */
static bool scenario(long allocation, bool and_all_that_follow)
{
    struct raw *r[CLIENTS];
    serve();
    struct raw *third = raw_open(&world, "/third");
    world_fail_at(&world, allocation);
    world.fail_on = and_all_that_follow;
    for (int i = 0; i < CLIENTS; i++) {
        r[i] = raw_connect(&world);
        raw_say(r[i], kinds[i].request);
        settle(&world);
    }
    run();
    settle(&world);
    bool asked = world.asked > allocation;
    world_fail_at(&world, -1);
    abort_the_others();
    turn_until(&world, all_are_closed());
    for (unsigned i = 0; i < CLIENTS; i++) {
        expect_right(i, r[i]);
        raw_free(r[i]);
    }
    expect_bystander(third);
    world_end(&world);
    return asked;
}

static void test_nothing_fails(void **state)
{
    (void)state;
    assert_true(scenario(-1, false));
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(streams[i].closes, 1);
        assert_int_equal(streams[i].error, 0);
    }
}

static void test_every_allocation(void **state)
{
    (void)state;
    bool failed_once = true;
    for (long n = 0; failed_once; n++) {
        assert_true(n < 1000);
        failed_once = scenario(n, false);
    }
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    bool failed_once = true;
    for (long n = 0; failed_once; n++) {
        assert_true(n < 1000);
        failed_once = scenario(n, true);
    }
}

/* ---- one call at a time ---------------------------------------------------------------------- */

/* What is missing in the middle cannot be made good, so there is no going on. */
static void expect_dropped(struct stream *s, struct raw *r, int error)
{
    world_fail_at(&world, -1);
    assert_int_equal(error, -ENOMEM);
    assert_false(weft_reply_is_open(s->reply));
    assert_int_equal(put(s, "x"), WEFT_ERR_CLOSED);
    expect_close(s, -ENOMEM, s->cause);
    assert_non_null(strstr(s->cause, "memory"));
    turn_until(&world, raw_ended(r));
    assert_int_equal(r->error, ECONNRESET);
    raw_free(r);
}

static void test_a_write(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {WEFT_LENGTH_UNKNOWN, 100};
    for (size_t i = 0; i < countof(lengths); i++) {
        struct stream s = {.name = "a"};
        struct raw *r = streaming(&s, GET("/"), lengths[i]);
        world_fail_at(&world, 0);
        expect_dropped(&s, r, put(&s, "abc"));
    }
}

static void test_a_second_piece(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    weft_piece *p;
    assert_int_equal(weft_piece_new(&p, &world.env, "abc", 3), 0);
    assert_int_equal(weft_reply_write_piece(s.reply, p), 0);
    world_fail_at(&world, 0);
    expect_dropped(&s, r, weft_reply_write_piece(s.reply, p));
    weft_piece_unref(p);
}

static void test_the_end(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    world_fail_at(&world, 0);
    expect_dropped(&s, r, weft_reply_end(s.reply));
}

/* The reply is whole; there is no memory to listen for another request, so the connection ends. */
static void test_going_on(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), 3);
    assert_int_equal(put(&s, "abc"), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    world_fail_at(&world, 0);
    turn_until(&world, raw_ended(r));
    assert_true(world.asked > 0);
    world_fail_at(&world, -1);
    assert_true(r->eof);
    assert_string_equal(r->got, "abc");
    expect_close(&s, 0, "");
    raw_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_fails),
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_memory_runs_out),
        unit(test_a_write),
        unit(test_a_second_piece),
        unit(test_the_end),
        unit(test_going_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
