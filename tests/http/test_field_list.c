/* SPDX-License-Identifier: MIT
 *
 * Fields that are put together: copied, refused when they could not be sent, and whole when memory runs out.
 */
#include "output.h"

#include "base/bytes.h"
#include "http/field_list.h"

static int add(struct field_list *l, const char *name, const char *value)
{
    return field_list_add(l, &heap.env, bytes_of(name), bytes_of(value));
}

static void test_copies(void **state)
{
    (void)state;
    char name[] = "X-One", value[] = "1";
    struct field_list l = {0}, copy = {0};
    assert_int_equal(add(&l, name, value), 0);
    assert_int_equal(add(&l, "X-Two", ""), 0);
    name[0] = value[0] = '?';
    assert_int_equal(field_list_add_all(&copy, &heap.env, l.fields, l.n), 0);
    field_list_deinit(&l, &heap.env);
    assert_int_equal(copy.n, 2);
    assert_true(bytes_is(copy.fields[0].name, "X-One") && bytes_is(copy.fields[0].value, "1"));
    assert_true(bytes_is(copy.fields[1].name, "X-Two") && !copy.fields[1].value.len);
    field_list_deinit(&copy, &heap.env);
    assert_int_equal(copy.n, 0);
}

static void test_what_could_not_be_sent(void **state)
{
    (void)state;
    struct field_list l = {0};
    assert_int_equal(add(&l, "X One", "1"), -EINVAL);
    assert_int_equal(add(&l, "", "1"), -EINVAL);
    assert_int_equal(add(&l, "X", "1\r\nY: 2"), -EINVAL);
    assert_int_equal(l.n, 0);
    field_list_deinit(&l, &heap.env);
}

/* More than there is room for at first, of fields and of text: whichever allocation fails, of the field that it was for
 * there is nothing, and all of those before. */
static void test_no_memory(void **state)
{
    (void)state;
    char value[200] = {0};
    memset(value, 'v', sizeof value - 1);
    for (int nth = 0, error = -ENOMEM; error; nth++) {
        struct field_list l = {0};
        heap_fail(&heap, nth);
        size_t n = 0;
        while (n < 20 && (error = add(&l, "X", value)) == 0) n++;
        heap_fail(&heap, -1);
        assert_int_equal(l.n, n);
        if (error) assert_int_equal(error, -ENOMEM);
        for (size_t i = 0; i < l.n; i++) assert_true(bytes_is(l.fields[i].value, value));
        field_list_deinit(&l, &heap.env);
        assert_true(nth < 20);
    }
}

static int set(struct field_list *l, const char *name, const char *value)
{
    return field_list_set(l, &heap.env, bytes_of(name), bytes_of(value));
}

static void test_the_only_one_of_its_name(void **state)
{
    (void)state;
    struct field_list l = {0};
    assert_int_equal(add(&l, "X", "1"), 0);
    assert_int_equal(set(&l, "Y", "2"), 0);
    assert_int_equal(add(&l, "Z", "3"), 0);
    assert_int_equal(set(&l, "y", "4"), 0);
    assert_int_equal(set(&l, "Y", "4\n"), -EINVAL);
    char value[600] = {0};
    memset(value, '5', sizeof value - 1);
    heap_fail(&heap, 0);
    assert_int_equal(set(&l, "y", value), -ENOMEM);
    heap_fail(&heap, -1);
    assert_int_equal(l.n, 3);
    assert_true(bytes_is(l.fields[1].name, "y") && bytes_is(l.fields[1].value, "4"));
    field_list_deinit(&l, &heap.env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_copies, begin, end),
        cmocka_unit_test_setup_teardown(test_the_only_one_of_its_name, begin, end),
        cmocka_unit_test_setup_teardown(test_what_could_not_be_sent, begin, end),
        cmocka_unit_test_setup_teardown(test_no_memory, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
