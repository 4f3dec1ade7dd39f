/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_policies_threads.c - four threads publish, and readers on two loops stall, drain, leave and come back
 *
 *      publishers 0-3 ---> topic ---> loop 0: readers, loop 1: readers
 *
 * Whatever happens, each reader can account for every offset from his first to the last: it was told once and in order,
 * or it was announced as lost, or as skipped where the policy does that. With a window that has room for all nothing is
 * lost. Meant for ThreadSanitizer, too.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <weft/weft.h>

#include "hub/unit.h"
#include "patient.h"

enum { PUBLISHERS = 4, LOOPS = 2, READERS = 8, EACH = 1500, TOTAL = PUBLISHERS * EACH };

static struct {
    weft_topic *topic;
    weft_hub *hub;
    weft_policy policy;
    bool clears, stay;               /* readers do not leave and come back */
    uint8_t publisher_of[TOTAL + 1]; /* of each offset; 255: nobody said */
    atomic_int publishing, renderings, lost;
} all;

struct made {
    uint64_t offset, skipped;
};

struct reader {
    weft_reader reader; /* first */
    weft_link *hung;
    uint64_t at; /* accounted for */
    int room;
};

struct side {
    weft_loop *loop;
    pthread_t thread;
    uint64_t seed;
    struct reader readers[READERS];
    uint64_t lost, skipped;
};

static struct side sides[LOOPS];

/* ---- readers --------------------------------------------------------------------------------- */

static void *render(weft_topic *t, const weft_entry *e, uint64_t skipped)
{
    (void)t;
    struct made *made = malloc(sizeof *made);
    must(made);
    *made = (struct made){e->offset, skipped};
    atomic_fetch_add(&all.renderings, 1);
    return made;
}

static void unref(void *made)
{
    free(made);
    atomic_fetch_sub(&all.renderings, 1);
}

static int takes(struct reader *r, uint64_t offset)
{
    r->at = offset;
    return --r->room == 0;
}

static int queue(weft_reader *reader, void *rendering)
{
    struct reader *r = reader->carrier;
    const struct made *made = rendering;
    if (!r->room) return WEFT_ERR_BACKLOG;
    must(made->offset == r->at + 1 + made->skipped);
    must(!made->skipped || all.policy != WEFT_POLICY_QUEUE);
    return takes(r, made->offset);
}

static int lost(weft_reader *reader, const weft_seek *seek)
{
    struct reader *r = reader->carrier;
    if (!r->room) return WEFT_ERR_BACKLOG;
    must(seek->at.offset == r->at + seek->lost && seek->at.offset <= seek->head.offset);
    must(all.policy == WEFT_POLICY_QUEUE || all.clears);
    atomic_store(&all.lost, 1);
    return takes(r, seek->at.offset);
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

static const weft_reader_type readers = {.render = render,
                                         .unref = unref,
                                         .queue = queue,
                                         .lost = lost,
                                         .end = end,
                                         .link = hang,
                                         .unlink = take_off};

static void begin(struct side *s, struct reader *r, const weft_since *since)
{
    weft_seek seek;
    uint64_t before = r->at;
    must(weft_reader_begin(&r->reader, all.topic, s->loop, &readers, since, &seek) == 0);
    r->at = seek.at.offset;
    if (since) must(seek.lost == r->at - before);
    if (seek.lost) atomic_store(&all.lost, 1);
}

static void come_back(struct side *s, struct reader *r)
{
    weft_position p = weft_topic_head(all.topic);
    p.offset = r->at;
    weft_reader_end(&r->reader);
    begin(s, r, &(weft_since){.position = &p});
}

static void drain(struct reader *r, int room)
{
    r->room = room;
    r->hung->type->on_drain(r->hung);
}

static bool is_through(const struct reader *r)
{
    return r->at == TOTAL;
}

/* One of them does something. */
static void disturb(struct side *s)
{
    struct reader *r = &s->readers[roll(&s->seed, READERS)];
    uint32_t what = roll(&s->seed, 16);
    if (what == 0) r->room = 0; /* something else fills his queue */
    else if (what == 1 && !all.stay) come_back(s, r);
    else if (what < 12) drain(r, 1 + (int)roll(&s->seed, 50));
}

static bool all_are_through(struct side *s)
{
    bool through = true;
    for (struct reader *r = s->readers; r < s->readers + READERS; r++) {
        through &= is_through(r);
        if (!is_through(r) && !r->room) drain(r, 100);
    }
    return through;
}

static void *reads(void *arg)
{
    struct side *s = arg;
    must(weft_loop_turn(s->loop, 0) == 0); /* it is this thread's */
    for (struct reader *r = s->readers; r < s->readers + READERS; r++) begin(s, r, NULL);
    atomic_fetch_sub(&all.publishing, 1);
    uint64_t begun = weft_loop_now(s->loop);
    do {
        for (int i = 0; i < 4; i++) disturb(s);
        must(weft_loop_turn(s->loop, atomic_load(&all.publishing) > 0 ? 0 : 1) == 0);
        must(weft_loop_now(s->loop) - begun < PATIENCE_US);
    } while (atomic_load(&all.publishing) || !all_are_through(s));
    for (struct reader *r = s->readers; r < s->readers + READERS; r++) weft_reader_end(&r->reader);
    must(weft_loop_turn(s->loop, 0) == 0);
    return NULL;
}

/* ---- publishers ------------------------------------------------------------------------------ */

static void *publishes(void *arg)
{
    uint8_t self = (uint8_t)(uintptr_t)arg;
    uint64_t seed = self + 1u, last = 0;
    weft_message *m;
    weft_position at;
    must(weft_message_new(&m, NULL, WEFT_TEXT, "text", 4) == 0);
    for (int i = 0; i < EACH; i++) {
        const uint8_t key = (uint8_t)('a' + roll(&seed, 6));
        must(weft_topic_publish(all.topic, m, (weft_bytes){&key, 1}, &at) == 0);
        must(at.offset > last && at.offset <= TOTAL && all.publisher_of[at.offset] == 255);
        all.publisher_of[at.offset] = self;
        last = at.offset;
        if (all.clears && i < EACH - 1 && roll(&seed, 100) == 0) weft_topic_clear(all.topic);
    }
    weft_message_unref(m);
    atomic_fetch_sub(&all.publishing, 1);
    return NULL;
}

/* ---- both ------------------------------------------------------------------------------------ */

static void start(const weft_topic_settings *s, bool clears)
{
    memset(sides, 0, sizeof sides);
    memset(all.publisher_of, 255, sizeof all.publisher_of);
    all.policy = s->policy;
    all.clears = clears;
    all.stay = s->policy == WEFT_POLICY_QUEUE && !s->history_items;
    atomic_store(&all.lost, 0);
    atomic_store(&all.publishing, LOOPS);
    for (int i = 0; i < LOOPS; i++) {
        assert_int_equal(weft_loop_new(&sides[i].loop, NULL), 0);
        sides[i].seed = (uint64_t)i + 5;
        for (struct reader *r = sides[i].readers; r < sides[i].readers + READERS; r++) {
            r->reader.carrier = r;
            r->room = 50;
        }
    }
    assert_int_equal(weft_hub_new(&all.hub, sides[0].loop, &(weft_hub_config){.settings = s}), 0);
    assert_int_equal(weft_topic_get(&all.topic, all.hub, (weft_bytes){(const uint8_t *)"t", 1}), 0);
}

/* All readers are there when the first message is published. */
static void play(const weft_topic_settings *s, bool clears)
{
    pthread_t publishers[PUBLISHERS];
    start(s, clears);
    for (int i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&sides[i].thread, NULL, reads, &sides[i]), 0);
    while (atomic_load(&all.publishing)) continue;
    atomic_store(&all.publishing, PUBLISHERS);
    for (uintptr_t i = 0; i < PUBLISHERS; i++)
        assert_int_equal(pthread_create(&publishers[i], NULL, publishes, (void *)i), 0);
    for (int i = 0; i < PUBLISHERS; i++) assert_int_equal(pthread_join(publishers[i], NULL), 0);
    for (int i = 0; i < LOOPS; i++) assert_int_equal(pthread_join(sides[i].thread, NULL), 0);
    assert_int_equal(weft_topic_head(all.topic).offset, TOTAL);
    weft_topic_unref(all.topic);
    weft_hub_free(all.hub);
    for (int i = 0; i < LOOPS; i++) weft_loop_free(sides[i].loop);
    assert_int_equal(atomic_load(&all.renderings), 0);
}

static void test_queue(void **state)
{
    (void)state;
    play(&(weft_topic_settings){.history_items = TOTAL,
                                .history_bytes = WEFT_NEVER,
                                .pace = WEFT_NEVER},
         false);
    assert_int_equal(atomic_load(&all.lost), 0);
}

/* Who falls behind has what others have had, though nobody keeps it but for him. */
static void test_queue_without_history(void **state)
{
    (void)state;
    play(&(weft_topic_settings){.pace = WEFT_NEVER}, false);
    assert_int_equal(atomic_load(&all.lost), 0);
}

static void test_queue_that_is_short(void **state)
{
    (void)state;
    play(&(weft_topic_settings){.window_items = 40, .history_items = 20, .pace = WEFT_NEVER}, true);
}

static void test_latest(void **state)
{
    (void)state;
    play(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST,
                                .history_items = TOTAL,
                                .history_bytes = WEFT_NEVER},
         false);
}

static void test_latest_by_key(void **state)
{
    (void)state;
    play(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST_KEY, .window_items = 50}, false);
}

static void test_latest_by_key_cleared(void **state)
{
    (void)state;
    play(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST_KEY, .window_items = 50}, true);
}

static void test_max_rate(void **state)
{
    (void)state;
    play(&(weft_topic_settings){.policy = WEFT_POLICY_LATEST_KEY,
                                .window_items = 50,
                                .max_rate = 1000},
         false);
}

static void test_drop_oldest(void **state)
{
    (void)state;
    play(&(weft_topic_settings){.policy = WEFT_POLICY_DROP_OLDEST,
                                .window_items = 40,
                                .history_items = TOTAL,
                                .history_bytes = WEFT_NEVER},
         false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_queue_that_is_short),
        cmocka_unit_test(test_queue_without_history),
        cmocka_unit_test(test_latest),
        cmocka_unit_test(test_latest_by_key),
        cmocka_unit_test(test_latest_by_key_cleared),
        cmocka_unit_test(test_max_rate),
        cmocka_unit_test(test_drop_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
