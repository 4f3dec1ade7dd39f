/* SPDX-License-Identifier: MIT
 *
 * Races begin, are counted lane by lane, publish at their rate, and end when nobody reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cli/race.h"

enum { SECOND = 1000 * 1000 };

static struct races races;
static struct race_turn turns[RACES_MAX];
static bool live;

static weft_bytes text(const char *t)
{
    return (weft_bytes){(const uint8_t *)t, strlen(t)};
}

static int rate(const char *id, double r, uint64_t now)
{
    return race_rate(&races, text(id), r, now);
}

static void pass(const char *target, bool begins, uint64_t received, uint64_t sent)
{
    race_pass(&races, text(target), begins, received, sent, 0);
}

static const char *print(const char *id)
{
    static char json[RACE_JSON_MAX];
    int n = race_print(&races, text(id), 7, 0, json);
    assert_true(n > 0 && n < RACE_JSON_MAX);
    assert_int_equal(n, strlen(json));
    return json;
}

static int begin(void **state)
{
    (void)state;
    races_init(&races);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return pthread_mutex_destroy(&races.lock);
}

static void names_and_rates_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(rate("abcdefgh", 0.5, 0), 0);
    assert_int_equal(rate("abcdefgh", 20, 0), 0);
    static const double wrong[] = {0.49, 20.1, 0, -1};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(rate("abcdefgh", wrong[i], 0), -EINVAL);
    assert_int_equal(rate("abcdefgh", 0.0 / 0.0, 0), -EINVAL);
    static const char *const ids[] = {"", "abcdefg", "ABCDEFGH", "abcd/efgh",
                                      "012345678901234567890123456789012"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_int_equal(rate(ids[i], 1, 0), -EINVAL);
    assert_int_equal(rate("01234567890123456789012345678901", 1, 0), 0);
}

static void there_are_twenty(void **state)
{
    (void)state;
    char id[] = "racenumba";
    for (int i = 0; i < RACES_MAX; i++, id[8]++) assert_int_equal(rate(id, 1, 0), 0);
    assert_int_equal(rate("onetoomany", 1, 0), -ENOSPC);
    assert_int_equal(rate("racenumba", 2, 0), 0);
    (void)race_due(&races, RACE_UNREAD_US, turns, &live);
    assert_int_equal(rate("onetoomany", 1, RACE_UNREAD_US), 0);
}

static void each_lane_has_counts_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(rate("abcdefgh", 5, 0), 0);
    pass("/race/abcdefgh/quotes?lane=poll&since=x.1", true, 100, 0);
    pass("/race/abcdefgh/quotes?since=x.1&lane=poll", false, 0, 250);
    pass("/race/abcdefgh/quotes?lane=ws", false, 6, 9);
    assert_string_equal(print("abcdefgh"),
                        "{\"now\":7,\"rate\":5,\"updates\":0,\"lanes\":{"
                        "\"poll\":{\"requests\":1,\"received\":100,\"sent\":250,\"writes\":1},"
                        "\"wait\":{\"requests\":0,\"received\":0,\"sent\":0,\"writes\":0},"
                        "\"stream\":{\"requests\":0,\"received\":0,\"sent\":0,\"writes\":0},"
                        "\"sse\":{\"requests\":0,\"received\":0,\"sent\":0,\"writes\":0},"
                        "\"ws\":{\"requests\":0,\"received\":6,\"sent\":9,\"writes\":1}}}");
}

static void other_targets_are_not_counted(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "/",
        "/race",
        "/race/",
        "/race/abcdefgh",
        "/race/abcdefgh/quotes",
        "/race/abcdefgh/quotes?",
        "/race/abcdefgh/quotes?lane=",
        "/race/abcdefgh/quotes?lane=walk",
        "/race/abcdefgh/quotes?lane=pollpollpoll",
        "/race/abcdefgh/other?lane=poll",
        "/race/abcdefghi/quotes?lane=poll",
        "/quotes?lane=poll",
    };
    assert_int_equal(rate("abcdefgh", 5, 0), 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) pass(others[i], true, 1, 1);
    assert_non_null(
        strstr(print("abcdefgh"), "\"poll\":{\"requests\":0,\"received\":0,\"sent\":0"));
}

static void updates_come_at_the_rate(void **state)
{
    (void)state;
    assert_int_equal(rate("abcdefgh", 4, 0), 0);
    int n = 0;
    for (uint64_t now = 0; now < 2 * SECOND; now += 5000)
        if (race_due(&races, now, turns, &live)) n++;
    assert_int_equal(n, 8);
    assert_true(live);
    assert_string_equal(turns[0].channel, "/race/abcdefgh/quotes");
    assert_int_equal(turns[0].n, 8);
}

/* What was missed is not made up for; and who asks for more does not wait for the slow one's turn. */
static void a_late_tick_is_one_update(void **state)
{
    (void)state;
    assert_int_equal(rate("abcdefgh", 20, 0), 0);
    assert_int_equal(race_due(&races, 5 * SECOND, turns, &live), 1);
    assert_int_equal(race_due(&races, 5 * SECOND + 1, turns, &live), 0);
    assert_int_equal(rate("abcdefgh", 0.5, 5 * SECOND), 0);
    assert_int_equal(race_due(&races, 5 * SECOND + 50000, turns, &live), 1);
    assert_int_equal(rate("abcdefgh", 20, 5 * SECOND + 60000), 0);
    assert_int_equal(race_due(&races, 5 * SECOND + 110000, turns, &live), 1);
}

static void nobody_reads(void **state)
{
    (void)state;
    char json[RACE_JSON_MAX];
    assert_int_equal(rate("abcdefgh", 1, 0), 0);
    race_pass(&races, text("/race/abcdefgh/quotes?lane=sse"), false, 0, 1, SECOND);
    (void)race_due(&races, RACE_UNREAD_US + SECOND - 1, turns, &live);
    assert_true(live);
    assert_int_equal(race_due(&races, RACE_UNREAD_US + SECOND, turns, &live), 0);
    assert_false(live);
    assert_int_equal(race_print(&races, text("abcdefgh"), 0, 0, json), -ENOENT);
    pass("/race/abcdefgh/quotes?lane=sse", false, 0, 1); /* a stream that is still there */
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(names_and_rates_are_bounded),
        unit(there_are_twenty),
        unit(each_lane_has_counts_of_its_own),
        unit(other_targets_are_not_counted),
        unit(updates_come_at_the_rate),
        unit(a_late_tick_is_one_update),
        unit(nobody_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
