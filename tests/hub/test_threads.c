/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_threads.c - one hub, two loops in two threads, and four threads that have none and publish
 *
 *      four threads: publish and publish again --------+-------------------+
 *                                                      v                   v
 *      thread: loop 0, server, subscribers, clients            loop 1, the same
 *              who hears "p", says it to the other's clients by weft_post
 *
 * Everyone has to hear everything, whole, and all in the same order. The clients of a loop differ in their windows, so
 * that a message is compressed more than once, and by both loops at the same time. Meant for ThreadSanitizer; a lost
 * race shows without, too.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <weft/topic.h>
#include <weft/weft.h>

#include "hub/unit.h"
#include "patient.h"

enum { LOOPS = 2, CLIENTS = 4, PUBLISHERS = 4, MESSAGES = 100, ALL = PUBLISHERS * MESSAGES };
enum { LENGTH = 3000 };

struct side {
    weft_loop *loop;
    weft_server *server;
    struct side *other;
    pthread_t thread;
    char url[80];
    weft_id ids[CLIENTS]; /* of the server's connections */
    atomic_uint open;     /* that are subscribed */
    struct client {
        struct side *side;
        weft_conn *conn;
        unsigned published, posted; /* heard so far */
        unsigned next[PUBLISHERS];  /* what each must say next */
        uint64_t order;             /* of all that was published, as a number */
        bool wrong;
    } clients[CLIENTS];
    atomic_uint finished; /* clients that have heard everything */
};

static struct side sides[LOOPS];
static weft_hub *hub;
static unsigned posts; /* to each */

static const weft_deflate wide = {.threshold = 1}, narrow = {.threshold = 1, .peer_window_bits = 9};

/* "p 2 17 ...": the kind, who, the number, and something to compress. */
static void write_text(char text[LENGTH], char kind, unsigned who, unsigned n)
{
    size_t at = (size_t)snprintf(text, LENGTH, "%c %u %u ", kind, who, n);
    for (; at < LENGTH; at++) text[at] = (char)('a' + (at * (n + 1) / 7) % 13);
}

/* ---- the server's side ------------------------------------------------------------------------- */

static void server_opens(weft_conn *c)
{
    struct side *s = weft_conn_user(c);
    assert_int_equal(weft_subscribe(hub, c, "everyone"), 0);
    s->ids[atomic_load(&s->open)] = weft_conn_id(c);
    atomic_fetch_add(&s->open, 1);
}

static const weft_handler serving = {.on_open = server_opens, .deflate = &wide};

/* ---- the clients ------------------------------------------------------------------------------- */

/* The first client of a side tells all of the other's, each by its id. */
static void forward(struct side *to, unsigned n)
{
    char text[LENGTH];
    weft_message *m;
    write_text(text, 'f', 0, n);
    must(weft_message_new(&m, NULL, WEFT_TEXT, text, LENGTH) == 0);
    for (size_t i = 0; i < CLIENTS; i++) must(weft_post(to->loop, to->ids[i], m) == 0);
    weft_message_unref(m);
}

static void hear_published(struct client *me, unsigned who)
{
    me->order = me->order * 31 + who + 1;
    me->next[who]++;
    if (me->published++ < posts && me == me->side->clients)
        forward(me->side->other, me->published - 1);
}

static void client_hears(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    struct client *me = weft_conn_user(c);
    char want[LENGTH], kind = *(const char *)data;
    unsigned who = kind == 'p' ? (unsigned)(((const char *)data)[2] - '0') % PUBLISHERS : 0;
    write_text(want, kind, who, kind == 'p' ? me->next[who] : me->posted);
    me->wrong |= op != WEFT_TEXT || len != LENGTH || memcmp(data, want, LENGTH) != 0;
    if (kind == 'p') hear_published(me, who);
    else me->posted++;
    if (me->published == ALL && me->posted == posts) atomic_fetch_add(&me->side->finished, 1);
}

static void client_closes(weft_conn *c, const weft_close_info *info)
{
    (void)info;
    struct client *me = weft_conn_user(c);
    if (me->published < ALL || me->posted < posts) me->wrong = true;
    me->conn = NULL;
}

static const weft_handler hearing[2] = {
    {.on_message = client_hears, .on_close = client_closes, .deflate = &wide},
    {.on_message = client_hears, .on_close = client_closes, .deflate = &narrow},
};

/* ---- threads ----------------------------------------------------------------------------------- */

/* send_queue_max: with little room they all become cursors, again and again. */
static void side_new(struct side *s, uint64_t send_queue_max)
{
    weft_server_config cfg = {.limits = &(weft_limits){.send_queue_max = send_queue_max}};
    char address[64];
    assert_int_equal(weft_server_new(&s->server, s->loop, &cfg), 0);
    assert_int_equal(weft_server_route(s->server, "/", &serving, s), 0);
    assert_int_equal(weft_server_listen(s->server, "127.0.0.1:0", NULL), 0);
    assert_true(weft_server_address(s->server, 0, address, sizeof address) > 0);
    snprintf(s->url, sizeof s->url, "ws://%s/", address);
    for (size_t i = 0; i < CLIENTS; i++) {
        struct client *c = &s->clients[i];
        c->side = s;
        assert_int_equal(weft_connect(&c->conn, s->loop, s->url, NULL, &hearing[i % 2], c), 0);
    }
    turn_loop_until(s->loop, atomic_load(&s->open) == CLIENTS);
}

static void begin(uint64_t send_queue_max)
{
    memset(sides, 0, sizeof sides);
    for (size_t i = 0; i < LOOPS; i++) {
        sides[i].other = &sides[1 - i];
        assert_int_equal(weft_loop_new(&sides[i].loop, NULL), 0);
    }
    assert_int_equal(weft_hub_new(&hub, sides[0].loop, NULL), 0);
    for (size_t i = 0; i < LOOPS; i++) side_new(&sides[i], send_queue_max);
}

static void end(void)
{
    for (size_t i = 0; i < LOOPS; i++) {
        assert_int_equal(weft_loop_turn(sides[i].loop, 0), 0); /* it is this thread's from now on */
        weft_server_free(sides[i].server);
    }
    weft_hub_free(hub);
    for (size_t i = 0; i < LOOPS; i++) weft_loop_free(sides[i].loop);
}

static bool all_have_finished(void)
{
    return atomic_load(&sides[0].finished) + atomic_load(&sides[1].finished) == LOOPS * CLIENTS;
}

static void *run(void *arg)
{
    struct side *s = arg;
    uint64_t begun = weft_loop_now(s->loop);
    while (!all_have_finished())
        if (weft_loop_now(s->loop) - begun > PATIENCE_US || weft_loop_turn(s->loop, 20) < 0) break;
    return NULL;
}

/* Above the pace it tries again; nobody has got it then. */
static void *publish_all(void *arg)
{
    unsigned who = *(const unsigned *)arg;
    char text[LENGTH];
    for (unsigned n = 0; n < MESSAGES; n++) {
        int error;
        write_text(text, 'p', who, n);
        while ((error = weft_publish(hub, "everyone", WEFT_TEXT, text, LENGTH)))
            must(error == WEFT_ERR_BACKLOG);
    }
    return NULL;
}

static void expect_the_same_order(void)
{
    for (size_t i = 0; i < LOOPS; i++) {
        for (size_t k = 0; k < CLIENTS; k++) {
            assert_false(sides[i].clients[k].wrong);
            assert_int_equal(sides[i].clients[k].published, ALL);
            assert_int_equal(sides[i].clients[k].posted, posts);
            assert_int_equal(sides[i].clients[k].order, sides[0].clients[0].order);
        }
    }
}

static void hear_everything(uint64_t send_queue_max)
{
    pthread_t publishers[PUBLISHERS];
    unsigned who[PUBLISHERS];
    begin(send_queue_max);
    for (size_t i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&sides[i].thread, NULL, run, &sides[i]), 0);
    for (unsigned i = 0; i < PUBLISHERS; i++) {
        who[i] = i;
        assert_int_equal(pthread_create(&publishers[i], NULL, publish_all, &who[i]), 0);
    }
    for (unsigned i = 0; i < PUBLISHERS; i++) pthread_join(publishers[i], NULL);
    for (size_t i = 0; i < LOOPS; i++) pthread_join(sides[i].thread, NULL);
    expect_the_same_order();
    assert_int_equal(weft_hub_count(hub, WEFT_HUB_LOST), 0);
    assert_int_equal(weft_hub_count(hub, WEFT_HUB_ENDED), 0);
    end();
}

static void test_everyone_hears_everything(void **state)
{
    (void)state;
    posts = 50;
    hear_everything(64 << 20);
}

static void test_everyone_hears_everything_though_queues_are_short(void **state)
{
    (void)state;
    posts = 0; /* they would find no room, and who cannot take one is closed */
    hear_everything(4096);
}

/* ---- topics come and go ------------------------------------------------------------------------ */

static atomic_bool over;

/* Topics of all kinds are made, held, read, cleared and forgotten by many at the same time. */
static void *use_topics(void *arg)
{
    uint64_t seed = 1 + *(const unsigned *)arg;
    const weft_entry *entries[8];
    for (int i = 0; i < 3000; i++) {
        char name[8];
        weft_topic *t;
        weft_since since = {.last = WEFT_NEVER};
        weft_seek seek;
        int n = snprintf(name, sizeof name, "%u", (unsigned)roll(&seed, 20));
        must(weft_publish(hub, name, WEFT_TEXT, name, (size_t)n) == 0);
        must(weft_topic_get(&t, hub, (weft_bytes){(const uint8_t *)name, (size_t)n}) == 0);
        for (size_t got = weft_topic_read(t, &since, entries, 8, &seek, NULL); got;)
            weft_entry_unref(entries[--got]);
        must(strcmp(seek.at.epoch, seek.head.epoch) == 0 && seek.at.offset <= seek.head.offset);
        if (roll(&seed, 8) == 0) weft_topic_clear(t);
        weft_topic_unref(t);
        must(weft_topics(hub) <= 20 + PUBLISHERS); /* some of them being made */
    }
    return NULL;
}

static void *turn_loop(void *arg)
{
    while (!atomic_load(&over)) must(weft_loop_turn(arg, 5) == 0);
    return NULL;
}

static void test_topics_come_and_go(void **state)
{
    (void)state;
    static const weft_topic_settings settings[] = {{.history_items = 5}, {.stub_ms = 1}, {0}};
    for (size_t i = 0; i < countof(settings); i++) {
        weft_loop *loop;
        pthread_t looping, threads[PUBLISHERS];
        unsigned who[PUBLISHERS];
        weft_hub_config cfg = {.settings = &settings[i], .memory_max = 2000};
        atomic_store(&over, false);
        assert_int_equal(weft_loop_new(&loop, NULL), 0);
        assert_int_equal(weft_hub_new(&hub, loop, &cfg), 0);
        assert_int_equal(pthread_create(&looping, NULL, turn_loop, loop), 0);
        for (unsigned k = 0; k < PUBLISHERS; k++) {
            who[k] = k;
            assert_int_equal(pthread_create(&threads[k], NULL, use_topics, &who[k]), 0);
        }
        for (unsigned k = 0; k < PUBLISHERS; k++) pthread_join(threads[k], NULL);
        atomic_store(&over, true);
        pthread_join(looping, NULL);
        assert_int_equal(weft_loop_turn(loop, 0), 0);
        weft_hub_free(hub);
        weft_loop_free(loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everyone_hears_everything),
        cmocka_unit_test(test_everyone_hears_everything_though_queues_are_short),
        cmocka_unit_test(test_topics_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
