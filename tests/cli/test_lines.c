/* SPDX-License-Identifier: MIT
 *
 * Bytes in, lines out, however the bytes are cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/lines.h"

static void feed(struct lines *l, const char *text, size_t len)
{
    while (len) {
        weft_span room;
        assert_int_equal(lines_room(l, &room), 0);
        size_t n = len < room.len ? len : room.len;
        memcpy(room.data, text, n);
        lines_fed(l, n);
        text += n;
        len -= n;
    }
}

static void assert_line(struct lines *l, bool at_end, const char *expected)
{
    weft_bytes line, again;
    assert_int_equal(lines_peek(l, at_end, &line), 1);
    assert_int_equal(lines_peek(l, at_end, &again), 1);
    assert_ptr_equal(line.data, again.data);
    assert_int_equal(line.len, strlen(expected));
    assert_memory_equal(line.data, expected, line.len);
    lines_take(l, line);
}

static void assert_none(struct lines *l, bool at_end)
{
    weft_bytes line;
    assert_int_equal(lines_peek(l, at_end, &line), 0);
}

static void lines_come_out_at_every_split(void **state)
{
    (void)state;
    const char *text = "one\n\ntwo\r\nlast";
    for (size_t cut = 0; cut <= strlen(text); cut++) {
        struct lines l;
        weft_bytes line;
        lines_init(&l, 100);
        feed(&l, text, cut);
        size_t taken = 0;
        while (lines_peek(&l, false, &line) == 1) {
            lines_take(&l, line);
            taken++;
        }
        feed(&l, text + cut, strlen(text) - cut);
        static const char *const all[] = {"one", "", "two\r"};
        for (; taken < 3; taken++) assert_line(&l, false, all[taken]);
        assert_none(&l, false);
        assert_line(&l, true, "last");
        assert_none(&l, true);
        assert_int_equal(l.number, 4);
        lines_deinit(&l);
    }
}

static void no_input_is_no_line(void **state)
{
    (void)state;
    struct lines l;
    lines_init(&l, 100);
    assert_none(&l, false);
    assert_none(&l, true);
    feed(&l, "x\n", 2);
    assert_line(&l, true, "x");
    assert_none(&l, true); /* an LF at the end begins no other line */
    lines_deinit(&l);
}

static void the_longest_line_fits_and_one_byte_more_does_not(void **state)
{
    (void)state;
    struct lines l;
    weft_bytes line;
    lines_init(&l, 5);
    feed(&l, "12345\n123456\n", 13);
    assert_line(&l, false, "12345");
    assert_int_equal(lines_peek(&l, false, &line), WEFT_ERR_TOO_BIG);
    lines_deinit(&l);

    lines_init(&l, 5);
    feed(&l, "123456", 6); /* known before the LF */
    assert_int_equal(lines_peek(&l, false, &line), WEFT_ERR_TOO_BIG);
    lines_deinit(&l);
}

static void a_line_may_be_longer_than_the_first_buffer(void **state)
{
    (void)state;
    static char text[300001];
    memset(text, 'x', 300000);
    text[300000] = '\n';
    struct lines l;
    weft_bytes line;
    lines_init(&l, 1 << 20);
    feed(&l, "a\n", 2);
    feed(&l, text, 150000);
    assert_line(&l, false, "a");
    assert_none(&l, false);
    feed(&l, text + 150000, 150001);
    assert_int_equal(lines_peek(&l, false, &line), 1);
    assert_int_equal(line.len, 300000);
    lines_deinit(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_out_at_every_split),
        cmocka_unit_test(no_input_is_no_line),
        cmocka_unit_test(the_longest_line_fits_and_one_byte_more_does_not),
        cmocka_unit_test(a_line_may_be_longer_than_the_first_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
