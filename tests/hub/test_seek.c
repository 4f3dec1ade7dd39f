/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_seek.c - where one begins: every kind of position; and what is kept, by number, bytes and age
 *
 * People's clock is the test's: the hub asks for CLOCK_REALTIME_COARSE, and this program answers.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "hub/fake_reader.h"

static uint64_t people_ms = 1000000;

int clock_gettime(clockid_t id, struct timespec *t)
{
    if (id != CLOCK_REALTIME_COARSE) return (int)syscall(SYS_clock_gettime, id, t);
    *t = (struct timespec){.tv_sec = (time_t)(people_ms / 1000),
                           .tv_nsec = (long)(people_ms % 1000) * 1000000};
    return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

enum { NOTHING = -1, ANOTHER = -2, NO_EPOCH = -3 }; /* in place of an offset */

struct row {
    int64_t after;
    uint64_t last, at, lost;
};

static weft_seek seek(struct world *w, int64_t after, uint64_t last)
{
    weft_position p = world_position(w, after < 0 ? 3 : (uint64_t)after);
    weft_since since = {.position = after == NOTHING ? NULL : &p, .last = last};
    weft_seek found;
    if (after == ANOTHER) p.epoch[0] = p.epoch[0] == 'a' ? 'b' : 'a';
    if (after == NO_EPOCH) p.epoch[0] = '\0';
    weft_topic_seek(w->topic, &since, &found);
    return found;
}

static void check_row(struct world *w, const struct row *r)
{
    weft_seek found = seek(w, r->after, r->last);
    weft_position head = weft_topic_head(w->topic);
    if (found.at.offset != r->at || found.lost != r->lost)
        fail_msg("after %lld, last %llu: at %llu, lost %llu", (long long)r->after,
                 (unsigned long long)r->last, (unsigned long long)found.at.offset,
                 (unsigned long long)found.lost);
    assert_string_equal(found.at.epoch, head.epoch);
    assert_memory_equal(&found.head, &head, sizeof head);
}

static void check_rows(struct world *w, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) check_row(w, &rows[i]);
}

#define CHECK(w, ...)                                   \
    do {                                                \
        static const struct row rows[] = {__VA_ARGS__}; \
        check_rows(w, rows, countof(rows));             \
    } while (0)

#define ALL     WEFT_NEVER
#define UNKNOWN WEFT_LOST_UNKNOWN

/* 20 were published and 5 are kept: H is 20, K is 15. */
static void test_queue(void **state)
{
    (void)state;
    static const weft_topic_settings five = {.history_items = 5};
    struct world w;
    world_init(&w, &five);
    world_publish(&w, 20);
    CHECK(&w, {NOTHING, 0, 20, 0},                                       /* from now on */
          {NOTHING, 1, 19, 0}, {NOTHING, 4, 16, 0}, {NOTHING, 5, 15, 0}, /* the newest */
          {NOTHING, 6, 15, 0},
          {NOTHING, ALL, 15, 0}, /* as many as there are, and that is no loss */
          {NOTHING, UINT64_MAX - 1, 15, 0}, {15, 0, 15, 0}, {16, 0, 16, 0}, {19, 0, 19, 0},
          {20, 0, 20, 0},                                    /* K <= P <= H */
          {14, 0, 15, 1}, {1, 0, 15, 14}, {0, 0, 15, 15},    /* P < K */
          {21, 0, 15, UNKNOWN}, {INT64_MAX, 0, 15, UNKNOWN}, /* P > H */
          {ANOTHER, 0, 15, UNKNOWN}, {NO_EPOCH, 0, 15, UNKNOWN}, {15, 2, 15, 0}, {20, 2, 20, 0},
          {15, ALL, 15, 0}, /* resumes, if nothing is lost */
          {14, 2, 18, 4}, {0, 2, 18, 18}, {0, 5, 15, 15},
          {0, 9, 15, 15}, /* else the N newest, and all else is lost */
          {0, ALL, 15, 15}, {21, 2, 18, UNKNOWN}, {ANOTHER, 1, 19, UNKNOWN},
          {NO_EPOCH, ALL, 15, UNKNOWN});
    world_free(&w);
}

/* Nothing was ever published. */
static void test_nothing_yet(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    CHECK(&w, {NOTHING, 0, 0, 0}, {NOTHING, ALL, 0, 0}, {0, 0, 0, 0}, {0, 3, 0, 0},
          {1, 0, 0, UNKNOWN}, {ANOTHER, 0, 0, UNKNOWN}, {ANOTHER, 3, 0, UNKNOWN});
    weft_seek found;
    weft_topic_seek(w.topic, NULL, &found);
    assert_int_equal(found.at.offset, 0);
    world_free(&w);
}

/* Nothing is kept: K is H. */
static void test_nothing_is_kept(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    world_publish(&w, 7);
    CHECK(&w, {NOTHING, 0, 7, 0}, {NOTHING, ALL, 7, 0}, {7, 0, 7, 0}, {6, 0, 7, 1}, {0, 0, 7, 7},
          {0, 3, 7, 7}, {8, 0, 7, UNKNOWN}, {ANOTHER, 0, 7, UNKNOWN});
    world_free(&w);
}

static void publish_keys(struct world *w, const char *keys)
{
    for (; *keys; keys++)
        assert_int_equal(world_try(w, "text", *keys == '-' ? NULL : (const char[]){*keys, 0}), 0);
}

/* 1 a, 2 b and 5 c have outlived the history, which has 6 d, 7 e, 8 e: of these 7 is not the newest. */
static void test_latest_by_key(void **state)
{
    (void)state;
    static const weft_topic_settings s = {.policy = WEFT_POLICY_LATEST_KEY, .history_items = 3};
    struct world w;
    world_init(&w, &s);
    publish_keys(&w, "abcccdee");
    CHECK(&w, {NOTHING, 0, 8, 0}, {NOTHING, 1, 7, 0}, {NOTHING, 2, 5, 0}, {NOTHING, 3, 4, 0},
          {NOTHING, 4, 1, 0}, {NOTHING, 5, 0, 0}, {NOTHING, 6, 0, 0}, {NOTHING, ALL, 0, 0},
          {0, 0, 0, 0}, {3, 0, 3, 0}, {8, 0, 8, 0},
          {0, 2, 0, 0}, /* nothing that counts is ever lost */
          {9, 0, 0, UNKNOWN}, {ANOTHER, 0, 0, UNKNOWN}, {ANOTHER, 2, 5, UNKNOWN});
    weft_topic_clear(w.topic);
    CHECK(&w, {NOTHING, 0, 8, 0}, {NOTHING, ALL, 8, 0}, {8, 0, 8, 0}, {7, 0, 8, 1}, {0, 0, 8, 8},
          {0, 5, 8, 8}, {ANOTHER, 0, 8, UNKNOWN});
    publish_keys(&w, "ab");
    CHECK(&w, {NOTHING, ALL, 8, 0}, {NOTHING, 1, 9, 0}, {8, 0, 8, 0}, {7, 0, 8, 1}, {7, 1, 9, 2},
          {0, ALL, 8, 8}, {ANOTHER, 1, 9, UNKNOWN});
    world_free(&w);
}

/* Of the policy latest the newest one counts, and positions in front of what is kept are losses. */
static void test_latest(void **state)
{
    (void)state;
    static const weft_topic_settings s = {.policy = WEFT_POLICY_LATEST, .history_items = 3};
    struct world w;
    world_init(&w, &s);
    world_publish(&w, 9);
    CHECK(&w, {NOTHING, 0, 9, 0}, {NOTHING, 1, 8, 0}, {NOTHING, 2, 6, 0}, {NOTHING, ALL, 6, 0},
          {6, 0, 6, 0}, {5, 0, 6, 1}, {5, 1, 8, 3}, {5, 2, 6, 1}, {5, ALL, 6, 1},
          {ANOTHER, ALL, 6, UNKNOWN});
    world_free(&w);
}

/* DELETE: epoch and offset go on, and who had read all notices nothing. */
static void test_clear(void **state)
{
    (void)state;
    static const weft_topic_settings five = {.history_items = 5};
    struct world w;
    world_init(&w, &five);
    weft_topic_clear(w.topic); /* nothing of nothing */
    world_publish(&w, 10);
    weft_position before = weft_topic_head(w.topic);
    weft_topic_clear(w.topic);
    weft_position after = weft_topic_head(w.topic);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(weft_hub_count(w.hub, WEFT_HUB_MEMORY), 0);
    CHECK(&w, {10, 0, 10, 0}, {9, 0, 10, 1}, {0, 0, 10, 10}, {NOTHING, ALL, 10, 0}, {9, 3, 10, 1});
    world_publish(&w, 2);
    CHECK(&w, {10, 0, 10, 0}, {9, 0, 10, 1}, {NOTHING, ALL, 10, 0}, {NOTHING, 1, 11, 0},
          {9, 1, 11, 2});
    world_free(&w);
}

static size_t read_after(struct world *w, uint64_t after, const weft_entry **e, size_t max,
                         uint64_t *next)
{
    weft_seek found, sought = seek(w, (int64_t)after, 0);
    const weft_position p = world_position(w, after);
    size_t n = weft_topic_read(w->topic, &(weft_since){.position = &p}, e, max, &found, next);
    assert_memory_equal(&found, &sought, sizeof found);
    return n;
}

/* ---- what is kept ---------------------------------------------------------------------------- */

static uint64_t oldest_kept(struct world *w)
{
    return seek(w, NOTHING, ALL).at.offset + 1;
}

static void test_by_bytes(void **state)
{
    (void)state;
    static const weft_topic_settings s = {.history_items = WEFT_NEVER, .history_bytes = 5 * 68};
    struct world w;
    world_init(&w, &s);
    world_publish(&w, 5);
    assert_int_equal(oldest_kept(&w), 1);
    assert_int_equal(weft_hub_count(w.hub, WEFT_HUB_MEMORY), 5 * 68);
    world_publish(&w, 1);
    assert_int_equal(oldest_kept(&w), 2);
    assert_int_equal(world_try(&w, "text and more", NULL),
                     0); /* 9 bytes longer: takes the place of two */
    assert_int_equal(oldest_kept(&w), 4);
    char large[400] = {0};
    memset(large, 'x', sizeof large - 1);
    assert_int_equal(world_try(&w, large, NULL), 0); /* alone too much */
    assert_int_equal(oldest_kept(&w), 9);
    assert_int_equal(weft_hub_count(w.hub, WEFT_HUB_MEMORY), 0);
    world_free(&w);
}

static void test_by_age(void **state)
{
    (void)state;
    static const weft_topic_settings s = {.history_items = 100, .history_ms = 5000};
    struct world w;
    world_init(&w, &s);
    world_publish(&w, 2);
    people_ms += 3000;
    world_publish(&w, 2);
    people_ms += 1999;
    assert_int_equal(oldest_kept(&w), 1);
    people_ms += 1;
    assert_int_equal(seek(&w, 1, 0).lost, 1); /* though nothing was appended since */
    assert_int_equal(oldest_kept(&w), 3);
    const weft_entry *e[9];
    uint64_t next;
    people_ms += 2999;
    assert_int_equal(read_after(&w, 2, e, 9, &next), 2);
    assert_int_equal(e[0]->time, people_ms - 4999);
    weft_entry_unref(e[0]);
    weft_entry_unref(e[1]);
    people_ms += 1;
    assert_int_equal(read_after(&w, 2, e, 9, &next), 0);
    assert_int_equal(next, 4);
    world_publish(&w, 1);
    people_ms -= 500000; /* somebody has put it back */
    assert_int_equal(oldest_kept(&w), 5);
    people_ms += 500000;
    assert_int_equal(oldest_kept(&w), 5);
    world_free(&w);
}

/* Who begins is told what is young enough, and it stays for him. */
static void test_age_and_readers(void **state)
{
    (void)state;
    static const weft_topic_settings s = {.history_items = 100, .history_ms = 5000};
    struct world w;
    weft_seek found;
    world_init(&w, &s);
    world_publish(&w, 2);
    people_ms += 4000;
    world_publish(&w, 2);
    people_ms += 1000;
    struct fake *f = fake_new(1);
    const weft_position p = world_position(&w, 1);
    assert_int_equal(fake_try(f, &w, &(weft_since){.position = &p}, &found), 0);
    assert_int_equal(found.at.offset, 2);
    assert_int_equal(found.lost, 1);
    people_ms += 50000;
    world_publish(&w, 1);
    world_turn(&w, 2);
    expect_told(f, 3, 3);
    fake_drain(f, -1);
    expect_told(f, 4, 5);
    world_turn(&w, 1);
    assert_int_equal(oldest_kept(&w), 5);
    fake_free(f);
    world_free(&w);
}

static void test_without_limits(void **state)
{
    (void)state;
    static const weft_topic_settings never = {.history_items = WEFT_NEVER,
                                              .history_bytes = WEFT_NEVER,
                                              .history_ms = WEFT_NEVER,
                                              .window_items = WEFT_NEVER,
                                              .window_bytes = WEFT_NEVER,
                                              .pace = WEFT_NEVER,
                                              .max_rate = WEFT_NEVER,
                                              .max_keys = WEFT_NEVER,
                                              .stub_ms = WEFT_NEVER},
                                     nearly = {.history_items = WEFT_NEVER - 1,
                                               .history_bytes = WEFT_NEVER - 1,
                                               .history_ms = WEFT_NEVER - 1,
                                               .window_items = WEFT_NEVER - 1,
                                               .window_bytes = WEFT_NEVER - 1,
                                               .pace = WEFT_NEVER - 1,
                                               .max_rate = WEFT_NEVER - 1,
                                               .max_keys = WEFT_NEVER - 1,
                                               .stub_ms = WEFT_NEVER - 1};
    static const weft_topic_settings *both[] = {&never, &nearly};
    for (size_t i = 0; i < countof(both); i++) {
        struct world w;
        world_init(&w, both[i]);
        struct fake *f = fake_begin(&w, 1);
        world_publish(&w, 3000);
        people_ms += UINT64_C(1) << 40;
        assert_int_equal(oldest_kept(&w), 1);
        expect_told(f, 1, 1);
        fake_free(f);
        f = fake_after(&w, -1, 2990);
        world_turn(&w, 2);
        expect_told(f, 2991, 3000);
        fake_free(f);
        world_free(&w);
    }
}

/* By the window, too, which is for those who are behind: messages, or bytes; and one is always in it. */
static void test_window(void **state)
{
    (void)state;
    static const weft_topic_settings items = {.window_items = 4, .pace = WEFT_NEVER},
                                     bytes = {.window_bytes = 4 * 68, .pace = WEFT_NEVER},
                                     tiny = {.window_bytes = 1, .pace = WEFT_NEVER};
    static const struct {
        const weft_topic_settings *settings;
        uint64_t kept;
    } cases[] = {{&items, 4}, {&bytes, 4}, {&tiny, 1}};
    for (size_t i = 0; i < countof(cases); i++) {
        struct world w;
        world_init(&w, cases[i].settings);
        struct fake *f = fake_begin(&w, 1);
        world_publish(&w, 1 + (int)cases[i].kept); /* he has had the first */
        world_turn(&w, 2);
        assert_int_equal(oldest_kept(&w), 2);
        world_publish(&w, 1);
        world_turn(&w, 2);
        assert_int_equal(oldest_kept(&w), 3);
        world_publish(&w, 100);
        world_turn(&w, 2);
        assert_int_equal(oldest_kept(&w), world_head(&w) - cases[i].kept + 1);
        f->seen = f->n;
        fake_free(f); /* and then for nobody */
        assert_int_equal(oldest_kept(&w), world_head(&w) + 1);
        world_free(&w);
    }
}

/* A history may be longer than the window. */
static void test_history_beyond_the_window(void **state)
{
    (void)state;
    static const weft_topic_settings s = {
        .window_items = 4, .history_items = 50, .pace = WEFT_NEVER};
    struct world w;
    world_init(&w, &s);
    struct fake *f = fake_begin(&w, 1);
    world_publish(&w, 51);
    fake_drain(f, 1);
    expect_told(f, 1, 2);
    world_publish(&w, 2);
    fake_drain(f, -1);
    expect(f, LOST, 3, 1);
    expect_told(f, 4, 53);
    fake_free(f);
    world_free(&w);
}

/* ---- to read --------------------------------------------------------------------------------- */

static void check_read(struct world *w, uint64_t after, size_t max, uint64_t first, size_t n,
                       uint64_t next)
{
    const weft_entry *e[20];
    uint64_t goes_on = 12345;
    assert_int_equal(read_after(w, after, e, max, &goes_on), n);
    assert_int_equal(goes_on, next);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(e[i]->offset, first + i);
        weft_entry_unref(e[i]);
    }
}

static void test_read(void **state)
{
    (void)state;
    static const weft_topic_settings ten = {.history_items = 10};
    struct world w;
    world_init(&w, &ten);
    check_read(&w, 0, 20, 0, 0, 0);
    world_publish(&w, 25);
    check_read(&w, 0, 20, 16, 10, 25);
    check_read(&w, 15, 20, 16, 10, 25);
    check_read(&w, 16, 20, 17, 9, 25);
    check_read(&w, 16, 4, 17, 4, 20);
    check_read(&w, 21, 4, 22, 4, 25);
    check_read(&w, 24, 1, 25, 1, 25);
    check_read(&w, 25, 20, 0, 0, 25);
    check_read(&w, 20, 0, 0, 0, 20);    /* none were asked for: it goes on where it was */
    check_read(&w, 26, 20, 16, 10, 25); /* of the future: all that there is */
    world_free(&w);
}

/* What was superseded is left out, and where to go on is behind it. */
static void test_read_by_key(void **state)
{
    (void)state;
    static const weft_topic_settings s = {.policy = WEFT_POLICY_LATEST_KEY, .history_items = 3};
    struct world w;
    const weft_entry *e[9];
    uint64_t next;
    world_init(&w, &s);
    publish_keys(&w, "abcccdee"); /* 1, 2, 5, 6, 8 */
    assert_int_equal(read_after(&w, 0, e, 3, &next), 3);
    assert_int_equal(next, 5);
    assert_int_equal(e[2]->offset, 5);
    assert_memory_equal(e[2]->key.data, "c", 1);
    for (int i = 0; i < 3; i++) weft_entry_unref(e[i]);
    assert_int_equal(read_after(&w, next, e, 3, &next), 2);
    assert_int_equal(e[1]->offset, 8);
    assert_int_equal(next, 8);
    for (int i = 0; i < 2; i++) weft_entry_unref(e[i]);
    world_free(&w);
}

/* What has outlived the history is memory, too. */
static void test_memory_of_keys(void **state)
{
    (void)state;
    static const weft_topic_settings s = {.policy = WEFT_POLICY_LATEST_KEY};
    struct world w;
    world_init(&w, &s);
    publish_keys(&w, "aabbc");
    assert_int_equal(weft_hub_count(w.hub, WEFT_HUB_MEMORY), 3 * 68);
    weft_topic_clear(w.topic);
    assert_int_equal(weft_hub_count(w.hub, WEFT_HUB_MEMORY), 0);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_nothing_yet),
        cmocka_unit_test(test_nothing_is_kept),
        cmocka_unit_test(test_latest_by_key),
        cmocka_unit_test(test_latest),
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_by_bytes),
        cmocka_unit_test(test_by_age),
        cmocka_unit_test(test_age_and_readers),
        cmocka_unit_test(test_without_limits),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_history_beyond_the_window),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_read_by_key),
        cmocka_unit_test(test_memory_of_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
