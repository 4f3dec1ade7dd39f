/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_hub.c - the hub alone, on connections without a network (hub/fake_conn.h)
 */
#include <weft/hub.h>

#include "hub/fake_conn.h"
#include "hub/faulty_env.h"
#include "hub/unit.h"

enum { CONNS = 8 };

struct world {
    struct faulty faulty;
    weft_loop loop;
    weft_hub *hub;
    weft_conn conns[CONNS];
};

static struct world *new_world(const weft_hub_config *cfg)
{
    struct world *w = calloc(1, sizeof *w);
    faulty_init(&w->faulty);
    w->loop.env = &w->faulty.env;
    pthread_mutex_init(&w->loop.lock, NULL);
    for (int i = 0; i < CONNS; i++) w->conns[i] = (weft_conn){.loop = &w->loop, .room = 1000};
    assert_int_equal(weft_hub_new(&w->hub, &w->loop, cfg), 0);
    return w;
}

/* Whatever was done: with the hub, the posts and the connections gone nothing is left. */
static void free_world(struct world *w)
{
    weft_hub_free(w->hub);
    fake_turn(&w->loop);
    for (int i = 0; i < CONNS; i++) {
        assert_null(w->conns[i].links);
        fake_gone(&w->conns[i]);
    }
    assert_int_equal(w->faulty.live, 0);
    pthread_mutex_destroy(&w->loop.lock);
    free(w);
}

static int publish(struct world *w, const char *topic, const char *text)
{
    return weft_publish(w->hub, topic, WEFT_TEXT, text, strlen(text));
}

static weft_message *new_message(struct world *w, const char *text)
{
    weft_message *m;
    assert_int_equal(weft_message_new(&m, &w->faulty.env, WEFT_TEXT, text, strlen(text)), 0);
    return m;
}

/* ---- who gets what --------------------------------------------------------------------------- */

static void test_publish_reaches_subscribers(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_conn *a = &w->conns[0], *b = &w->conns[1];
    assert_int_equal(weft_subscribe(w->hub, a, "chat"), 0);
    assert_int_equal(weft_subscribe(w->hub, b, "chat"), 0);
    assert_int_equal(weft_subscribe(w->hub, b, "cpu"), 0);
    assert_int_equal(weft_topics(w->hub), 2);
    assert_int_equal(weft_subscribers(w->hub, "chat"), 2);

    assert_int_equal(publish(w, "chat", "hello"), 2);
    assert_int_equal(publish(w, "cpu", "12 %"), 1);
    assert_int_equal(publish(w, "nobody", "here"), 0);
    assert_int_equal(a->sent, 1);
    assert_int_equal(b->sent, 2);
    assert_memory_equal(weft_message_payload(a->last).data, "hello", 5);
    free_world(w);
}

static void test_encoded_once(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    for (int i = 0; i < CONNS; i++) weft_subscribe(w->hub, &w->conns[i], "chat");
    assert_int_equal(publish(w, "chat", "hello"), CONNS);
    for (int i = 1; i < CONNS; i++) assert_ptr_equal(w->conns[i].last, w->conns[0].last);
    free_world(w);
}

static void test_all_but_one(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    for (int i = 0; i < 3; i++) weft_subscribe(w->hub, &w->conns[i], "chat");
    weft_message *m = new_message(w, "hello");
    assert_int_equal(weft_publish_message(w->hub, "chat", m, &w->conns[1]), 2);
    assert_int_equal(w->conns[1].sent, 0);
    assert_int_equal(weft_publish_message(w->hub, "chat", m, &w->conns[7]), 3);
    assert_int_equal(weft_publish_message(w->hub, "chat", m, NULL), 3);
    weft_message_unref(m);
    free_world(w);
}

static void test_subscribing_twice_is_once(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    assert_int_equal(weft_subscribe(w->hub, w->conns, "chat"), 0);
    assert_int_equal(weft_subscribe(w->hub, w->conns, "chat"), 0);
    assert_int_equal(publish(w, "chat", "hello"), 1);
    assert_int_equal(weft_unsubscribe(w->hub, w->conns, "chat"), 0);
    assert_int_equal(publish(w, "chat", "hello"), 0);
    free_world(w);
}

static void test_unsubscribe(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_conn *a = &w->conns[0];
    assert_int_equal(weft_unsubscribe(w->hub, a, "chat"), -ENOENT);
    weft_unsubscribe_all(w->hub, a);
    weft_subscribe(w->hub, a, "chat");
    weft_subscribe(w->hub, a, "cpu");
    assert_int_equal(weft_unsubscribe(w->hub, &w->conns[1], "chat"), -ENOENT);
    assert_int_equal(weft_unsubscribe(w->hub, a, "other"), -ENOENT);
    assert_int_equal(weft_unsubscribe(w->hub, a, "chat"), 0);
    assert_int_equal(weft_unsubscribe(w->hub, a, "chat"), -ENOENT);
    assert_int_equal(weft_topics(w->hub), 1);
    weft_unsubscribe_all(w->hub, a);
    assert_int_equal(weft_topics(w->hub), 0);
    assert_null(a->links); /* without topics nothing hangs on the connection */
    free_world(w);
}

static void test_connection_goes(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_subscribe(w->hub, &w->conns[0], "chat");
    weft_subscribe(w->hub, &w->conns[0], "cpu");
    weft_subscribe(w->hub, &w->conns[1], "chat");
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
    assert_int_equal(weft_hub_new(&other, &w->loop, NULL), 0);
    weft_subscribe(w->hub, w->conns, "chat");
    weft_subscribe(other, w->conns, "chat");
    assert_int_equal(publish(w, "chat", "hello"), 1);
    assert_int_equal(w->conns[0].sent, 1);
    weft_hub_free(other);
    assert_int_equal(publish(w, "chat", "hello"), 1);
    free_world(w);
}

static void test_free_null(void **state)
{
    (void)state;
    weft_hub_free(NULL);
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
    publish(m->w, topic_name(t), "x");
    for (size_t c = 0; c < CONNS; c++) {
        assert_int_equal(m->w->conns[c].sent - before[c], m->in[c][t]);
        m->w->conns[c].room = 1000;
    }
}

static void leave(struct model *m, size_t c, bool gone)
{
    if (gone) {
        fake_gone(&m->w->conns[c]);
    } else {
        weft_unsubscribe_all(m->w->hub, &m->w->conns[c]);
    }
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
        if (memory_fails) faulty_from(&m.w->faulty, roll(&seed, 4));
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

static void test_topic_length(void **state)
{
    (void)state;
    struct world *w = new_world(&(weft_hub_config){.max_topic_len = 4});
    weft_message *m = new_message(w, "x");
    static const char *const bad[] = {"", "12345"};
    for (size_t i = 0; i < countof(bad); i++) {
        assert_int_equal(weft_subscribe(w->hub, w->conns, bad[i]), -EINVAL);
        assert_int_equal(weft_unsubscribe(w->hub, w->conns, bad[i]), -ENOENT);
        assert_int_equal(publish(w, bad[i], "x"), -EINVAL);
        assert_int_equal(weft_publish_message(w->hub, bad[i], m, NULL), -EINVAL);
        assert_int_equal(weft_publish_post(w->hub, bad[i], m), -EINVAL);
        assert_int_equal(weft_subscribers(w->hub, bad[i]), 0);
    }
    assert_int_equal(weft_subscribe(w->hub, w->conns, "1234"), 0);
    assert_int_equal(weft_subscribe(w->hub, w->conns, "1"), 0);
    weft_message_unref(m);
    free_world(w);
}

static void test_default_limits(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    char name[257];
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    assert_int_equal(weft_subscribe(w->hub, w->conns, name), -EINVAL);
    name[255] = '\0';
    assert_int_equal(weft_subscribe(w->hub, w->conns, name), 0);
    for (int i = 1; i < 128; i++) {
        snprintf(name, sizeof name, "topic %d", i);
        assert_int_equal(weft_subscribe(w->hub, w->conns, name), 0);
    }
    assert_int_equal(weft_subscribe(w->hub, w->conns, "one more"), -ENOSPC);
    assert_int_equal(weft_subscribe(w->hub, w->conns, name), 0); /* is in it already */
    assert_int_equal(weft_topics(w->hub), 128);
    free_world(w);
}

static void test_max_topics(void **state)
{
    (void)state;
    struct world *w = new_world(&(weft_hub_config){.max_topics = 2});
    assert_int_equal(weft_subscribe(w->hub, &w->conns[0], "a"), 0);
    assert_int_equal(weft_subscribe(w->hub, &w->conns[0], "b"), 0);
    assert_int_equal(weft_subscribe(w->hub, &w->conns[1], "c"), -ENOSPC);
    assert_null(w->conns[1].links);
    assert_int_equal(weft_subscribe(w->hub, &w->conns[1], "a"), 0);
    assert_int_equal(weft_unsubscribe(w->hub, &w->conns[0], "b"), 0);
    assert_int_equal(weft_subscribe(w->hub, &w->conns[1], "c"), 0);
    free_world(w);
}

static void test_publish_errors(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    assert_int_equal(weft_publish(w->hub, "chat", WEFT_PING, "x", 1), -EINVAL);
    weft_subscribe(w->hub, w->conns, "chat");
    assert_int_equal(weft_publish(w->hub, "chat", WEFT_PING, "x", 1), -EINVAL);
    faulty_from(&w->faulty, 0);
    assert_int_equal(publish(w, "chat", "x"), -ENOMEM);
    faulty_from(&w->faulty, -1);
    assert_int_equal(publish(w, "chat", "x"), 1);
    assert_int_equal(weft_publish(w->hub, "chat", WEFT_BINARY, NULL, 0), 1);
    free_world(w);
}

/* The first subscription makes five allocations: the topic, the map, the member, and both ends of the
 * edge. Whichever fails, nothing has changed. */
static void test_every_allocation_of_subscribe_fails(void **state)
{
    (void)state;
    for (long nth = 0; nth < 5; nth++) {
        struct world *w = new_world(NULL);
        faulty_from(&w->faulty, nth);
        assert_int_equal(weft_subscribe(w->hub, w->conns, "chat"), -ENOMEM);
        assert_null(w->conns[0].links);
        assert_int_equal(weft_topics(w->hub), 0);
        assert_int_equal(weft_subscribe(w->hub, w->conns, "chat"), 0);
        assert_int_equal(publish(w, "chat", "x"), 1);
        free_world(w);
    }
}

static void test_new_fails(void **state)
{
    (void)state;
    struct faulty f;
    weft_hub *hub;
    faulty_init(&f);
    weft_loop loop = {.env = &f.env};
    faulty_from(&f, 0);
    assert_int_equal(weft_hub_new(&hub, &loop, NULL), -ENOMEM);
    faulty_from(&f, 1);
    assert_int_equal(weft_hub_new(&hub, &loop, NULL), -ENOMEM);
    faulty_from(&f, -1);
    f.random_error = -EIO;
    assert_int_equal(weft_hub_new(&hub, &loop, NULL), -EIO);
    assert_int_equal(f.live, 0);
}

/* ---- subscribers that do not get it ---------------------------------------------------------- */

static void test_slow_is_closed_once(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_conn *slow = &w->conns[0], *quick = &w->conns[1];
    weft_subscribe(w->hub, slow, "chat");
    weft_subscribe(w->hub, quick, "chat");
    slow->room = 1;
    assert_int_equal(publish(w, "chat", "1"), 2);
    assert_int_equal(publish(w, "chat", "2"), 1);
    assert_int_equal(publish(w, "chat", "3"), 1);
    assert_int_equal(slow->code, WEFT_CLOSE_POLICY_VIOLATION);
    assert_string_equal(slow->reason, "too slow");
    assert_int_equal(slow->closes, 1);
    assert_int_equal(quick->sent, 3);
    assert_int_equal(weft_subscribers(w->hub, "chat"), 2); /* it leaves when it is gone */
    fake_gone(slow);
    assert_int_equal(weft_subscribers(w->hub, "chat"), 1);
    free_world(w);
}

static void test_slow_misses_a_message(void **state)
{
    (void)state;
    struct world *w = new_world(&(weft_hub_config){.slow = WEFT_SLOW_DROP});
    weft_conn *slow = &w->conns[0];
    weft_subscribe(w->hub, slow, "chat");
    slow->room = 0;
    assert_int_equal(publish(w, "chat", "1"), 0);
    slow->room = 1;
    assert_int_equal(publish(w, "chat", "2"), 1);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_DROPPED), 1);
    slow->send_error = -ENOMEM;
    assert_int_equal(publish(w, "chat", "3"), 0);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_DROPPED), 2);
    slow->send_error = WEFT_ERR_CLOSED; /* it misses nothing any more */
    assert_int_equal(publish(w, "chat", "4"), 0);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_DROPPED), 2);
    assert_int_equal(weft_hub_count(w->hub, (weft_hub_counter)99), 0);
    assert_int_equal(slow->closes, 0);
    assert_false(slow->aborted);
    free_world(w);
}

/* Where the Close itself does not fit, or the message finds no memory, nobody stays in the dark. */
static void test_no_memory_drops_the_subscriber(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_conn *a = &w->conns[0], *b = &w->conns[1];
    weft_subscribe(w->hub, a, "chat");
    weft_subscribe(w->hub, b, "chat");
    a->room = 0;
    a->close_error = -ENOMEM;
    b->send_error = -ENOMEM;
    assert_int_equal(publish(w, "chat", "1"), 0);
    assert_true(a->aborted);
    assert_true(b->aborted);
    free_world(w);
}

static void test_not_open_is_skipped(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_subscribe(w->hub, &w->conns[0], "chat");
    weft_subscribe(w->hub, &w->conns[1], "chat");
    w->conns[0].closing = true;
    w->conns[1].send_error = WEFT_ERR_STATE; /* a client that is still connecting */
    assert_int_equal(publish(w, "chat", "1"), 0);
    assert_int_equal(w->conns[0].closes + w->conns[1].closes, 0);
    assert_false(w->conns[0].aborted || w->conns[1].aborted);
    free_world(w);
}

/* ---- posts ----------------------------------------------------------------------------------- */

static void test_post(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_subscribe(w->hub, w->conns, "chat");
    weft_message *m = new_message(w, "hello");
    char topic[] = "chat";
    assert_int_equal(weft_publish_post(w->hub, topic, m), 0);
    memset(topic, 'x', sizeof topic - 1); /* it was copied */
    weft_message_unref(m);
    assert_int_equal(w->conns[0].sent, 0);
    fake_turn(&w->loop);
    assert_int_equal(w->conns[0].sent, 1);
    free_world(w);
}

static void test_post_fails(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_message *m = new_message(w, "hello");
    faulty_from(&w->faulty, 0);
    assert_int_equal(weft_publish_post(w->hub, "chat", m), -ENOMEM);
    faulty_from(&w->faulty, -1);
    w->loop.post_error = -ENOMEM;
    assert_int_equal(weft_publish_post(w->hub, "chat", m), -ENOMEM);
    weft_message_unref(m);
    free_world(w);
}

/* The hub goes while posts are under way: they publish to nobody, and nothing leaks. */
static void test_hub_freed_before_the_post_runs(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_subscribe(w->hub, w->conns, "chat");
    weft_message *m = new_message(w, "hello");
    for (int i = 0; i < 3; i++) assert_int_equal(weft_publish_post(w->hub, "chat", m), 0);
    weft_message_unref(m);
    weft_hub_free(w->hub);
    w->hub = NULL;
    fake_turn(&w->loop);
    assert_int_equal(w->conns[0].sent, 0);
    free_world(w);
}

struct poster {
    pthread_t thread;
    struct world *w;
    weft_message *m;
};

static void *post_ten(void *arg)
{
    struct poster *p = arg;
    for (int i = 0; i < 10; i++) assert_int_equal(weft_publish_post(p->w->hub, "chat", p->m), 0);
    return NULL;
}

static void test_posts_from_threads(void **state)
{
    (void)state;
    struct world *w = new_world(NULL);
    weft_loop plain = {.env = NULL}; /* counting allocations is not for threads */
    weft_hub *counted = w->hub;
    pthread_mutex_init(&plain.lock, NULL);
    assert_int_equal(weft_hub_new(&w->hub, &plain, NULL), 0);
    w->conns[0].loop = &plain;
    weft_subscribe(w->hub, w->conns, "chat");

    struct poster posters[4];
    weft_message *m;
    assert_int_equal(weft_message_new(&m, NULL, WEFT_TEXT, "hello", 5), 0);
    for (size_t i = 0; i < countof(posters); i++) {
        posters[i] = (struct poster){.w = w, .m = m};
        pthread_create(&posters[i].thread, NULL, post_ten, &posters[i]);
    }
    for (size_t i = 0; i < countof(posters); i++) pthread_join(posters[i].thread, NULL);
    weft_message_unref(m);
    fake_turn(&plain);
    assert_int_equal(w->conns[0].sent, 40);

    weft_hub_free(w->hub);
    pthread_mutex_destroy(&plain.lock);
    w->hub = counted;
    free_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish_reaches_subscribers),
        cmocka_unit_test(test_encoded_once),
        cmocka_unit_test(test_all_but_one),
        cmocka_unit_test(test_subscribing_twice_is_once),
        cmocka_unit_test(test_unsubscribe),
        cmocka_unit_test(test_connection_goes),
        cmocka_unit_test(test_two_hubs_on_a_connection),
        cmocka_unit_test(test_free_null),
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_random_operations_without_memory),
        cmocka_unit_test(test_topic_length),
        cmocka_unit_test(test_default_limits),
        cmocka_unit_test(test_max_topics),
        cmocka_unit_test(test_publish_errors),
        cmocka_unit_test(test_every_allocation_of_subscribe_fails),
        cmocka_unit_test(test_new_fails),
        cmocka_unit_test(test_slow_is_closed_once),
        cmocka_unit_test(test_slow_misses_a_message),
        cmocka_unit_test(test_no_memory_drops_the_subscriber),
        cmocka_unit_test(test_not_open_is_skipped),
        cmocka_unit_test(test_post),
        cmocka_unit_test(test_post_fails),
        cmocka_unit_test(test_hub_freed_before_the_post_runs),
        cmocka_unit_test(test_posts_from_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
