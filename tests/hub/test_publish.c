/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_publish.c - above the pace: who publishes waits for his turn, while a reader is far behind
 *
 * A message counts 65 here: one byte, and 64. The bucket holds 1,000 of a window of 4,000, so 16 messages go through at
 * once, and then as many as the clock gives, or until the reader is less than 2,000 behind.
 */
#include "hub/two_loops.h"

enum { BURST = 16, HALF = 31, WINDOW = 61, RATE = 1000 };

static const weft_topic_settings paced = {.window_bytes = 4000, .pace = RATE};

/* A reader on loop 1 who has not read for so long that whoever publishes waits. */
static struct world *new_world_that_is_behind(void)
{
    struct world *w = new_world_of(&paced);
    weft_conn *slow = &w->all[1][0];
    subscribe(w, slow, "chat");
    slow->room = 0;
    on(w, 0);
    while (publish(w, "chat", ".") == 0) turn_all(w), on(w, 0);
    return w;
}

static int say(struct world *w, weft_conn *c, const char *text)
{
    on(w, (size_t)(c->loop - w->loops));
    return weft_publish_from(w->hub, c, "chat", WEFT_TEXT, text, strlen(text));
}

static void let_read(struct world *w)
{
    on(w, 1);
    fake_drain(&w->all[1][0], 1000);
    turn_all(w);
}

/* What the reader was told of that is no filling. */
static void expect_heard(const struct world *w, const char *text)
{
    const char *said = w->all[1][0].said;
    size_t from = 0;
    while (said[from] == '.') from += 2;
    assert_string_equal(said + from, text);
}

/* ---- the pace -------------------------------------------------------------------------------- */

static void test_readers_who_keep_up_delay_nobody(void **state)
{
    (void)state;
    struct world *w = new_world_of(&paced);
    subscribe(w, w->conns, "chat");
    for (int i = 0; i < 500; i++) assert_int_equal(publish(w, "chat", "x"), 0);
    assert_int_equal(w->conns[0].sent, 500);
    free_world(w);
}

static unsigned publish_as_much_as_may_be(struct world *w)
{
    unsigned n = 0;
    int error;
    on(w, 0);
    while ((error = publish(w, "chat", ".")) == 0) n++;
    assert_int_equal(error, WEFT_ERR_BACKLOG);
    return n;
}

static void test_above_the_pace(void **state)
{
    (void)state;
    struct world *w = new_world_of(&paced);
    weft_conn *slow = &w->conns[0];
    subscribe(w, slow, "chat");
    slow->room = 0;
    assert_int_equal(publish_as_much_as_may_be(w), HALF);
    unsigned before = w->conns[0].sent;
    assert_int_equal(publish(w, "chat", "x"), WEFT_ERR_BACKLOG);
    assert_int_equal(w->conns[0].sent, before); /* nobody got it */
    pass_time(w, 1000);
    unsigned n = publish_as_much_as_may_be(w);
    assert_in_range(n, 0, BURST);
    pass_time(w, 3600 * 1000); /* more than a burst is not saved */
    assert_in_range(publish_as_much_as_may_be(w), BURST, BURST + 1);
    fake_drain(slow, 1000);
    turn_all(w);
    assert_int_equal(publish(w, "chat", "x"), 0);
    free_world(w);
}

/* Nobody waits for ever: who is slower than the pace falls out of the window, and holds nobody up then. */
static void test_who_falls_out_of_the_window_holds_nobody_up(void **state)
{
    (void)state;
    struct world *w = new_world_of(&paced);
    weft_conn *slow = &w->conns[0];
    subscribe(w, slow, "chat");
    slow->room = 0;
    uint64_t begun = w->faulty.now_us;
    for (unsigned said = 0; said < WINDOW + 1;) {
        if (publish(w, "chat", ".") == 0) said++;
        else pass_time(w, 1);
    }
    uint64_t passed = w->faulty.now_us - begun;
    assert_in_range(passed, 1000 * 65 * (WINDOW - HALF - 2), 1000 * 65 * WINDOW);
    turn_all(w);
    for (int i = 0; i < 500; i++) assert_int_equal(publish(w, "chat", "."), 0);
    turn_all(w);
    fake_drain(slow, 1000);
    assert_int_equal(slow->code, WEFT_CLOSE_TRY_AGAIN_LATER);
    free_world(w);
}

static void test_no_pace_and_other_policies(void **state)
{
    (void)state;
    static const weft_topic_settings never_wait[] = {
        {.window_bytes = 4000, .pace = WEFT_NEVER},
        {.window_bytes = 4000, .pace = 1, .policy = WEFT_POLICY_LATEST},
        {.window_bytes = 4000, .pace = 1, .policy = WEFT_POLICY_LATEST_KEY},
        {.window_bytes = 4000, .pace = 1, .policy = WEFT_POLICY_DROP_OLDEST},
        {.window_bytes = 4000, .pace = 1, .policy = WEFT_POLICY_DISCONNECT},
    };
    for (size_t i = 0; i < countof(never_wait); i++) {
        struct world *w = new_world_of(&never_wait[i]);
        subscribe(w, w->conns, "chat");
        w->conns[0].room = 0;
        for (int n = 0; n < 500; n++) assert_int_equal(publish(w, "chat", "x"), 0);
        free_world(w);
    }
}

/* ---- weft_publish_from ----------------------------------------------------------------------- */

static void test_within_the_pace_it_is_published_at_once(void **state)
{
    (void)state;
    struct world *w = new_world_of(&paced);
    subscribe(w, w->conns, "chat");
    assert_int_equal(say(w, w->conns, "hello"), 0);
    assert_string_equal(w->conns[0].said, "hello,");
    assert_false(w->conns[0].paused);
    free_world(w);
}

static void test_waits_and_is_published(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    weft_conn *c = &w->conns[0];
    char text[] = "a";
    assert_int_equal(say(w, c, text), 0);
    text[0] = '?'; /* it was copied */
    assert_true(c->paused);
    assert_int_equal(say(w, c, "b"), WEFT_ERR_BACKLOG); /* one at a time */
    turn_all(w);
    assert_true(c->paused);
    let_read(w);
    assert_false(c->paused);
    assert_null(c->links);
    expect_heard(w, "a,");
    assert_int_equal(say(w, c, "b"), 0);
    turn_all(w);
    expect_heard(w, "a,b,");
    assert_int_equal(w->all[1][0].closes, 0);
    free_world(w);
}

static void test_time_alone_gives_a_turn(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    weft_conn *c = &w->conns[0];
    assert_int_equal(say(w, c, "a"), 0);
    for (int i = 0; i < 500 && c->paused; i++) {
        pass_time(w, 5);
        turn(w, 0);
    }
    assert_false(c->paused);
    let_read(w);
    expect_heard(w, "a,");
    free_world(w);
}

/* Who waits first has his turn first, on whichever loop he is; who comes meanwhile stands behind. */
static void test_turns_are_taken_in_order(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    for (size_t i = 0; i < 3; i++) {
        char text[2] = {(char)('a' + i), '\0'};
        assert_int_equal(say(w, &w->all[i % 2][1 + i], text), 0);
    }
    on(w, 1);
    fake_drain(&w->all[1][0], 1000); /* there is room for all: a turn is given */
    on(w, 0);
    assert_int_equal(publish(w, "chat", "?"), WEFT_ERR_BACKLOG);
    assert_int_equal(say(w, &w->conns[5], "d"), 0);
    for (int i = 0; i < 10; i++) turn_all(w);
    expect_heard(w, "a,b,c,d,");
    for (size_t i = 0; i < LOOPS; i++)
        for (size_t c = 0; c < CONNS; c++) assert_false(w->all[i][c].paused);
    assert_int_equal(publish(w, "chat", "e"), 0);
    free_world(w);
}

/* The clock gives one message at a time, and so many go through. */
static void test_one_turn_for_one_message(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    for (size_t i = 0; i < 4; i++) assert_int_equal(say(w, &w->conns[i], "x"), 0);
    unsigned waiting = 4;
    for (int i = 0; i < 2000 && waiting; i++) {
        unsigned now = 0;
        pass_time(w, 5);
        turn(w, 0);
        for (size_t c = 0; c < 4; c++) now += w->conns[c].paused;
        assert_in_range(waiting - now, 0, 1);
        waiting = now;
    }
    assert_int_equal(waiting, 0);
    free_world(w);
}

static void test_several_topics_of_a_connection(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    weft_conn *c = &w->conns[0];
    subscribe(w, c, "other");
    assert_int_equal(say(w, c, "a"), 0);
    /* It is not read from, so it says nothing; but what others say of it goes on. */
    assert_int_equal(publish(w, "other", "x"), 0);
    assert_string_equal(c->said, "x,");
    let_read(w);
    expect_heard(w, "a,");
    free_world(w);
}

/* ---- it does not come to that ---------------------------------------------------------------- */

static void expect_next_one_has_his_turn(struct world *w)
{
    let_read(w);
    expect_heard(w, "b,");
    assert_false(w->conns[1].paused);
    assert_int_equal(publish(w, "chat", "c"), 0);
    free_world(w);
}

static void test_gone_while_it_waits(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    assert_int_equal(say(w, &w->conns[0], "a"), 0);
    assert_int_equal(say(w, &w->conns[1], "b"), 0);
    fake_gone(&w->conns[0]);
    expect_next_one_has_his_turn(w);
}

static void test_the_last_one_in_line_is_gone(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    assert_int_equal(say(w, &w->conns[1], "b"), 0);
    assert_int_equal(say(w, &w->conns[2], "a"), 0);
    fake_gone(&w->conns[2]);
    expect_next_one_has_his_turn(w);
}

static void test_gone_when_it_was_given_its_turn(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    assert_int_equal(say(w, &w->conns[0], "a"), 0);
    assert_int_equal(say(w, &w->conns[1], "b"), 0);
    on(w, 1);
    fake_drain(&w->all[1][0], 1000);
    turn(w, 1);
    on(w, 0);
    assert_true(w->loops[0].n_errands > 0); /* it is on its way */
    fake_gone(&w->conns[0]);
    expect_next_one_has_his_turn(w);
}

static void test_closing_while_it_waits(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    weft_conn *c = &w->conns[1];
    assert_int_equal(say(w, c, "b"), 0);
    assert_int_equal(weft_close(c, WEFT_CLOSE_NORMAL, ""), 0); /* that resumes it */
    assert_int_equal(say(w, c, "lost"), WEFT_ERR_BACKLOG);
    expect_next_one_has_his_turn(w);
}

static void expect_freed(struct world *w, bool has_its_turn)
{
    weft_conn *c = &w->conns[0], *d = &w->conns[1];
    assert_int_equal(say(w, c, "a"), 0);
    assert_int_equal(say(w, d, "b"), 0);
    if (has_its_turn) {
        on(w, 1);
        fake_drain(&w->all[1][0], 1000);
    }
    on(w, 0);
    weft_hub_free(w->hub);
    w->hub = NULL;
    assert_false(c->paused || d->paused);
    assert_null(c->links);
    assert_null(d->links);
    free_world(w);
}

static void test_hub_freed_while_they_wait(void **state)
{
    (void)state;
    expect_freed(new_world_that_is_behind(), false);
    expect_freed(new_world_that_is_behind(), true);
}

static void test_every_allocation_of_waiting_fails(void **state)
{
    (void)state;
    bool failed = true;
    for (long nth = 0; failed; nth++) {
        struct world *w = new_world_that_is_behind();
        weft_conn *c = &w->conns[1];
        on(w, 0);
        faulty_from(&w->faulty, nth);
        int error = say(w, c, "b");
        failed = w->faulty.asked > nth;
        faulty_from(&w->faulty, -1);
        assert_int_equal(error, failed ? -ENOMEM : 0);
        assert_int_equal(c->paused, !failed);
        assert_int_equal(c->links != NULL, !failed);
        if (failed) assert_int_equal(say(w, c, "b"), 0);
        expect_next_one_has_his_turn(w);
    }
}

/* His turn comes, and then there is no memory: he is told by a Close. */
static void test_no_memory_in_its_turn(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    weft_conn *c = &w->conns[0];
    assert_int_equal(say(w, c, "a"), 0);
    on(w, 1);
    fake_drain(&w->all[1][0], 1000);
    turn(w, 1);
    faulty_from(&w->faulty, 0);
    turn(w, 0);
    faulty_from(&w->faulty, -1);
    assert_int_equal(c->code, WEFT_CLOSE_INTERNAL_ERROR);
    assert_int_equal(publish(w, "chat", "c"), 0); /* others go on */
    free_world(w);
}

/* ---- turns ----------------------------------------------------------------------------------- */

struct waiter {
    weft_turn turn;
    struct world *w;
    weft_topic *topic;
    unsigned turns, messages; /* that it has had, that it publishes in each */
    int error;                /* of the last one */
    struct waiter *cancels;
    bool again;
};

static void have_turn(weft_turn *turn)
{
    struct waiter *me = (struct waiter *)turn; /* its first member */
    weft_message *m;
    me->turns++;
    assert_int_equal(weft_message_new(&m, &me->w->faulty.env, WEFT_TEXT, "t", 1), 0);
    for (unsigned i = 0; i < me->messages; i++)
        me->error = weft_topic_publish(me->topic, m, (weft_bytes){0}, NULL);
    weft_message_unref(m);
    if (me->cancels) weft_turn_cancel(&me->cancels->turn);
    if (me->again) assert_int_equal(weft_topic_wait(me->topic, &me->w->loops[0], turn), 0);
    me->again = false;
}

static struct waiter waiter_of(struct world *w, unsigned messages)
{
    return (struct waiter){.turn = {.on_turn = have_turn},
                           .w = w,
                           .topic = weft_topic_find(w->hub, bytes("chat")),
                           .messages = messages};
}

static void wait_for_turn(struct waiter *me)
{
    on(me->w, 0);
    assert_int_equal(weft_topic_wait(me->topic, &me->w->loops[0], &me->turn), 0);
}

static void test_a_turn_is_for_one_message(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    struct waiter a = waiter_of(w, 1), b = waiter_of(w, 2);
    wait_for_turn(&a);
    wait_for_turn(&a); /* waits already */
    wait_for_turn(&b);
    while (!a.turns) pass_time(w, 5), turn(w, 0);
    assert_int_equal(a.error, 0);
    while (!b.turns) pass_time(w, 5), turn(w, 0);
    assert_int_equal(a.turns, 1);
    assert_int_equal(b.error, WEFT_ERR_BACKLOG); /* the second one */
    weft_topic_unref(a.topic);
    weft_topic_unref(b.topic);
    free_world(w);
}

/* A turn that is not used is the next one's. */
static void test_turns_that_are_not_used(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    struct waiter a = waiter_of(w, 0), b = waiter_of(w, 1), idle = waiter_of(w, 1);
    a.again = true;
    wait_for_turn(&a);
    wait_for_turn(&b);
    while (!b.turns) pass_time(w, 5), turn(w, 0);
    assert_int_equal(b.error, 0);
    while (a.turns < 2) pass_time(w, 5), turn(w, 0);
    weft_turn_cancel(&idle.turn); /* who does not wait: nothing */
    weft_turn_cancel(&a.turn);
    weft_topic_unref(a.topic);
    weft_topic_unref(b.topic);
    weft_topic_unref(idle.topic);
    free_world(w);
}

static void test_cancel_in_every_state(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    struct waiter a = waiter_of(w, 1), b = waiter_of(w, 1), c = waiter_of(w, 1);
    wait_for_turn(&a);
    wait_for_turn(&b);
    wait_for_turn(&c);
    weft_turn_cancel(&b.turn); /* it stands in the middle */
    weft_turn_cancel(&b.turn);
    wait_for_turn(&b); /* and at the end */
    a.cancels = &c;
    on(w, 1);
    fake_drain(&w->all[1][0], 1000);
    on(w, 0);
    turn_all(w);
    assert_int_equal(a.turns, 1);
    assert_int_equal(c.turns, 0); /* cancelled by another's turn */
    assert_int_equal(b.turns, 1);

    a.cancels = NULL;
    w->all[1][0].room = 0;
    while (publish(w, "chat", ".") == 0) turn_all(w), on(w, 0);
    wait_for_turn(&a);
    wait_for_turn(&b);
    on(w, 1);
    fake_drain(&w->all[1][0], 1000);
    on(w, 0);
    weft_turn_cancel(&a.turn); /* it was given its turn */
    turn_all(w);
    assert_int_equal(a.turns, 1);
    assert_int_equal(b.turns, 2);
    weft_topic_unref(a.topic);
    weft_topic_unref(b.topic);
    weft_topic_unref(c.topic);
    free_world(w);
}

/* Within the pace, or where nobody is behind, it is one's turn soon. */
static void test_wait_without_need(void **state)
{
    (void)state;
    struct world *w = new_world_of(&paced);
    subscribe(w, w->conns, "chat");
    struct waiter a = waiter_of(w, 1);
    wait_for_turn(&a);
    assert_int_equal(a.turns, 0); /* not before it returns */
    turn(w, 0);
    assert_int_equal(a.turns, 1);
    assert_string_equal(w->conns[0].said, "t,");
    weft_topic_unref(a.topic);
    free_world(w);
}

/* The reader, who was the reason, leaves. */
static void test_who_is_behind_leaves(void **state)
{
    (void)state;
    struct world *w = new_world_that_is_behind();
    weft_conn *c = &w->conns[0];
    assert_int_equal(say(w, c, "a"), 0);
    on(w, 1);
    fake_gone(&w->all[1][0]);
    turn_all(w);
    assert_false(c->paused);
    assert_null(c->links);
    free_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readers_who_keep_up_delay_nobody),
        cmocka_unit_test(test_above_the_pace),
        cmocka_unit_test(test_who_falls_out_of_the_window_holds_nobody_up),
        cmocka_unit_test(test_no_pace_and_other_policies),
        cmocka_unit_test(test_within_the_pace_it_is_published_at_once),
        cmocka_unit_test(test_waits_and_is_published),
        cmocka_unit_test(test_time_alone_gives_a_turn),
        cmocka_unit_test(test_turns_are_taken_in_order),
        cmocka_unit_test(test_one_turn_for_one_message),
        cmocka_unit_test(test_several_topics_of_a_connection),
        cmocka_unit_test(test_gone_while_it_waits),
        cmocka_unit_test(test_the_last_one_in_line_is_gone),
        cmocka_unit_test(test_gone_when_it_was_given_its_turn),
        cmocka_unit_test(test_closing_while_it_waits),
        cmocka_unit_test(test_hub_freed_while_they_wait),
        cmocka_unit_test(test_every_allocation_of_waiting_fails),
        cmocka_unit_test(test_no_memory_in_its_turn),
        cmocka_unit_test(test_a_turn_is_for_one_message),
        cmocka_unit_test(test_turns_that_are_not_used),
        cmocka_unit_test(test_cancel_in_every_state),
        cmocka_unit_test(test_wait_without_need),
        cmocka_unit_test(test_who_is_behind_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
