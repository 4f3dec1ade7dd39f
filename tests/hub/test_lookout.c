/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_lookout.c - who hears of new topics, of those that are there, and misses no first message
 */
#include "hub/two_loops.h"

#include "hub/core.h"

/* What one heard, "a,b," - and, as the connections of its loop, reads from the beginning. */
struct ear {
    weft_lookout *lookout;
    weft_conn *reads; /* NULL: nobody */
    bool leaves;      /* when it is told */
    char heard[256];
};

static void write_name(char *to, size_t size, const weft_topic *t)
{
    size_t at = strlen(to);
    snprintf(to + at, size - at, "%s,", (const char *)weft_topic_name(t).data);
}

static void on_topic(weft_topic *t, void *user)
{
    struct ear *e = user;
    write_name(e->heard, sizeof e->heard, t);
    weft_position first = {.offset = 0};
    strcpy(first.epoch, weft_topic_epoch(t));
    weft_seek seek;
    if (e->reads)
        assert_int_equal(
            weft_topic_subscribe(t, e->reads, &(weft_since){.position = &first}, &seek), 0);
    if (!e->leaves) return;
    weft_lookout_free(e->lookout);
    e->lookout = NULL;
}

static void begin(struct world *w, struct ear *e, size_t loop)
{
    on(w, loop);
    assert_int_equal(weft_lookout_new(&e->lookout, w->hub, &w->loops[loop], on_topic, e), 0);
}

static void end(struct world *w, struct ear *e, size_t loop)
{
    on(w, loop);
    weft_lookout_free(e->lookout);
    e->lookout = NULL;
}

static void expect(struct world *w, struct ear *e, const char *want)
{
    turn_all(w);
    assert_string_equal(e->heard, want);
    e->heard[0] = '\0';
}

static weft_topic *get(struct world *w, const char *name)
{
    weft_topic *t;
    assert_int_equal(weft_topic_get(&t, w->hub, bytes(name)), 0);
    return t;
}

static void make(struct world *w, const char *name)
{
    weft_topic_unref(get(w, name));
}

/* ---- hearing --------------------------------------------------------------------------------- */

static void test_each_hears_of_each_that_is_made(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.stub_ms = 1000});
    struct ear one = {0}, other = {0};
    make(w, "before");
    begin(w, &one, 0);
    begin(w, &other, 1);
    make(w, "a");
    make(w, "b");
    make(w, "a");                       /* it is there */
    assert_string_equal(one.heard, ""); /* not from within what makes it */
    expect(w, &one, "a,b,");
    expect(w, &other, "a,b,");
    end(w, &one, 0);
    make(w, "c");
    expect(w, &one, "");
    expect(w, &other, "c,");
    end(w, &other, 1);
    make(w, "d");
    expect(w, &other, "");
    free_world(w);
}

static void test_made_again_is_another(void **state)
{
    (void)state;
    struct world *w = new_world(NULL); /* nothing is kept */
    struct ear e = {0};
    begin(w, &e, 1);
    make(w, "a");
    assert_int_equal(weft_topics(w->hub), 1); /* until it has been heard of */
    expect(w, &e, "a,");
    assert_int_equal(weft_topics(w->hub), 0);
    make(w, "a");
    expect(w, &e, "a,");
    end(w, &e, 1);
    free_world(w);
}

/* More than are told in one go, and one who leaves in the middle of it. */
static void test_many_and_one_who_leaves(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    struct ear leaves = {.leaves = true}, stays = {0}, early = {0};
    char name[16];
    begin(w, &leaves, 0);
    begin(w, &stays, 1);
    begin(w, &early, 0);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "%d", i);
        make(w, name);
        if (i == 2) end(w, &early, 0); /* before it was told of any */
    }
    assert_int_equal(weft_topics(w->hub), 200);
    turn(w, 0);
    assert_string_equal(leaves.heard, "0,");
    assert_int_equal(weft_topics(w->hub), 200); /* the other one has yet to hear of them */
    turn_all(w);
    assert_null(strstr(early.heard, "0"));
    assert_memory_equal(stays.heard, "0,1,2,3,4,5,", 12);
    assert_int_equal(weft_topics(w->hub), 0);
    end(w, &stays, 1);
    free_world(w);
}

/* Whoever leaves while there is something to tell, in whatever order. */
static void test_random_comings_and_goings(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct world *w = new_world(NULL);
    struct ear ears[4] = {0};
    for (int i = 0; i < 20000; i++) {
        size_t n = roll(&seed, 4);
        struct ear *e = &ears[n];
        char name[16];
        snprintf(name, sizeof name, "%u", roll(&seed, 20));
        e->heard[0] = '\0';
        if (roll(&seed, 3)) make(w, name);
        else if (roll(&seed, 2)) turn(w, n % 2);
        else if (e->lookout) end(w, e, n % 2);
        else begin(w, e, n % 2);
        e->leaves = roll(&seed, 8) == 0;
    }
    for (size_t n = 0; n < 4; n++)
        if (ears[n].lookout) end(w, &ears[n], n % 2);
    turn_all(w);
    assert_int_equal(weft_topics(w->hub), 0);
    assert_null(w->hub->lookouts.oldest);
    free_world(w);
}

/* ---- first messages -------------------------------------------------------------------------- */

static void test_the_first_message_is_there(void **state)
{
    (void)state;
    struct world *w = new_world(NULL); /* no history at all */
    struct ear e = {.reads = &w->all[1][0]};
    begin(w, &e, 1);
    on(w, LOOPS); /* whoever publishes has no loop */
    assert_int_equal(publish(w, "a", "1"), 0);
    assert_int_equal(publish(w, "a", "2"), 0);
    turn_all(w);
    assert_string_equal(w->all[1][0].said, "1,2,");
    assert_int_equal(publish(w, "a", "3"), 0);
    turn_all(w);
    assert_string_equal(w->all[1][0].said, "1,2,3,");
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_MEMORY), 0);
    end(w, &e, 1);
    on(w, 1);
    fake_gone(&w->all[1][0]);
    assert_int_equal(publish(w, "a", "4"), 0); /* nobody looks out: it needs no topic */
    assert_int_equal(weft_topics(w->hub), 0);
    free_world(w);
}

static void test_nobody_reads_it_and_it_keeps_nothing(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    struct ear e = {0};
    begin(w, &e, 1);
    assert_int_equal(publish(w, "a", "1"), 0);
    assert_true(weft_hub_count(w->hub, WEFT_HUB_MEMORY) > 0);
    turn_all(w);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_MEMORY), 0);
    assert_int_equal(weft_topics(w->hub), 0);
    end(w, &e, 1);
    free_world(w);
}

/* The window is all that is kept for who has yet to hear of it; what is beyond that he is told as a loss. */
static void test_more_than_the_window(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.window_items = 3});
    struct ear e = {.reads = &w->all[1][0]};
    begin(w, &e, 1);
    on(w, LOOPS);
    for (const char *text = "123456"; *text; text++) {
        const char one[] = {*text, '\0'};
        assert_int_equal(publish(w, "a", one), 0);
    }
    turn_all(w);
    assert_string_equal(w->all[1][0].said, "4,5,6,");
    end(w, &e, 1);
    on(w, 1);
    fake_gone(&w->all[1][0]);
    free_world(w);
}

/* ---- those that are there -------------------------------------------------------------------- */

struct seen {
    unsigned n, stop_at;
    char names[256];
};

static bool see(weft_topic *t, void *user)
{
    struct seen *s = user;
    write_name(s->names, sizeof s->names, t);
    return ++s->n != s->stop_at;
}

static void test_walk(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.stub_ms = 1000});
    struct seen s = {0};
    weft_topic *held = get(w, "/a/1");
    make(w, "/a/2"); /* a stub */
    make(w, "/b/1");
    make(w, "/a");
    assert_int_equal(weft_topic_walk(w->hub, bytes("/a/"), see, &s), 0);
    assert_int_equal(s.n, 2);
    assert_non_null(strstr(s.names, "/a/1,"));
    assert_non_null(strstr(s.names, "/a/2,"));
    s = (struct seen){.stop_at = 3};
    assert_int_equal(weft_topic_walk(w->hub, bytes(""), see, &s), 0);
    assert_int_equal(s.n, 3);
    weft_topic_unref(held);
    pass_time(w, 100000);
    turn_all(w);
    s = (struct seen){0};
    faulty_from(&w->faulty, 0);
    assert_int_equal(weft_topic_walk(w->hub, bytes("none"), see, &s), 0); /* needs nothing */
    assert_int_equal(weft_topic_walk(w->hub, bytes("/"), see, &s), -ENOMEM);
    faulty_from(&w->faulty, -1);
    free_world(w);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_lookout *l;
    on(w, 1);
    for (long n = 0; n < 2; n++) { /* the loop's part, the lookout */
        faulty_from(&w->faulty, n);
        assert_int_equal(weft_lookout_new(&l, w->hub, &w->loops[1], on_topic, NULL), -ENOMEM);
        assert_null(l);
    }
    faulty_from(&w->faulty, -1);
    weft_lookout_free(NULL);
    assert_int_equal(publish(w, "a", "1"), 0);
    assert_int_equal(weft_topics(w->hub), 0); /* there is none */
    free_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_hears_of_each_that_is_made),
        cmocka_unit_test(test_made_again_is_another),
        cmocka_unit_test(test_many_and_one_who_leaves),
        cmocka_unit_test(test_random_comings_and_goings),
        cmocka_unit_test(test_the_first_message_is_there),
        cmocka_unit_test(test_nobody_reads_it_and_it_keeps_nothing),
        cmocka_unit_test(test_more_than_the_window),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
