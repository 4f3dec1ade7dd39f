/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_pace.c - the bucket and the line; and who waits for his turn on a loop
 */
#include "hub/pace.h"

#include "hub/fake_reader.h"

/* ---- the bucket ------------------------------------------------------------------------------ */

static const weft_topic_settings thousand = {.pace = 1000,
                                             .window_bytes = 40000}; /* a burst of 10,000 */

static struct pace full(const weft_topic_settings *s)
{
    return (struct pace){.tokens = pace_burst(s), .since = 1000};
}

static void test_burst(void **state)
{
    (void)state;
    static const struct {
        uint64_t window;
        int64_t burst;
    } cases[] = {
        {1, 64},
        {3, 64},
        {4 * 64, 64},
        {4 * 64 + 3, 64},
        {4 * 65, 65},
        {UINT64_C(1) << 32, 1 << 30},
        {(UINT64_C(1) << 32) + 4, 1 << 30},
        {WEFT_NEVER - 1, 1 << 30},
        {WEFT_NEVER, 1 << 30},
    };
    for (size_t i = 0; i < countof(cases); i++)
        assert_int_equal(pace_burst(&(weft_topic_settings){.window_bytes = cases[i].window}),
                         cases[i].burst);
}

static void test_spend(void **state)
{
    (void)state;
    struct pace p = full(&thousand);
    pace_spend(&p, &thousand, 9999);
    assert_true(pace_allows(&p, &thousand));
    pace_spend(&p, &thousand, 1);
    assert_false(pace_allows(&p, &thousand));
    pace_spend(&p, &thousand, 9999);
    assert_int_equal(p.tokens, -9999);
    pace_spend(&p, &thousand, 5);
    assert_int_equal(p.tokens, -10000); /* no more debt than a burst */
    p = full(&thousand);
    pace_spend(&p, &thousand, UINT64_MAX);
    assert_int_equal(p.tokens, -10000);
    p = full(&thousand);
    pace_spend(&p, &thousand, 20000);
    assert_int_equal(p.tokens, -10000);
}

static void test_refill(void **state)
{
    (void)state;
    struct pace p = full(&thousand);
    pace_spend(&p, &thousand, 10000);
    pace_refill(&p, &thousand, 1000); /* no time has passed */
    assert_int_equal(p.tokens, 0);
    pace_refill(&p, &thousand, 500); /* it went back */
    assert_int_equal(p.tokens, 0);
    pace_refill(&p, &thousand, 1999); /* not a whole one */
    assert_int_equal(p.tokens, 0);
    pace_refill(&p, &thousand, 2000);
    assert_int_equal(p.tokens, 1);
    pace_refill(&p, &thousand, 501000);
    assert_int_equal(p.tokens, 500);
    pace_refill(&p, &thousand, 100000000);
    assert_int_equal(p.tokens, 10000); /* and no more */
    pace_spend(&p, &thousand, 10000);
    pace_refill(&p, &thousand, 100000000);
    assert_int_equal(p.tokens, 0); /* what was full did not save */
}

/* Asked again and again, as much comes as if it were asked once. */
static void test_refill_in_small_steps(void **state)
{
    (void)state;
    static const weft_topic_settings odd = {.pace = 333, .window_bytes = 1 << 20};
    struct pace p = {.since = 1000};
    for (uint64_t us = 1000; us <= 10001000; us += 700) pace_refill(&p, &odd, us);
    assert_in_range(p.tokens, 3328, 3330);
}

static void test_extremes(void **state)
{
    (void)state;
    static const weft_topic_settings never = {.pace = WEFT_NEVER, .window_bytes = 4000},
                                     fast = {.pace = WEFT_NEVER - 1, .window_bytes = WEFT_NEVER},
                                     slow = {.pace = 1, .window_bytes = 4};
    struct pace p = full(&never);
    for (int i = 0; i < 5; i++) pace_spend(&p, &never, UINT64_MAX);
    pace_refill(&p, &never, UINT64_MAX);
    assert_true(pace_allows(&p, &never));
    p = full(&fast);
    pace_spend(&p, &fast, UINT64_MAX);
    pace_refill(&p, &fast, 1001);
    assert_int_equal(p.tokens, 1 << 30);
    p = full(&slow);
    pace_spend(&p, &slow, 5000);
    assert_false(pace_allows(&p, &slow));
    pace_refill(&p, &slow, UINT64_MAX); /* however long */
    assert_true(pace_allows(&p, &slow));
}

/* ---- the line -------------------------------------------------------------------------------- */

static void test_line(void **state)
{
    (void)state;
    struct pace p = {0};
    weft_turn t[4] = {0};
    for (int i = 0; i < 4; i++) pace_stand(&p, &t[i]);
    pace_leave(&p, &t[1]); /* in the middle */
    pace_leave(&p, &t[3]); /* the last */
    assert_ptr_equal(p.last, &t[2]);
    pace_stand(&p, &t[1]);
    pace_leave(&p, &t[0]); /* the first */
    assert_ptr_equal(p.first, &t[2]);
    assert_ptr_equal(t[2].next, &t[1]);
    pace_leave(&p, &t[2]);
    pace_leave(&p, &t[1]);
    assert_null(p.first);
    assert_null(p.last);
}

/* ---- turns ----------------------------------------------------------------------------------- */

/* 68 bytes a message: 501 that were not read are more than half the window, which has room for 1,000. */
static const weft_topic_settings slow = {.window_bytes = 68000, .pace = 100000};

struct waiter {
    weft_turn turn; /* first */
    struct world *world;
    int turns, says; /* what publishing said */
    bool again;
};

static void on_turn(weft_turn *turn)
{
    struct waiter *w = (struct waiter *)turn;
    w->turns++;
    w->says = world_try(w->world, "text", NULL);
    if (w->again) assert_int_equal(weft_topic_wait(w->world->topic, w->world->loop, turn), w->says);
}

static void init_waiter(struct waiter *w, struct world *world)
{
    *w = (struct waiter){.turn.on_turn = on_turn, .world = world};
}

static void wait_for_turn(struct waiter *w)
{
    assert_int_equal(weft_topic_wait(w->world->topic, w->world->loop, &w->turn), 0);
}

/* A reader who takes nothing, and so many messages that the next one has to wait. */
static struct fake *fill(struct world *w)
{
    struct fake *f = fake_begin(w, 1);
    while (world_try(w, "text", NULL) == 0) continue;
    return f;
}

static void fake_free_unseen(struct fake *f)
{
    f->seen = f->n;
    fake_free(f);
}

static void test_turns_in_order(void **state)
{
    (void)state;
    struct world w;
    struct waiter first, second;
    world_init(&w, &slow);
    struct fake *f = fill(&w);
    uint64_t head = world_head(&w);
    assert_int_equal(head, 502);
    init_waiter(&first, &w);
    init_waiter(&second, &w);
    wait_for_turn(&first);
    wait_for_turn(&first); /* once */
    wait_for_turn(&second);
    world_turn(&w, 3);
    assert_int_equal(first.turns + second.turns, 0);
    fake_drain(f, 1); /* one is room for one */
    world_turn(&w, 2);
    assert_int_equal(first.turns, 1);
    assert_int_equal(first.says, 0);
    assert_int_equal(second.turns, 0);
    assert_int_equal(world_try(&w, "text", NULL), WEFT_ERR_BACKLOG); /* behind the second */
    fake_drain(f, 2);
    assert_int_equal(world_try(&w, "text", NULL), WEFT_ERR_BACKLOG); /* it is his turn */
    world_turn(&w, 3);
    assert_int_equal(second.turns, 1);
    assert_int_equal(world_try(&w, "text", NULL), 0);
    fake_free_unseen(f);
    world_free(&w);
}

/* Who reads does not: time alone lets them through, at the pace, and when he has fallen out of the window all. */
static void test_time_lets_through(void **state)
{
    (void)state;
    struct world w;
    struct waiter one;
    world_init(&w, &slow);
    struct fake *f = fill(&w);
    init_waiter(&one, &w);
    one.again = true;
    wait_for_turn(&one);
    uint64_t head = world_head(&w);
    for (int ms = 0; ms < 400; ms++) {
        w.now += 1000;
        world_turn(&w, 1);
    }
    assert_in_range(world_head(&w) - head, 335,
                    341); /* 40,000 bytes of 68 each, less a debt of 17,000 */
    for (int ms = 0; ms < 1000; ms++) {
        w.now += 1000;
        world_turn(&w, 1);
    }
    assert_true(world_head(&w) - head > 5000);
    weft_turn_cancel(&one.turn);
    fake_free_unseen(f);
    world_free(&w);
}

static void test_cancelled(void **state)
{
    (void)state;
    struct world w;
    struct waiter t[4];
    world_init(&w, &slow);
    struct fake *f = fill(&w);
    for (int i = 0; i < 4; i++) {
        init_waiter(&t[i], &w);
        wait_for_turn(&t[i]);
    }
    weft_turn_cancel(&t[1].turn);
    weft_turn_cancel(&t[1].turn); /* once more is nothing */
    fake_drain(f, -1);            /* the first has his turn, and does not take it */
    weft_turn_cancel(&t[0].turn);
    world_turn(&w, 4);
    assert_int_equal(t[0].turns + t[1].turns, 0);
    assert_int_equal(t[2].turns, 1);
    assert_int_equal(t[3].turns, 1);
    fake_free_unseen(f);
    world_free(&w);
}

/* The reader who was in the way leaves. */
static void test_reader_leaves(void **state)
{
    (void)state;
    struct world w;
    struct waiter one;
    world_init(&w, &slow);
    struct fake *f = fill(&w);
    init_waiter(&one, &w);
    wait_for_turn(&one);
    fake_free_unseen(f);
    world_turn(&w, 2);
    assert_int_equal(one.turns, 1);
    assert_int_equal(one.says, 0);
    world_free(&w);
}

/* He was told to close: what he has not read is in nobody's way. */
static void test_reader_is_leaving(void **state)
{
    (void)state;
    struct world w;
    struct waiter one;
    world_init(&w, &slow);
    struct fake *f = fill(&w);
    init_waiter(&one, &w);
    wait_for_turn(&one);
    f->says = WEFT_ERR_CLOSED;
    fake_drain(f, -1);
    world_turn(&w, 2);
    assert_int_equal(one.turns, 1);
    fake_free_unseen(f);
    world_free(&w);
}

/* The hub goes while some wait: they have their turns, and nobody hears what they say. */
static void test_the_hub_goes(void **state)
{
    (void)state;
    struct world w;
    struct waiter t[3];
    world_init(&w, &slow);
    struct fake *f = fill(&w);
    for (int i = 0; i < 3; i++) {
        init_waiter(&t[i], &w);
        wait_for_turn(&t[i]);
    }
    t[1].again = true;
    weft_hub_free(w.hub);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(t[i].turns, 1);
        assert_int_equal(t[i].says, WEFT_ERR_CLOSED);
    }
    w.hub = NULL;
    w.topic = NULL;
    world_turn(&w, 2);
    weft_turn_cancel(&t[1].turn);
    fake_free_unseen(f);
    world_free(&w);
}

/* The window is as small as it gets: nothing waits for ever all the same. */
static void test_tiny_window(void **state)
{
    (void)state;
    static const weft_topic_settings tiny = {.window_bytes = 1, .window_items = 1, .pace = 1000};
    struct world w;
    world_init(&w, &tiny);
    struct fake *f = fake_begin(&w, 1);
    for (int i = 0; i < 20; i++) {
        w.now += 100000;
        world_turn(&w, 1);
        assert_int_equal(world_try(&w, "text", NULL), 0);
    }
    fake_drain(f, -1);
    expect_told(f, 1, 1);
    expect(f, LOST, 19, 18);
    expect_told(f, 20, 20);
    fake_free(f);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_burst),
        cmocka_unit_test(test_spend),
        cmocka_unit_test(test_refill),
        cmocka_unit_test(test_refill_in_small_steps),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_turns_in_order),
        cmocka_unit_test(test_time_lets_through),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_reader_leaves),
        cmocka_unit_test(test_reader_is_leaving),
        cmocka_unit_test(test_the_hub_goes),
        cmocka_unit_test(test_tiny_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
