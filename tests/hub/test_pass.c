/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_pass.c - one hub on two loops, whose threads the test plays one after the other
 *
 * "on(w, 1)" is: from here on the calling thread is that of loop 1.
 */
#include <stdlib.h>
#include <string.h>

#include "hub/fake_conn.h"
#include "hub/faulty_env.h"
#include "hub/unit.h"

enum { LOOPS = 2, CONNS = 2 };

struct world {
    struct faulty faulty;
    weft_loop loops[LOOPS];
    weft_conn conns[LOOPS][CONNS];
    weft_hub *hub;
};

static void on(struct world *w, size_t loop)
{
    for (size_t i = 0; i < LOOPS; i++) w->loops[i].elsewhere = i != loop;
}

static struct world *new_world(const weft_hub_config *cfg)
{
    struct world *w = calloc(1, sizeof *w);
    faulty_init(&w->faulty);
    for (size_t i = 0; i < LOOPS; i++) {
        w->loops[i].env = &w->faulty.env;
        pthread_mutex_init(&w->loops[i].lock, NULL);
        for (size_t c = 0; c < CONNS; c++)
            w->conns[i][c] = (weft_conn){.loop = &w->loops[i], .room = 1000};
    }
    on(w, 0);
    assert_int_equal(weft_hub_new(&w->hub, &w->loops[0], cfg), 0);
    return w;
}

static void turn(struct world *w, size_t loop)
{
    on(w, loop);
    fake_turn(&w->loops[loop]);
}

static void free_world(struct world *w)
{
    on(w, 0);
    weft_hub_free(w->hub);
    for (size_t i = 0; i < LOOPS; i++) {
        turn(w, i);
        for (size_t c = 0; c < CONNS; c++) fake_gone(&w->conns[i][c]);
        pthread_mutex_destroy(&w->loops[i].lock);
    }
    assert_int_equal(w->faulty.live, 0);
    free(w);
}

static void subscribe(struct world *w, size_t loop, size_t conn)
{
    on(w, loop);
    assert_int_equal(weft_subscribe(w->hub, &w->conns[loop][conn], "chat"), 0);
}

/* With a subscriber on each. */
static struct world *new_world_of_two(const weft_hub_config *cfg)
{
    struct world *w = new_world(cfg);
    for (size_t i = 0; i < LOOPS; i++) subscribe(w, i, 0);
    return w;
}

static int publish(struct world *w, size_t loop, const char *text)
{
    on(w, loop);
    return weft_publish(w->hub, "chat", WEFT_TEXT, text, strlen(text));
}

static weft_message *new_message(struct world *w)
{
    weft_message *m;
    assert_int_equal(weft_message_new(&m, &w->faulty.env, WEFT_TEXT, "x", 1), 0);
    return m;
}

static void expect_last(const weft_conn *c, const char *text)
{
    weft_bytes payload = weft_message_payload(c->last);
    assert_int_equal(payload.len, strlen(text));
    assert_memory_equal(payload.data, text, payload.len);
}

/* ---- who gets what --------------------------------------------------------------------------- */

static void test_reaches_both_loops_once(void **state)
{
    (void)state;
    struct world *w = new_world_of_two(NULL);
    subscribe(w, 1, 1);
    assert_int_equal(publish(w, 0, "a"), 1);
    assert_int_equal(w->conns[1][0].sent, 0);
    turn(w, 1);
    for (size_t i = 0; i < LOOPS; i++) assert_int_equal(w->conns[i][0].sent, 1);
    assert_int_equal(w->conns[1][1].sent, 1);
    assert_ptr_equal(w->conns[0][0].last, w->conns[1][0].last); /* the same bytes */
    assert_int_equal(publish(w, 1, "b"), 2);
    turn(w, 0);
    expect_last(&w->conns[0][0], "b");
    assert_int_equal(w->conns[1][0].sent, 2);
    free_world(w);
}

static void test_order_of_one_publisher(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    static const char *const said[] = {"1", "2", "3"};
    subscribe(w, 1, 0);
    for (size_t i = 0; i < countof(said); i++) assert_int_equal(publish(w, 0, said[i]), 0);
    on(w, 1);
    for (size_t i = 0; i < countof(said); i++) {
        w->loops[1].posts[i].fn(w->loops[1].posts[i].arg);
        expect_last(&w->conns[1][0], said[i]);
    }
    w->loops[1].n_posts = 0;
    free_world(w);
}

static void test_all_but_one(void **state)
{
    (void)state;
    struct world *w = new_world_of_two(NULL);
    weft_message *m = new_message(w);
    on(w, 0);
    assert_int_equal(weft_publish_message(w->hub, "chat", m, &w->conns[0][0]), 0);
    weft_message_unref(m);
    turn(w, 1);
    assert_int_equal(w->conns[0][0].sent, 0);
    assert_int_equal(w->conns[1][0].sent, 1);
    free_world(w);
}

static void test_posted_reaches_both_loops(void **state)
{
    (void)state;
    struct world *w = new_world_of_two(NULL);
    weft_message *m = new_message(w);
    on(w, LOOPS); /* a thread without loop */
    assert_int_equal(weft_publish_post(w->hub, "chat", m), 0);
    weft_message_unref(m);
    turn(w, 0);
    turn(w, 1);
    for (size_t i = 0; i < LOOPS; i++) assert_int_equal(w->conns[i][0].sent, 1);
    free_world(w);
}

/* A thread whose loop has no subscribers publishes to the others all the same. */
static void test_from_a_loop_without_subscribers(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    subscribe(w, 0, 0);
    assert_int_equal(publish(w, 1, "x"), 0);
    turn(w, 0);
    expect_last(&w->conns[0][0], "x");
    free_world(w);
}

static void test_nothing_is_passed_where_nobody_listens(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    assert_int_equal(publish(w, 0, "x"), 0);
    subscribe(w, 1, 0);
    publish(w, 0, "x");
    assert_int_equal(w->loops[1].n_posts, 1);
    on(w, 1);
    weft_unsubscribe_all(w->hub, &w->conns[1][0]);
    publish(w, 0, "x");
    assert_int_equal(w->loops[1].n_posts, 1);
    turn(w, 1);
    assert_int_equal(w->conns[1][0].sent, 0); /* it had left when the first one came */
    free_world(w);
}

static void test_counts_are_of_the_loop(void **state)
{
    (void)state;
    struct world *w = new_world_of_two(NULL);
    subscribe(w, 1, 1);
    assert_int_equal(weft_subscribers(w->hub, "chat"), 2);
    assert_int_equal(weft_topics(w->hub), 1);
    on(w, 0);
    assert_int_equal(weft_subscribers(w->hub, "chat"), 1);
    on(w, LOOPS);
    assert_int_equal(weft_subscribers(w->hub, "chat"), 0);
    assert_int_equal(weft_topics(w->hub), 0);
    free_world(w);
}

/* ---- a loop that is behind ------------------------------------------------------------------- */

static void expect_behind(struct world *w, const char *text, unsigned n)
{
    for (unsigned i = 0; i < n; i++) assert_int_equal(publish(w, 0, text), 1);
    assert_int_equal(publish(w, 0, text), WEFT_ERR_BACKLOG);
    assert_int_equal(w->conns[0][0].sent, n); /* nobody got the last one */
    turn(w, 1);
    assert_int_equal(w->conns[1][0].sent, n);
    assert_int_equal(publish(w, 0, text), 1);
}

static void test_so_many_messages_wait(void **state)
{
    (void)state;
    struct world *w = new_world_of_two(&(weft_hub_config){.pass_queue_items = 3});
    expect_behind(w, "x", 3);
    free_world(w);
}

static void test_so_many_bytes_wait(void **state)
{
    (void)state;
    struct world *w = new_world_of_two(&(weft_hub_config){.pass_queue_max = 10});
    expect_behind(w, "12345", 2);
    free_world(w);
}

static void test_posts_are_not_held_up(void **state)
{
    (void)state;
    struct world *w = new_world(&(weft_hub_config){.pass_queue_items = 1});
    subscribe(w, 1, 0);
    weft_message *m = new_message(w);
    for (int i = 0; i < 5; i++) assert_int_equal(weft_publish_post(w->hub, "chat", m), 0);
    weft_message_unref(m);
    turn(w, 0);
    turn(w, 1);
    assert_int_equal(w->conns[1][0].sent, 5);
    free_world(w);
}

/* ---- what fails ------------------------------------------------------------------------------ */

/* The first of another loop makes its part as well. */
static void test_every_allocation_of_subscribe_fails(void **state)
{
    (void)state;
    for (long nth = 0; nth < 6; nth++) {
        struct world *w = new_world(NULL);
        weft_conn *c = &w->conns[1][0];
        on(w, 1);
        faulty_from(&w->faulty, nth);
        assert_int_equal(weft_subscribe(w->hub, c, "chat"), -ENOMEM);
        assert_null(c->links);
        assert_int_equal(weft_subscribe(w->hub, c, "chat"), 0);
        assert_int_equal(publish(w, 1, "x"), 1);
        free_world(w);
    }
}

/* The message, its frame, and what carries it. */
static void test_every_allocation_of_publish_fails(void **state)
{
    (void)state;
    for (long nth = 0; nth < 3; nth++) {
        struct world *w = new_world_of_two(&(weft_hub_config){.pass_queue_items = 1});
        faulty_from(&w->faulty, nth);
        assert_int_equal(publish(w, 0, "x"), -ENOMEM);
        assert_int_equal(w->conns[0][0].sent, 0);
        assert_int_equal(publish(w, 0, "x"), 1); /* nothing waits */
        free_world(w);
    }
}

static void test_the_loop_takes_no_post(void **state)
{
    (void)state;
    struct world *w = new_world_of_two(&(weft_hub_config){.pass_queue_items = 1});
    w->loops[1].post_error = -ENOMEM;
    assert_int_equal(publish(w, 0, "x"), -ENOMEM);
    w->loops[1].post_error = 0;
    assert_int_equal(publish(w, 0, "x"), 1);
    free_world(w);
}

static void test_hub_freed_with_messages_under_way(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    subscribe(w, 1, 0);
    publish(w, 0, "x");
    free_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reaches_both_loops_once),
        cmocka_unit_test(test_order_of_one_publisher),
        cmocka_unit_test(test_all_but_one),
        cmocka_unit_test(test_posted_reaches_both_loops),
        cmocka_unit_test(test_from_a_loop_without_subscribers),
        cmocka_unit_test(test_nothing_is_passed_where_nobody_listens),
        cmocka_unit_test(test_counts_are_of_the_loop),
        cmocka_unit_test(test_so_many_messages_wait),
        cmocka_unit_test(test_so_many_bytes_wait),
        cmocka_unit_test(test_posts_are_not_held_up),
        cmocka_unit_test(test_every_allocation_of_subscribe_fails),
        cmocka_unit_test(test_every_allocation_of_publish_fails),
        cmocka_unit_test(test_the_loop_takes_no_post),
        cmocka_unit_test(test_hub_freed_with_messages_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
