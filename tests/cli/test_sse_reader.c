/* SPDX-License-Identifier: MIT
 *
 * Lines to events, as EventSource has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/sse_reader.h"

/* false in front of the last line, which completes the event. */
static void feed(struct sse_reader *r, const char *const *lines)
{
    for (; *lines; lines++) {
        bool complete = sse_line(r, (weft_bytes){(const uint8_t *)*lines, strlen(*lines)});
        assert_int_equal(complete, lines[1] == NULL);
    }
}

static void assert_event(const struct sse_reader *r, const char *event, const char *id,
                         const char *data)
{
    assert_string_equal(r->event, event);
    assert_string_equal(r->id, id);
    assert_int_equal(sse_data(r).len, strlen(data));
    assert_memory_equal(sse_data(r).data, data, strlen(data));
}

static void test_a_stream(void **state)
{
    (void)state;
    struct sse_reader r = {0};
    feed(&r, (const char *[]){"retry: 3210", "event: begin", "id: e.1", "data: {}", "", NULL});
    assert_event(&r, "begin", "e.1", "{}");
    assert_int_equal(r.retry_ms, 3210);
    sse_next(&r);
    feed(&r, (const char *[]){":", "id: e.2", "data: one", "data:two", "data:  three", "data", "",
                              NULL});
    assert_event(&r, "", "e.2", "one\ntwo\n three\n");
    sse_next(&r);
    feed(&r, (const char *[]){"data: the id stays\r", "\r", NULL});
    assert_event(&r, "", "e.2", "the id stays");
    sse_reader_free(&r);
}

static void test_without_data_there_is_no_event(void **state)
{
    (void)state;
    struct sse_reader r = {0};
    static const char *const lines[] = {"event: lost", "id: e.7", "", "retry: 40", "",
                                        "unknown: x",  ""};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_false(sse_line(&r, (weft_bytes){(const uint8_t *)lines[i], strlen(lines[i])}));
    feed(&r, (const char *[]){"data:", "", NULL});
    assert_event(&r, "", "e.7", "");
    assert_int_equal(r.retry_ms, 40);
    sse_reader_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stream),
        cmocka_unit_test(test_without_data_there_is_no_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
