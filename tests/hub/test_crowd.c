/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_crowd.c - one hub for a server with several threads: subscribers and publishers on all
 * loops at the same time
 *
 * Clients, all on the first loop, tell the server what to do:
 *
 *      + TOPIC             subscribe me; the server says "+"
 *      - TOPIC             unsubscribe me
 *      = TOPIC WHO N       publish "WHO N" to everyone
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
};

static struct {
    weft_loop *loop;
    weft_server *server;
    weft_hub *hub;
    char url[80];
    atomic_uint on_server, behind;
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
    (void)weft_publish(w.hub, "lobby", WEFT_TEXT, "left", 4);
    atomic_fetch_sub(&w.on_server, 1);
}

static void server_hears(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    char line[64], topic[16] = "", command = '?', text[32] = "";
    snprintf(line, sizeof line, "%.*s", (int)len, (const char *)data);
    must(sscanf(line, "%c %15s %31[^\n]", &command, topic, text) >= 2);
    if (command == '+') {
        must(weft_subscribe(w.hub, c, topic) == 0);
        if (weft_send(c, op, "+", 1) < 0) weft_abort(c);
    } else if (command == '-') {
        (void)weft_unsubscribe(w.hub, c, topic);
    } else {
        int r = weft_publish(w.hub, topic, op, text, strlen(text));
        must(r >= 0 || r == WEFT_ERR_BACKLOG);
        if (r < 0) atomic_fetch_add(&w.behind, 1);
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

static void begin(const weft_hub_config *cfg)
{
    char address[64];
    weft_server_config server = {.threads = THREADS,
                                 .limits = &(weft_limits){.send_queue_items = 1 << 20}};
    memset(&w, 0, sizeof w);
    assert_int_equal(weft_loop_new(&w.loop, NULL), 0);
    assert_int_equal(weft_hub_new(&w.hub, w.loop, cfg), 0);
    assert_int_equal(weft_server_new(&w.server, w.loop, &server), 0);
    assert_int_equal(weft_server_route(w.server, "/", &server_handler, NULL), 0);
    assert_int_equal(weft_server_listen(w.server, "127.0.0.1:0", NULL), 0);
    weft_server_address(w.server, 0, address, sizeof address);
    snprintf(w.url, sizeof w.url, "ws://%s/", address);
}

static void end(void)
{
    weft_server_free(w.server);
    assert_int_equal(weft_topics(w.hub), 0);
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
        .dial = &(weft_dial){.limits = &(weft_limits){.send_queue_items = 1 << 20}}};
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

/* ---- order ----------------------------------------------------------------------------------- */

/* Everybody publishes and everybody listens, on all loops; and a thread of the test's own, too. */
static void *post_numbers(void *arg)
{
    (void)arg;
    for (unsigned n = 0; n < MESSAGES; n++) {
        char text[32];
        weft_message *m;
        snprintf(text, sizeof text, "%u %u", PEERS, n);
        must(weft_message_new(&m, NULL, WEFT_TEXT, text, strlen(text)) == 0);
        must(weft_publish_post(w.hub, "chat", m) == 0);
        weft_message_unref(m);
    }
    return NULL;
}

static void test_each_publisher_is_heard_in_order(void **state)
{
    (void)state;
    pthread_t poster;
    begin(&(weft_hub_config){.pass_queue_items = 1 << 20, .pass_queue_max = 1 << 30});
    for (size_t i = 0; i < PEERS; i++) connect_peer(i);
    for (size_t i = 0; i < PEERS; i++) subscribe_peer(i);
    assert_int_equal(pthread_create(&poster, NULL, post_numbers, NULL), 0);
    for (unsigned n = 0; n < MESSAGES; n++) {
        for (size_t i = 0; i < PEERS; i++) say_number(i, n);
        assert_int_equal(weft_loop_turn(w.loop, 0), 0);
    }
    for (size_t i = 0; i < PEERS; i++) loop_until(w.peers[i].heard == (PEERS + 1) * MESSAGES);
    for (size_t i = 0; i < PEERS; i++) assert_int_equal(w.peers[i].disorder, 0);
    assert_int_equal(w.behind, 0);
    pthread_join(poster, NULL);
    end();
}

/* With little room between the loops publishers are told; what got through is whole and in order. */
static void test_who_is_told_to_wait_reached_nobody(void **state)
{
    (void)state;
    begin(&(weft_hub_config){.pass_queue_items = 2});
    for (size_t i = 0; i < PEERS; i++) connect_peer(i);
    for (size_t i = 0; i < PEERS; i++) subscribe_peer(i);
    for (unsigned n = 0; n < MESSAGES; n++)
        for (size_t i = 0; i < PEERS; i++) say_number(i, n);
    for (size_t i = 0; i < PEERS; i++) loop_until(w.peers[i].heard + w.behind == PEERS * MESSAGES);
    for (size_t i = 1; i < PEERS; i++) {
        assert_int_equal(w.peers[i].heard, w.peers[0].heard);
        assert_memory_equal(w.peers[i].next, w.peers[0].next, sizeof w.peers[0].next);
    }
    end();
}

/* ---- comings and goings ---------------------------------------------------------------------- */

/* Who listens leaves, comes back, hangs up and reconnects, while everybody publishes. */
static void test_subscribers_come_and_go(void **state)
{
    (void)state;
    begin(NULL);
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
        begin(NULL);
        for (size_t i = 0; i < PEERS; i++) connect_peer(i);
        for (size_t i = 0; i < PEERS; i++) subscribe_peer(i);
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
        cmocka_unit_test(test_each_publisher_is_heard_in_order),
        cmocka_unit_test(test_who_is_told_to_wait_reached_nobody),
        cmocka_unit_test(test_subscribers_come_and_go),
        cmocka_unit_test(test_the_server_goes_while_messages_fly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
