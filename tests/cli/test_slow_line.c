/* SPDX-License-Identifier: MIT
 *
 * A reader behind a slow line: what waits, and what each policy makes of that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "cli/channel_flag.h"
#include "cli/slow.h"
#include "cli/slow_line.h"

struct world {
    struct channel_flag flag;
    weft_loop *loop;
    weft_hub *hub;
    weft_topic *topic;
    struct slow_line line;
    weft_seek seek;
};

static weft_bytes bytes(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

/* A line of one message a second, on a channel with these settings. */
static void begin(struct world *w, const char *settings, const weft_since *since)
{
    char why[CHANNEL_FLAG_WHY];
    *w = (struct world){.line.rate = 1};
    assert_true(channel_flag_parse(&w->flag, settings, &w->flag, why));
    assert_int_equal(weft_loop_new(&w->loop, NULL), 0);
    assert_int_equal(
        weft_hub_new(&w->hub, w->loop, &(weft_hub_config){.settings = &w->flag.settings}), 0);
    assert_int_equal(weft_topic_get(&w->topic, w->hub, bytes("/t")), 0);
    assert_int_equal(slow_line_begin(&w->line, w->topic, w->loop, since, &w->seek), 0);
}

static void end(struct world *w)
{
    slow_line_end(&w->line);
    weft_topic_unref(w->topic);
    weft_hub_free(w->hub);
    weft_loop_free(w->loop);
}

static void say(struct world *w, weft_opcode op, const char *text)
{
    assert_int_equal(weft_publish(w->hub, "/t", op, text, strlen(text)), 0);
}

static void turn(const struct world *w)
{
    for (int i = 0; i < 4; i++) assert_int_equal(weft_loop_turn(w->loop, 0), 0);
}

static void publish(struct world *w, int n)
{
    while (n--) say(w, WEFT_TEXT, "x");
    turn(w);
}

static int print(char *to, size_t room, const char *word, const json_t *number, const char *end)
{
    if (!number) return 0;
    if (json_is_null(number)) return snprintf(to, room, "%snull%s", word, end);
    return snprintf(to, room, "%s%d%s", word, (int)json_integer_value(number), end);
}

/* Of a message its offset, with how many were skipped in front of it; of a loss how many. */
static int describe(char *to, size_t room, weft_message *m)
{
    weft_bytes text = weft_message_payload(m);
    json_t *envelope = json_loadb((const char *)text.data, text.len, 0, NULL);
    const json_t *lost = json_object_get(envelope, "lost");
    const char *at = json_string_value(json_object_get(envelope, "position"));
    assert_non_null(at);
    int n = print(to, room, "skip", json_object_get(envelope, "skipped"), "+");
    n += lost ? print(to + n, room, "lost", lost, " ")
              : snprintf(to + n, room - (size_t)n, "%s ", strchr(at, '.') + 1);
    json_decref(envelope);
    weft_message_unref(m);
    return n;
}

/* So much later this has come through. */
static void comes(struct world *w, double seconds, const char *expected)
{
    char said[200] = "";
    size_t n = 0;
    weft_message *m;
    slow_line_pass(&w->line, seconds);
    while ((m = slow_line_take(&w->line))) {
        n += (size_t)describe(said + n, 40, m);
        turn(w);
    }
    assert_string_equal(said, expected);
}

static void with_time_enough_all_comes_at_once(void **state)
{
    (void)state;
    struct world w;
    begin(&w, "/t: queue", NULL);
    publish(&w, 1);
    comes(&w, 1, "1 ");
    comes(&w, 1, "");
    publish(&w, 1);
    comes(&w, 0, "2 "); /* it has waited for this one */
    comes(&w, 100, "");
    publish(&w, 3);
    comes(&w, 0, "3 "); /* but not for more */
    comes(&w, 2, "4 5 ");
    end(&w);
}

static void with_queue_all_waits(void **state)
{
    (void)state;
    struct world w;
    begin(&w, "/t: queue", NULL);
    publish(&w, 10);
    assert_int_equal(w.line.messages, SLOW_HOLDS);
    assert_int_equal(slow_line_behind(&w.line), 7);
    comes(&w, 4, "1 2 3 4 ");
    assert_int_equal(slow_line_behind(&w.line), 3);
    comes(&w, 0.5, "");
    comes(&w, 5.5, "5 6 7 8 9 10 ");
    assert_int_equal(slow_line_behind(&w.line), 0);
    end(&w);
}

static void with_queue_what_the_window_has_not_is_told_as_lost(void **state)
{
    (void)state;
    struct world w;
    begin(&w, "/t: queue, window=5/1M, history=none", NULL);
    publish(&w, 20);
    comes(&w, 4, "1 2 3 lost12 16 ");
    publish(&w, 20);
    comes(&w, 4, "17 18 19 lost16 36 ");
    end(&w);
}

static void with_latest_the_newest_follows(void **state)
{
    (void)state;
    struct world w;
    begin(&w, "/t: latest", NULL);
    publish(&w, 20);
    comes(&w, 4, "1 2 3 skip16+20 ");
    publish(&w, 1);
    comes(&w, 1, "21 ");
    end(&w);
}

static void with_disconnect_it_is_ended(void **state)
{
    (void)state;
    struct world w;
    begin(&w, "/t: disconnect, history=none", NULL);
    publish(&w, 3);
    assert_int_equal(w.line.error, 0); /* full, but nothing has been refused */
    publish(&w, 1);
    assert_int_equal(w.line.error, WEFT_ERR_BACKLOG);
    end(&w);
}

static void who_returns_is_told_what_he_has_missed(void **state)
{
    (void)state;
    struct world w;
    begin(&w, "/t: disconnect, history=none", NULL);
    publish(&w, 4);
    slow_line_end(&w.line);
    weft_position at = weft_topic_head(w.topic);
    at.offset = 1;
    w.line = (struct slow_line){.rate = 1};
    assert_int_equal(
        slow_line_begin(&w.line, w.topic, w.loop, &(weft_since){.position = &at}, &w.seek), 0);
    assert_int_equal(w.seek.lost, 3);
    publish(&w, 1);
    comes(&w, 1, "5 ");
    end(&w);
}

static void envelopes_are_json_whatever_is_published(void **state)
{
    (void)state;
    struct world w;
    char expected[100];
    begin(&w, "/t: queue", NULL);
    say(&w, WEFT_TEXT, "\"\n}");
    say(&w, WEFT_BINARY, "\xff");
    turn(&w);
    slow_line_pass(&w.line, 1);
    weft_message *m = slow_line_take(&w.line);
    weft_bytes text = weft_message_payload(m);
    snprintf(expected, sizeof expected,
             "{\"channel\":\"/t\",\"position\":\"%s.1\",\"time\":", weft_topic_epoch(w.topic));
    assert_memory_equal(text.data, expected, strlen(expected));
    assert_non_null(memmem(text.data, text.len, ",\"data\":\"\\\"\\n}\"}", 16));
    weft_message_unref(m);
    slow_line_pass(&w.line, 1);
    m = slow_line_take(&w.line);
    text = weft_message_payload(m);
    assert_null(memmem(text.data, text.len, "data", 4));
    weft_message_unref(m);
    end(&w);
}

static void a_loss_that_nobody_can_count_is_null(void **state)
{
    (void)state;
    struct world w;
    begin(&w, "/t: queue", NULL);
    publish(&w, 10);
    assert_int_equal(weft_topic_renew(w.topic), 0);
    publish(&w, 1);
    comes(&w, 4, "1 2 3 lostnull 12 ");
    end(&w);
}

static void the_rate_is_a_number_within_reason(void **state)
{
    (void)state;
    double rate;
    assert_true(slow_rate(bytes("0.5"), &rate));
    assert_true(rate == 0.5);
    assert_true(slow_rate(bytes("20"), &rate));
    const char *const wrong[] = {
        "", "0", "0.09", "20.1", "-1", "nan", "inf", "1x", "1234567890123456"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(slow_rate(bytes(wrong[i]), &rate));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_time_enough_all_comes_at_once),
        cmocka_unit_test(with_queue_all_waits),
        cmocka_unit_test(with_queue_what_the_window_has_not_is_told_as_lost),
        cmocka_unit_test(with_latest_the_newest_follows),
        cmocka_unit_test(with_disconnect_it_is_ended),
        cmocka_unit_test(who_returns_is_told_what_he_has_missed),
        cmocka_unit_test(envelopes_are_json_whatever_is_published),
        cmocka_unit_test(a_loss_that_nobody_can_count_is_null),
        cmocka_unit_test(the_rate_is_a_number_within_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
