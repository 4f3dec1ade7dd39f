/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_reader.c - readers who keep up, fall behind and come back, on a loop without network
 */
#include <pthread.h>

#include "hub/fake_reader.h"

static const weft_topic_settings hundred = {.history_items = 100},
                                 latest = {.policy = WEFT_POLICY_LATEST},
                                 by_key = {.policy = WEFT_POLICY_LATEST_KEY},
                                 drops = {.policy = WEFT_POLICY_DROP_OLDEST, .window_items = 10},
                                 ten = {.window_items = 10},
                                 cuts = {.policy = WEFT_POLICY_DISCONNECT};

static uint64_t count(const struct world *w, weft_hub_counter what)
{
    return weft_hub_count(w->hub, what);
}

/* ---- to keep up ------------------------------------------------------------------------------ */

static void test_keeps_up(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    struct fake *f = fake_begin(&w, -1), *g = fake_begin(&w, -1);
    long before = atomic_load(&rendered);
    for (uint64_t i = 1; i <= 5; i++) {
        world_publish(&w, 1);
        expect_told(f, i, i); /* at once */
        expect_told(g, i, i);
        assert_int_equal(weft_reader_offset(&f->reader), i);
    }
    assert_int_equal(atomic_load(&rendered) - before, 5); /* once for both */
    assert_int_equal(atomic_load(&renderings), 0);
    assert_int_equal(count(&w, WEFT_HUB_MEMORY), 0); /* nothing is kept */
    assert_int_equal(weft_topic_subscribers(w.topic), 2);
    fake_free(f);
    fake_free(g);
    assert_int_equal(weft_topic_subscribers(w.topic), 0);
    world_free(&w);
}

/* ---- to fall behind -------------------------------------------------------------------------- */

/* He took the last one, and then was full: that one comes once. */
static void test_full_after_one(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    struct fake *f = fake_begin(&w, 2);
    world_publish(&w, 2);
    expect_told(f, 1, 2);
    world_publish(&w, 3);
    world_turn(&w, 3);
    expect_no_more(f);
    assert_int_equal(weft_reader_offset(&f->reader), 2);
    fake_drain(f, -1);
    expect_told(f, 3, 5);
    world_publish(&w, 1);
    expect_told(f, 6, 6);
    assert_int_equal(count(&w, WEFT_HUB_LOST), 0);
    fake_free(f);
    world_free(&w);
}

/* Something else has filled his queue: what he refused is kept for him, though there is no history. */
static void test_full_before_one(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    struct fake *f = fake_begin(&w, -1), *g = fake_begin(&w, -1);
    f->room = 0;
    world_publish(&w, 1);
    expect_no_more(f);
    expect_told(g, 1, 1);
    assert_int_equal(weft_reader_offset(&f->reader), 0);
    fake_drain(f, -1);
    expect_told(f, 1, 1);
    world_publish(&w, 1);
    expect_told(f, 2, 2);
    expect_told(g, 2, 2);
    fake_free(f);
    fake_free(g);
    world_free(&w);
}

/* What the slowest does not need any more goes when he has it, not with the next message. */
static void test_nothing_is_kept_for_nobody(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    struct fake *f = fake_begin(&w, 1), *g = fake_begin(&w, 1);
    world_publish(&w, 10);
    assert_true(count(&w, WEFT_HUB_MEMORY) > 0);
    fake_drain(f, -1);
    assert_true(count(&w, WEFT_HUB_MEMORY) > 0);
    expect_told(f, 1, 10);
    expect_told(g, 1, 1);
    fake_free(g);
    world_turn(&w, 1);
    assert_int_equal(count(&w, WEFT_HUB_MEMORY), 0);
    fake_free(f);
    world_free(&w);
}

/* Batches of 64: what he gets at once, and what in later turns. */
static void test_batches(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    struct fake *f = fake_begin(&w, 1);
    world_publish(&w, 200);
    fake_drain(f, -1);
    expect_told(f, 1, 65);
    expect_no_more(f);
    world_turn(&w, 1);
    expect_told(f, 66, 129);
    expect_no_more(f);
    world_publish(&w, 1); /* he has not come back yet */
    expect_no_more(f);
    world_turn(&w, 2);
    expect_told(f, 130, 201);
    world_publish(&w, 1);
    expect_told(f, 202, 202);
    fake_free(f);
    world_free(&w);
}

/* Full again in the middle of a batch, and at its end. */
static void test_full_again(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    struct fake *f = fake_begin(&w, 1);
    world_publish(&w, 140);
    fake_drain(f, 10);
    expect_told(f, 1, 11);
    fake_drain(f, 64);
    expect_told(f, 12, 75);
    world_turn(&w, 3);
    expect_no_more(f);
    fake_drain(f, 65); /* the last */
    world_turn(&w, 3);
    expect_told(f, 76, 140);
    world_publish(&w, 1);
    expect_no_more(f);
    fake_drain(f, -1);
    expect_told(f, 141, 141);
    fake_free(f);
    world_free(&w);
}

/* ---- what the log has moved past ------------------------------------------------------------- */

static void test_lost(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &ten);
    struct fake *f = fake_begin(&w, 1);
    world_publish(&w, 11); /* he needs 2 to 11 */
    world_turn(&w, 2);
    fake_drain(f, 1);
    expect_told(f, 1, 2);
    world_publish(&w, 3); /* 3 and 4 are gone */
    world_turn(&w, 2);
    fake_drain(f, -1);
    expect(f, LOST, 4, 2);
    expect_told(f, 5, 14);
    world_publish(&w, 1);
    expect_told(f, 15, 15);
    assert_int_equal(count(&w, WEFT_HUB_LOST), 2);
    fake_free(f);
    world_free(&w);
}

/* He was far behind, and what the window has is for him all the same. */
static void test_window_is_kept_for_who_has_lost(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &ten);
    struct fake *f = fake_begin(&w, 1);
    world_publish(&w, 100);
    world_turn(&w, 2);
    fake_drain(f, 1); /* full by the announcement */
    expect_told(f, 1, 1);
    expect(f, LOST, 90, 89);
    world_publish(&w, 2);
    fake_drain(f, -1);
    expect(f, LOST, 92, 2);
    expect_told(f, 93, 102);
    fake_free(f);
    world_free(&w);
}

static void test_lost_is_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &ten);
    struct fake *f = fake_begin(&w, 1);
    world_publish(&w, 20);
    fake_drain(f, 0);
    fake_drain(f, -1);
    expect_told(f, 1, 1);
    expect(f, LOST, 10, 9);
    expect_told(f, 11, 20);
    fake_free(f);
    world_free(&w);
}

/* Who says of a loss that he is leaving needs nothing, and nothing is kept for him. */
static void test_leaves_by_a_loss(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &ten);
    struct fake *f = fake_begin(&w, 1);
    world_publish(&w, 20);
    f->says = WEFT_ERR_CLOSED;
    fake_drain(f, -1);
    expect_told(f, 1, 1);
    world_turn(&w, 1);
    assert_int_equal(count(&w, WEFT_HUB_MEMORY), 0);
    world_publish(&w, 20);
    world_turn(&w, 2);
    fake_drain(f, -1);
    expect_no_more(f);
    fake_free(f);
    world_free(&w);
}

/* What is cleared is lost for who had not read it. */
static void test_cleared(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &hundred);
    struct fake *f = fake_begin(&w, 3), *g = fake_begin(&w, -1);
    world_publish(&w, 10);
    weft_topic_clear(w.topic);
    fake_drain(f, -1);
    expect_told(f, 1, 3);
    expect(f, LOST, 10, 7);
    expect_told(g, 1, 10);
    world_publish(&w, 1);
    expect_told(f, 11, 11);
    expect_told(g, 11, 11);
    fake_free(f);
    fake_free(g);
    world_free(&w);
}

/* Nor does the pace look at what was cleared. */
static void test_pace_after_a_clear(void **state)
{
    (void)state;
    static const weft_topic_settings slow = {
        .window_bytes = 68000, .pace = 1, .history_items = 100};
    struct world w;
    world_init(&w, &slow);
    struct fake *f = fake_begin(&w, 1);
    int published = 0;
    while (world_try(&w, "text", NULL) == 0) published++;
    assert_int_equal(published,
                     502); /* 68 bytes each: one that was read, and more than half the window */
    assert_int_equal(world_try(&w, "text", NULL), WEFT_ERR_BACKLOG);
    weft_topic_clear(w.topic);
    assert_int_equal(world_try(&w, "text", NULL), 0);
    world_turn(&w, 2);
    fake_drain(f, -1);
    expect_told(f, 1, 1);
    expect(f, LOST, 502, 501);
    expect_told(f, 503, 503);
    fake_free(f);
    world_free(&w);
}

/* ---- policies -------------------------------------------------------------------------------- */

static void test_latest(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &latest);
    struct fake *f = fake_begin(&w, 1);
    world_publish(&w, 2);
    world_turn(&w, 2);
    fake_drain(f, 1);
    expect_told(f, 1, 2); /* nothing was spared him */
    world_publish(&w, 10);
    world_turn(&w, 2);
    world_publish(&w, 10);
    world_turn(&w, 2);
    fake_drain(f, -1);
    expect(f, TOLD, 22, 19);
    assert_int_equal(count(&w, WEFT_HUB_SKIPPED), 19);
    world_publish(&w, 1);
    expect_told(f, 23, 23);
    fake_free(f);
    world_free(&w);
}

/* One refused it: it is the newest still. */
static void test_latest_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &latest);
    struct fake *f = fake_begin(&w, -1);
    f->room = 0;
    world_publish(&w, 1);
    world_turn(&w, 2);
    fake_drain(f, -1);
    expect_told(f, 1, 1);
    fake_free(f);
    world_free(&w);
}

static void test_latest_cleared(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &latest);
    struct fake *f = fake_begin(&w, 1);
    world_publish(&w, 5);
    weft_topic_clear(w.topic);
    fake_drain(f, -1);
    expect_told(f, 1, 1);
    expect(f, LOST, 5, 4);
    f->room = 1;
    world_publish(&w, 2);
    weft_topic_clear(w.topic);
    world_publish(&w, 1);
    fake_drain(f, -1);
    expect_told(f, 6, 6);
    expect(f, TOLD, 8, 1); /* there is a newer one: that he would not have had 7 anyway */
    fake_free(f);
    world_free(&w);
}

static void publish_keys(struct world *w, const char *keys)
{
    for (; *keys; keys++)
        assert_int_equal(world_try(w, "text", *keys == '-' ? NULL : (const char[]){*keys, 0}), 0);
}

static void test_latest_by_key(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &by_key);
    struct fake *f = fake_begin(&w, 1);
    publish_keys(&w,
                 "aabbac-a-"); /* 1 a, then 4 b, 6 c, 8 a, 9 are the newest; none is a key, too */
    world_turn(&w, 2);
    fake_drain(f, -1);
    expect(f, TOLD, 1, 0);
    expect(f, TOLD, 4, 2);
    expect(f, TOLD, 6, 1);
    expect(f, TOLD, 8, 1);
    expect_told(f, 9, 9);
    assert_int_equal(count(&w, WEFT_HUB_SKIPPED), 4);
    fake_free(f);
    world_free(&w);
}

/* Those that the window does not have any more. */
static void test_latest_by_key_outlives(void **state)
{
    (void)state;
    static const weft_topic_settings three = {.policy = WEFT_POLICY_LATEST_KEY, .window_items = 3};
    struct world w;
    world_init(&w, &three);
    struct fake *f = fake_begin(&w, 1);
    publish_keys(&w, "zabcdabef");
    world_turn(&w, 2);
    struct fake *g = fake_new(-1);
    assert_int_equal(fake_try(g, &w, &(weft_since){.last = WEFT_NEVER}, NULL), 0);
    world_turn(&w, 2);
    expect(g, TOLD, 1, 0);
    expect(g, TOLD, 4, 2);
    expect_told(g, 5, 9);
    fake_drain(f, -1);
    expect(f, TOLD, 1, 0);
    expect(f, TOLD, 4, 2);
    expect_told(f, 5, 9);
    fake_free(f);
    fake_free(g);
    world_free(&w);
}

static void test_latest_by_key_cleared(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &by_key);
    struct fake *f = fake_begin(&w, 1);
    publish_keys(&w, "abc");
    weft_topic_clear(w.topic);
    publish_keys(&w, "ad");
    fake_drain(f, -1);
    expect_told(f, 1, 1);
    expect(f, LOST, 3, 2);
    expect_told(f, 4, 5);
    fake_free(f);
    world_free(&w);
}

static void test_drop_oldest(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &drops);
    struct fake *f = fake_begin(&w, 1);
    world_publish(&w, 30);
    world_turn(&w, 2);
    world_publish(&w, 1);
    fake_drain(f, -1);
    expect_told(f, 1, 1);
    expect(f, TOLD, 22, 20);
    expect_told(f, 23, 31);
    assert_int_equal(count(&w, WEFT_HUB_SKIPPED), 20);
    assert_int_equal(count(&w, WEFT_HUB_LOST), 0);
    fake_free(f);
    world_free(&w);
}

static void test_disconnect(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &cuts);
    struct fake *f = fake_begin(&w, 2), *g = fake_begin(&w, -1);
    world_publish(&w, 2);
    expect_told(f, 1, 2);
    world_publish(&w, 1);
    expect(f, ENDED, 0, WEFT_ERR_BACKLOG);
    world_publish(&w, 1);
    expect_told(g, 1, 4);
    assert_int_equal(count(&w, WEFT_HUB_ENDED), 1);
    fake_free(f);
    fake_free(g);
    world_free(&w);
}

/* ---- the most that a subscriber has in a second ------------------------------------------------ */

static const weft_topic_settings ten_a_second = {.policy = WEFT_POLICY_LATEST, .max_rate = 10};

static void test_max_rate(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &ten_a_second);
    struct fake *f = fake_begin(&w, -1);
    world_publish(&w, 1);
    world_turn(&w, 1);
    expect_told(f, 1, 1); /* the first one does not wait */
    world_publish(&w, 5);
    world_turn(&w, 3);
    expect_no_more(f);
    w.now += 99999;
    world_turn(&w, 2);
    expect_no_more(f);
    w.now += 2000;
    world_turn(&w, 2);
    expect(f, TOLD, 6, 4);
    world_publish(&w, 1);
    world_turn(&w, 2);
    expect_no_more(f);
    w.now += 200000;
    world_turn(&w, 2);
    expect_told(f, 7, 7);
    fake_free(f);
    world_free(&w);
}

/* He refused one after some that he was spared. */
static void test_max_rate_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &ten_a_second);
    struct fake *f = fake_begin(&w, -1);
    f->room = 0;
    world_publish(&w, 3);
    world_turn(&w, 2);
    expect_no_more(f);
    assert_int_equal(weft_reader_offset(&f->reader), 0);
    fake_drain(f, -1);
    expect(f, TOLD, 3, 2);
    fake_free(f);
    world_free(&w);
}

/* Who comes does not make it more for the others; and has nothing of what was there before. */
static void test_max_rate_while_some_come(void **state)
{
    (void)state;
    struct world w;
    weft_seek seek;
    world_init(&w, &ten_a_second);
    struct fake *f = fake_begin(&w, -1), *g = fake_new(-1);
    world_publish(&w, 1);
    world_turn(&w, 2);
    world_publish(&w, 2);
    assert_int_equal(fake_try(g, &w, NULL, &seek), 0);
    assert_int_equal(seek.at.offset, 3);
    world_turn(&w, 3);
    expect_told(f, 1, 1);
    expect_no_more(f);
    w.now += 101000;
    world_turn(&w, 3);
    expect(f, TOLD, 3, 1);
    expect_no_more(g);
    world_publish(&w, 1);
    w.now += 101000;
    world_turn(&w, 3);
    expect_told(f, 4, 4);
    expect_told(g, 4, 4);
    fake_free(f);
    fake_free(g);
    world_free(&w);
}

/* More than a batch is spared them: it is counted, all of it. */
static void test_max_rate_counts_all(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &ten_a_second);
    struct fake *f = fake_begin(&w, -1);
    world_publish(&w, 1);
    world_turn(&w, 2);
    expect_told(f, 1, 1);
    world_publish(&w, 200);
    w.now += 101000;
    world_turn(&w, 5);
    expect(f, TOLD, 201, 199);
    fake_free(f);
    world_free(&w);
}

/* The newest of all keys come together, so often. */
static void test_max_rate_by_key(void **state)
{
    (void)state;
    static const weft_topic_settings s = {.policy = WEFT_POLICY_LATEST_KEY, .max_rate = 10};
    struct world w;
    world_init(&w, &s);
    struct fake *f = fake_begin(&w, -1);
    publish_keys(&w, "abcabc"); /* 4, 5, 6 */
    world_turn(&w, 3);
    expect(f, TOLD, 4, 3);
    expect_told(f, 5, 6);
    publish_keys(&w, "abcabc");
    world_turn(&w, 3);
    expect_no_more(f);
    w.now += 101000;
    world_turn(&w, 3);
    expect(f, TOLD, 10, 3);
    expect_told(f, 11, 12);
    publish_keys(&w, "ab"); /* ten times a second each; those without a key are as of one */
    world_publish(&w, 3);
    w.now += 101000;
    world_turn(&w, 3);
    expect_told(f, 13, 14);
    expect(f, TOLD, 17, 2);
    fake_free(f);
    world_free(&w);
}

/* A window that is too small for what waits until it is due: the newest of each key come all the same. */
static void test_max_rate_outlives(void **state)
{
    (void)state;
    static const weft_topic_settings s = {
        .policy = WEFT_POLICY_LATEST_KEY, .max_rate = 10, .window_items = 2};
    struct world w;
    world_init(&w, &s);
    struct fake *f = fake_begin(&w, -1);
    publish_keys(&w, "x");
    world_turn(&w, 2);
    publish_keys(&w, "abcd");
    w.now += 101000;
    world_turn(&w, 3);
    expect_told(f, 1, 5);
    fake_free(f);
    world_free(&w);
}

/* It is about policies that skip only. */
static void test_max_rate_of_a_queue(void **state)
{
    (void)state;
    static const weft_topic_settings s = {.max_rate = 1};
    struct world w;
    world_init(&w, &s);
    struct fake *f = fake_begin(&w, -1);
    world_publish(&w, 3);
    expect_told(f, 1, 3);
    fake_free(f);
    world_free(&w);
}

/* He leaves while the timer runs, and something is to be delivered by the loop. */
static void test_max_rate_and_gone(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &ten_a_second);
    struct fake *f = fake_begin(&w, -1);
    world_publish(&w, 1);
    world_turn(&w, 1);
    expect_told(f, 1, 1);
    world_publish(&w, 1);
    world_turn(&w, 1);
    world_publish(&w, 1);
    fake_free(f);
    w.now += 200000;
    world_turn(&w, 3);
    world_free(&w);
}

/* ---- to come and go -------------------------------------------------------------------------- */

static void test_gone_with_the_carrier(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    struct fake *f = fake_begin(&w, -1);
    weft_link *link = f->hung;
    f->hung = NULL; /* as carriers do before they tell */
    link->type->on_gone(link);
    assert_true(f->gone);
    assert_null(weft_reader_topic(&f->reader));
    assert_int_equal(weft_topic_subscribers(w.topic), 0);
    world_publish(&w, 1);
    fake_free(f); /* once more does no harm */
    world_free(&w);
}

static void test_the_hub_goes_first(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    struct fake *f = fake_begin(&w, -1), *g = fake_begin(&w, 1);
    world_publish(&w, 3);
    expect_told(f, 1, 3);
    expect_told(g, 1, 1);
    weft_topic_unref(w.topic);
    weft_hub_free(w.hub);
    w.hub = NULL;
    w.topic = NULL;
    assert_null(f->hung);
    assert_true(f->gone && g->gone);
    fake_free(f);
    fake_free(g);
    world_free(&w);
}

static void test_begins_somewhere(void **state)
{
    (void)state;
    struct world w;
    weft_seek seek;
    world_init(&w, &hundred);
    world_publish(&w, 150);
    struct fake *f = fake_after(&w, -1, 100), *g = fake_after(&w, -1, 150), *h = fake_new(-1);
    assert_int_equal(fake_try(h, &w, &(weft_since){.last = WEFT_NEVER}, &seek), 0);
    assert_int_equal(seek.at.offset, 50);
    expect_no_more(f); /* nothing before it has returned */
    world_publish(&w, 1);
    expect_told(g, 151, 151);
    world_turn(&w, 3);
    expect_told(f, 101, 151);
    expect_told(h, 51, 151);
    fake_free(f);
    fake_free(g);
    fake_free(h);
    world_free(&w);
}

/* What is kept is older than the rest of the history when he begins: it stays for him. */
static void test_begins_at_the_edge(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, &hundred);
    world_publish(&w, 100);
    struct fake *f = fake_after(&w, -1, 0);
    world_publish(&w, 50);
    world_turn(&w, 4);
    expect_told(f, 1, 150);
    fake_free(f);
    world_free(&w);
}

/* Published by a thread of its own while somebody comes: what he has and what he begins after are all. */
static void *publishes(void *world)
{
    for (int i = 0; i < 3; i++)
        if (world_try(world, "text", NULL)) abort();
    return NULL;
}

static void publish_in_a_thread(struct world *w)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, publishes, w), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_begins_before_the_loop_has_told(void **state)
{
    (void)state;
    struct world w;
    weft_seek seek;
    world_init(&w, NULL);
    struct fake *f = fake_begin(&w, -1), *g = fake_new(-1);
    publish_in_a_thread(&w);
    expect_no_more(f);
    assert_int_equal(fake_try(g, &w, NULL, &seek), 0);
    assert_int_equal(seek.at.offset, 3);
    expect_no_more(g); /* nothing before it has returned */
    world_publish(&w, 1);
    world_turn(&w, 2);
    expect_told(f, 1, 4);
    expect_told(g, 4, 4);
    fake_free(f);
    fake_free(g);
    world_free(&w);
}

/* The only one who kept up falls behind in the moment in which another comes. */
static void test_begins_when_others_fall_behind(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    struct fake *f[5];
    for (int n = 1; n <= 4; n++) { /* arrays of all lengths around the powers of two */
        for (int i = 0; i < n; i++) f[i] = fake_begin(&w, 0);
        uint64_t head = world_head(&w);
        publish_in_a_thread(&w);
        f[n] = fake_begin(&w, -1);
        world_publish(&w, 1);
        world_turn(&w, 2);
        expect_told(f[n], head + 4, head + 4);
        for (int i = 0; i < n; i++) {
            fake_drain(f[i], -1);
            expect_told(f[i], head + 1, head + 4);
        }
        for (int i = 0; i <= n; i++) fake_free(f[i]);
    }
    world_free(&w);
}

/* What is on its way to somebody who leaves is nobody's. */
static void test_leaves_before_the_loop_has_told(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    struct fake *f = fake_begin(&w, -1);
    publish_in_a_thread(&w);
    fake_free(f);
    assert_int_equal(count(&w, WEFT_HUB_MEMORY), 0);
    f = fake_begin(&w, -1); /* a new local, beside the old one that is still dirty */
    publish_in_a_thread(&w);
    world_turn(&w, 2);
    expect_told(f, 4, 6);
    fake_free(f);
    world_free(&w);
}

/* The loop is late: what its readers need falls out of the window in front of them. */
static void test_the_loop_is_late(void **state)
{
    (void)state;
    static const weft_topic_settings two = {.window_items = 2, .history_items = 1},
                                     two_of_keys = {.window_items = 2,
                                                    .policy = WEFT_POLICY_LATEST_KEY};
    struct world w;
    world_init(&w, &two);
    struct fake *f = fake_begin(&w, -1), *g = fake_begin(&w, -1);
    publish_in_a_thread(&w);
    world_turn(&w, 3);
    expect(f, LOST, 1, 1);
    expect_told(f, 2, 3);
    expect(g, LOST, 1, 1);
    expect_told(g, 2, 3);
    world_publish(&w, 1);
    expect_told(f, 4, 4);
    expect_told(g, 4, 4);
    fake_free(f);
    fake_free(g);
    world_free(&w);
    world_init(&w, &two_of_keys);
    f = fake_begin(&w, -1);
    publish_in_a_thread(&w);
    world_turn(&w, 3);
    expect(f, TOLD, 3, 2); /* none is a key, too */
    fake_free(f);
    world_free(&w);
}

/* ---- without memory -------------------------------------------------------------------------- */

/* Whatever fails: who cannot stay is ended, and the others have everything. */
static void one_without_memory(long nth, bool *failed)
{
    struct world w;
    world_init(&w, NULL);
    struct fake *f = fake_begin(&w, 1), *g = fake_begin(&w, -1), *h = fake_new(-1);
    faulty_from(&w.faulty, nth);
    int errors = 0;
    for (int i = 0; i < 3; i++) errors += world_try(&w, "text", NULL) != 0;
    int error = fake_try(h, &w, NULL, NULL);
    assert_true(error == 0 || error == -ENOMEM);
    fake_drain(f, -1);
    *failed = w.faulty.asked > nth;
    faulty_from(&w.faulty, -1);
    for (int i = 0; i < errors; i++) world_publish(&w, 1);
    world_turn(&w, 2);
    for (unsigned i = 0; i < f->n; i++) /* in order, until he is ended */
        if (f->events[i].kind != ENDED) expect_told(f, i + 1, i + 1);
        else expect(f, ENDED, 0, -ENOMEM);
    assert_true(f->n == 3 || f->events[f->n - 1].kind == ENDED);
    for (unsigned i = 0; i < g->n; i++)
        if (g->events[i].kind != ENDED) expect_told(g, i + 1, i + 1);
        else expect(g, ENDED, 0, -ENOMEM);
    assert_true(g->n == 3 || g->events[g->n - 1].kind == ENDED);
    h->seen = h->n;
    fake_free(f);
    fake_free(g);
    fake_free(h);
    world_free(&w);
}

static void test_without_memory(void **state)
{
    (void)state;
    bool failed = true;
    for (long nth = 0; failed; nth++) one_without_memory(nth, &failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_up),
        cmocka_unit_test(test_full_after_one),
        cmocka_unit_test(test_full_before_one),
        cmocka_unit_test(test_nothing_is_kept_for_nobody),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_full_again),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_window_is_kept_for_who_has_lost),
        cmocka_unit_test(test_lost_is_refused),
        cmocka_unit_test(test_leaves_by_a_loss),
        cmocka_unit_test(test_cleared),
        cmocka_unit_test(test_pace_after_a_clear),
        cmocka_unit_test(test_latest),
        cmocka_unit_test(test_latest_refused),
        cmocka_unit_test(test_latest_cleared),
        cmocka_unit_test(test_latest_by_key),
        cmocka_unit_test(test_latest_by_key_outlives),
        cmocka_unit_test(test_latest_by_key_cleared),
        cmocka_unit_test(test_drop_oldest),
        cmocka_unit_test(test_disconnect),
        cmocka_unit_test(test_max_rate),
        cmocka_unit_test(test_max_rate_refused),
        cmocka_unit_test(test_max_rate_while_some_come),
        cmocka_unit_test(test_max_rate_counts_all),
        cmocka_unit_test(test_max_rate_by_key),
        cmocka_unit_test(test_max_rate_outlives),
        cmocka_unit_test(test_max_rate_of_a_queue),
        cmocka_unit_test(test_max_rate_and_gone),
        cmocka_unit_test(test_gone_with_the_carrier),
        cmocka_unit_test(test_the_hub_goes_first),
        cmocka_unit_test(test_begins_somewhere),
        cmocka_unit_test(test_begins_at_the_edge),
        cmocka_unit_test(test_begins_before_the_loop_has_told),
        cmocka_unit_test(test_begins_when_others_fall_behind),
        cmocka_unit_test(test_leaves_before_the_loop_has_told),
        cmocka_unit_test(test_the_loop_is_late),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
