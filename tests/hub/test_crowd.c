/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_crowd.c - one hub for a server with several threads: subscribers and publishers on all
 * loops at the same time
 *
 * Clients, all on the first loop, tell the server what to do:
 *
 *      + TOPIC             subscribe me; the server says "+"
 *      - TOPIC             unsubscribe me
 *      = TOPIC WHO N       publish "WHO N" to everyone; if that has to wait, I am not read from meanwhile
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <weft/weft.h>

#include "hub/unit.h"
#include "patient.h"

enum { THREADS = 3, PEERS = 6, MESSAGES = 200 };

struct peer {
    weft_conn *conn;
    bool open, subscribed;
    unsigned heard;           /* of all publishers */
    unsigned next[PEERS + 1]; /* what each publisher must say next; the last one is no peer */
    unsigned disorder;
    uint64_t order; /* of all that it heard, as a number */
};

static struct {
    weft_loop *loop;
    weft_server *server;
    weft_hub *hub;
    char url[80];
    atomic_uint on_server;
    struct peer peers[PEERS];
} w;

#define loop_until(condition) turn_loop_until(w.loop, condition)

/* ---- the server ------------------------------------------------------------------------------ */

static void server_opens(weft_conn *c)
{
    (void)c;
    atomic_fetch_add(&w.on_server, 1);
}

static void server_closes(weft_conn *c, const weft_close_info *info)
{
    (void)c;
    (void)info;
    must(weft_publish(w.hub, "lobby", WEFT_TEXT, "left", 4) == 0);
    atomic_fetch_sub(&w.on_server, 1);
}

static void server_hears(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    char line[64], topic[16] = "", command = '?';
    snprintf(line, sizeof line, "%.*s", (int)len, (const char *)data);
    must(sscanf(line, "%c %15s", &command, topic) == 2);
    if (command == '+') {
        must(weft_subscribe(w.hub, c, topic) == 0);
        if (weft_send(c, op, "+", 1) < 0) weft_abort(c);
    } else if (command == '-') {
        (void)weft_unsubscribe(w.hub, c, topic);
    } else {
        size_t at = strlen("=  ") + strlen(topic);
        int r = weft_publish_from(w.hub, c, topic, op, (const char *)data + at, len - at);
        must(r == 0 || (r == WEFT_ERR_BACKLOG && !weft_conn_is_open(c)));
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
    (void)op;
    struct peer *p = weft_conn_user(c);
    char line[64];
    unsigned who, n;
    snprintf(line, sizeof line, "%.*s", (int)len, (const char *)data);
    if (line[0] == '+') p->subscribed = true;
    if (sscanf(line, "%u %u", &who, &n) != 2 || who > PEERS) return;
    p->heard++;
    p->disorder += n != p->next[who];
    p->next[who] = n + 1;
    p->order = p->order * 31 + who * MESSAGES + n;
}

static void client_closes(weft_conn *c, const weft_close_info *info)
{
    (void)info;
    struct peer *p = weft_conn_user(c);
    p->conn = NULL;
}

static const weft_handler client_handler = {
    .on_open = client_opens, .on_message = client_hears, .on_close = client_closes};

/* ---- the world ------------------------------------------------------------------------------- */

static void begin(const weft_topic_settings *settings, uint64_t send_queue_max)
{
    char address[64];
    weft_hub_config hub = {.settings = settings};
    weft_server_config server = {
        .threads = THREADS,
        .limits = &(weft_limits){.send_queue_items = 1 << 20, .send_queue_max = send_queue_max}};
    memset(&w, 0, sizeof w);
    assert_int_equal(weft_loop_new(&w.loop, NULL), 0);
    assert_int_equal(weft_hub_new(&w.hub, w.loop, &hub), 0);
    assert_int_equal(weft_server_new(&w.server, w.loop, &server), 0);
    assert_int_equal(weft_server_route(w.server, "/", &server_handler, NULL), 0);
    assert_int_equal(weft_server_listen(w.server, "127.0.0.1:0", NULL), 0);
    weft_server_address(w.server, 0, address, sizeof address);
    snprintf(w.url, sizeof w.url, "ws://%s/", address);
}

static void end(void)
{
    weft_server_free(w.server);
    loop_until(weft_topics(w.hub) == 0);
    weft_hub_free(w.hub);
    weft_loop_free(w.loop);
}

static void say(struct peer *p, const char *text)
{
    int r = p->conn ? weft_send(p->conn, WEFT_TEXT, text, strlen(text)) : 0;
    (void)r; /* it may be closing */
}

static void connect_peer(size_t i)
{
    struct peer *p = &w.peers[i];
    *p = (struct peer){0};
    weft_client_config cfg = {
        .dial = &(weft_dial){
            .limits = &(weft_limits){.send_queue_items = 1 << 20, .send_queue_max = 64 << 20}}};
    assert_int_equal(weft_connect(&p->conn, w.loop, w.url, &cfg, &client_handler, p), 0);
    loop_until(p->open);
}

static void subscribe_peer(size_t i)
{
    say(&w.peers[i], "+ chat");
    loop_until(w.peers[i].subscribed);
}

static void say_number(size_t i, unsigned n)
{
    char line[32];
    snprintf(line, sizeof line, "= chat %zu %u", i, n);
    say(&w.peers[i], line);
}

static void everybody_subscribes(void)
{
    for (size_t i = 0; i < PEERS; i++) connect_peer(i);
    for (size_t i = 0; i < PEERS; i++) subscribe_peer(i);
}

/* All of so many that are said, each publisher's in his order, and all in one. */
static void expect_all_to_hear(unsigned messages)
{
    for (size_t i = 0; i < PEERS; i++) loop_until(w.peers[i].heard == messages);
    for (size_t i = 0; i < PEERS; i++) {
        assert_int_equal(w.peers[i].disorder, 0);
        assert_int_equal(w.peers[i].order, w.peers[0].order);
    }
}

/* ---- order ----------------------------------------------------------------------------------- */

static void *publish_numbers(void *arg)
{
    (void)arg;
    for (unsigned n = 0; n < MESSAGES; n++) {
        char text[32];
        snprintf(text, sizeof text, "%u %u", PEERS, n);
        must(weft_publish(w.hub, "chat", WEFT_TEXT, text, strlen(text)) == 0);
    }
    return NULL;
}

/* Everybody publishes and everybody listens, on all loops; and a thread of the test's own, too. */
static void test_all_hear_the_same_order(void **state)
{
    (void)state;
    pthread_t thread;
    begin(NULL, 0);
    everybody_subscribes();
    assert_int_equal(pthread_create(&thread, NULL, publish_numbers, NULL), 0);
    for (unsigned n = 0; n < MESSAGES; n++) {
        for (size_t i = 0; i < PEERS; i++) say_number(i, n);
        assert_int_equal(weft_loop_turn(w.loop, 0), 0);
    }
    expect_all_to_hear((PEERS + 1) * MESSAGES);
    pthread_join(thread, NULL);
    end();
}

/* ---- pace ------------------------------------------------------------------------------------ */

enum { BIG = 8 * 1024, BIGS = 100 };

static void say_big_number(size_t i, unsigned n)
{
    static char line[BIG];
    memset(line, ' ', sizeof line);
    snprintf(line, sizeof line, "= chat %zu %u", i, n);
    line[strlen(line)] = ' ';
    assert_int_equal(weft_send(w.peers[i].conn, WEFT_TEXT, line, sizeof line), 0);
}

/* One does not read, while everybody says more than the window and all queues take: they wait for him, and nobody is
 * closed. */
static void test_a_burst_waits_for_readers(void **state)
{
    (void)state;
    begin(&(weft_topic_settings){.window_bytes = 1 << 20, .pace = 1}, 64 << 10);
    everybody_subscribes();
    weft_pause(w.peers[0].conn);
    for (unsigned n = 0; n < BIGS; n++)
        for (size_t i = 0; i < PEERS; i++) say_big_number(i, n);
    loop_until(weft_hub_count(w.hub, WEFT_HUB_MEMORY) >= 1 << 19);
    weft_resume(w.peers[0].conn);
    expect_all_to_hear(PEERS * BIGS);
    assert_int_equal(weft_hub_count(w.hub, WEFT_HUB_LOST), 0);
    assert_int_equal(weft_hub_count(w.hub, WEFT_HUB_ENDED), 0);
    end();
}

/* ---- comings and goings ---------------------------------------------------------------------- */

/* Who listens leaves, comes back, hangs up and reconnects, while everybody publishes. */
static void test_subscribers_come_and_go(void **state)
{
    (void)state;
    begin(NULL, 0);
    for (size_t i = 0; i < PEERS; i++) connect_peer(i);
    for (unsigned n = 0; n < MESSAGES; n++) {
        struct peer *p = &w.peers[n % PEERS];
        for (size_t i = 0; i < PEERS; i++) say_number(i, n);
        say(p, n % 3 == 0 ? "+ chat" : n % 3 == 1 ? "- chat" : "+ lobby");
        if (n % 7 == 0 && p->conn) weft_abort(p->conn);
        if (n % 11 == 0 && p->conn) weft_close(p->conn, WEFT_CLOSE_NORMAL, NULL);
        assert_int_equal(weft_loop_turn(w.loop, 0), 0);
        for (size_t i = 0; i < PEERS; i++)
            if (!w.peers[i].conn) connect_peer(i);
    }
    for (size_t i = 0; i < PEERS; i++)
        if (w.peers[i].conn) weft_abort(w.peers[i].conn);
    loop_until(w.on_server == 0);
    end();
}

static void test_the_server_goes_while_messages_fly(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        begin(NULL, 0);
        everybody_subscribes();
        for (unsigned n = 0; n < 20; n++)
            for (size_t i = 0; i < PEERS; i++) say_number(i, n);
        for (int turns = 0; turns < round; turns++) assert_int_equal(weft_loop_turn(w.loop, 0), 0);
        weft_server_free(w.server);
        w.server = NULL;
        assert_int_equal(weft_publish(w.hub, "chat", WEFT_TEXT, "nobody", 6), 0);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_hear_the_same_order),
        cmocka_unit_test(test_a_burst_waits_for_readers),
        cmocka_unit_test(test_subscribers_come_and_go),
        cmocka_unit_test(test_the_server_goes_while_messages_fly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
