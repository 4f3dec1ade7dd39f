/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_traffic.c - one topic, and everything that can happen to its subscribers, at random, against a model
 *
 * What is published are the numbers 1, 2, 3 ..., which are the offsets; so a subscriber knows which one has to be the
 * next. He is told of a loss by a Close that says exactly which was the last one that he heard.
 */
#include "hub/two_loops.h"

struct listener {
    weft_conn *conn;
    struct traffic *in;
    uint64_t heard; /* the last one; before that: where he began */
    bool subscribed, wrong;
};

struct traffic {
    struct world *w;
    weft_policy policy;
    uint64_t seed, said; /* numbers published so far */
    uint64_t heard;      /* messages, each for each */
    bool memory_fails;
    struct listener all[LOOPS][CONNS];
};

static void hears(weft_conn *c, weft_bytes text)
{
    struct listener *me = c->test;
    char number[24];
    snprintf(number, sizeof number, "%.*s", (int)text.len, (const char *)text.data);
    uint64_t n = strtoull(number, NULL, 10);
    bool skips = me->in->policy != WEFT_POLICY_QUEUE && me->in->policy != WEFT_POLICY_DISCONNECT;
    me->wrong |= skips ? n <= me->heard : n != me->heard + 1;
    me->heard = n;
    me->in->heard++;
}

static void maybe_fail(struct traffic *t)
{
    if (t->memory_fails) faulty_from(&t->w->faulty, roll(&t->seed, 30));
}

static void say_next(struct traffic *t)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)++t->said);
    maybe_fail(t);
    int error = publish(t->w, "chat", text);
    faulty_from(&t->w->faulty, -1);
    assert_true(!error || (t->memory_fails && error == -ENOMEM));
    if (error) t->said--; /* nobody has heard anything, and meanwhile nothing happened */
}

/* Another thread does, while somebody is sent to. */
static void meanwhile(weft_conn *c)
{
    struct traffic *t = ((struct listener *)c->test)->in;
    if (roll(&t->seed, 10)) return;
    long asked = t->w->faulty.asked, fail_at = t->w->faulty.fail_at;
    on(t->w, LOOPS);
    say_next(t);
    on(t->w, (size_t)(c->loop - t->w->loops));
    t->w->faulty.asked = asked;
    t->w->faulty.fail_at = fail_at;
}

/* ---- what happens to one --------------------------------------------------------------------- */

static void renew(struct listener *l)
{
    weft_conn *c = l->conn;
    fake_gone(c);
    *c = (weft_conn){.loop = c->loop, .room = 1 + roll(&l->in->seed, 8), .test = l, .hears = hears};
    c->soft = roll(&l->in->seed, c->room);
    if (roll(&l->in->seed, 4) == 0) c->meanwhile = meanwhile;
    *l = (struct listener){.conn = c, .in = l->in};
}

static void join(struct listener *l)
{
    if (l->subscribed) return;
    maybe_fail(l->in);
    int error = weft_subscribe(l->in->w->hub, l->conn, "chat");
    faulty_from(&l->in->w->faulty, -1);
    assert_true(!error || (l->in->memory_fails && error == -ENOMEM));
    l->subscribed = !error;
    l->heard = l->in->said;
}

/* What he is told at the end of him. Without memory all may be told of a loss, or nothing at all. */
static void expect_a_reason(const struct listener *l)
{
    const weft_conn *c = l->conn;
    char since[24];
    if (c->aborted) {
        assert_true(l->in->memory_fails);
    } else if (c->code == WEFT_CLOSE_POLICY_VIOLATION) {
        assert_int_equal(l->in->policy, WEFT_POLICY_DISCONNECT);
    } else {
        assert_true(l->in->policy == WEFT_POLICY_QUEUE || l->in->policy == WEFT_POLICY_DISCONNECT ||
                    l->in->memory_fails);
        assert_int_equal(c->code, WEFT_CLOSE_TRY_AGAIN_LATER);
        snprintf(since, sizeof since, ".%llu", (unsigned long long)l->heard);
        if (l->in->policy != WEFT_POLICY_LATEST)
            assert_string_equal(strrchr(c->reason, '.'), since);
    }
}

static void happen(struct traffic *t, struct listener *l, uint32_t what)
{
    on(t->w, (size_t)(l->conn->loop - t->w->loops));
    if (!weft_conn_is_open(l->conn)) {
        expect_a_reason(l);
        renew(l);
    } else if (what == 0) {
        renew(l);
    } else if (what == 1) {
        int error = weft_unsubscribe(t->w->hub, l->conn, "chat");
        assert_int_equal(error, l->subscribed ? 0 : -ENOENT);
        l->subscribed = false;
    } else if (what < 6) {
        join(l);
    } else if (what < 14) {
        maybe_fail(t);
        fake_drain(l->conn, 1 + roll(&t->seed, 12));
        faulty_from(&t->w->faulty, -1);
    } else if (what < 20) {
        maybe_fail(t);
        fake_turns(l->conn->loop);
        faulty_from(&t->w->faulty, -1);
    } else {
        on(t->w, roll(&t->seed, LOOPS + 1));
        say_next(t);
    }
}

/* ---- a world of it --------------------------------------------------------------------------- */

static void everybody_reads(struct traffic *t)
{
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < LOOPS; i++) {
            on(t->w, i);
            for (size_t k = 0; k < CONNS; k++) {
                t->all[i][k].conn->meanwhile = NULL;
                fake_drain(t->all[i][k].conn, 1000);
            }
        }
        turn_all(t->w);
    }
}

/* Who is there still has heard everything, or at least the newest. */
static void expect_to_be_up_to_date(struct traffic *t)
{
    bool all_are_open = true;
    bool may_lack = t->memory_fails &&
                    (t->policy == WEFT_POLICY_DROP_OLDEST || t->policy == WEFT_POLICY_LATEST_KEY);
    everybody_reads(t);
    for (size_t i = 0; i < LOOPS; i++)
        for (size_t k = 0; k < CONNS; k++) {
            const struct listener *l = &t->all[i][k];
            assert_false(l->wrong);
            all_are_open &= weft_conn_is_open(l->conn);
            if (!weft_conn_is_open(l->conn)) expect_a_reason(l);
            else if (l->subscribed && !may_lack) assert_int_equal(l->heard, t->said);
        }
    assert_int_equal(weft_hub_count(t->w->hub, WEFT_HUB_DELIVERED), t->heard);
    bool keeps_one = t->policy == WEFT_POLICY_LATEST_KEY; /* the newest of those without a key */
    if (all_are_open)
        assert_in_range(weft_hub_count(t->w->hub, WEFT_HUB_MEMORY), 0, keeps_one ? 64 + 24 : 0);
}

static void run(const weft_topic_settings *settings, bool memory_fails)
{
    struct traffic *t = calloc(1, sizeof *t);
    *t = (struct traffic){.w = new_world_of(settings), .policy = settings->policy, .seed = 7};
    for (size_t i = 0; i < LOOPS; i++)
        for (size_t k = 0; k < CONNS; k++) {
            t->all[i][k] = (struct listener){.conn = &t->w->all[i][k], .in = t};
            renew(&t->all[i][k]);
        }
    t->memory_fails = memory_fails;
    for (int step = 0; step < 20000; step++) {
        struct listener *l = &t->all[roll(&t->seed, LOOPS)][roll(&t->seed, CONNS)];
        happen(t, l, roll(&t->seed, 40));
        assert_false(l->wrong);
        if (step % 1000 == 999) expect_to_be_up_to_date(t);
    }
    free_world(t->w);
    free(t);
}

static void run_both(const weft_topic_settings *settings)
{
    run(settings, false);
    run(settings, true);
}

static void test_queue(void **state)
{
    (void)state;
    run_both(&(weft_topic_settings){.stub_ms = WEFT_NEVER, .pace = WEFT_NEVER});
}

static void test_queue_with_a_small_window(void **state)
{
    (void)state;
    run_both(&(weft_topic_settings){.stub_ms = WEFT_NEVER, .pace = WEFT_NEVER, .window_items = 6});
}

static void test_drop_oldest(void **state)
{
    (void)state;
    run_both(&(weft_topic_settings){
        .stub_ms = WEFT_NEVER, .policy = WEFT_POLICY_DROP_OLDEST, .window_items = 6});
}

static void test_latest(void **state)
{
    (void)state;
    run_both(&(weft_topic_settings){
        .stub_ms = WEFT_NEVER, .policy = WEFT_POLICY_LATEST, .window_items = 6});
}

/* What has no key replaces what had none. */
static void test_latest_key(void **state)
{
    (void)state;
    run_both(&(weft_topic_settings){
        .stub_ms = WEFT_NEVER, .policy = WEFT_POLICY_LATEST_KEY, .window_items = 6});
}

static void test_disconnect(void **state)
{
    (void)state;
    run_both(&(weft_topic_settings){
        .stub_ms = WEFT_NEVER, .policy = WEFT_POLICY_DISCONNECT, .window_items = 6});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue),       cmocka_unit_test(test_queue_with_a_small_window),
        cmocka_unit_test(test_drop_oldest), cmocka_unit_test(test_latest),
        cmocka_unit_test(test_latest_key),  cmocka_unit_test(test_disconnect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
