/* SPDX-License-Identifier: MIT
 *
 * A growing text, in the env's memory.
 */
#include "channel/text.h"

#include "channel/unit.h"
#include "hub/faulty_env.h"

static void it_grows(void **state)
{
    (void)state;
    struct faulty f;
    struct text t;
    faulty_init(&f);
    text_init(&t, &f.env);
    assert_bytes(text_bytes(&t), "");
    text_add_words(&t, "a position is ");
    text_add_number(&t, UINT64_MAX);
    assert_bytes(text_bytes(&t), "a position is 18446744073709551615");
    for (int i = 0; i < 1000; i++) text_add(&t, "0123456789", 10);
    assert_int_equal(t.len, 34 + 10000);
    assert_memory_equal(t.data + t.len - 10, "0123456789", 10);
    text_deinit(&t);
    assert_int_equal(f.live, 0);
}

static void nothing_needs_no_memory(void **state)
{
    (void)state;
    struct faulty f;
    struct text t;
    faulty_init(&f);
    text_init(&t, &f.env);
    text_add(&t, NULL, 0);
    text_add_words(&t, "");
    assert_int_equal(f.asked, 0);
    text_deinit(&t);
}

static void a_failure_sticks(void **state)
{
    (void)state;
    struct faulty f;
    struct text t;
    faulty_init(&f);
    text_init(&t, &f.env);
    text_add_words(&t, "before");
    faulty_from(&f, 0);
    assert_null(text_room(&t, 1000));
    faulty_from(&f, -1);
    text_add_words(&t, "after");
    assert_true(t.failed);
    assert_bytes(text_bytes(&t), "before");
    text_deinit(&t);
    text_add_words(&t, "anew");
    assert_false(t.failed);
    assert_bytes(text_bytes(&t), "anew");
    text_deinit(&t);
    assert_int_equal(f.live, 0);
}

static void absurd_room_is_refused(void **state)
{
    (void)state;
    struct text t;
    text_init(&t, NULL);
    assert_null(text_room(&t, SIZE_MAX));
    assert_true(t.failed);
    text_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows),
        cmocka_unit_test(nothing_needs_no_memory),
        cmocka_unit_test(a_failure_sticks),
        cmocka_unit_test(absurd_room_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
