/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_hub.c - the hub alone, on connections without a network (hub/two_loops.h)
 */
#include "hub/two_loops.h"

/* ---- who gets what --------------------------------------------------------------------------- */

static void test_publish_reaches_subscribers(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_conn *a = &w->conns[0], *b = &w->conns[1];
    subscribe(w, a, "chat");
    subscribe(w, b, "chat");
    subscribe(w, b, "cpu");
    assert_int_equal(weft_topics(w->hub), 2);
    assert_int_equal(weft_subscribers(w->hub, "chat"), 2);

    assert_int_equal(publish(w, "chat", "hello"), 0);
    assert_int_equal(publish(w, "cpu", "12 %"), 0);
    assert_int_equal(publish(w, "nobody", "here"), 0);
    assert_string_equal(a->said, "hello,");
    assert_string_equal(b->said, "hello,12 %,"); /* at once, in the publisher's turn */
    free_world(w);
}

static void test_encoded_once(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    for (size_t i = 0; i < LOOPS; i++)
        for (size_t c = 0; c < CONNS; c++) subscribe(w, &w->all[i][c], "chat");
    assert_int_equal(publish(w, "chat", "hello"), 0);
    turn_all(w);
    for (size_t i = 0; i < LOOPS; i++)
        for (size_t c = 0; c < CONNS; c++)
            assert_ptr_equal(w->all[i][c].last, w->conns[0].last); /* the same bytes */
    free_world(w);
}

static void test_reaches_both_loops_once(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    for (size_t i = 0; i < LOOPS; i++) subscribe(w, &w->all[i][0], "chat");
    on(w, 0);
    assert_int_equal(publish(w, "chat", "a"), 0);
    assert_int_equal(w->all[1][0].sent, 0);
    on(w, 1);
    assert_int_equal(publish(w, "chat", "b"), 0); /* not in front of a */
    assert_int_equal(w->all[1][0].sent, 0);
    on(w, LOOPS);
    assert_int_equal(publish(w, "chat", "c"), 0);
    turn_all(w);
    for (size_t i = 0; i < LOOPS; i++) assert_string_equal(w->all[i][0].said, "a,b,c,");
    free_world(w);
}

static void test_a_message_that_exists(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_message *m;
    assert_int_equal(weft_message_new(&m, &w->faulty.env, WEFT_TEXT, "hello", 5), 0);
    subscribe(w, w->conns, "chat");
    assert_int_equal(weft_publish_message(w->hub, "chat", m), 0);
    assert_ptr_equal(w->conns[0].last, m);
    weft_message_unref(m);
    free_world(w);
}

/* Who comes while something is on its way to the others does not get it, nor anything twice. */
static void test_begins_at_the_moment_of_subscribing(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    subscribe(w, &w->conns[0], "chat");
    on(w, 1);
    assert_int_equal(publish(w, "chat", "1"), 0);
    subscribe(w, &w->conns[1], "chat");
    on(w, 1);
    assert_int_equal(publish(w, "chat", "2"), 0);
    turn_all(w);
    assert_string_equal(w->conns[0].said, "1,2,");
    assert_string_equal(w->conns[1].said, "2,");
    free_world(w);
}

static void test_subscribing_twice_is_once(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    subscribe(w, w->conns, "chat");
    subscribe(w, w->conns, "chat");
    assert_int_equal(weft_subscribers(w->hub, "chat"), 1);
    publish(w, "chat", "hello");
    assert_int_equal(w->conns[0].sent, 1);
    assert_int_equal(weft_unsubscribe(w->hub, w->conns, "chat"), 0);
    publish(w, "chat", "hello");
    assert_int_equal(w->conns[0].sent, 1);
    free_world(w);
}

static void test_unsubscribe(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_conn *a = &w->conns[0];
    assert_int_equal(weft_unsubscribe(w->hub, a, "chat"), -ENOENT);
    weft_unsubscribe_all(w->hub, a);
    subscribe(w, a, "chat");
    subscribe(w, a, "cpu");
    subscribe(w, a, "lobby");
    assert_int_equal(weft_unsubscribe(w->hub, &w->conns[1], "chat"), -ENOENT);
    assert_int_equal(weft_unsubscribe(w->hub, a, "other"), -ENOENT);
    assert_int_equal(weft_unsubscribe(w->hub, a, "chat"), 0);
    assert_int_equal(weft_unsubscribe(w->hub, a, "chat"), -ENOENT);
    assert_int_equal(weft_topics(w->hub), 2);
    weft_unsubscribe_all(w->hub, a);
    assert_int_equal(weft_topics(w->hub), 0);
    assert_null(a->links); /* without topics nothing hangs on the connection */
    free_world(w);
}

/* What is on its way to a loop reaches nobody who has left it. */
static void test_unsubscribed_while_it_is_on_its_way(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    subscribe(w, &w->all[1][0], "chat");
    on(w, 0);
    publish(w, "chat", "x");
    assert_int_equal(w->loops[1].n_errands, 1);
    on(w, 1);
    weft_unsubscribe_all(w->hub, &w->all[1][0]);
    on(w, 0);
    publish(w, "chat", "x");
    assert_int_equal(w->loops[1].n_errands, 1); /* nothing for where nobody listens */
    turn_all(w);
    assert_int_equal(w->all[1][0].sent, 0);
    assert_int_equal(weft_topics(w->hub), 0);
    free_world(w);
}

/* The same, and he comes back before the loop has had its turn. */
static void test_leaves_and_comes_back_in_one_turn(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_conn *c = &w->all[1][0];
    subscribe(w, c, "chat");
    on(w, 0);
    publish(w, "chat", "1");
    on(w, 1);
    weft_unsubscribe_all(w->hub, c);
    subscribe(w, c, "chat");
    on(w, 0);
    publish(w, "chat", "2");
    turn_all(w);
    assert_string_equal(c->said, "2,");
    free_world(w);
}

static void test_connection_goes(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    subscribe(w, &w->conns[0], "chat");
    subscribe(w, &w->conns[0], "cpu");
    subscribe(w, &w->conns[1], "chat");
    fake_gone(&w->conns[0]);
    assert_int_equal(weft_topics(w->hub), 1);
    assert_int_equal(weft_subscribers(w->hub, "chat"), 1);
    fake_gone(&w->conns[1]);
    assert_int_equal(weft_topics(w->hub), 0);
    free_world(w);
}

static void test_two_hubs_on_a_connection(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_hub *other;
    assert_int_equal(weft_hub_new(&other, &w->loops[0], NULL), 0);
    subscribe(w, w->conns, "chat");
    assert_int_equal(weft_subscribe(other, w->conns, "chat"), 0);
    assert_int_equal(weft_subscribe(other, w->conns, "cpu"), 0);
    assert_int_equal(publish(w, "chat", "hello"), 0);
    assert_int_equal(w->conns[0].sent, 1);
    assert_int_equal(weft_unsubscribe(w->hub, w->conns, "cpu"), -ENOENT);
    weft_unsubscribe_all(w->hub, w->conns);
    assert_int_equal(weft_subscribers(other, "chat"), 1);
    subscribe(w, w->conns, "chat");
    weft_hub_free(other);
    publish(w, "chat", "hello");
    assert_int_equal(w->conns[0].sent, 2);
    free_world(w);
}

/* ---- against a model ------------------------------------------------------------------------- */

enum { TOPICS = 10 };

struct model {
    struct world *w;
    bool in[CONNS][TOPICS];
};

static const char *topic_name(size_t t)
{
    static const char *const names[TOPICS] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    return names[t];
}

static void check(const struct model *m)
{
    size_t topics = 0;
    for (size_t t = 0; t < TOPICS; t++) {
        size_t n = 0;
        for (size_t c = 0; c < CONNS; c++) n += m->in[c][t];
        assert_int_equal(weft_subscribers(m->w->hub, topic_name(t)), n);
        topics += n > 0;
    }
    assert_int_equal(weft_topics(m->w->hub), topics);
}

/* Everyone who is in the topic, and nobody else, gets a message. */
static void check_delivery(const struct model *m, size_t t)
{
    unsigned before[CONNS];
    for (size_t c = 0; c < CONNS; c++) before[c] = m->w->conns[c].sent;
    assert_int_equal(publish(m->w, topic_name(t), "x"), 0);
    for (size_t c = 0; c < CONNS; c++) {
        assert_int_equal(m->w->conns[c].sent - before[c], m->in[c][t]);
        m->w->conns[c].room = 1000;
    }
}

static void leave(struct model *m, size_t c, bool gone)
{
    if (gone) fake_gone(&m->w->conns[c]);
    else weft_unsubscribe_all(m->w->hub, &m->w->conns[c]);
    memset(m->in[c], 0, sizeof m->in[c]);
}

static void change(struct model *m, size_t c, size_t t, uint32_t what)
{
    weft_conn *conn = &m->w->conns[c];
    if (what == 0) {
        leave(m, c, t % 2);
    } else if (what < 12) {
        int error = weft_subscribe(m->w->hub, conn, topic_name(t));
        if (error == 0) m->in[c][t] = true;
        assert_true(error == 0 || (error == -ENOMEM && m->w->faulty.fail_at >= 0));
    } else {
        int error = weft_unsubscribe(m->w->hub, conn, topic_name(t));
        assert_int_equal(error, m->in[c][t] ? 0 : -ENOENT);
        m->in[c][t] = false;
    }
}

static void run_model(bool memory_fails)
{
    struct model m = {.w = new_world(NULL)};
    uint64_t seed = 4;
    for (int step = 0; step < 8000; step++) {
        if (memory_fails) faulty_from(&m.w->faulty, roll(&seed, 8));
        change(&m, roll(&seed, CONNS), roll(&seed, TOPICS), roll(&seed, 24));
        faulty_from(&m.w->faulty, -1);
        check(&m);
        if (step % 8 == 0) check_delivery(&m, roll(&seed, TOPICS));
    }
    free_world(m.w);
}

static void test_random_operations(void **state)
{
    (void)state;
    run_model(false);
}

static void test_random_operations_without_memory(void **state)
{
    (void)state;
    run_model(true);
}

/* ---- limits and errors ----------------------------------------------------------------------- */

static void expect_no_name(struct world *w, const char *name)
{
    weft_topic *t;
    weft_message *m;
    assert_int_equal(weft_message_new(&m, &w->faulty.env, WEFT_TEXT, "x", 1), 0);
    assert_int_equal(weft_subscribe(w->hub, w->conns, name), -EINVAL);
    assert_int_equal(weft_unsubscribe(w->hub, w->conns, name), -ENOENT);
    assert_int_equal(publish(w, name, "x"), -EINVAL);
    assert_int_equal(weft_publish_message(w->hub, name, m), -EINVAL);
    assert_int_equal(weft_publish_from(w->hub, w->conns, name, WEFT_TEXT, "x", 1), -EINVAL);
    assert_int_equal(weft_subscribers(w->hub, name), 0);
    assert_int_equal(weft_topic_get(&t, w->hub, bytes(name)), -EINVAL);
    assert_null(t);
    assert_null(weft_topic_find(w->hub, bytes(name)));
    assert_null(w->conns[0].links);
    weft_message_unref(m);
}

static void expect_name(struct world *w, const char *name)
{
    subscribe(w, w->conns, name);
    unsigned before = w->conns[0].sent;
    assert_int_equal(publish(w, name, "x"), 0);
    assert_int_equal(w->conns[0].sent, before + 1);
    assert_int_equal(weft_subscribers(w->hub, name), 1);
    weft_topic *t = weft_topic_find(w->hub, bytes(name));
    weft_bytes its = weft_topic_name(t);
    assert_int_equal(its.len, strlen(name));
    assert_memory_equal(its.data, name, its.len);
    assert_ptr_equal(weft_topic_hub(t), w->hub);
    weft_topic_unref(t);
}

static void test_names(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    char long_one[257];
    memset(long_one, 'x', sizeof long_one);
    long_one[256] = '\0';
    expect_no_name(w, "");
    expect_no_name(w, long_one);
    long_one[255] = '\0';
    expect_name(w, long_one);
    expect_name(w, "x");
    expect_name(w, "X");
    expect_name(w, "\xff\x01 /");
    assert_int_equal(weft_topics(w->hub), 4);

    weft_topic *t;
    assert_int_equal(weft_topic_get(&t, w->hub, (weft_bytes){(const uint8_t *)"a\0b", 3}), -EINVAL);
    free_world(w);
}

static void test_max_topic_len(void **state)
{
    (void)state;
    struct world *w = new_world(&(weft_hub_config){.max_topic_len = 4});
    expect_no_name(w, "12345");
    expect_name(w, "1234");
    free_world(w);
}

static void test_max_topics_per_conn(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    char name[32];
    for (int i = 0; i < 128; i++) {
        snprintf(name, sizeof name, "topic %d", i);
        subscribe(w, w->conns, name);
    }
    assert_int_equal(weft_subscribe(w->hub, w->conns, "one more"), -ENOSPC);
    subscribe(w, w->conns, name); /* is in it already */
    subscribe(w, &w->conns[1], "one more");
    assert_int_equal(weft_topics(w->hub), 129);
    assert_int_equal(weft_unsubscribe(w->hub, w->conns, name), 0);
    subscribe(w, w->conns, "one more");
    free_world(w);

    w = new_world(&(weft_hub_config){.max_topics_per_conn = 1});
    subscribe(w, w->conns, "a");
    assert_int_equal(weft_subscribe(w->hub, w->conns, "b"), -ENOSPC);
    free_world(w);
}

static void test_max_topics(void **state)
{
    (void)state;
    static const weft_topic_settings kept = {.history_items = 1};
    struct world *w = new_world(&(weft_hub_config){.max_topics = 2, .settings = &kept});
    weft_topic *t;
    subscribe(w, &w->conns[0], "a");
    assert_int_equal(publish(w, "b", "x"), 0);
    assert_int_equal(publish(w, "c", "x"), -ENOSPC);
    assert_int_equal(weft_subscribe(w->hub, &w->conns[1], "c"), -ENOSPC);
    assert_int_equal(weft_topic_get(&t, w->hub, bytes("c")), -ENOSPC);
    assert_null(t);
    assert_null(w->conns[1].links);
    subscribe(w, &w->conns[1], "a");
    subscribe(w, &w->conns[1], "b");
    weft_unsubscribe_all(w->hub, &w->conns[0]);
    weft_unsubscribe_all(w->hub, &w->conns[1]);
    assert_int_equal(weft_topics(w->hub), 1); /* it keeps something */
    subscribe(w, &w->conns[1], "c");
    free_world(w);
}

static void test_publish_errors(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    assert_int_equal(weft_publish(w->hub, "chat", WEFT_PING, "x", 1), -EINVAL);
    assert_int_equal(weft_publish_from(w->hub, w->conns, "chat", WEFT_PING, "x", 1), -EINVAL);
    subscribe(w, w->conns, "chat");
    assert_int_equal(weft_publish(w->hub, "chat", WEFT_CLOSE, "x", 1), -EINVAL);
    assert_int_equal(weft_publish(w->hub, "chat", WEFT_BINARY, NULL, 0), 0);
    assert_int_equal(weft_publish_from(w->hub, w->conns, "chat", WEFT_BINARY, NULL, 0), 0);
    assert_int_equal(w->conns[0].sent, 2);
    free_world(w);
}

/* ---- what it needs --------------------------------------------------------------------------- */

static void test_nobody_reads_and_nothing_is_kept(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    faulty_from(&w->faulty, -1);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(publish(w, "chat", "hello"), 0);
        assert_int_equal(weft_publish_from(w->hub, w->conns, "chat", WEFT_TEXT, "hello", 5), 0);
    }
    assert_int_equal(w->faulty.asked, 0);
    assert_int_equal(weft_topics(w->hub), 0);
    assert_int_equal(w->loops[0].n_errands, 0);
    free_world(w);
}

/* A message's bytes, what it is in the log, and nothing for each subscriber; afterwards it is all given back. */
static void test_what_a_message_needs(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    for (size_t c = 0; c < CONNS; c++) subscribe(w, &w->conns[c], "chat");
    publish(w, "chat", "hello");
    long live = w->faulty.live;
    faulty_from(&w->faulty, -1);
    publish(w, "chat", "hello");
    assert_in_range(w->faulty.asked, 1, 3);
    assert_int_equal(w->faulty.live, live);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_MEMORY), 0);
    free_world(w);
}

/* Memory that all gave back, though the reaper's timer and the parts stay. */
static void test_what_is_left_of_a_topic(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    subscribe(w, w->conns, "warm up");
    weft_unsubscribe_all(w->hub, w->conns);
    turn_all(w);
    long live = w->faulty.live;
    subscribe(w, w->conns, "chat");
    publish(w, "chat", "hello");
    weft_unsubscribe_all(w->hub, w->conns);
    fake_gone(w->conns);
    turn_all(w);
    assert_int_equal(w->faulty.live, live);
    free_world(w);
}

/* ---- settings -------------------------------------------------------------------------------- */

static const weft_topic_settings *settings_of(const char *topic, void *user)
{
    static const weft_topic_settings kept = {.history_items = 7, .policy = WEFT_POLICY_LATEST};
    ++*(unsigned *)user;
    return *topic == 'k' ? &kept : NULL;
}

static const weft_topic_settings *settings_in(struct world *w, const char *name, weft_topic **t)
{
    assert_int_equal(weft_topic_get(t, w->hub, bytes(name)), 0);
    return weft_topic_settings_of(*t);
}

static void test_settings(void **state)
{
    (void)state;
    unsigned asked = 0;
    static const weft_topic_settings own = {.window_items = 5, .max_rate = WEFT_NEVER};
    weft_topic *keeps, *not, *none;
    struct world *w =
        new_world(&(weft_hub_config){.settings = &own, .settings_of = settings_of, .user = &asked});
    const weft_topic_settings *s = settings_in(w, "keeps", &keeps);
    assert_int_equal(s->history_items, 7);
    assert_int_equal(s->policy, WEFT_POLICY_LATEST);
    assert_int_equal(s->window_items, 65536);
    assert_int_equal(s->window_bytes, 8 << 20);
    assert_int_equal(s->history_bytes, 1 << 20);
    assert_int_equal(s->history_ms, 300000);
    assert_int_equal(s->pace, 1 << 20);
    assert_int_equal(s->max_keys, 10000);
    assert_int_equal(s->stub_ms, 0);
    s = settings_in(w, "not", &not );
    assert_int_equal(s->history_items, 0);
    assert_int_equal(s->window_items, 5);
    assert_int_equal(s->max_rate, 0); /* no limit */
    assert_ptr_equal(settings_in(w, "neither", &none), s);
    assert_int_equal(asked, 3);
    weft_topic_unref(none);
    weft_topic_unref(not );
    weft_topic_unref(keeps);
    free_world(w);
}

static void test_no_settings(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_topic *t;
    const weft_topic_settings *s = settings_in(w, "chat", &t);
    assert_int_equal(s->policy, WEFT_POLICY_QUEUE);
    assert_int_equal(s->history_items, 0);
    assert_int_equal(s->window_items, 65536);
    weft_topic_unref(t);
    free_world(w);
}

/* ---- memory fails ---------------------------------------------------------------------------- */

/* Whichever allocation fails, nothing has changed, and the next attempt is good. Returns how many there are. */
static long subscribe_without_memory(struct world *w, weft_conn *c, long nth)
{
    on(w, (size_t)(c->loop - w->loops));
    faulty_from(&w->faulty, nth);
    int error = weft_subscribe(w->hub, c, "chat");
    long asked = w->faulty.asked;
    faulty_from(&w->faulty, -1);
    if (asked <= nth) {
        assert_int_equal(error, 0);
        return asked;
    }
    assert_int_equal(error, -ENOMEM);
    assert_null(c->links);
    assert_int_equal(weft_topics(w->hub), 0);
    assert_int_equal(weft_subscribe(w->hub, c, "chat"), 0);
    assert_int_equal(publish(w, "chat", "x"), 0);
    assert_int_equal(c->sent, 1);
    return asked;
}

static void test_every_allocation_of_subscribe_fails(void **state)
{
    (void)state;
    for (size_t loop = 0; loop < LOOPS;
         loop++) { /* the first of another loop makes its part, too */
        long n = 1;
        for (long nth = 0; nth < n; nth++) {
            struct world *w = new_world(NULL);
            n = subscribe_without_memory(w, &w->all[loop][0], nth);
            if (n <= nth) n = 0;
            else n++;
            free_world(w);
        }
    }
}

static void test_every_allocation_of_publish_fails(void **state)
{
    (void)state;
    bool failed = true;
    for (long nth = 0; failed; nth++) {
        struct world *w = new_world_of(&(weft_topic_settings){.history_items = 10});
        for (size_t i = 0; i < LOOPS; i++) subscribe(w, &w->all[i][0], "chat");
        on(w, 0);
        faulty_from(&w->faulty, nth);
        int error = publish(w, "chat", "x");
        failed = w->faulty.asked > nth;
        faulty_from(&w->faulty, -1);
        assert_int_equal(error, failed ? -ENOMEM : 0);
        assert_int_equal(publish(w, "chat", "y"), 0);
        turn_all(w);
        for (size_t i = 0; i < LOOPS; i++)
            assert_string_equal(w->all[i][0].said, failed ? "y," : "x,y,");
        free_world(w);
    }
}

/* Of one that makes its topic. */
static void test_every_allocation_of_the_first_publish_fails(void **state)
{
    (void)state;
    bool failed = true;
    for (long nth = 0; failed; nth++) {
        struct world *w = new_world_of(&(weft_topic_settings){.history_items = 10});
        faulty_from(&w->faulty, nth);
        int error = publish(w, "chat", "x");
        failed = w->faulty.asked > nth;
        faulty_from(&w->faulty, -1);
        assert_int_equal(error, failed ? -ENOMEM : 0);
        assert_int_equal(weft_topics(w->hub), !failed);
        assert_int_equal(publish(w, "chat", "y"), 0);
        free_world(w);
    }
}

static void test_no_memory_for_settings_of(void **state)
{
    (void)state;
    unsigned asked = 0;
    bool failed = true;
    for (long nth = 0; failed; nth++) {
        struct world *w = new_world(&(weft_hub_config){.settings_of = settings_of, .user = &asked});
        faulty_from(&w->faulty, nth);
        int error = publish(w, "keeps", "x");
        failed = w->faulty.asked > nth;
        faulty_from(&w->faulty, -1);
        if (!failed) assert_int_equal(error, 0);
        else assert_true(error == -ENOMEM || weft_topics(w->hub) == 1);
        assert_int_equal(publish(w, "keeps", "y"), 0);
        free_world(w);
    }
}

static void test_new_fails(void **state)
{
    (void)state;
    struct faulty f;
    faulty_init(&f);
    weft_loop loop = {.env = &f.env};
    weft_hub *hub;
    int error = -ENOMEM;
    for (long nth = 0; error; nth++) {
        faulty_from(&f, nth);
        error = weft_hub_new(&hub, &loop, NULL);
        assert_int_equal(error, f.asked > nth ? -ENOMEM : 0);
        if (error) assert_null(hub);
        weft_hub_free(hub);
        assert_int_equal(f.live, 0);
    }
    faulty_from(&f, -1);
    f.random_error = -EIO;
    assert_int_equal(weft_hub_new(&hub, &loop, NULL), -EIO);
    assert_null(hub);
    assert_int_equal(f.live, 0);
}

static void test_no_randomness_for_a_topic(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    w->faulty.random_error = -EIO;
    assert_int_equal(weft_subscribe(w->hub, w->conns, "chat"), -EIO);
    w->faulty.random_error = 0;
    assert_int_equal(weft_topics(w->hub), 0);
    subscribe(w, w->conns, "chat");
    free_world(w);
}

/* ---- subscribers that do not get it at once -------------------------------------------------- */

static void test_who_is_full_goes_on_where_he_was(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_conn *slow = &w->conns[0], *quick = &w->conns[1];
    subscribe(w, slow, "chat");
    subscribe(w, quick, "chat");
    slow->room = 2;
    slow->soft = 2; /* with the first one he is backlogged */
    publish(w, "chat", "1");
    publish(w, "chat", "2");
    publish(w, "chat", "3");
    assert_string_equal(slow->said, "1,");
    assert_string_equal(quick->said, "1,2,3,");
    assert_true(weft_hub_count(w->hub, WEFT_HUB_MEMORY) > 0);
    fake_drain(slow, 3);
    assert_string_equal(slow->said, "1,2,3,");
    fake_drain(slow, 1000);
    turn_all(w); /* what is needed is looked at once a turn */
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_MEMORY), 0);
    publish(w, "chat", "4");
    assert_string_equal(slow->said, "1,2,3,4,");
    assert_int_equal(slow->closes, 0);
    slow->room = 0;
    publish(w, "chat", "5");
    weft_unsubscribe_all(w->hub, slow);
    turn_all(w);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_MEMORY), 0);
    weft_unsubscribe_all(w->hub, quick);
    assert_int_equal(weft_topics(w->hub), 0);
    free_world(w);
}

/* His queue was filled by others meanwhile, so he is told of it by a refusal: nothing is lost by that. */
static void expect_refused_is_kept(const weft_topic_settings *settings, const char *said)
{
    struct world *w = new_world_of(settings);
    weft_conn *c = &w->conns[0];
    subscribe(w, c, "chat");
    c->room = 0;
    publish(w, "chat", "1");
    publish(w, "chat", "2");
    assert_int_equal(c->sent, 0);
    fake_drain(c, 1000);
    turn_all(w);
    assert_int_equal(c->closes, 0);
    assert_string_equal(c->said, said);
    publish(w, "chat", "3");
    assert_int_equal(c->sent, strlen(said) / 2 + 1);
    bool keeps_one = settings && settings->policy == WEFT_POLICY_LATEST_KEY;
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_MEMORY), keeps_one ? 64 + 1 : 0);
    free_world(w);
}

static void test_refused_at_once(void **state)
{
    (void)state;
    expect_refused_is_kept(NULL, "1,2,");
    expect_refused_is_kept(&(weft_topic_settings){.policy = WEFT_POLICY_DROP_OLDEST}, "1,2,");
    expect_refused_is_kept(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST}, "2,");
    expect_refused_is_kept(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST_KEY}, "2,");
}

static void publish_elsewhere(weft_conn *c)
{
    struct world *w = c->test;
    on(w, 1);
    assert_int_equal(publish(w, "chat", "y"), 0);
    on(w, 0);
}

/* The same of several that came from elsewhere, while others append behind them. */
static void test_refused_in_a_batch(void **state)
{
    (void)state;
    for (unsigned room = 0; room < 4; room++) {
        struct world *w = new_world(NULL);
        weft_conn *c = &w->conns[0];
        char wanted[64] = "1,2,3,4,5,";
        subscribe(w, c, "chat");
        on(w, 1);
        for (char text[2] = "1"; *text <= '5'; ++*text) publish(w, "chat", text);
        c->room = room;
        c->test = w;
        c->meanwhile = publish_elsewhere;
        turn(w, 0);
        c->meanwhile = NULL;
        assert_int_equal(c->sent, room);
        fake_drain(c, 1000);
        turn(w, 0);
        for (unsigned i = 0; i <= room; i++) strcat(wanted, "y,");
        assert_string_equal(c->said, wanted);
        assert_int_equal(c->closes, 0);
        free_world(w);
    }
}

/* Somebody subscribes while what has come from elsewhere is on its way to one who is full. */
static void test_subscribes_beside_one_who_is_full(void **state)
{
    (void)state;
    for (unsigned room = 0; room < 3; room++) {
        struct world *w = new_world(NULL);
        weft_conn *full = &w->conns[0], *next = &w->conns[1];
        subscribe(w, full, "chat");
        full->room = room;
        on(w, 1);
        for (int i = 0; i < 3; i++) publish(w, "chat", "x");
        subscribe(w, next, "chat");
        on(w, 1);
        publish(w, "chat", "y");
        turn_all(w);
        assert_string_equal(next->said, "y,");
        fake_drain(full, 1000);
        turn_all(w);
        assert_string_equal(full->said, "x,x,x,y,");
        free_world(w);
    }
}

static void test_the_log_has_moved_past_him(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.window_items = 4});
    weft_conn *slow = &w->conns[0];
    subscribe(w, slow, "chat");
    slow->room = 1;
    for (int i = 0; i < 10; i++) assert_int_equal(publish(w, "chat", "x"), 0);
    turn_all(w);
    assert_int_equal(slow->closes, 0); /* it is decided when he can read again */
    fake_drain(slow, 1000);
    assert_int_equal(slow->code, WEFT_CLOSE_TRY_AGAIN_LATER);
    assert_false(slow->at_once);
    weft_topic *t = weft_topic_find(w->hub, bytes("chat"));
    char wanted[64], position[WEFT_POSITION_TEXT];
    weft_position had = weft_topic_head(t);
    had.offset = 1;
    weft_topic_unref(t);
    weft_position_print(&had, position);
    snprintf(wanted, sizeof wanted, "lost since=%s", position);
    assert_string_equal(slow->reason, wanted);
    assert_int_equal(slow->sent, 1);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_LOST), 10 - 1 - 4);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_ENDED), 1);
    assert_int_equal(weft_subscribers(w->hub, "chat"), 1); /* he leaves when he is gone */
    publish(w, "chat", "x");
    fake_gone(slow);
    assert_int_equal(weft_subscribers(w->hub, "chat"), 0);
    free_world(w);
}

/* The window is kept for him, however far he is behind it. */
static void expect_to_go_on(const weft_topic_settings *settings, const char *said, uint64_t skipped)
{
    struct world *w = new_world_of(settings);
    weft_conn *slow = &w->conns[0];
    subscribe(w, slow, "chat");
    slow->room = 1;
    for (char text[2] = "0"; *text <= '9'; ++*text) {
        assert_int_equal(publish(w, "chat", text), 0);
        turn_all(w);
    }
    assert_string_equal(slow->said, "0,");
    fake_drain(slow, 1000);
    turn_all(w);
    assert_string_equal(slow->said, said);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_SKIPPED), skipped);
    assert_int_equal(slow->closes, 0);
    publish(w, "chat", "a");
    assert_int_equal(slow->sent, (strlen(said) + 2) / 2);
    free_world(w);
}

static void test_goes_on_as_the_policy_says(void **state)
{
    (void)state;
    expect_to_go_on(&(weft_topic_settings){.policy = WEFT_POLICY_DROP_OLDEST, .window_items = 4},
                    "0,6,7,8,9,", 5);
    expect_to_go_on(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST, .window_items = 4}, "0,9,",
                    8);
}

static void publish_key(struct world *w, const char *topic, const char *key)
{
    weft_topic *t;
    weft_message *m;
    assert_int_equal(weft_message_new(&m, &w->faulty.env, WEFT_TEXT, key, strlen(key)), 0);
    assert_int_equal(weft_topic_get(&t, w->hub, bytes(topic)), 0);
    assert_int_equal(weft_topic_publish(t, m, bytes(key), NULL), 0);
    weft_topic_unref(t);
    weft_message_unref(m);
}

/* Those who keep up have a loop that is late, and the window is small: the newest of each key comes all the same. */
static void test_all_keys_come_to_a_loop_that_is_late(void **state)
{
    (void)state;
    struct world *w =
        new_world_of(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST_KEY, .window_items = 3});
    subscribe(w, w->conns, "quotes");
    on(w, 1);
    for (char key[2] = "a"; *key <= 'f'; ++*key) publish_key(w, "quotes", key);
    publish_key(w, "quotes", "b");
    turn(w, 0);
    assert_string_equal(w->conns[0].said, "a,c,d,e,f,b,");
    publish_key(w, "quotes", "a");
    assert_string_equal(w->conns[0].said, "a,c,d,e,f,b,a,");
    free_world(w);
}

static unsigned timers(const weft_loop *l)
{
    unsigned n = 0;
    for (const weft_timer *t = l->timers; t; t = t->next) n++;
    return n;
}

static void test_at_most_so_many_a_second(void **state)
{
    (void)state;
    struct world *w =
        new_world_of(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST, .max_rate = 10});
    subscribe(w, w->conns, "cpu");
    for (char text[2] = "0"; *text <= '9'; ++*text) {
        assert_int_equal(publish(w, "cpu", text), 0);
        turn(w, 0);
        pass_time(w, 30);
    }
    pass_time(w, 100);
    turn(w, 0);
    assert_string_equal(w->conns[0].said, "0,4,8,9,");
    publish(w, "cpu", "a");
    turn(w, 0);
    publish(w, "cpu", "b");
    weft_unsubscribe_all(w->hub, w->conns);
    turn(w, 0);
    assert_int_equal(timers(&w->loops[0]), 1); /* the reaper's: there is nobody who could be late */
    free_world(w);
}

static void test_slow_is_closed_once(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.policy = WEFT_POLICY_DISCONNECT});
    weft_conn *slow = &w->conns[0], *quick = &w->conns[1];
    subscribe(w, slow, "chat");
    subscribe(w, quick, "chat");
    slow->room = 1;
    for (int i = 0; i < 3; i++) assert_int_equal(publish(w, "chat", "x"), 0);
    assert_int_equal(slow->code, WEFT_CLOSE_POLICY_VIOLATION);
    assert_true(slow->at_once);
    assert_string_equal(slow->reason, "too slow: the send queue is full");
    assert_int_equal(slow->closes, 1);
    assert_int_equal(quick->sent, 3);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_ENDED), 1);
    fake_gone(slow);
    assert_int_equal(weft_subscribers(w->hub, "chat"), 1);
    free_world(w);
}

/* Where the Close itself does not fit, or the message finds no memory, nobody stays in the dark. */
static void test_no_memory_drops_the_subscriber(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.policy = WEFT_POLICY_DISCONNECT});
    weft_conn *a = &w->conns[0], *b = &w->conns[1];
    subscribe(w, a, "chat");
    subscribe(w, b, "chat");
    a->room = 0;
    a->close_error = -ENOMEM;
    b->send_error = -ENOMEM;
    assert_int_equal(publish(w, "chat", "1"), 0);
    assert_true(a->aborted);
    assert_true(b->aborted);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_ENDED), 2);
    assert_int_equal(weft_hub_count(w->hub, (weft_hub_counter)99), 0);
    free_world(w);
}

/* There is no memory to remember where he is. */
static void test_no_memory_to_fall_behind(void **state)
{
    (void)state;
    bool failed = true;
    for (long nth = 0; failed; nth++) {
        struct world *w = new_world(NULL);
        for (size_t c = 0; c < CONNS; c++) {
            subscribe(w, &w->conns[c], "chat");
            w->conns[c].room = 0;
        }
        faulty_from(&w->faulty, nth);
        int error = publish(w, "chat", "1");
        failed = w->faulty.asked > nth;
        faulty_from(&w->faulty, -1);
        assert_true(error == 0 || error == -ENOMEM);
        for (size_t c = 0; c < CONNS; c++) fake_drain(&w->conns[c], 1000);
        turn_all(w);
        assert_int_equal(publish(w, "chat", "2"), 0);
        for (size_t c = 0; c < CONNS; c++) {
            const weft_conn *its = &w->conns[c];
            assert_true(!weft_conn_is_open(its) || !strcmp(its->said, error ? "2," : "1,2,"));
            assert_true(failed || weft_conn_is_open(its));
        }
        free_world(w);
    }
}

static void test_not_open_is_skipped(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    subscribe(w, &w->conns[0], "chat");
    subscribe(w, &w->conns[1], "chat");
    w->conns[0].closing = true;
    w->conns[1].send_error = WEFT_ERR_STATE; /* a client that is still connecting */
    assert_int_equal(publish(w, "chat", "1"), 0);
    assert_int_equal(w->conns[0].closes + w->conns[1].closes, 0);
    assert_false(w->conns[0].aborted || w->conns[1].aborted);
    free_world(w);
}

/* What was kept is taken away from in front of one who is behind, above the pace: he holds nobody up any more. */
static void test_cleared_in_front_of_one_who_is_behind(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.window_bytes = 1000, .pace = 1});
    weft_conn *slow = &w->conns[0];
    subscribe(w, slow, "chat");
    weft_topic *t = weft_topic_find(w->hub, bytes("chat"));
    slow->room = 1;
    for (int i = 0; i < 9; i++) assert_int_equal(publish(w, "chat", "x"), 0);
    assert_int_equal(publish(w, "chat", "x"), WEFT_ERR_BACKLOG);
    uint64_t messages, bytes;
    weft_topic_kept(t, &messages, &bytes);
    assert_int_equal(messages, 8);
    assert_int_equal(bytes, 8 * (64 + 1));
    weft_topic_clear(t);
    weft_topic_kept(t, &messages, &bytes);
    assert_int_equal(messages + bytes, 0);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_MEMORY), 0);
    turn_all(w);
    for (int i = 0; i < 20; i++) assert_int_equal(publish(w, "chat", "x"), 0);
    turn_all(w);
    fake_drain(slow, 1000);
    assert_int_equal(slow->code, WEFT_CLOSE_TRY_AGAIN_LATER);
    weft_topic_unref(t);
    free_world(w);
}

/* ---- idle topics ----------------------------------------------------------------------------- */

/* So often, and once for its start, the reaper has looked at all shards. */
static void reap(struct world *w)
{
    for (int i = 0; i < 17; i++) {
        pass_time(w, 250);
        turn(w, 0);
    }
}

static bool is_there(struct world *w, const char *name)
{
    weft_topic *t = weft_topic_find(w->hub, bytes(name));
    weft_topic_unref(t);
    return t != NULL;
}

static weft_position head_of(struct world *w, const char *name)
{
    weft_topic *t;
    assert_int_equal(weft_topic_get(&t, w->hub, bytes(name)), 0);
    weft_position p = weft_topic_head(t);
    weft_topic_unref(t);
    return p;
}

static void test_history_keeps_a_topic(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.history_items = 2});
    for (int i = 0; i < 3; i++) assert_int_equal(publish(w, "chat", "x"), 0);
    assert_int_equal(weft_topics(w->hub), 1);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_MEMORY), 2 * 65);
    reap(w);
    assert_int_equal(head_of(w, "chat").offset, 3);
    reap(w);
    assert_int_equal(weft_topics(w->hub), 1);
    free_world(w);
}

/* By people's clock, which is nobody's to move: so it is waited for. */
static void reap_until_empty(struct world *w)
{
    for (long n = 0; weft_hub_count(w->hub, WEFT_HUB_MEMORY); n++) {
        assert_true(n < 100 * 1000 * 1000);
        reap(w);
    }
}

static void test_history_by_age(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.history_items = 9, .history_ms = 1});
    assert_int_equal(publish(w, "chat", "x"), 0);
    assert_int_equal(publish(w, "cpu", "x"), 0);
    reap_until_empty(w);
    reap(w);
    assert_int_equal(weft_topics(w->hub), 0);
    assert_null(w->loops[0].errands);
    assert_int_equal(w->loops[0].timers->at, WEFT_NEVER); /* there is nothing to reap */
    assert_int_equal(publish(w, "chat", "x"), 0);
    reap_until_empty(w);
    reap(w);
    assert_int_equal(weft_topics(w->hub), 0);
    free_world(w);
}

static void test_stubs(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.stub_ms = 60000});
    assert_int_equal(publish(w, "chat", "x"), 0);
    weft_position asked = head_of(w, "asked"); /* that makes one, too */
    weft_position said = head_of(w, "chat");
    assert_int_equal(said.offset, 1);
    assert_int_equal(asked.offset, 0);
    assert_string_not_equal(said.epoch, asked.epoch);
    reap(w); /* 4 s */
    pass_time(w, 50000);
    reap(w);
    weft_position p = head_of(w, "chat"); /* it is used, and young again */
    assert_string_equal(p.epoch, said.epoch);
    assert_int_equal(p.offset, 1);
    reap(w);
    assert_true(is_there(w, "chat"));
    assert_false(is_there(w, "asked"));
    pass_time(w, 60000);
    reap(w);
    assert_int_equal(weft_topics(w->hub), 0);
    assert_string_not_equal(head_of(w, "chat").epoch, said.epoch);
    free_world(w);
}

/* A stub's time begins when there is nothing kept any more. */
static void test_a_stub_that_had_a_history(void **state)
{
    (void)state;
    struct world *w = new_world_of(
        &(weft_topic_settings){.history_items = 9, .history_ms = 100, .stub_ms = 3600 * 1000});
    assert_int_equal(publish(w, "chat", "x"), 0);
    pass_time(w, 3600 * 1000);
    reap_until_empty(w);
    reap(w);
    assert_true(is_there(w, "chat"));
    pass_time(w, 3600 * 1000);
    reap(w);
    assert_false(is_there(w, "chat"));
    free_world(w);
}

/* Of each shard it is the oldest that go. */
static void test_max_stubs(void **state)
{
    (void)state;
    enum { MANY = 2000, MOST = 640 };
    static const weft_topic_settings stubs = {.stub_ms = WEFT_NEVER};
    struct world *w = new_world(&(weft_hub_config){.settings = &stubs, .max_stubs = MOST});
    char name[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "topic %d", i);
        assert_int_equal(publish(w, name, "x"), 0);
    }
    assert_int_equal(weft_topics(w->hub), MANY);
    reap(w);
    assert_in_range(weft_topics(w->hub), MOST / 2, MOST + 64);
    assert_true(is_there(w, name));
    assert_false(is_there(w, "topic 0"));
    free_world(w);
}

/* ---- the budget ------------------------------------------------------------------------------ */

static void test_idle_ones_pay_first(void **state)
{
    (void)state;
    static const weft_topic_settings kept = {.history_items = 100, .stub_ms = WEFT_NEVER};
    struct world *w = new_world(&(weft_hub_config){.settings = &kept, .memory_max = 1000});
    subscribe(w, w->conns, "read");
    for (int i = 0; i < 10; i++) assert_int_equal(publish(w, "read", "x"), 0);
    for (int i = 0; i < 10; i++) assert_int_equal(publish(w, "idle", "x"), 0);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_MEMORY), 20 * 65);
    reap(w);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_MEMORY), 10 * 65);
    assert_int_equal(head_of(w, "idle").offset, 10); /* a stub, whose epoch and offset go on */
    for (int i = 0; i < 10; i++) assert_int_equal(publish(w, "read", "x"), 0);
    reap(w);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_MEMORY), 0);
    assert_int_equal(head_of(w, "read").offset, 20);
    assert_int_equal(w->conns[0].sent, 20);
    free_world(w);
}

/* What a log keeps beside its ring, the newest of each key, is a part of it. */
static void test_keys_are_in_the_budget(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST_KEY});
    weft_topic *t;
    weft_message *m;
    assert_int_equal(weft_message_new(&m, &w->faulty.env, WEFT_TEXT, "x", 1), 0);
    assert_int_equal(weft_topic_get(&t, w->hub, bytes("quotes")), 0);
    assert_int_equal(weft_topic_publish(t, m, bytes("a"), NULL), 0);
    assert_int_equal(weft_topic_publish(t, m, bytes("b"), NULL), 0);
    assert_int_equal(weft_topic_publish(t, m, bytes("a"), NULL), 0);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_MEMORY), 2 * 65);
    weft_topic_clear(t);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_MEMORY), 0);
    weft_message_unref(m);
    weft_topic_unref(t);
    free_world(w);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void test_free_null(void **state)
{
    (void)state;
    weft_hub_free(NULL);
}

/* Subscribers stay connected, those who keep up, those who are behind, and those something is on its way to. */
static void test_freed_with_subscribers(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    for (size_t i = 0; i < LOOPS; i++)
        for (size_t c = 0; c < CONNS; c++) {
            subscribe(w, &w->all[i][c], "chat");
            subscribe(w, &w->all[i][c], c % 2 ? "odd" : "even");
            w->all[i][c].room = (unsigned)c;
        }
    for (int i = 0; i < 5; i++) publish(w, "chat", "x");
    on(w, 0);
    weft_hub_free(w->hub);
    w->hub = NULL;
    for (size_t i = 0; i < LOOPS; i++)
        for (size_t c = 0; c < CONNS; c++) {
            assert_null(w->all[i][c].links);
            assert_true(weft_conn_is_open(&w->all[i][c]));
        }
    turn_all(w);
    free_world(w);
}

enum { MANY_READERS = 60 };

static weft_reader many[MANY_READERS];
static unsigned told;

static int take_it(weft_reader *r, void *rendering)
{
    (void)r, (void)rendering;
    return 0;
}

static void hang_on(void *conn, weft_link *link)
{
    weft_conn_link(conn, link);
}

static void take_off(void *conn, weft_link *link)
{
    weft_conn_unlink(conn, link);
}

/* They are parts of one, which goes as a whole. */
static void all_are_gone(weft_reader *r)
{
    (void)r;
    told++;
    for (size_t i = 0; i < MANY_READERS; i++) weft_reader_end(&many[i]);
}

static void test_freed_with_readers_that_end_others(void **state)
{
    (void)state;
    static const weft_reader_type type = {
        .queue = take_it, .gone = all_are_gone, .link = hang_on, .unlink = take_off};
    struct world *w = new_world(NULL);
    told = 0;
    for (size_t i = 0; i < MANY_READERS; i++) {
        char name[16];
        weft_topic *t;
        snprintf(name, sizeof name, "topic %zu", i);
        assert_int_equal(weft_topic_get(&t, w->hub, bytes(name)), 0);
        many[i] = (weft_reader){.carrier = w->conns};
        assert_int_equal(weft_reader_begin(&many[i], t, &w->loops[0], &type, NULL, NULL), 0);
        assert_ptr_equal(weft_reader_topic(&many[i]), t);
        weft_topic_unref(t);
    }
    weft_hub_free(w->hub);
    w->hub = NULL;
    assert_int_equal(told, 1);
    for (size_t i = 0; i < MANY_READERS; i++) assert_null(weft_reader_topic(&many[i]));
    free_world(w);
}

static void test_freed_with_idle_topics(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.history_items = 9, .stub_ms = 1000});
    char name[32];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "topic %d", i);
        assert_int_equal(publish(w, name, "x"), 0);
        if (i % 2) (void)head_of(w, name + 1);
    }
    free_world(w);
}

static void test_freed_before_the_reaper_has_begun(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.stub_ms = 1000});
    publish(w, "chat", "x");
    assert_int_equal(w->loops[0].n_errands, 1);
    free_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish_reaches_subscribers),
        cmocka_unit_test(test_encoded_once),
        cmocka_unit_test(test_reaches_both_loops_once),
        cmocka_unit_test(test_a_message_that_exists),
        cmocka_unit_test(test_begins_at_the_moment_of_subscribing),
        cmocka_unit_test(test_subscribing_twice_is_once),
        cmocka_unit_test(test_unsubscribe),
        cmocka_unit_test(test_unsubscribed_while_it_is_on_its_way),
        cmocka_unit_test(test_leaves_and_comes_back_in_one_turn),
        cmocka_unit_test(test_connection_goes),
        cmocka_unit_test(test_two_hubs_on_a_connection),
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_random_operations_without_memory),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_max_topic_len),
        cmocka_unit_test(test_max_topics_per_conn),
        cmocka_unit_test(test_max_topics),
        cmocka_unit_test(test_publish_errors),
        cmocka_unit_test(test_nobody_reads_and_nothing_is_kept),
        cmocka_unit_test(test_what_a_message_needs),
        cmocka_unit_test(test_what_is_left_of_a_topic),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_no_settings),
        cmocka_unit_test(test_every_allocation_of_subscribe_fails),
        cmocka_unit_test(test_every_allocation_of_publish_fails),
        cmocka_unit_test(test_every_allocation_of_the_first_publish_fails),
        cmocka_unit_test(test_no_memory_for_settings_of),
        cmocka_unit_test(test_new_fails),
        cmocka_unit_test(test_no_randomness_for_a_topic),
        cmocka_unit_test(test_who_is_full_goes_on_where_he_was),
        cmocka_unit_test(test_refused_at_once),
        cmocka_unit_test(test_refused_in_a_batch),
        cmocka_unit_test(test_subscribes_beside_one_who_is_full),
        cmocka_unit_test(test_the_log_has_moved_past_him),
        cmocka_unit_test(test_goes_on_as_the_policy_says),
        cmocka_unit_test(test_all_keys_come_to_a_loop_that_is_late),
        cmocka_unit_test(test_at_most_so_many_a_second),
        cmocka_unit_test(test_slow_is_closed_once),
        cmocka_unit_test(test_no_memory_drops_the_subscriber),
        cmocka_unit_test(test_no_memory_to_fall_behind),
        cmocka_unit_test(test_not_open_is_skipped),
        cmocka_unit_test(test_cleared_in_front_of_one_who_is_behind),
        cmocka_unit_test(test_history_keeps_a_topic),
        cmocka_unit_test(test_history_by_age),
        cmocka_unit_test(test_stubs),
        cmocka_unit_test(test_a_stub_that_had_a_history),
        cmocka_unit_test(test_max_stubs),
        cmocka_unit_test(test_idle_ones_pay_first),
        cmocka_unit_test(test_keys_are_in_the_budget),
        cmocka_unit_test(test_free_null),
        cmocka_unit_test(test_freed_with_subscribers),
        cmocka_unit_test(test_freed_with_readers_that_end_others),
        cmocka_unit_test(test_freed_with_idle_topics),
        cmocka_unit_test(test_freed_before_the_reaper_has_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
