/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_live.c - the hub on real connections: server and clients in one loop, over loopback
 *
 * The server does what clients tell it, so that everything is seen from a client's side:
 *
 *      + TOPIC             subscribe me
 *      - TOPIC             unsubscribe me
 *      = TOPIC TEXT        publish to everyone
 *      x TOPIC TEXT        drop me, then publish
 *      c TOPIC TEXT        close me, then publish
 *
 * Opening and closing are published on "lobby".
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <weft/weft.h>

#include "hub/unit.h"
#include "patient.h"

enum { PEERS = 4 };

struct peer {
    weft_conn *conn;
    bool open;
    uint16_t closed; /* the code, once it is closed */
    char why[128];
    unsigned heard;
    char said[256];            /* what came, newest last, "a,b," (long messages are only counted) */
    unsigned newest, disorder; /* of the long ones, which begin with a number */
};

struct world {
    weft_loop *loop;
    weft_server *server;
    weft_hub *hub;
    char url[80];
    struct peer peers[PEERS];
};

/* ---- the server ------------------------------------------------------------------------------ */

static void publish(struct world *w, const char *topic, const char *text)
{
    assert_int_equal(weft_publish(w->hub, topic, WEFT_TEXT, text, strlen(text)), 0);
}

static void server_opens(weft_conn *c)
{
    publish(weft_conn_user(c), "lobby", "opened");
}

static void server_closes(weft_conn *c, const weft_close_info *info)
{
    (void)info;
    publish(weft_conn_user(c), "lobby", "closed");
}

static void server_hears(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    struct world *w = weft_conn_user(c);
    char command = '?', topic[16] = "", text[32] = "", line[64];
    assert_int_equal(op, WEFT_TEXT);
    snprintf(line, sizeof line, "%.*s", (int)len, (const char *)data);
    assert_true(sscanf(line, "%c %15s %31[^\n]", &command, topic, text) >= 2);
    if (command == 'x') weft_abort(c);
    if (command == 'c') assert_int_equal(weft_close(c, WEFT_CLOSE_NORMAL, NULL), 0);
    switch (command) {
    case '+': assert_int_equal(weft_subscribe(w->hub, c, topic), 0); break;
    case '-': assert_int_equal(weft_unsubscribe(w->hub, c, topic), 0); break;
    default: publish(w, topic, text);
    }
}

static const weft_handler server_handler = {
    .on_open = server_opens, .on_message = server_hears, .on_close = server_closes};

/* ---- the clients ----------------------------------------------------------------------------- */

static void client_opens(weft_conn *c)
{
    struct peer *p = weft_conn_user(c);
    p->open = true;
}

static void client_hears(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    struct peer *p = weft_conn_user(c);
    size_t at = strlen(p->said);
    assert_int_equal(op, WEFT_TEXT);
    p->heard++;
    if (len > sizeof p->said) {
        unsigned n = (unsigned)strtoul(data, NULL, 10);
        p->disorder += n < p->newest;
        p->newest = n;
    }
    if (at + len + 2 <= sizeof p->said)
        snprintf(p->said + at, sizeof p->said - at, "%.*s,", (int)len, (const char *)data);
}

static void client_closes(weft_conn *c, const weft_close_info *info)
{
    struct peer *p = weft_conn_user(c);
    p->conn = NULL;
    p->closed = info->code;
    snprintf(p->why, sizeof p->why, "%.*s", (int)info->reason.len, (const char *)info->reason.data);
}

static const weft_handler client_handler = {
    .on_open = client_opens, .on_message = client_hears, .on_close = client_closes};

/* ---- the world ------------------------------------------------------------------------------- */

#define turn_until(w, condition) turn_loop_until((w)->loop, condition)

static struct world *new_world(const weft_hub_config *cfg, uint64_t send_queue_max)
{
    struct world *w = calloc(1, sizeof *w);
    weft_server_config server = {.limits = &(weft_limits){.send_queue_max = send_queue_max}};
    char address[64];
    assert_non_null(w);
    assert_int_equal(weft_loop_new(&w->loop, NULL), 0);
    assert_int_equal(weft_hub_new(&w->hub, w->loop, cfg), 0);
    assert_int_equal(weft_server_new(&w->server, w->loop, &server), 0);
    assert_int_equal(weft_server_route(w->server, "/", &server_handler, w), 0);
    assert_int_equal(weft_server_listen(w->server, "127.0.0.1:0", NULL), 0);
    weft_server_address(w->server, 0, address, sizeof address);
    snprintf(w->url, sizeof w->url, "ws://%s/", address);
    return w;
}

static void free_world(struct world *w)
{
    weft_server_free(w->server);
    turn_until(w, weft_topics(w->hub) == 0); /* all connections are gone */
    weft_hub_free(w->hub);
    weft_loop_free(w->loop);
    free(w);
}

static struct peer *connect_peer(struct world *w, size_t i)
{
    struct peer *p = &w->peers[i];
    assert_int_equal(weft_connect(&p->conn, w->loop, w->url, NULL, &client_handler, p), 0);
    turn_until(w, p->open);
    return p;
}

static void say(struct peer *p, const char *text)
{
    assert_int_equal(weft_send(p->conn, WEFT_TEXT, text, strlen(text)), 0);
}

static void subscribe(struct world *w, struct peer *p, const char *topic)
{
    char line[32];
    size_t before = weft_subscribers(w->hub, topic);
    snprintf(line, sizeof line, "+ %s", topic);
    say(p, line);
    turn_until(w, weft_subscribers(w->hub, topic) == before + 1);
}

/* ---- who hears what -------------------------------------------------------------------------- */

static void test_everyone_hears_the_sender_too(void **state)
{
    (void)state;
    struct world *w = new_world(NULL, 0);
    struct peer *a = connect_peer(w, 0), *b = connect_peer(w, 1);
    subscribe(w, a, "chat");
    subscribe(w, b, "chat");
    say(a, "= chat hello");
    turn_until(w, a->heard == 1 && b->heard == 1);
    say(b, "= chat again");
    turn_until(w, a->heard == 2 && b->heard == 2);
    assert_string_equal(a->said, "hello,again,");
    assert_string_equal(b->said, "hello,again,");
    free_world(w);
}

static void test_many_topics(void **state)
{
    (void)state;
    struct world *w = new_world(NULL, 0);
    struct peer *a = connect_peer(w, 0), *b = connect_peer(w, 1);
    char line[32];
    for (int i = 0; i < 100; i++) {
        snprintf(line, sizeof line, "room%d", i);
        subscribe(w, a, line);
    }
    subscribe(w, b, "room7");
    assert_int_equal(weft_topics(w->hub), 100);
    for (int i = 0; i < 100; i++) {
        snprintf(line, sizeof line, "= room%d x", i);
        say(b, line);
    }
    turn_until(w, a->heard == 100);
    assert_int_equal(b->heard, 1);
    say(a, "- room7");
    turn_until(w, weft_subscribers(w->hub, "room7") == 1);
    weft_close(a->conn, WEFT_CLOSE_NORMAL, NULL);
    turn_until(w, weft_topics(w->hub) == 1);
    free_world(w);
}

/* Published from on_open, on_message and on_close. */
static void test_from_every_callback(void **state)
{
    (void)state;
    struct world *w = new_world(NULL, 0);
    struct peer *a = connect_peer(w, 0);
    subscribe(w, a, "lobby");
    struct peer *b = connect_peer(w, 1);
    subscribe(w, b, "lobby");
    say(b, "= lobby hello");
    turn_until(w, a->heard == 2 && b->heard == 1);
    weft_close(b->conn, WEFT_CLOSE_NORMAL, NULL);
    turn_until(w, a->heard == 3);
    assert_string_equal(a->said, "opened,hello,closed,");
    turn_until(w, weft_subscribers(w->hub, "lobby") == 1);
    free_world(w);
}

/* ---- connections that end -------------------------------------------------------------------- */

/* The publisher is dropped or closing, and still subscribed: it is passed over, the others hear. */
static void publish_while_ending(const char *command)
{
    struct world *w = new_world(NULL, 0);
    struct peer *a = connect_peer(w, 0), *b = connect_peer(w, 1), *d = connect_peer(w, 2);
    subscribe(w, a, "chat");
    subscribe(w, b, "chat");
    subscribe(w, d, "chat");
    say(b, command);
    turn_until(w, a->heard == 1 && d->heard == 1 && b->closed);
    assert_int_equal(b->heard, 0);
    turn_until(w, weft_subscribers(w->hub, "chat") == 2);
    free_world(w);
}

static void test_dropped_while_publishing(void **state)
{
    (void)state;
    publish_while_ending("x chat bye");
}

static void test_closing_while_publishing(void **state)
{
    (void)state;
    publish_while_ending("c chat bye");
}

static void test_hub_freed_before_its_connections(void **state)
{
    (void)state;
    struct world *w = new_world(NULL, 0);
    struct peer *a = connect_peer(w, 0);
    subscribe(w, a, "chat");
    weft_hub_free(w->hub);
    assert_int_equal(weft_hub_new(&w->hub, w->loop, NULL), 0);
    say(a, "= chat nobody");
    say(a, "+ chat");
    say(a, "= chat hello");
    turn_until(w, a->heard == 1);
    assert_string_equal(a->said, "hello,");
    free_world(w);
}

/* ---- slow subscribers ------------------------------------------------------------------------ */

enum { BIG = 16 * 1024, QUEUE_MAX = 4 * BIG };

static const char *big_text(unsigned n)
{
    static char big[BIG];
    memset(big, 'x', sizeof big);
    snprintf(big, sizeof big, "%u ", n);
    return big;
}

/* More than the sockets and the queue of one who does not read take. Everything reaches the quick one. Returns how many
 * were published. */
static unsigned publish_much(struct world *w, const struct peer *quick)
{
    unsigned n = 0;
    for (; !weft_hub_count(w->hub, WEFT_HUB_MEMORY) && !weft_hub_count(w->hub, WEFT_HUB_ENDED);
         n++) {
        assert_true(n < 4096);
        assert_int_equal(weft_publish(w->hub, "chat", WEFT_TEXT, big_text(n), BIG), 0);
        turn_until(w, quick->heard == n + 1);
    }
    for (unsigned more = 0; more < 20; more++, n++) {
        assert_int_equal(weft_publish(w->hub, "chat", WEFT_TEXT, big_text(n), BIG), 0);
        turn_until(w, quick->heard == n + 1);
    }
    return n;
}

static struct world *new_world_of(const weft_topic_settings *settings)
{
    return new_world(&(weft_hub_config){.settings = settings}, QUEUE_MAX);
}

static void subscribe_both(struct world *w, struct peer **slow, struct peer **quick)
{
    *slow = connect_peer(w, 0);
    *quick = connect_peer(w, 1);
    subscribe(w, *slow, "chat");
    subscribe(w, *quick, "chat");
    weft_pause((*slow)->conn);
}

static void test_slow_hears_all_later(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.pace = WEFT_NEVER});
    struct peer *slow, *quick;
    subscribe_both(w, &slow, &quick);
    unsigned n = publish_much(w, quick);
    assert_true(slow->heard < n);
    weft_resume(slow->conn);
    turn_until(w, slow->heard == n);
    say(quick, "= chat hello");
    turn_until(w, slow->heard == n + 1);
    assert_string_equal(slow->said, "hello,");
    assert_int_equal(slow->disorder, 0);
    assert_int_equal(weft_hub_count(w->hub, WEFT_HUB_LOST), 0);
    free_world(w);
}

static void test_slow_is_closed(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.policy = WEFT_POLICY_DISCONNECT});
    struct peer *slow, *quick;
    subscribe_both(w, &slow, &quick);
    unsigned n = publish_much(w, quick);
    weft_resume(slow->conn);
    turn_until(w, slow->closed);
    assert_int_equal(slow->closed, WEFT_CLOSE_POLICY_VIOLATION);
    assert_true(slow->heard < n);
    assert_int_equal(slow->disorder, 0);
    assert_int_equal(quick->closed, 0);
    turn_until(w, weft_subscribers(w->hub, "chat") == 1);
    free_world(w);
}

/* What he has heard in front of the Close is what the Close says. */
static void test_slow_has_lost_something(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.window_items = 4});
    struct peer *slow, *quick;
    char wanted[16];
    subscribe_both(w, &slow, &quick);
    unsigned n = publish_much(w, quick);
    weft_resume(slow->conn);
    turn_until(w, slow->closed);
    assert_int_equal(slow->closed, WEFT_CLOSE_TRY_AGAIN_LATER);
    assert_in_range(slow->heard, 1, n - 5);
    snprintf(wanted, sizeof wanted, ".%u", slow->heard);
    assert_non_null(strstr(slow->why, "lost since="));
    assert_string_equal(strchr(slow->why, '.'), wanted);
    assert_true(weft_hub_count(w->hub, WEFT_HUB_LOST) > 0);
    free_world(w);
}

static void test_slow_goes_on_at_the_newest(void **state)
{
    (void)state;
    struct world *w = new_world_of(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST});
    struct peer *slow, *quick;
    subscribe_both(w, &slow, &quick);
    unsigned n = publish_much(w, quick);
    weft_resume(slow->conn);
    turn_until(w, slow->newest == n - 1);
    assert_true(slow->heard < n);
    assert_int_equal(slow->heard + weft_hub_count(w->hub, WEFT_HUB_SKIPPED), n);
    say(quick, "= chat hello");
    turn_until(w, slow->said[0]);
    assert_string_equal(slow->said, "hello,");
    free_world(w);
}

/* ---- other threads --------------------------------------------------------------------------- */

enum { MANY = 50 };

static void *publish_many(void *arg)
{
    struct world *w = arg;
    for (int i = 0; i < MANY; i++) must(weft_publish(w->hub, "chat", WEFT_TEXT, "said", 4) == 0);
    return NULL;
}

static void test_publishing_threads(void **state)
{
    (void)state;
    struct world *w = new_world(NULL, 0);
    struct peer *a = connect_peer(w, 0), *b = connect_peer(w, 1);
    pthread_t threads[3];
    subscribe(w, a, "chat");
    subscribe(w, b, "chat");
    for (size_t i = 0; i < countof(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, publish_many, w), 0);
    turn_until(w, a->heard == countof(threads) * MANY && b->heard == countof(threads) * MANY);
    for (size_t i = 0; i < countof(threads); i++) pthread_join(threads[i], NULL);
    free_world(w);
}

/* Freed with errands under way, which run in a later turn, or when the loop is freed. */
static void test_hub_freed_before_its_errands(void **state)
{
    (void)state;
    struct world *w = new_world(NULL, 0);
    struct peer *a = connect_peer(w, 0);
    pthread_t thread;
    for (int round = 0; round < 3; round++) {
        subscribe(w, a, "chat");
        assert_int_equal(pthread_create(&thread, NULL, publish_many, w), 0);
        pthread_join(thread, NULL);
        weft_hub_free(w->hub);
        assert_int_equal(weft_hub_new(&w->hub, w->loop, NULL), 0);
    }
    subscribe(w, a, "chat");
    publish_many(w);
    turn_until(w, a->heard == MANY);
    free_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everyone_hears_the_sender_too),
        cmocka_unit_test(test_many_topics),
        cmocka_unit_test(test_from_every_callback),
        cmocka_unit_test(test_dropped_while_publishing),
        cmocka_unit_test(test_closing_while_publishing),
        cmocka_unit_test(test_hub_freed_before_its_connections),
        cmocka_unit_test(test_slow_hears_all_later),
        cmocka_unit_test(test_slow_is_closed),
        cmocka_unit_test(test_slow_has_lost_something),
        cmocka_unit_test(test_slow_goes_on_at_the_newest),
        cmocka_unit_test(test_publishing_threads),
        cmocka_unit_test(test_hub_freed_before_its_errands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
