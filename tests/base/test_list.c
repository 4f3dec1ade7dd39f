/* SPDX-License-Identifier: MIT
 *
 * tests/base/test_list.c - the intrusive list, against an array
 */
#include "base/list.h"

#include "unit.h"

struct item {
    int name;
    struct list link;
};

static struct item items[8];
static struct list a, b;

static int begin(void **state)
{
    (void)state;
    list_init(&a);
    list_init(&b);
    for (int i = 0; i < 8; i++) {
        items[i].name = i;
        list_init(&items[i].link);
    }
    return 0;
}

/* The names in the list, forwards and backwards. */
static void expect(const struct list *head, const char *want)
{
    size_t n = 0;
    for (const struct list *at = head->next; at != head; at = at->next, n++) {
        assert_true(want[n]);
        assert_int_equal(container_of(at, struct item, link)->name, want[n] - '0');
        assert_ptr_equal(at->next->prev, at);
    }
    assert_int_equal(n, strlen(want));
    assert_int_equal(list_empty(head), n == 0);
    for (const struct list *at = head->prev; at != head; at = at->prev)
        assert_int_equal(container_of(at, struct item, link)->name, want[--n] - '0');
}

static void append(struct list *head, const char *names)
{
    for (; *names; names++) list_append(head, &items[*names - '0'].link);
}

static void test_append_and_remove(void **state)
{
    (void)state;
    expect(&a, "");
    append(&a, "0123");
    expect(&a, "0123");
    list_remove(&items[0].link);
    expect(&a, "123");
    list_remove(&items[2].link);
    expect(&a, "13");
    list_remove(&items[3].link);
    list_remove(&items[1].link);
    expect(&a, "");
}

static void test_leaving_twice_is_harmless(void **state)
{
    (void)state;
    append(&a, "01");
    list_remove(&items[0].link);
    list_remove(&items[0].link);
    assert_true(list_empty(&items[0].link));
    expect(&a, "1");
    append(&a, "0");
    expect(&a, "10");
}

static void test_splice(void **state)
{
    (void)state;
    list_splice(&a, &b);
    expect(&a, "");
    append(&b, "01");
    list_splice(&a, &b);
    expect(&a, "01");
    expect(&b, "");
    append(&b, "2");
    list_splice(&a, &b);
    expect(&a, "012");
    list_splice(&a, &b);
    expect(&a, "012");
    append(&b, "3");
    expect(&b, "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_append_and_remove, begin),
        cmocka_unit_test_setup(test_leaving_twice_is_harmless, begin),
        cmocka_unit_test_setup(test_splice, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
