/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_threads.c - two loops in two threads, which share compressed messages
 *
 *      main: publishes to both hubs --------+-------------------+
 *                                           v                   v
 *      thread: loop 0, server, hub, clients            loop 1, the same
 *              who hears a message from main, says it to the other's clients by weft_post
 *
 * Everyone has to hear everything, whole. The clients of a loop differ in their windows, so that a message
 * is compressed more than once, and by both loops at the same time. Meant for ThreadSanitizer; a lost race
 * shows without, too.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <weft/weft.h>

#include "hub/unit.h"
#include "patient.h"

enum { LOOPS = 2, CLIENTS = 6, MESSAGES = 200, LENGTH = 3000 };

struct side {
    weft_loop *loop;
    weft_server *server;
    weft_hub *hub;
    struct side *other;
    pthread_t thread;
    char url[80];
    weft_id ids[CLIENTS]; /* of the server's connections */
    atomic_uint open;     /* that are subscribed */
    struct client {
        struct side *side;
        unsigned published, posted; /* heard so far */
        bool wrong;
    } clients[CLIENTS];
    atomic_uint finished; /* clients that have heard everything */
};

static struct side sides[LOOPS];

static const weft_deflate wide = {.threshold = 1}, narrow = {.threshold = 1, .peer_window_bits = 9};

/* "p 17 ...": the kind, the number, and something to compress. */
static void write_text(char text[LENGTH], char kind, unsigned n)
{
    size_t at = (size_t)snprintf(text, LENGTH, "%c %u ", kind, n);
    for (; at < LENGTH; at++) text[at] = (char)('a' + (at * (n + 1) / 7) % 13);
}

/* ---- the server's side ------------------------------------------------------------------------- */

static void server_opens(weft_conn *c)
{
    struct side *s = weft_conn_user(c);
    assert_int_equal(weft_subscribe(s->hub, c, "everyone"), 0);
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
    write_text(text, 'f', n);
    if (weft_message_new(&m, NULL, WEFT_TEXT, text, LENGTH) < 0) abort();
    for (size_t i = 0; i < CLIENTS; i++)
        if (weft_post(to->loop, to->ids[i], m) < 0) abort();
    weft_message_unref(m);
}

static void client_hears(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    struct client *me = weft_conn_user(c);
    char want[LENGTH], kind = *(const char *)data;
    unsigned *n = kind == 'p' ? &me->published : &me->posted;
    write_text(want, kind, (*n)++);
    me->wrong |= op != WEFT_TEXT || len != LENGTH || memcmp(data, want, LENGTH) != 0;
    if (kind == 'p' && me == me->side->clients) forward(me->side->other, *n - 1);
    if (me->published == MESSAGES && me->posted == MESSAGES)
        atomic_fetch_add(&me->side->finished, 1);
}

static void client_closes(weft_conn *c, const weft_close_info *info)
{
    (void)info;
    struct client *me = weft_conn_user(c);
    if (me->published < MESSAGES || me->posted < MESSAGES) me->wrong = true;
}

static const weft_handler hearing[2] = {
    {.on_message = client_hears, .on_close = client_closes, .deflate = &wide},
    {.on_message = client_hears, .on_close = client_closes, .deflate = &narrow},
};

/* ---- threads ----------------------------------------------------------------------------------- */

static void side_new(struct side *s)
{
    weft_server_config cfg = {
        .limits = &(weft_limits){.send_queue_max = 64 << 20, .send_queue_items = 1 << 20}};
    char address[64];
    assert_int_equal(weft_loop_new(&s->loop, NULL), 0);
    assert_int_equal(weft_hub_new(&s->hub, s->loop, NULL), 0);
    assert_int_equal(weft_server_new(&s->server, s->loop, &cfg), 0);
    assert_int_equal(weft_server_route(s->server, "/", &serving, s), 0);
    assert_int_equal(weft_server_listen(s->server, "127.0.0.1:0", NULL), 0);
    assert_true(weft_server_address(s->server, 0, address, sizeof address) > 0);
    snprintf(s->url, sizeof s->url, "ws://%s/", address);
    for (size_t i = 0; i < CLIENTS; i++) {
        s->clients[i].side = s;
        assert_int_equal(weft_connect(NULL, s->loop, s->url, NULL, &hearing[i % 2], &s->clients[i]),
                         0);
    }
    turn_loop_until(s->loop, atomic_load(&s->open) == CLIENTS);
}

static void *run(void *arg)
{
    struct side *s = arg;
    uint64_t begun = weft_loop_now(s->loop);
    while (atomic_load(&sides[0].finished) < CLIENTS || atomic_load(&sides[1].finished) < CLIENTS)
        if (weft_loop_now(s->loop) - begun > PATIENCE_US || weft_loop_turn(s->loop, 20) < 0) break;
    return NULL;
}

static void publish_to_both(unsigned n)
{
    char text[LENGTH];
    weft_message *m;
    write_text(text, 'p', n);
    assert_int_equal(weft_message_new(&m, NULL, WEFT_TEXT, text, LENGTH), 0);
    for (size_t i = 0; i < LOOPS; i++)
        assert_int_equal(weft_publish_post(sides[i].hub, "everyone", m), 0);
    weft_message_unref(m);
}

static void test_everyone_hears_everything(void **state)
{
    (void)state;
    for (size_t i = 0; i < LOOPS; i++) {
        sides[i].other = &sides[1 - i];
        side_new(&sides[i]);
    }
    for (size_t i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&sides[i].thread, NULL, run, &sides[i]), 0);
    for (unsigned n = 0; n < MESSAGES; n++) publish_to_both(n);
    for (size_t i = 0; i < LOOPS; i++) pthread_join(sides[i].thread, NULL);
    for (size_t i = 0; i < LOOPS; i++) {
        for (size_t k = 0; k < CLIENTS; k++) {
            assert_false(sides[i].clients[k].wrong);
            assert_int_equal(sides[i].clients[k].published, MESSAGES);
            assert_int_equal(sides[i].clients[k].posted, MESSAGES);
        }
        assert_int_equal(weft_loop_turn(sides[i].loop, 0), 0); /* it is this thread's from now on */
        weft_hub_free(sides[i].hub);
        weft_server_free(sides[i].server);
        weft_loop_free(sides[i].loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everyone_hears_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
