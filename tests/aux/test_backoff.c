/* SPDX-License-Identifier: MIT
 *
 * tests/aux/test_backoff.c - how long to wait before connecting again
 */
#include "aux/unit.h"

static uint64_t next_random;
static int random_error;

static int fake_random(void *ctx, void *buf, size_t len)
{
    (void)ctx;
    assert_int_equal(len, sizeof next_random);
    memcpy(buf, &next_random, len);
    return random_error;
}

static weft_loop *loop_of(const weft_env *env)
{
    weft_loop *loop;
    weft_loop_config config = {.env = env};
    assert_int_equal(weft_loop_new(&loop, &config), 0);
    return loop;
}

static const weft_env fake = {.random = fake_random};

static void it_is_anything_up_to_what_doubles(void **state)
{
    static const struct {
        unsigned attempt;
        uint64_t first, most, longest;
    } cases[] = {
        {0, 500, 30000, 500},
        {1, 500, 30000, 1000},
        {5, 500, 30000, 16000},
        {6, 500, 30000, 30000},
        {4000000000, 500, 30000, 30000},
        {0, 500, 100, 100},
        {9, 0, 100, 0},
        {3, 7, 0, 0},
        {64, 1, UINT64_MAX - 1, UINT64_MAX - 1},
    };
    weft_loop *loop = loop_of(&fake);
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        uint64_t longest = cases[i].longest;
        for (uint64_t r = 0; r < 2; r++) {
            next_random = r ? longest : 0;
            assert_int_equal(weft_backoff_ms(loop, cases[i].attempt, cases[i].first, cases[i].most),
                             next_random);
        }
        next_random = longest + 1; /* begins anew */
        assert_int_equal(weft_backoff_ms(loop, cases[i].attempt, cases[i].first, cases[i].most), 0);
    }
    weft_loop_free(loop);
}

static void without_randomness_it_is_the_longest(void **state)
{
    weft_loop *loop = loop_of(&fake);
    (void)state;
    random_error = -EIO;
    assert_int_equal(weft_backoff_ms(loop, 2, 100, 1000), 400);
    random_error = 0;
    assert_int_equal(weft_backoff_ms(loop, 64, 1, UINT64_MAX), UINT64_MAX);
    weft_loop_free(loop);
}

static void the_systems_differs(void **state)
{
    weft_loop *loop = loop_of(NULL);
    uint64_t all = 0, none = UINT64_MAX;
    (void)state;
    for (int i = 0; i < 64; i++) {
        uint64_t ms = weft_backoff_ms(loop, 10, 1000, 1ull << 32);
        assert_true(ms <= 1024000);
        all |= ms;
        none &= ms;
    }
    assert_true(all != none);
    weft_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_anything_up_to_what_doubles),
        cmocka_unit_test(without_randomness_it_is_the_longest),
        cmocka_unit_test(the_systems_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
