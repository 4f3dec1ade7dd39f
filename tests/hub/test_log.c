/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_log.c - the log against a plain list of all that was ever in it, with and without memory
 */
#include "hub/log.h"

#include "hub/faulty_env.h"
#include "hub/unit.h"

enum { MOST = 3000, KEYS = 12, MAX_KEYS = 8 };

static const uint8_t secret[16] = {1};

/* Where an entry is. */
enum place { IN_RING, OUTLIVED, GONE };

struct model {
    struct faulty faulty;
    struct log log;
    struct leaving leaving;
    uint64_t head, cleared;
    struct {
        enum place place;
        int key; /* -1: none */
        bool superseded;
        uint64_t cost;
    } all[MOST + 1]; /* from 1 */
};

static void init(struct model *m)
{
    memset(m, 0, sizeof *m);
    faulty_init(&m->faulty);
    m->log.env = &m->faulty.env;
}

static void done(struct model *m)
{
    faulty_from(&m->faulty, -1);
    leaving_free(&m->leaving);
    log_deinit(&m->log);
    assert_int_equal(m->faulty.live, 0);
}

/* ---- the same, simply -------------------------------------------------------------------------- */

static bool is_there(const struct model *m, uint64_t offset, bool skips)
{
    if (m->all[offset].place == OUTLIVED) return true;
    return m->all[offset].place == IN_RING && !(skips && m->all[offset].superseded);
}

static uint64_t tail_of(const struct model *m)
{
    uint64_t tail = m->head;
    while (tail && m->all[tail].place == IN_RING) tail--;
    return tail;
}

/* 0: none. */
static uint64_t after(const struct model *m, uint64_t offset, uint64_t end, bool skips)
{
    for (uint64_t o = offset + 1; o <= m->head && o < end; o++)
        if (is_there(m, o, skips)) return o;
    return 0;
}

static uint64_t newest(const struct model *m, uint64_t n, bool skips)
{
    uint64_t tail = tail_of(m), at = m->head, oldest = tail;
    if (!n) return m->head;
    if (!skips) return n < m->head - tail ? m->head - n : tail;
    for (; n && at; at--) {
        if (!is_there(m, at, true)) continue;
        n--;
        if (!n || at <= tail) oldest = at - 1;
    }
    return oldest;
}

static size_t keys_of(const struct model *m, int key, uint64_t *newest_of_it)
{
    size_t n = 0;
    *newest_of_it = 0;
    for (uint64_t o = 1; o <= m->head; o++) {
        if (m->all[o].place == GONE || m->all[o].superseded || m->all[o].key < 0) continue;
        n++;
        if (m->all[o].key == key) *newest_of_it = o;
    }
    return n;
}

static void supersede(struct model *m, uint64_t old)
{
    m->all[old].superseded = true;
    if (m->all[old].place == OUTLIVED) m->all[old].place = GONE;
}

/* ---- both -------------------------------------------------------------------------------------- */

static struct entry *make(int key, size_t len)
{
    static const char text[100];
    char name = (char)('a' + key);
    weft_message *msg;
    assert_int_equal(weft_message_new(&msg, NULL, WEFT_BINARY, text, len), 0);
    struct entry *e = entry_new(NULL, msg, (weft_bytes){(const uint8_t *)&name, key >= 0});
    weft_message_unref(msg);
    assert_non_null(e);
    return e;
}

static void check_refusal(const struct model *m, int error, bool is_new, size_t keys)
{
    if (error == -ENOSPC) assert_true(is_new && keys >= MAX_KEYS);
    else assert_true(error == -ENOMEM && m->faulty.fail_at >= 0);
}

static void push(struct model *m, int key, size_t len)
{
    uint64_t old;
    size_t keys = keys_of(m, key, &old);
    struct entry *e = make(key, len);
    int error = log_reserve(&m->log, 1);
    if (!error && key >= 0) error = log_key(&m->log, e, secret, MAX_KEYS, &m->leaving);
    if (error) {
        check_refusal(m, error, !old, keys);
        entry_unref(e);
        return;
    }
    assert_false(key >= 0 && !old && keys >= MAX_KEYS);
    log_push(&m->log, e);
    if (key >= 0 && old) supersede(m, old);
    m->head++;
    m->all[m->head].key = key;
    m->all[m->head].cost = len + ENTRY_COST;
    assert_int_equal(e->seen.offset, m->head);
}

static void drop(struct model *m)
{
    uint64_t o = tail_of(m) + 1;
    if (o > m->head) return;
    log_drop(&m->log, &m->leaving);
    m->all[o].place = m->all[o].key >= 0 && !m->all[o].superseded ? OUTLIVED : GONE;
}

static void clear(struct model *m, uint64_t end)
{
    log_clear(&m->log, end, &m->leaving);
    for (uint64_t o = 1; o <= m->head; o++)
        if (m->all[o].place == OUTLIVED || (m->all[o].place == IN_RING && o < end))
            m->all[o].place = GONE;
    m->cleared = tail_of(m);
}

static uint64_t cost_of(const struct model *m, enum place place)
{
    uint64_t cost = 0;
    for (uint64_t o = 1; o <= m->head; o++)
        if (m->all[o].place == place) cost += m->all[o].cost;
    return cost;
}

static void check_reading(const struct model *m, uint64_t offset, uint64_t end, bool skips)
{
    const struct entry *e = log_after(&m->log, offset, end, skips);
    assert_int_equal(e ? e->seen.offset : 0, after(m, offset, end, skips));
    assert_int_equal(log_newest(&m->log, end - offset, skips), newest(m, end - offset, skips));
}

static void check(const struct model *m, uint64_t *seed)
{
    assert_int_equal(m->log.head, m->head);
    assert_int_equal(log_tail(&m->log), tail_of(m));
    assert_int_equal(m->log.cleared, m->cleared);
    assert_int_equal(m->log.bytes, cost_of(m, IN_RING));
    assert_int_equal(m->log.beside, cost_of(m, OUTLIVED));
    assert_true(m->log.n <= m->log.cap);
    for (int i = 0; i < 8; i++) {
        uint64_t offset = roll(seed, (uint32_t)m->head + 2);
        check_reading(m, offset, offset + roll(seed, 40), roll(seed, 2));
    }
    for (int skips = 0; skips < 2; skips++) {
        const struct entry *e = log_after(&m->log, 0, UINT64_MAX, skips);
        assert_int_equal(e ? e->seen.offset : 0, after(m, 0, UINT64_MAX, skips));
        assert_int_equal(log_newest(&m->log, WEFT_NEVER, skips), newest(m, WEFT_NEVER, skips));
        assert_null(log_after(&m->log, m->head, UINT64_MAX, skips));
        assert_null(log_after(&m->log, UINT64_MAX, UINT64_MAX, skips));
    }
}

static void step(struct model *m, uint64_t *seed)
{
    uint32_t what = roll(seed, 200);
    if (what < 100) push(m, (int)roll(seed, KEYS + 6) - 6, roll(seed, 100));
    else if (what < 195) drop(m);
    else if (what < 197) clear(m, UINT64_MAX);
    else clear(m, tail_of(m) + roll(seed, 5));
}

static void play(uint64_t seed, uint32_t fails)
{
    struct model m;
    init(&m);
    for (int i = 0; i < 4000 && m.head < MOST; i++) {
        faulty_from(&m.faulty, fails ? (long)roll(&seed, fails) : -1);
        if (i % 400 < 150) push(&m, (int)roll(&seed, 8) - 4, 1); /* so that it grows now and then */
        else step(&m, &seed);
        if (i % 3 == 0) leaving_free(&m.leaving);
        if (i % 7 == 0) check(&m, &seed);
    }
    check(&m, &seed);
    done(&m);
}

static void test_random_operations(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) play(seed, 0);
}

static void test_without_memory(void **state)
{
    (void)state;
    for (uint64_t seed = 11; seed <= 13; seed++) play(seed, 3);
}

/* ---- one by one -------------------------------------------------------------------------------- */

static void test_empty(void **state)
{
    (void)state;
    struct model m;
    init(&m);
    uint64_t seed = 5;
    check(&m, &seed);
    clear(&m, UINT64_MAX);
    check(&m, &seed);
    assert_int_equal(m.faulty.live, 0); /* an empty one costs nothing */
    done(&m);
}

static void test_ring_grows_and_shrinks(void **state)
{
    (void)state;
    struct model m;
    init(&m);
    for (int i = 0; i < 1000; i++) push(&m, -1, 0);
    assert_int_equal(m.log.cap, 1024);
    for (int i = 0; i < 1000; i++) {
        drop(&m);
        assert_true(m.log.cap == 4 || m.log.n >= m.log.cap / 4);
    }
    assert_int_equal(m.log.cap, 4);
    done(&m);
}

/* A smaller ring may be refused: everything stays where it is. */
static void test_shrinking_may_fail(void **state)
{
    (void)state;
    struct model m;
    uint64_t seed = 6;
    init(&m);
    for (int i = 0; i < 100; i++) push(&m, -1, 0);
    faulty_from(&m.faulty, 0);
    for (int i = 0; i < 90; i++) {
        m.faulty.asked = 0;
        drop(&m);
        check(&m, &seed);
    }
    assert_int_equal(m.log.cap, 128);
    done(&m);
}

/* An entry that was not cleared keeps its key: the next one of that key replaces it. */
static void test_key_of_what_a_clear_leaves(void **state)
{
    (void)state;
    struct model m;
    uint64_t seed = 7;
    init(&m);
    push(&m, 0, 1);
    push(&m, 1, 1);
    push(&m, 2, 1);
    clear(&m, 3); /* 3 is under way still */
    push(&m, 2, 1);
    drop(&m);
    drop(&m);
    check(&m, &seed);
    assert_int_equal(log_after(&m.log, 0, UINT64_MAX, true)->seen.offset, 4);
    assert_null(log_after(&m.log, 4, UINT64_MAX, true));
    assert_int_equal(m.log.keys->n, 1);
    done(&m);
}

static void test_most_keys(void **state)
{
    (void)state;
    struct model m;
    init(&m);
    for (int key = 0; key < MAX_KEYS; key++) push(&m, key, 1);
    struct entry *e = make(MAX_KEYS, 1);
    assert_int_equal(log_key(&m.log, e, secret, MAX_KEYS, &m.leaving), -ENOSPC);
    entry_unref(e);
    push(&m, 0, 1); /* one that is there already */
    assert_int_equal(m.head, MAX_KEYS + 1);
    clear(&m, UINT64_MAX);
    push(&m, MAX_KEYS, 1);
    assert_int_equal(m.head, MAX_KEYS + 2);
    done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_ring_grows_and_shrinks),
        cmocka_unit_test(test_shrinking_may_fail),
        cmocka_unit_test(test_key_of_what_a_clear_leaves),
        cmocka_unit_test(test_most_keys),
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
