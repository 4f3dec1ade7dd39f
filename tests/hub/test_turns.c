/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_turns.c - publishers of two loops and two other threads, at a topic whose readers set the pace
 *
 *      loop 0, loop 1: speakers who wait for their turn, a reader who drains now and then
 *      threads: publish, and try again when they may not
 *
 * The bucket is as good as empty, so readers alone let publishers through. Nobody is forgotten in the line, and nothing
 * is lost. Meant for ThreadSanitizer, too.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <weft/weft.h>

#include "hub/unit.h"
#include "patient.h"

enum {
    LOOPS = 2,
    SPEAKERS = 5,
    THREADS = 2,
    EACH = 400,
    TOTAL = (LOOPS * SPEAKERS + THREADS) * EACH
};

static weft_topic *topic;
static atomic_int finished; /* publishers */

struct reader {
    weft_reader reader;
    weft_link *hung;
    uint64_t heard;
    int room;
};

struct side;

struct speaker {
    weft_turn turn; /* first */
    struct side *side;
    int said;
};

struct side {
    weft_loop *loop;
    pthread_t thread;
    uint64_t seed;
    struct reader reader;
    struct speaker speakers[SPEAKERS];
};

/* ---- the reader ------------------------------------------------------------------------------ */

static int queue(weft_reader *reader, void *message)
{
    struct reader *r = reader->carrier;
    (void)message;
    if (!r->room) return WEFT_ERR_BACKLOG;
    r->heard++;
    return --r->room == 0;
}

static int lost(weft_reader *r, const weft_seek *seek)
{
    (void)r, (void)seek;
    abort();
}

static void end(weft_reader *r, int error)
{
    (void)r, (void)error;
    abort();
}

static void hang(void *carrier, weft_link *link)
{
    ((struct reader *)carrier)->hung = link;
}

static void take_off(void *carrier, weft_link *link)
{
    (void)link;
    ((struct reader *)carrier)->hung = NULL;
}

static const weft_reader_type readers = {
    .queue = queue, .lost = lost, .end = end, .link = hang, .unlink = take_off};

static void drain(struct side *s)
{
    s->reader.room = 1 + (int)roll(&s->seed, 60);
    s->reader.hung->type->on_drain(s->reader.hung);
}

/* ---- publishers ------------------------------------------------------------------------------ */

static int publish(void)
{
    weft_message *m;
    must(weft_message_new(&m, NULL, WEFT_TEXT, "text", 4) == 0);
    int error = weft_topic_publish(topic, m, (weft_bytes){0}, NULL);
    weft_message_unref(m);
    must(error == 0 || error == WEFT_ERR_BACKLOG);
    return error;
}

/* As long as he may; then he waits for his turn. */
static void speak(struct speaker *s)
{
    while (s->said < EACH && publish() == 0) s->said++;
    if (s->said == EACH) atomic_fetch_add(&finished, 1);
    else must(weft_topic_wait(topic, s->side->loop, &s->turn) == 0);
}

static void on_turn(weft_turn *turn)
{
    struct speaker *s = (struct speaker *)turn;
    must(publish() == 0); /* whatever the pace */
    if (++s->said == EACH) atomic_fetch_add(&finished, 1);
    else speak(s);
}

/* One gives up his place now and then, and takes another. */
static void step_out(struct side *s)
{
    struct speaker *who = &s->speakers[roll(&s->seed, SPEAKERS)];
    if (!who->turn.topic) return;
    weft_turn_cancel(&who->turn);
    speak(who);
}

static void *goes_on(void *arg)
{
    (void)arg;
    for (int said = 0; said < EACH;) {
        if (publish() == 0) said++;
        else sched_yield();
    }
    atomic_fetch_add(&finished, 1);
    return NULL;
}

/* ---- a loop ---------------------------------------------------------------------------------- */

static void *runs(void *arg)
{
    struct side *s = arg;
    must(weft_loop_turn(s->loop, 0) == 0); /* it is this thread's */
    uint64_t begun = weft_loop_now(s->loop);
    must(weft_reader_begin(&s->reader.reader, topic, s->loop, &readers, NULL, NULL) == 0);
    uint64_t began_at = weft_reader_offset(&s->reader.reader);
    for (int i = 0; i < SPEAKERS; i++) {
        s->speakers[i] = (struct speaker){.turn.on_turn = on_turn, .side = s};
        speak(&s->speakers[i]);
    }
    while (s->reader.heard < TOTAL - began_at) {
        if (!s->reader.room) drain(s);
        if (roll(&s->seed, 10) == 0) step_out(s);
        must(weft_loop_turn(s->loop, 1) == 0);
        must(weft_loop_now(s->loop) - begun < PATIENCE_US);
    }
    weft_reader_end(&s->reader.reader);
    must(weft_loop_turn(s->loop, 0) == 0);
    return NULL;
}

static void test_nobody_is_forgotten(void **state)
{
    (void)state;
    static const weft_topic_settings slow = {.window_bytes = 300 * 68, .pace = 1};
    static struct side sides[LOOPS];
    pthread_t threads[THREADS];
    weft_hub *hub;
    for (int i = 0; i < LOOPS; i++) {
        assert_int_equal(weft_loop_new(&sides[i].loop, NULL), 0);
        sides[i].seed = (uint64_t)i + 3;
        sides[i].reader.reader.carrier = &sides[i].reader;
    }
    assert_int_equal(weft_hub_new(&hub, sides[0].loop, &(weft_hub_config){.settings = &slow}), 0);
    assert_int_equal(weft_topic_get(&topic, hub, (weft_bytes){(const uint8_t *)"t", 1}), 0);
    for (int i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&sides[i].thread, NULL, runs, &sides[i]), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, goes_on, NULL), 0);
    for (int i = 0; i < LOOPS; i++) assert_int_equal(pthread_join(sides[i].thread, NULL), 0);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&finished), LOOPS * SPEAKERS + THREADS);
    assert_int_equal(weft_topic_head(topic).offset, TOTAL);
    weft_topic_unref(topic);
    for (int i = LOOPS; i-- > 1;)
        weft_loop_free(sides[i].loop); /* of what is left there nothing is the hub's */
    weft_hub_free(hub);
    weft_loop_free(sides[0].loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
