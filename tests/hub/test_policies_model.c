/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_policies_model.c - random operations: every reader hears what a simple model says he does
 *
 * The model knows nothing of cursors, batches or loops. It has a list of all that was published, what of that is kept,
 * and for each reader the last offset that is accounted for. Where the hub has settled after each operation, both must
 * have told the same, message by message, with what was lost and what was skipped.
 *
 * With max_rate there is one thing more, how far a round has come: nobody is told what is behind that, and a round
 * comes when something is, and the one before was long enough ago. Without, it is always at the head.
 */
#include <pthread.h>

#include "hub/fake_reader.h"

enum { READERS = 6, KEYS = 7, MAX_KEYS = 5, MOST = 4000, STEPS = 3000, TURNS = 6 };

struct reader {
    struct fake *fake; /* NULL: nobody */
    uint64_t at;       /* all up to this is accounted for */
    int room;
    bool was_behind; /* and has not been told that there is no more */
    bool ended;
    unsigned n;
    struct event events[EVENTS_MAX];
};

struct model {
    struct world world;
    weft_topic_settings settings;
    uint64_t head, tail, cleared, lost, skipped;
    uint64_t round, due; /* the offset; us */
    char keys[MOST + 1]; /* of each offset; 0: none */
    struct reader readers[READERS];
};

/* ---- what is kept ---------------------------------------------------------------------------- */

static bool is_of(const struct model *m, weft_policy policy)
{
    return m->settings.policy == policy;
}

static bool has_readers(const struct model *m)
{
    const struct reader *r = m->readers;
    while (r < m->readers + READERS && !r->fake) r++;
    return r < m->readers + READERS;
}

static bool is_rated(const struct model *m)
{
    return m->settings.max_rate &&
           (is_of(m, WEFT_POLICY_LATEST) || is_of(m, WEFT_POLICY_LATEST_KEY));
}

/* How far those are who keep up; nobody: all of it. */
static uint64_t round_of(const struct model *m)
{
    return is_rated(m) && has_readers(m) ? m->round : m->head;
}

static uint64_t needed_from(const struct model *m)
{
    uint64_t least = round_of(m) + 1;
    for (const struct reader *r = m->readers; r < m->readers + READERS; r++)
        if (r->fake && !r->ended && r->at + 1 < least) least = r->at + 1;
    bool newest_only = is_of(m, WEFT_POLICY_LATEST) && least < round_of(m);
    return newest_only ? round_of(m) : least;
}

static void trim(struct model *m)
{
    for (; m->tail < m->head; m->tail++) {
        uint64_t n = m->head - m->tail;
        bool wanted = m->tail + 1 >= needed_from(m) && n <= m->settings.window_items;
        if (wanted || n <= m->settings.history_items) return;
    }
}

static bool is_newest_of_its_key(const struct model *m, uint64_t offset)
{
    uint64_t newer = offset + 1;
    while (newer <= m->head && m->keys[newer] != m->keys[offset]) newer++;
    return newer > m->head && offset > m->cleared;
}

static int live_keys(const struct model *m, char key)
{
    int n = 0;
    for (uint64_t o = m->cleared + 1; o <= m->head; o++) {
        if (!is_newest_of_its_key(m, o)) continue;
        if (m->keys[o] == key) return 0; /* it replaces one */
        n++;
    }
    return n;
}

/* For who is behind. */
static bool is_told(const struct model *m, uint64_t offset)
{
    if (is_of(m, WEFT_POLICY_LATEST)) return offset == m->head && offset > m->tail;
    if (is_of(m, WEFT_POLICY_LATEST_KEY)) return is_newest_of_its_key(m, offset);
    return offset > m->tail;
}

/* ---- what readers hear ----------------------------------------------------------------------- */

static void hears(struct reader *r, int kind, uint64_t offset, uint64_t n)
{
    r->events[r->n++] = (struct event){kind, offset, (int64_t)n};
    r->room -= r->room > 0;
    r->at = offset;
}

/* What of that which he has not had is a loss: the offset that it reaches to. */
static uint64_t lost_up_to(const struct model *m, const struct reader *r)
{
    bool all = is_of(m, WEFT_POLICY_QUEUE) || is_of(m, WEFT_POLICY_DISCONNECT);
    uint64_t gone = all ? m->tail : m->cleared, round = round_of(m);
    if (is_of(m, WEFT_POLICY_LATEST) && round > m->cleared && round > r->at + 1)
        return r->at; /* there is a newer one */
    return gone > r->at ? gone : r->at;
}

static void is_cut(struct reader *r)
{
    r->events[r->n++] = (struct event){ENDED, 0, WEFT_ERR_BACKLOG};
    r->ended = true;
}

/* The window has passed him, and his policy is to go then. That is seen when he says that he has drained. */
static bool is_too_slow(const struct model *m, const struct reader *r)
{
    uint64_t gone = lost_up_to(m, r);
    return is_of(m, WEFT_POLICY_DISCONNECT) && gone > r->at && gone > m->cleared;
}

static void goes_on(struct model *m, struct reader *r)
{
    uint64_t round = round_of(m);
    if (r->at >= round || r->room == 0) return;
    uint64_t gone = lost_up_to(m, r);
    if (gone > r->at) {
        m->lost += gone - r->at;
        hears(r, LOST, gone, gone - r->at);
    }
    for (uint64_t o = r->at + 1; o <= round && r->room; o++) {
        if (!is_told(m, o)) continue;
        m->skipped += o - r->at - 1;
        hears(r, TOLD, o, o - r->at - 1);
    }
}

static void all_go_on(struct model *m)
{
    for (struct reader *r = m->readers; r < m->readers + READERS; r++) {
        if (!r->fake || r->ended || !r->room) continue;
        goes_on(m, r);
        if (r->room && !r->ended) r->was_behind = false;
    }
    trim(m);
}

/* Who keeps up has each one as it comes. */
static void all_hear(struct model *m)
{
    for (struct reader *r = m->readers; r < m->readers + READERS; r++) {
        if (!r->fake || r->ended) continue;
        if (r->room && r->at == m->head - 1) hears(r, TOLD, m->head, 0);
        else if (is_of(m, WEFT_POLICY_DISCONNECT) && !r->room && !r->was_behind) {
            is_cut(r);
        }
    }
    trim(m);
}

/* The next round, if it is due. */
static void all_may_hear(struct model *m)
{
    if (!is_rated(m) || !has_readers(m)) return;
    if (m->round < m->head && m->world.now >= m->due) {
        m->round = m->head;
        m->due = m->world.now + 1000000 / m->settings.max_rate;
    }
    all_go_on(m);
}

/* ---- operations ------------------------------------------------------------------------------ */

static char random_key(const struct model *m, uint64_t *seed)
{
    (void)m;
    uint32_t key = roll(seed, KEYS + 2);
    return key < KEYS ? (char)('a' + key) : 0;
}

static void publish(struct model *m, char key)
{
    const char name[2] = {key};
    bool keyed = is_of(m, WEFT_POLICY_LATEST_KEY);
    bool refused = keyed && live_keys(m, key) >= MAX_KEYS;
    if (world_try(&m->world, "text", key ? name : NULL) != (refused ? -ENOSPC : 0)) abort();
    if (refused) return;
    m->keys[++m->head] = keyed ? key : 0;
    if (is_rated(m)) trim(m);
    else all_hear(m);
}

struct burst {
    struct model *model;
    uint64_t seed;
};

/* By another thread, while the loop stands: fewer than the window. */
static void *publishes(void *arg)
{
    struct burst *b = arg;
    for (uint32_t n = 1 + roll(&b->seed, 5); n--;)
        publish(b->model, random_key(b->model, &b->seed));
    return NULL;
}

static void publish_by_a_thread(struct model *m, uint64_t *seed)
{
    struct burst b = {m, *seed + 77};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, publishes, &b), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void drain(struct model *m, struct reader *r, int room)
{
    if (r->ended) return;
    r->room = room;
    if (r->at < m->head && is_too_slow(m, r)) is_cut(r);
    fake_drain(r->fake, room);
    world_turn(&m->world, TURNS);
    all_go_on(m);
}

/* Something else fills his queue. */
static void stall(struct reader *r)
{
    if (!r->ended) r->room = r->fake->room = 0;
}

/* Where who asks for after begins; WEFT_NEVER: at the head. */
static uint64_t seek(const struct model *m, uint64_t after, uint64_t *lost)
{
    uint64_t gone = is_of(m, WEFT_POLICY_LATEST_KEY) ? m->cleared : m->tail;
    *lost = 0;
    if (after == WEFT_NEVER) return m->head;
    if (after > m->head) *lost = WEFT_LOST_UNKNOWN;
    else if (after < gone) *lost = gone - after;
    return *lost ? gone : after;
}

static void subscribe(struct model *m, struct reader *r, uint64_t after, int room)
{
    weft_position p = world_position(&m->world, after);
    weft_seek found;
    uint64_t lost;
    if (!has_readers(m)) m->due = 0;
    if (!has_readers(m)) m->round = m->head;
    *r = (struct reader){.fake = fake_new(room), .at = seek(m, after, &lost), .room = room};
    r->was_behind = r->at < m->head;
    assert_int_equal(fake_try(r->fake, &m->world,
                              &(weft_since){.position = after == WEFT_NEVER ? NULL : &p}, &found),
                     0);
    assert_int_equal(found.at.offset, r->at);
    assert_int_equal(found.head.offset, m->head);
    assert_true(found.lost == lost);
    world_turn(&m->world, TURNS);
    all_go_on(m);
}

static void unsubscribe(struct model *m, struct reader *r)
{
    fake_free(r->fake);
    r->fake = NULL;
    trim(m);
}

/* What those who keep up have yet to be told stays. */
static void clear(struct model *m)
{
    uint64_t round = round_of(m);
    weft_topic_clear(m->world.topic);
    m->tail = m->cleared = round > m->tail ? round : m->tail;
    if (is_rated(m)) publish(m, 0); /* who waits for the next round may hear of it only then */
    world_turn(&m->world, TURNS);
}

static void pass(struct model *m, uint64_t *seed)
{
    m->world.now += 1000 * roll(seed, 150);
}

/* ---- both ------------------------------------------------------------------------------------ */

static void check_reader(struct reader *r)
{
    struct fake *f = r->fake;
    for (unsigned i = 0; i < r->n; i++)
        expect(f, r->events[i].kind, r->events[i].offset, r->events[i].n);
    expect_no_more(f);
    assert_int_equal(f->room, r->room);
    if (!r->ended) assert_int_equal(weft_reader_offset(&f->reader), r->at);
    f->n = f->seen = r->n = 0;
}

static void check(struct model *m)
{
    world_turn(&m->world, TURNS);
    all_may_hear(m);
    for (struct reader *r = m->readers; r < m->readers + READERS; r++)
        if (r->fake) check_reader(r);
    assert_int_equal(world_head(&m->world), m->head);
    assert_int_equal(weft_hub_count(m->world.hub, WEFT_HUB_LOST), m->lost);
    assert_int_equal(weft_hub_count(m->world.hub, WEFT_HUB_SKIPPED), m->skipped);
    if (!is_of(m, WEFT_POLICY_LATEST_KEY))
        assert_int_equal(weft_hub_count(m->world.hub, WEFT_HUB_MEMORY),
                         (m->head - m->tail) * (4 + 64));
}

static void come_or_go(struct model *m, struct reader *r, uint64_t *seed)
{
    uint64_t after = roll(seed, 2) ? WEFT_NEVER : roll(seed, (uint32_t)m->head + 3);
    if (r->fake) unsubscribe(m, r);
    else subscribe(m, r, after, (int)roll(seed, 40));
}

static void step(struct model *m, uint64_t *seed)
{
    struct reader *r = &m->readers[roll(seed, READERS)];
    uint32_t what = roll(seed, 100);
    if (is_rated(m) && roll(seed, 6) == 0) pass(m, seed);
    else if (what < 60) publish(m, random_key(m, seed));
    else if (what < 70) publish_by_a_thread(m, seed);
    else if (what < 71) clear(m);
    else if (what < 78 || !r->fake) come_or_go(m, r, seed);
    else if (what < 82) stall(r);
    else drain(m, r, (int)roll(seed, what < 95 ? 6 : 200));
}

static void play(const weft_topic_settings *s, uint64_t seed)
{
    static struct model m;
    memset(&m, 0, sizeof m);
    m.settings = *s;
    world_init(&m.world, s);
    for (int i = 0; i < STEPS && m.head < MOST - 10; i++) {
        step(&m, &seed);
        check(&m);
    }
    for (struct reader *r = m.readers; r < m.readers + READERS; r++)
        if (r->fake) unsubscribe(&m, r);
    world_free(&m.world);
}

static void play_all(weft_policy policy, uint64_t max_rate)
{
    static const uint64_t histories[] = {0, 3, 30}, windows[] = {8, 100};
    for (size_t i = 0; i < countof(histories) * countof(windows); i++) {
        const weft_topic_settings s = {.policy = policy,
                                       .history_items = histories[i % countof(histories)],
                                       .window_items = windows[i / countof(histories)],
                                       .pace = WEFT_NEVER,
                                       .max_rate = max_rate,
                                       .max_keys = MAX_KEYS};
        play(&s, i + 1 + max_rate);
    }
}

/* ---- without memory ---------------------------------------------------------------------------- */

/* He can account for every offset, until he is ended. */
static void account(struct reader *r)
{
    struct fake *f = r->fake;
    for (; f->seen < f->n; f->seen++) {
        const struct event *e = &f->events[f->seen];
        assert_false(r->ended);
        r->ended = e->kind == ENDED;
        if (e->kind == LOST) assert_int_equal(e->offset, r->at + (uint64_t)e->n);
        if (e->kind == TOLD) assert_int_equal(e->offset, r->at + 1 + (uint64_t)e->n);
        if (!r->ended) r->at = e->offset;
    }
    f->n = f->seen = 0;
}

static void try_to_come(struct model *m, struct reader *r, uint64_t *seed)
{
    weft_position p = world_position(&m->world, roll(seed, (uint32_t)world_head(&m->world) + 1));
    weft_seek found;
    *r = (struct reader){.fake = fake_new((int)roll(seed, 40))};
    int error = fake_try(r->fake, &m->world, &(weft_since){.position = &p}, &found);
    if (!error) {
        r->at = found.at.offset;
        return;
    }
    assert_int_equal(error, -ENOMEM);
    fake_free(r->fake);
    r->fake = NULL;
}

static void go(struct reader *r)
{
    fake_free(r->fake);
    r->fake = NULL;
}

static void disturb(struct model *m, struct reader *r, uint64_t *seed)
{
    if (!r->fake) try_to_come(m, r, seed);
    else if (r->ended || roll(seed, 8) == 0) go(r);
    else fake_drain(r->fake, (int)roll(seed, 100));
}

static void try_to_publish(struct model *m, char key)
{
    const char name[2] = {key};
    int error = world_try(&m->world, "text", key ? name : NULL);
    assert_true(error == 0 || error == -ENOMEM || error == -ENOSPC);
}

/* Every few allocations fail. */
static void stagger(const weft_topic_settings *s, uint64_t seed)
{
    static struct model m;
    memset(&m, 0, sizeof m);
    world_init(&m.world, s);
    for (int i = 0; i < STEPS; i++) {
        struct reader *r = &m.readers[roll(&seed, READERS)];
        faulty_from(&m.world.faulty, roll(&seed, 6));
        if (roll(&seed, 3)) try_to_publish(&m, random_key(&m, &seed));
        else disturb(&m, r, &seed);
        m.world.now += 5000;
        if (roll(&seed, 4) == 0) world_turn(&m.world, 1);
        for (r = m.readers; r < m.readers + READERS; r++)
            if (r->fake) account(r);
    }
    for (struct reader *r = m.readers; r < m.readers + READERS; r++)
        if (r->fake) go(r);
    faulty_from(&m.world.faulty, -1);
    world_free(&m.world);
}

static void test_without_memory(void **state)
{
    (void)state;
    for (weft_policy policy = WEFT_POLICY_QUEUE; policy <= WEFT_POLICY_DISCONNECT; policy++) {
        const weft_topic_settings s = {
            .policy = policy, .window_items = 20, .history_items = 10, .pace = WEFT_NEVER};
        const weft_topic_settings slow = {
            .policy = policy, .window_items = 20, .max_rate = 10, .pace = WEFT_NEVER};
        stagger(&s, 100 + policy);
        stagger(&slow, 200 + policy);
    }
}

/* ---- each policy ------------------------------------------------------------------------------- */

static void test_queue(void **state)
{
    (void)state;
    play_all(WEFT_POLICY_QUEUE, 0);
}

static void test_latest(void **state)
{
    (void)state;
    play_all(WEFT_POLICY_LATEST, 0);
}

static void test_latest_by_key(void **state)
{
    (void)state;
    play_all(WEFT_POLICY_LATEST_KEY, 0);
}

static void test_drop_oldest(void **state)
{
    (void)state;
    play_all(WEFT_POLICY_DROP_OLDEST, 0);
}

static void test_disconnect(void **state)
{
    (void)state;
    play_all(WEFT_POLICY_DISCONNECT, 0);
}

/* Ten a second; and where nobody is spared anything it makes no difference. */
static void test_max_rate(void **state)
{
    (void)state;
    for (weft_policy policy = WEFT_POLICY_QUEUE; policy <= WEFT_POLICY_DISCONNECT; policy++)
        play_all(policy, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue),          cmocka_unit_test(test_latest),
        cmocka_unit_test(test_latest_by_key),  cmocka_unit_test(test_drop_oldest),
        cmocka_unit_test(test_disconnect),     cmocka_unit_test(test_max_rate),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
