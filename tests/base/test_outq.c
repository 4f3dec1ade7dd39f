/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_outq.c - the output queue against a plain array of bytes and item lengths
 *
 * Queued bytes must never move: what outq_iov once showed is compared again, at the same address, as
 * long as it is queued.
 */
#include "base/outq.h"

#include "unit.h"

enum { MODEL_BYTES = 1 << 20, MODEL_ITEMS = 1 << 14 };

/* What a queue should hold. */
struct model {
    size_t bytes, items;
    size_t lens[MODEL_ITEMS]; /* what is left of each item */
    uint8_t data[MODEL_BYTES];
};

struct pair {
    struct outq q;
    struct model m;
};

static struct heap heap;
static struct pair one, two;
static uint8_t next_byte;

static int begin(void **state)
{
    (void)state;
    heap_init(&heap);
    one.q = two.q = (struct outq){0};
    one.m.bytes = one.m.items = two.m.bytes = two.m.items = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    outq_clear(&one.q);
    outq_clear(&two.q);
    assert_int_equal(heap.live, 0);
    return 0;
}

/* ---- the model ------------------------------------------------------------------------------- */

static void model_insert(struct model *m, size_t item, size_t at, const uint8_t *data,
                         const size_t *lens, size_t items, size_t bytes)
{
    assert_true(m->bytes + bytes <= MODEL_BYTES && m->items + items <= MODEL_ITEMS);
    memmove(m->data + at + bytes, m->data + at, m->bytes - at);
    memcpy(m->data + at, data, bytes);
    memmove(m->lens + item + items, m->lens + item, (m->items - item) * sizeof *lens);
    memcpy(m->lens + item, lens, items * sizeof *lens);
    m->bytes += bytes;
    m->items += items;
}

static void model_append(struct model *m, const uint8_t *data, size_t n)
{
    model_insert(m, m->items, m->bytes, data, &n, 1, n);
}

static void model_drop(struct model *m, size_t n)
{
    memmove(m->data, m->data + n, m->bytes - n);
    m->bytes -= n;
    size_t gone = 0;
    for (; n && n >= m->lens[gone]; gone++) n -= m->lens[gone];
    if (n) m->lens[gone] -= n;
    memmove(m->lens, m->lens + gone, (m->items - gone) * sizeof *m->lens);
    m->items -= gone;
}

static void expect_same(const struct pair *p)
{
    assert_int_equal(p->q.bytes, p->m.bytes);
    assert_int_equal(outq_empty(&p->q), p->m.bytes == 0);
    size_t at = 0;
    for (const struct slice *s = p->q.head; s; s = s->next) {
        assert_true(s->len > 0 && at + s->len <= p->m.bytes);
        assert_memory_equal(s->data, p->m.data + at, s->len);
        at += s->len;
    }
    assert_int_equal(at, p->m.bytes);
    if (p->m.bytes == 0) assert_int_equal(p->q.items, 0);
}

/* ---- operations ------------------------------------------------------------------------------ */

static size_t fill(uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++) data[i] = next_byte++;
    return n;
}

static void append(struct pair *p, size_t n)
{
    static uint8_t data[40000];
    fill(data, n);
    int error = outq_append(&p->q, &heap.env, data, n);
    if (!error) model_append(&p->m, data, n);
    else assert_int_equal(error, -ENOMEM);
}

/* A blob that both queues show. */
static void share(struct pair *a, struct pair *b, size_t n)
{
    struct blob *blob = blob_new(&heap.env, n);
    if (!blob) return;
    blob->len = fill(blob->data, n);
    if (outq_append_blob(&a->q, blob) == 0) model_append(&a->m, blob->data, n);
    if (outq_append_blob(&b->q, blob) == 0) model_append(&b->m, blob->data, n);
    blob_unref(blob);
}

/* One queue shows the middle of a blob, the other all of it. */
static void share_parts(struct pair *a, struct pair *b, size_t n)
{
    struct blob *blob = blob_new(&heap.env, n);
    if (!blob) return;
    blob->len = fill(blob->data, n);
    size_t skip = n / 3, len = n - n / 3 - n / 4;
    if (outq_append_part(&a->q, blob, skip, len) == 0) model_append(&a->m, blob->data + skip, len);
    if (outq_append_part(&b->q, blob, 0, n) == 0) model_append(&b->m, blob->data, n);
    blob_unref(blob);
}

static void sent(struct pair *p, size_t n)
{
    outq_sent(&p->q, n);
    model_drop(&p->m, n);
}

static void splice(struct pair *to, struct pair *from)
{
    outq_splice(&to->q, &from->q);
    model_insert(&to->m, to->m.items, to->m.bytes, from->m.data, from->m.lens, from->m.items,
                 from->m.bytes);
    from->m.bytes = from->m.items = 0;
}

/* Behind the item-th item. */
static void insert(struct pair *to, size_t item, struct pair *from)
{
    size_t at = 0;
    for (size_t i = 0; i < item; i++) at += to->m.lens[i];
    int error = outq_insert(&to->q, at, &from->q);
    if (error) {
        assert_int_equal(error, -ENOMEM);
        return;
    }
    model_insert(&to->m, item, at, from->m.data, from->m.lens, from->m.items, from->m.bytes);
    from->m.bytes = from->m.items = 0;
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void test_empty(void **state)
{
    (void)state;
    struct iovec iov[2];
    assert_true(outq_empty(&one.q));
    assert_int_equal(outq_iov(&one.q, iov, 2), 0);
    outq_sent(&one.q, 0);
    outq_splice(&one.q, &two.q);
    assert_int_equal(outq_insert(&one.q, 0, &two.q), 0);
    assert_int_equal(outq_append(&one.q, &heap.env, NULL, 0), 0);
    expect_same(&one);
    assert_int_equal(heap.asked, 0);
}

/* A lone message is one allocation, a burst is few. */
static void test_few_allocations(void **state)
{
    (void)state;
    append(&one, 100);
    assert_int_equal(heap.asked, 1);
    for (int i = 0; i < 1000; i++) append(&one, 100);
    assert_true(heap.asked < 20);
    expect_same(&one);
    assert_int_equal(one.q.items, 1001);
    sent(&one, one.q.bytes);
    assert_int_equal(heap.live, 0);
}

/* Blobs that have a home go back there, and come out again: turn after turn needs no allocation. */
static void test_blobs_go_home(void **state)
{
    (void)state;
    struct blobs home = {.env = &heap.env};
    for (int turn = 0; turn < 10; turn++) {
        for (int i = 0; i < 20; i++) {
            memset(outq_reserve(&one.q, &heap.env, &home, 100), i, 100);
            outq_commit(&one.q, 100);
        }
        outq_sent(&one.q, one.q.bytes);
        assert_int_equal(home.n, 1);
    }
    assert_int_equal(heap.asked, 1);
    assert_non_null(outq_reserve(&one.q, &heap.env, &home, 100000)); /* larger than they are */
    assert_int_equal(heap.asked, 2);
    outq_clear(&one.q);
    assert_int_equal(home.n, 1);
    blobs_deinit(&home);
}

/* A long blob comes out for what is about as long, and only a few are kept. */
static void test_long_blobs_go_home(void **state)
{
    (void)state;
    enum { LONG = 1 << 20 };
    struct blobs home = {.env = &heap.env};
    struct blob *b[] = {blob_take(&home, LONG), blob_take(&home, LONG), blob_take(&home, LONG)};
    for (int i = 0; i < 3; i++) blob_unref(b[i]);
    assert_int_equal(heap.live, BLOBS_LONG);
    assert_ptr_equal(blob_take(&home, LONG - 5), b[2]); /* the newest */
    assert_int_equal(b[2]->len, 0);
    struct blob *small = blob_take(&home, LONG / 2 - 1);
    assert_true(small != b[1]); /* half of it would be wasted */
    blob_unref(b[2]);
    blob_unref(small);
    assert_ptr_equal(blob_take(&home, LONG), b[2]);
    blob_unref(b[2]);
    blobs_deinit(&home);
    assert_int_equal(heap.live, 0);
}

static void test_a_blob_grows_into_a_long_one(void **state)
{
    (void)state;
    enum { LONG = 1 << 20 };
    struct blobs home = {.env = &heap.env};
    struct blob *last = blob_take(&home, LONG), *b = blob_take(&home, 1000);
    blob_unref(last);
    memcpy(b->data, "so far", 6);
    b->len = 6;
    int asked = (int)heap.asked;
    b = blob_grow(b, LONG);
    assert_ptr_equal(b, last);
    assert_int_equal(b->len, 6);
    assert_memory_equal(b->data, "so far", 6);
    assert_int_equal(heap.asked, asked);
    b = blob_grow(b, 2 * LONG); /* there is no such one */
    assert_true(b->cap >= 2 * LONG);
    assert_memory_equal(b->data, "so far", 6);
    blob_unref(b);
    blobs_deinit(&home);
    assert_int_equal(heap.live, 0);
}

/* Only so many are kept. */
static void test_home_is_bounded(void **state)
{
    (void)state;
    struct blobs home = {.env = &heap.env};
    static struct outq queues[1000];
    for (int i = 0; i < 1000; i++) {
        memset(outq_reserve(&queues[i], &heap.env, &home, 10), 0, 10);
        outq_commit(&queues[i], 10);
    }
    for (int i = 0; i < 1000; i++) outq_clear(&queues[i]);
    assert_int_equal(home.n, heap.live);
    assert_true(home.n < 1000);
    blobs_deinit(&home);
}

static void test_home_without_memory(void **state)
{
    (void)state;
    struct blobs home = {.env = &heap.env};
    heap_fail(&heap, 0);
    assert_null(outq_reserve(&one.q, &heap.env, &home, 10));
    heap_fail(&heap, -1);
    assert_true(outq_empty(&one.q));
}

static void test_reserve_then_commit_less(void **state)
{
    (void)state;
    uint8_t *to = outq_reserve(&one.q, &heap.env, NULL, 100);
    assert_non_null(to);
    memset(to, 7, 60);
    outq_commit(&one.q, 60);
    assert_int_equal(one.q.bytes, 60);
    assert_int_equal(one.q.items, 1);
}

static void test_iov_is_cut(void **state)
{
    (void)state;
    struct iovec iov[3];
    for (int i = 0; i < 5; i++) share(&one, &two, 10);
    assert_int_equal(outq_iov(&one.q, iov, 3), 3);
    for (int i = 0; i < 3; i++) assert_int_equal(iov[i].iov_len, 10);
    sent(&one, 15);
    assert_int_equal(outq_iov(&one.q, iov, 3), 3);
    assert_int_equal(iov[0].iov_len, 5);
    expect_same(&one);
}

/* A blob that is shown twice is not appended to, and lives as long as either. */
static void test_shared_blob(void **state)
{
    (void)state;
    share(&one, &two, 50);
    append(&one, 10);
    append(&two, 10);
    expect_same(&one);
    expect_same(&two);
    sent(&one, 60);
    expect_same(&two);
}

/* A part is one item. With a slice of the caller's it takes no memory, and gives none back. */
static void test_part_of_a_blob(void **state)
{
    (void)state;
    struct slice first;
    struct blob *blob = blob_new(&heap.env, 100);
    blob->len = fill(blob->data, 100);
    heap_fail(&heap, 0);
    outq_append_part_at(&one.q, blob, 10, 30, &first);
    model_append(&one.m, blob->data + 10, 30);
    assert_int_equal(outq_append_part(&one.q, blob, 99, 1), -ENOMEM);
    expect_same(&one);
    heap_fail(&heap, -1);
    assert_int_equal(outq_append_part(&one.q, blob, 99, 1), 0);
    model_append(&one.m, blob->data + 99, 1);
    blob_unref(blob);
    append(&one, 5); /* what follows does not land in the blob */
    assert_int_equal(one.q.items, 3);
    expect_same(&one);
    sent(&one, 29);
    expect_same(&one);
    sent(&one, 2);
    assert_int_equal(one.q.items, 1);
    expect_same(&one);
}

static void test_insert_at_every_boundary(void **state)
{
    (void)state;
    for (size_t item = 0; item <= 5; item++) {
        for (size_t i = 1; i <= 5; i++) append(&one, 10 * i);
        append(&two, 7);
        share(&two, &two, 5);
        insert(&one, item, &two);
        expect_same(&one);
        expect_same(&two);
        append(&one, 3); /* what follows must not land in the middle */
        expect_same(&one);
        sent(&one, one.q.bytes);
    }
}

static void test_insert_out_of_memory(void **state)
{
    (void)state;
    append(&one, 10);
    append(&one, 20);
    append(&two, 5);
    heap_fail(&heap, 0);
    assert_int_equal(outq_insert(&one.q, 10, &two.q), -ENOMEM);
    expect_same(&one);
    expect_same(&two);
    heap_fail(&heap, -1);
    insert(&one, 1, &two);
    expect_same(&one);
}

static void forget(struct pair *p)
{
    outq_clear(&p->q);
    p->m.bytes = p->m.items = 0;
}

/* From the end of an item to anywhere behind; the model is only compared by its bytes, and forgotten. */
static void test_cut_everywhere(void **state)
{
    (void)state;
    for (size_t from = 0; from <= 60; from += from < 30 ? 10 : 30) {
        for (size_t to = from; to <= 110; to++) {
            if (from == 20) continue; /* in the middle of the second */
            append(&one, 10);
            append(&one, 20);
            append(&one, 30);
            share(&one, &two, 50);
            assert_int_equal(outq_cut(&one.q, from, to), 0);
            memmove(one.m.data + from, one.m.data + to, one.m.bytes - to);
            one.m.bytes -= to - from;
            expect_same(&one);
            forget(&one);
            forget(&two);
        }
    }
}

static void test_keep_everywhere(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 110; n++) {
        append(&one, 10);
        append(&one, 20);
        append(&one, 30);
        share(&one, &two, 50);
        assert_int_equal(outq_keep(&one.q, &heap.env, n), 0);
        forget(&two); /* and nothing of it is held */
        assert_int_equal(heap.live, 1);
        assert_int_equal(one.q.items, 1);
        one.m.bytes = n;
        expect_same(&one);
        forget(&one);
    }
    append(&one, 10);
    heap_fail(&heap, 0);
    assert_int_equal(outq_keep(&one.q, &heap.env, 5), -ENOMEM);
    heap_fail(&heap, -1);
    expect_same(&one);
}

static void test_cut_out_of_memory(void **state)
{
    (void)state;
    append(&one, 10);
    append(&one, 20);
    heap_fail(&heap, 0);
    assert_int_equal(outq_cut(&one.q, 10, 20), -ENOMEM);
    expect_same(&one);
    assert_int_equal(outq_cut(&one.q, 0, 10), 0); /* that takes none */
    model_drop(&one.m, 10);
    expect_same(&one);
    heap_fail(&heap, -1);
}

static void test_bytes_do_not_move(void **state)
{
    (void)state;
    struct iovec iov;
    append(&one, 100);
    assert_int_equal(outq_iov(&one.q, &iov, 1), 1);
    const uint8_t *before = iov.iov_base;
    for (int i = 0; i < 100; i++) append(&one, 1000);
    splice(&two, &one);
    assert_int_equal(outq_iov(&two.q, &iov, 1), 1);
    assert_ptr_equal(iov.iov_base, before);
    assert_memory_equal(before, two.m.data, 100);
}

/* ---- random ---------------------------------------------------------------------------------- */

static void random_step(uint64_t *seed)
{
    struct pair *a = roll(seed, 2) ? &one : &two, *b = a == &one ? &two : &one;
    switch (roll(seed, 8)) {
    case 0:
    case 1: append(a, 1 + roll(seed, 300)); break;
    case 2: append(a, 1 + roll(seed, roll(seed, 20) ? 2000 : 40000)); break;
    case 3: share(a, b, 1 + roll(seed, 100)); break;
    case 4: share_parts(a, b, 2 + roll(seed, 100)); break;
    case 5: splice(a, b); break;
    case 6: insert(a, roll(seed, (uint32_t)a->m.items + 1), b); break;
    default: sent(a, roll(seed, (uint32_t)a->m.bytes + 1)); break;
    }
    if (a->m.bytes > 200000) sent(a, a->m.bytes - roll(seed, 1000));
}

static void test_random(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        random_step(&seed);
        expect_same(&one);
        expect_same(&two);
    }
}

/* The same, with every third allocation or so failing: the queues are as they were. */
static void test_random_with_failures(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int i = 0; i < 20000; i++) {
        heap_fail(&heap, roll(&seed, 3));
        random_step(&seed);
        expect_same(&one);
        expect_same(&two);
    }
    heap_fail(&heap, -1);
}

static void test_blob_too_large(void **state)
{
    (void)state;
    assert_null(blob_new(&heap.env, SIZE_MAX));
    assert_null(blob_new(&heap.env, SIZE_MAX - sizeof(struct blob) + 1));
}

/* Queued when whoever made it is gone with its env. */
static void test_blob_apart(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 40; cap++) {
        weft_env env = heap.env;
        struct blob *b = blob_new_apart(&env, cap);
        memset(&env, 0x55, sizeof env);
        assert_int_equal(b->cap, cap);
        memset(b->data, 0xaa, cap);
        b->len = cap;
        assert_int_equal(outq_append_blob(&one.q, b), 0);
        blob_unref(b);
        outq_clear(&one.q);
        assert_int_equal(heap.live, 0);
    }
    struct blob *b = blob_new_apart(NULL, 1);
    assert_null(b->env);
    blob_unref(b);
    assert_null(blob_new_apart(&heap.env, SIZE_MAX - sizeof(weft_env)));
    assert_null(blob_new_apart(&heap.env, SIZE_MAX - 3 * sizeof(weft_env)));
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_empty),
        unit(test_few_allocations),
        unit(test_blobs_go_home),
        unit(test_long_blobs_go_home),
        unit(test_a_blob_grows_into_a_long_one),
        unit(test_home_is_bounded),
        unit(test_home_without_memory),
        unit(test_reserve_then_commit_less),
        unit(test_iov_is_cut),
        unit(test_shared_blob),
        unit(test_part_of_a_blob),
        unit(test_insert_at_every_boundary),
        unit(test_insert_out_of_memory),
        unit(test_cut_everywhere),
        unit(test_keep_everywhere),
        unit(test_cut_out_of_memory),
        unit(test_bytes_do_not_move),
        unit(test_random),
        unit(test_random_with_failures),
        unit(test_blob_too_large),
        unit(test_blob_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
