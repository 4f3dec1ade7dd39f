/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_entry.c - renderings: made once for each type, shared, and gone when nobody has to deliver them
 */
#include "hub/entry.h"

#include <pthread.h>

#include "hub/faulty_env.h"
#include "hub/unit.h"

static atomic_int made_a, made_b, there; /* so often; those that are there */
static atomic_bool no_memory;

static void *make(atomic_int *made, const weft_entry *e)
{
    if (atomic_load(&no_memory)) return NULL;
    uint64_t *is = malloc(sizeof *is);
    *is = e->offset;
    atomic_fetch_add(made, 1);
    atomic_fetch_add(&there, 1);
    return is;
}

static void *render_a(weft_topic *t, const weft_entry *e, uint64_t skipped)
{
    (void)t;
    assert_int_equal(skipped, 0);
    return make(&made_a, e);
}

static void *render_b(weft_topic *t, const weft_entry *e, uint64_t skipped)
{
    (void)t, (void)skipped;
    return make(&made_b, e);
}

static void unref(void *rendering)
{
    atomic_fetch_sub(&there, 1);
    free(rendering);
}

static const weft_reader_type a = {.render = render_a, .unref = unref},
                              b = {.render = render_b, .unref = unref}, plain = {0};

static struct faulty faulty;

static struct entry *entry_of_text(const char *key)
{
    weft_message *m;
    faulty_init(&faulty);
    atomic_store(&made_a, 0);
    atomic_store(&made_b, 0);
    assert_int_equal(weft_message_new(&m, &faulty.env, WEFT_TEXT, "text", 4), 0);
    struct entry *e = entry_new(&faulty.env, m, (weft_bytes){(const uint8_t *)key, strlen(key)});
    weft_message_unref(m);
    return e;
}

static void done(struct entry *e)
{
    entry_unref(e);
    assert_int_equal(atomic_load(&there), 0);
    assert_int_equal(faulty.live, 0);
}

/* As a loop that has delivered it does. */
static void cool(struct entry *e)
{
    struct rendering *cold = NULL;
    entry_release(e, &cold);
    entry_forget(cold, e->env);
}

static void heat(struct entry *e, unsigned n)
{
    e->hot += n;
}

static void test_what_is_seen(void **state)
{
    (void)state;
    char key[] = "some key";
    struct entry *e = entry_of_text(key);
    memset(key, 'x', sizeof key - 1); /* it has a copy */
    assert_int_equal(e->seen.key.len, 8);
    assert_memory_equal(e->seen.key.data, "some key", 8);
    assert_int_equal(weft_message_payload(e->seen.message).len, 4);
    assert_int_equal(entry_cost(e->seen.message), 4 + ENTRY_COST);
    assert_ptr_equal(entry_of(&e->seen), e);
    entry_ref(e);
    weft_entry_unref(&e->seen);
    weft_entry_unref(NULL);
    done(e);
    e = entry_of_text("");
    assert_int_equal(e->seen.key.len, 0);
    done(e);
}

static void test_made_once_for_each_type(void **state)
{
    (void)state;
    struct entry *e = entry_of_text("");
    heat(e, 2);
    void *of_a = entry_render(e, NULL, &a), *of_b = entry_render(e, NULL, &b);
    assert_ptr_not_equal(of_a, of_b);
    assert_ptr_equal(entry_render(e, NULL, &a), of_a);
    assert_ptr_equal(entry_render(e, NULL, &b), of_b);
    assert_ptr_equal(entry_render(e, NULL, &plain), e->seen.message);
    assert_int_equal(atomic_load(&made_a), 1);
    assert_int_equal(atomic_load(&made_b), 1);
    cool(e);
    assert_int_equal(atomic_load(&there), 2); /* somebody has to deliver it still */
    cool(e);
    assert_int_equal(atomic_load(&there), 0);
    heat(e, 1);
    assert_non_null(entry_render(e, NULL, &a)); /* for a cursor that comes to it later */
    assert_int_equal(atomic_load(&made_a), 2);
    cool(e);
    done(e);
}

static void test_nothing_to_cool(void **state)
{
    (void)state;
    struct entry *e = entry_of_text("");
    struct rendering *cold = NULL;
    heat(e, 1);
    entry_release(e, &cold);
    assert_null(cold);
    done(e);
}

/* Those of several entries are on one list. */
static void test_cold_ones_together(void **state)
{
    (void)state;
    struct entry *e = entry_of_text(""),
                 *f = entry_new(&faulty.env, e->seen.message, (weft_bytes){0});
    struct rendering *cold = NULL;
    heat(e, 1);
    heat(f, 1);
    assert_non_null(entry_render(e, NULL, &a));
    assert_non_null(entry_render(e, NULL, &b));
    assert_non_null(entry_render(f, NULL, &a));
    entry_release(e, &cold);
    entry_release(f, &cold);
    assert_int_equal(atomic_load(&there), 3); /* until it is given back */
    entry_forget(cold, &faulty.env);
    assert_int_equal(atomic_load(&there), 0);
    entry_unref(f);
    done(e);
}

/* The last reference takes renderings along. */
static void test_gone_while_hot(void **state)
{
    (void)state;
    struct entry *e = entry_of_text("");
    heat(e, 1);
    assert_non_null(entry_render(e, NULL, &a));
    assert_non_null(entry_render(e, NULL, &b));
    done(e);
}

static void test_without_memory(void **state)
{
    (void)state;
    struct entry *e = entry_of_text("");
    heat(e, 1);
    faulty_from(&faulty, 0);
    assert_null(entry_render(e, NULL, &a)); /* its place in the list */
    faulty_from(&faulty, -1);
    atomic_store(&no_memory, true);
    assert_null(entry_render(e, NULL, &a));
    atomic_store(&no_memory, false);
    assert_non_null(entry_render(e, NULL, &a)); /* the next one tries again */
    cool(e);
    weft_message *m = weft_message_ref(e->seen.message);
    faulty_from(&faulty, 0);
    assert_null(entry_new(&faulty.env, m, (weft_bytes){0}));
    faulty_from(&faulty, -1);
    weft_message_unref(m);
    done(e);
}

/* ---- two threads ----------------------------------------------------------------------------- */

enum { ROUNDS = 3000 };

struct side {
    struct entry **entries;
    pthread_barrier_t *together;
    pthread_mutex_t *lock; /* a topic's */
    void *of_a[ROUNDS];
};

/* Each renders at the same moment as the other, reads what it has, and lets go. */
static void *delivers(void *arg)
{
    struct side *s = arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct entry *e = s->entries[i];
        pthread_barrier_wait(s->together);
        s->of_a[i] = entry_render(e, NULL, &a);
        if (*(uint64_t *)s->of_a[i] != e->seen.offset) abort();
        if (*(uint64_t *)entry_render(e, NULL, &b) != e->seen.offset) abort();
        struct rendering *cold = NULL;
        pthread_mutex_lock(s->lock);
        entry_release(e, &cold);
        pthread_mutex_unlock(s->lock);
        entry_forget(cold, e->env);
        entry_unref(e);
    }
    return NULL;
}

static struct entry *entry_for_two(int i)
{
    weft_message *m;
    assert_int_equal(weft_message_new(&m, NULL, WEFT_TEXT, "text", 4), 0);
    struct entry *e = entry_new(NULL, m, (weft_bytes){0});
    weft_message_unref(m);
    e->seen.offset = (uint64_t)i;
    entry_ref(e);
    heat(e, 2);
    return e;
}

static void test_two_threads(void **state)
{
    (void)state;
    static struct entry *entries[ROUNDS];
    static struct side sides[2];
    pthread_t threads[2];
    pthread_barrier_t together;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    atomic_store(&made_a, 0);
    pthread_barrier_init(&together, NULL, 2);
    for (int i = 0; i < ROUNDS; i++) entries[i] = entry_for_two(i);
    for (int i = 0; i < 2; i++) {
        sides[i].entries = entries;
        sides[i].together = &together;
        sides[i].lock = &lock;
        assert_int_equal(pthread_create(&threads[i], NULL, delivers, &sides[i]), 0);
    }
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < ROUNDS; i++) assert_ptr_equal(sides[0].of_a[i], sides[1].of_a[i]);
    assert_int_equal(atomic_load(&there), 0);
    assert_true(atomic_load(&made_a) >= ROUNDS);
    pthread_barrier_destroy(&together);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_seen),    cmocka_unit_test(test_made_once_for_each_type),
        cmocka_unit_test(test_nothing_to_cool), cmocka_unit_test(test_cold_ones_together),
        cmocka_unit_test(test_gone_while_hot),  cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
