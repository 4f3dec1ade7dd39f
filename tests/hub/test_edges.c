/* SPDX-License-Identifier: MIT
 *
 * tests/hub/test_edges.c - the graph against a matrix of booleans, with and without memory
 */
#include "hub/edges.h"

#include "hub/faulty_env.h"
#include "hub/unit.h"

enum { SIDE = 12 };

struct graph {
    struct faulty faulty;
    struct edges left[SIDE], right[SIDE];
    bool joined[SIDE][SIDE];
};

static void check_ends(const struct edges *a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_true(a[i].n <= a[i].cap);
        assert_true(a[i].n == 0 ? a[i].cap == 0 : a[i].cap < 4 * a[i].n || a[i].cap <= 4);
        for (uint32_t k = 0; k < a[i].n; k++) {
            struct edge e = a[i].v[k];
            assert_true(e.at < e.to->n);
            assert_ptr_equal(e.to->v[e.at].to, &a[i]);
            assert_int_equal(e.to->v[e.at].at, k);
        }
    }
}

/* The graph says what the matrix says, and keeps its invariant. */
static void check(struct graph *g)
{
    check_ends(g->left, SIDE);
    check_ends(g->right, SIDE);
    for (size_t l = 0; l < SIDE; l++) {
        for (size_t r = 0; r < SIDE; r++) {
            int64_t i = edges_find(&g->left[l], &g->right[r]);
            assert_int_equal(i >= 0, g->joined[l][r]);
            assert_int_equal(edges_find(&g->right[r], &g->left[l]) >= 0, g->joined[l][r]);
            if (i >= 0) assert_ptr_equal(g->left[l].v[i].to, &g->right[r]);
        }
    }
}

static void join(struct graph *g, size_t l, size_t r)
{
    int error = edges_join(&g->faulty.env, &g->left[l], &g->right[r]);
    assert_true(error == 0 || (error == -ENOMEM && g->faulty.fail_at >= 0));
    g->joined[l][r] = error == 0;
}

/* From whichever side. */
static void cut(struct graph *g, size_t l, size_t r, bool from_left)
{
    struct edges *a = from_left ? &g->left[l] : &g->right[r];
    struct edges *b = from_left ? &g->right[r] : &g->left[l];
    edges_cut(&g->faulty.env, a, (uint32_t)edges_find(a, b));
    g->joined[l][r] = false;
}

static void cut_everything(struct graph *g)
{
    for (size_t l = 0; l < SIDE; l++) {
        for (size_t r = 0; r < SIDE; r++) {
            if (g->joined[l][r]) cut(g, l, r, true);
        }
    }
    check(g);
    assert_int_equal(g->faulty.live, 0);
}

static void test_random_operations(void **state)
{
    (void)state;
    struct graph g = {0};
    faulty_init(&g.faulty);
    uint64_t seed = 1;
    for (int step = 0; step < 4000; step++) {
        size_t l = roll(&seed, SIDE), r = roll(&seed, SIDE);
        if (g.joined[l][r]) {
            cut(&g, l, r, roll(&seed, 2));
        } else {
            join(&g, l, r);
        }
        check(&g);
    }
    cut_everything(&g);
}

/* Memory is refused every few times, when arrays grow and when they shrink. */
static void test_without_memory(void **state)
{
    (void)state;
    struct graph g = {0};
    faulty_init(&g.faulty);
    uint64_t seed = 2;
    for (int step = 0; step < 4000; step++) {
        size_t l = roll(&seed, SIDE), r = roll(&seed, SIDE);
        faulty_from(&g.faulty, roll(&seed, 3));
        if (!g.joined[l][r]) {
            join(&g, l, r);
        } else if (roll(&seed, 2)) {
            faulty_from(&g.faulty, -1);
            cut(&g, l, r, roll(&seed, 2));
        }
        check(&g);
    }
    faulty_from(&g.faulty, -1);
    cut_everything(&g);
}

/* A smaller array may be refused too: the edges stay where they are. */
static void test_shrinking_may_fail(void **state)
{
    (void)state;
    struct graph g = {0};
    faulty_init(&g.faulty);
    for (size_t r = 0; r < SIDE; r++) join(&g, 0, r);
    assert_int_equal(g.left[0].cap, 16);
    for (size_t r = 0; r < SIDE - 1; r++) {
        faulty_from(&g.faulty, 0);
        cut(&g, 0, r, true);
        assert_int_equal(edges_find(&g.left[0], &g.right[SIDE - 1]) >= 0, true);
    }
    assert_int_equal(g.left[0].cap, 16);
    cut_everything(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_shrinking_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
