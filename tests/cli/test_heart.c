/* SPDX-License-Identifier: MIT
 *
 * Hearts beat in time, know their pongs, and give up on who does not answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/heart.h"

enum { MS = 1000 };

static struct heart heart;

static int begin(void **state)
{
    (void)state;
    heart_init(&heart, 0);
    return 0;
}

static uint32_t ping(uint64_t now)
{
    char text[HEART_TEXT], number[HEART_TEXT];
    uint32_t n = heart_ping(&heart, now, text);
    snprintf(number, sizeof number, "%u", (unsigned)n);
    if (n) assert_string_equal(text, number);
    return n;
}

static uint32_t pong(const char *text, uint64_t now, uint64_t *rtt)
{
    return heart_pong(&heart, (weft_bytes){(const uint8_t *)text, strlen(text)}, now, rtt);
}

static void beats_in_time(void **state)
{
    (void)state;
    assert_int_equal(heart_turn(&heart, 0), HEART_BEATS);
    assert_int_equal(heart_turn(&heart, 0), HEART_RESTS);
    assert_int_equal(heart_next(&heart), 1000 * MS);
    assert_int_equal(heart_turn(&heart, 1000 * MS - 1), HEART_RESTS);
    assert_int_equal(heart_turn(&heart, 1000 * MS + 7), HEART_BEATS);
    assert_int_equal(heart_next(&heart), 2000 * MS);
}

/* A machine that was asleep makes up for nothing. */
static void who_is_late_beats_once(void **state)
{
    (void)state;
    assert_int_equal(heart_turn(&heart, 5500 * MS), HEART_BEATS);
    assert_int_equal(heart_turn(&heart, 5500 * MS), HEART_RESTS);
    assert_int_equal(heart_next(&heart), 6500 * MS);
}

static void how_often_is_bounded(void **state)
{
    (void)state;
    static const uint64_t wrong[] = {1, 249, 10001, UINT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(heart_every(&heart, wrong[i], 0));
    assert_true(heart_every(&heart, 250, 10 * MS));
    assert_int_equal(heart_next(&heart), 260 * MS);
    assert_true(heart_every(&heart, 10000, 10 * MS));
    assert_int_equal(heart_next(&heart), 10010 * MS);
}

static void without_a_beat_it_rests(void **state)
{
    (void)state;
    assert_true(heart_every(&heart, 0, 0));
    assert_int_equal(heart_turn(&heart, 1000000 * MS), HEART_RESTS);
    assert_true(heart_next(&heart) == UINT64_MAX);
}

static void a_pong_has_the_time_of_its_ping(void **state)
{
    (void)state;
    uint64_t rtt = 0;
    assert_int_equal(ping(100), 1);
    assert_int_equal(ping(200), 2);
    assert_int_equal(pong("1", 350, &rtt), 1);
    assert_int_equal(rtt, 250);
    assert_int_equal(pong("2", 360, &rtt), 2);
    assert_int_equal(rtt, 160);
}

static void a_pong_answers_all_that_are_older(void **state)
{
    (void)state;
    uint64_t rtt = 0;
    for (int i = 0; i < 3; i++) ping((uint64_t)i);
    assert_int_equal(pong("2", 10, &rtt), 2);
    assert_int_equal(rtt, 9);
    assert_int_equal(pong("1", 10, &rtt), 0);
    assert_int_equal(heart.n_pending, 1);
}

static void other_pongs_are_nobodys(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "0", "2", "01", "1 ", "11", "one"};
    uint64_t rtt = 0;
    ping(0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(pong(texts[i], 1, &rtt), 0);
    assert_int_equal(heart.n_pending, 1);
}

static void the_oldest_without_a_pong_ends_it(void **state)
{
    (void)state;
    uint64_t rtt, end = (uint64_t)HEART_PATIENCE_MS * MS;
    assert_true(heart_every(&heart, 0, 0));
    ping(7);
    ping(9 * MS);
    assert_int_equal(heart_next(&heart), end + 7);
    assert_int_equal(heart_turn(&heart, end + 6), HEART_RESTS);
    assert_int_equal(heart_turn(&heart, end + 7), HEART_GIVES_UP);
    assert_int_equal(pong("1", end + 7, &rtt), 1);
    assert_int_equal(heart_turn(&heart, end + 7), HEART_RESTS);
    assert_int_equal(heart_next(&heart), end + 9 * MS);
}

static void so_many_may_wait(void **state)
{
    (void)state;
    uint64_t rtt;
    for (uint32_t i = 1; i <= HEART_PENDING; i++) assert_int_equal(ping(i), i);
    assert_int_equal(ping(99), 0);
    assert_int_equal(pong("1", 100, &rtt), 1);
    assert_int_equal(ping(101), HEART_PENDING + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(beats_in_time, begin),
        cmocka_unit_test_setup(who_is_late_beats_once, begin),
        cmocka_unit_test_setup(how_often_is_bounded, begin),
        cmocka_unit_test_setup(without_a_beat_it_rests, begin),
        cmocka_unit_test_setup(a_pong_has_the_time_of_its_ping, begin),
        cmocka_unit_test_setup(a_pong_answers_all_that_are_older, begin),
        cmocka_unit_test_setup(other_pongs_are_nobodys, begin),
        cmocka_unit_test_setup(the_oldest_without_a_pong_ends_it, begin),
        cmocka_unit_test_setup(so_many_may_wait, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
