/* SPDX-License-Identifier: MIT
 *
 * What is pending, against an array that is walked: random operations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/pending.h"

enum { ROUNDS = 20000 };

/* The numbers that are pending are first ... last; of these, sent in front of unsent. */
struct model {
    uint64_t first, unsent, last;
};

static void assert_same(const struct pending *p, const struct model *m)
{
    size_t n = (size_t)(m->last + 1 - m->first), sent = (size_t)(m->unsent - m->first), bytes = 0;
    assert_int_equal(p->n, n);
    assert_int_equal(p->n_sent, sent);
    const struct publication *one = p->first;
    for (uint64_t number = m->first; number <= m->last; number++, one = one->next) {
        assert_int_equal(one->number, number);
        if (number == m->unsent) assert_ptr_equal(p->unsent, one);
        if (number == m->unsent) assert_int_equal(p->bytes_sent, bytes);
        bytes += one->len;
    }
    assert_null(one);
    assert_int_equal(p->bytes, bytes);
    if (m->unsent > m->last) assert_null(p->unsent);
}

static void test_against_a_model(void **state)
{
    (void)state;
    struct pending p = {0};
    struct model m = {1, 1, 0};
    srand(7);
    for (int i = 0; i < ROUNDS; i++) {
        int what = rand() % 16;
        if (what < 6) {
            char text[16] = "aaaaaaaaaaaaaaa";
            text[rand() % 16] = '\0';
            assert_int_equal(pending_add(&p, json_pack("{ss}", "data", text)), 0);
            m.last++;
        } else if (what < 10 && m.unsent <= m.last) {
            pending_is_sent(&p);
            m.unsent++;
        } else if (what < 14 && m.first <= m.last) {
            pending_take(&p);
            m.first++;
            if (m.unsent < m.first) m.unsent = m.first;
        } else if (what == 14) {
            pending_rewind(&p);
            m.unsent = m.first;
        } else if (what == 15 && rand() % 8 == 0) {
            pending_drop_unsent(&p);
            m.last = m.unsent - 1;
            p.number = m.last; /* as in a program that has read no more */
        }
        assert_same(&p, &m);
    }
    pending_free(&p);
    assert_null(p.first);
}

static void test_members(void **state)
{
    (void)state;
    struct pending p = {0};
    assert_int_equal(pending_add(&p, json_pack("{ssss}", "data", "a\"b\n", "key", "K")), 0);
    assert_string_equal(p.first->members, "\"data\":\"a\\\"b\\n\",\"key\":\"K\"");
    assert_int_equal(pending_add(&p, NULL), -ENOMEM);
    pending_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_a_model),
        cmocka_unit_test(test_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
