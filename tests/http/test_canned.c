/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_canned.c - exact bytes, or nothing at all
 */
#include "http/canned.h"

#include "base/unit.h"
#include "queued.h"

static void answers(void **state)
{
    (void)state;
    struct outq out = {0};
    assert_int_equal(canned_answer(&out, NULL, 503, 5, "come back"), 0);
    expect_queued(&out,
                  "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 10\r\nConnection: close\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\nRetry-After: 5\r\n\r\ncome back\n");
    assert_int_equal(canned_answer(&out, NULL, 400, 0, "no"), 0);
    expect_queued(&out, "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\nConnection: close\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n\r\nno\n");
}

static void without_memory_nothing_is_queued(void **state)
{
    (void)state;
    static char why[500];
    struct heap heap;
    struct outq out = {0};
    memset(why, 'a', sizeof why - 1);
    heap_init(&heap);
    for (long nth = 0; nth < 2; nth++) {
        heap_fail(&heap, nth);
        assert_int_equal(canned_answer(&out, &heap.env, 429, 5, why), -ENOMEM);
        assert_true(outq_empty(&out));
        assert_int_equal(heap.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(without_memory_nothing_is_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
