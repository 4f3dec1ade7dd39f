/* SPDX-License-Identifier: MIT
 *
 * What a channel's URL says behind its '?'.
 */
#include "channel/params.h"

#include "channel/unit.h"

static struct params read(const char *query)
{
    struct refusal why;
    struct params p;
    if (params_read(&p, bytes_of_text(query), &why) < 0) fail_msg("%s: %s", query, why.words);
    return p;
}

static void refuses(const char *query, const char *words)
{
    struct refusal why;
    struct params p;
    if (params_read(&p, bytes_of_text(query), &why) == 0) fail_msg("%s is taken", query);
    assert_refused(why, 400, words);
}

static void nothing_is_said(void **state)
{
    (void)state;
    assert_int_equal(read("").said, 0);
    assert_int_equal(read("&&").said, 0);
}

static void others_are_ignored(void **state)
{
    (void)state;
    assert_int_equal(read("token=abc&_=1795309464468&token=%zz&%zz=1&Since=x&sinces=1&=1").said, 0);
    assert_int_equal(read("a-name-that-is-longer-than-any-of-ours=1&last=2").said, PARAM_LAST);
}

static void a_stream_has_three_forms(void **state)
{
    (void)state;
    assert_int_equal(read("stream").stream, STREAM_ENVELOPES);
    assert_int_equal(read("stream=").said, PARAM_STREAM);
    assert_int_equal(read("stream=raw").stream, STREAM_RAW);
    assert_int_equal(read("stream=sse").stream, STREAM_SSE);
    refuses("stream=yes", "\"stream=raw\" or \"stream=sse\"");
    refuses("stream=RAW", "\"stream\" in the URL is not in order");
}

static void one_waits_up_to_a_minute(void **state)
{
    (void)state;
    assert_int_equal(read("wait=0").wait_s, 0);
    assert_int_equal(read("wait=25").wait_s, 25);
    assert_int_equal(read("wait=60").wait_s, 60);
    refuses("wait=61", "0 to 60");
    refuses("wait", "0 to 60");
    refuses("wait=25s", "0 to 60");
    refuses("wait=-1", "0 to 60");
    refuses("wait=2.5", "0 to 60");
    refuses("wait=99999999999999999999", "0 to 60");
}

static void since_is_a_position(void **state)
{
    (void)state;
    struct params p = read("since=k3f9a2c1.42");
    assert_int_equal(p.said, PARAM_SINCE);
    assert_string_equal(p.since.epoch, "k3f9a2c1");
    assert_int_equal(p.since.offset, 42);
    assert_int_equal(read("since=k3f9a2c1%2E42").since.offset, 42);
    refuses("since=", "a position");
    refuses("since", "a position");
    refuses("since=42", "a position");
    refuses("since=k3f9a2c1.", "a position");
    refuses("since=k3f9a2c1.42x", "a position");
    refuses("since=K3F9A2C1.42", "a position");
}

static void last_is_a_number_or_all(void **state)
{
    (void)state;
    assert_int_equal(read("last=1").last, 1);
    assert_int_equal(read("last=9007199254740991").last, 9007199254740991);
    assert_int_equal(read("last=all").last, WEFT_NEVER);
    refuses("last=0", "at least 1");
    refuses("last=", "at least 1");
    refuses("last=ALL", "\"last=all\"");
    refuses("last=-3", "at least 1");
    refuses("last=9007199254740992", "at least 1");
    refuses("last=1e3", "at least 1");
}

static void a_client_has_1_to_64_characters(void **state)
{
    (void)state;
    assert_string_equal(read("client=ann").client, "ann");
    assert_string_equal(read("client=Ann%20B.+C.").client, "Ann B. C.");
    assert_string_equal(read("client=%C3%A9").client, "\xc3\xa9");

    char query[800] = "client=", *end = query + 7;
    for (int i = 0; i < 64; i++) end += sprintf(end, "%%f0%%9f%%98%%80"); /* four bytes each */
    assert_int_equal(strlen(read(query).client), 256);
    sprintf(end, "x");
    refuses(query, "1 to 64 characters");

    refuses("client=", "1 to 64 characters");
    refuses("client", "1 to 64 characters");
    refuses("client=a%0Ab", "control characters");
    refuses("client=a%C2%85b", "control characters");
    refuses("client=%ff", "\"client\" in the URL is not in order");
    refuses("client=%00", "\"client\" in the URL is not in order");
    refuses("client=%4", "\"client\" in the URL is not in order");
}

static void presence_is_asked_once_or_for_good(void **state)
{
    (void)state;
    assert_int_equal(read("presence").said, PARAM_PRESENCE);
    assert_false(read("presence").presence_events);
    assert_true(read("presence=events").presence_events);
    refuses("presence=on", "\"presence=events\"");
}

static void a_socket_may_not_subscribe(void **state)
{
    (void)state;
    assert_true(read("subscribe=no").subscribe_no);
    assert_false(read("subscribe=yes").subscribe_no);
    refuses("subscribe", "\"subscribe=no\"");
    refuses("subscribe=0", "\"subscribe=no\"");
}

static void each_is_said_once(void **state)
{
    (void)state;
    refuses("last=1&last=2", "\"last\" is said twice");
    refuses("last=1&last=1", "\"last\" is said twice");
    refuses("stream&a=b&stream=raw", "\"stream\" is said twice");
    refuses("last=1&l%61st=2", "\"last\" is said twice"); /* a name may be encoded, too */
}

static void all_at_once(void **state)
{
    (void)state;
    struct params p =
        read("token=x&client=ann&since=k3f9a2c1.42&last=10&stream=sse&presence=events");
    weft_since since;
    params_since(&p, &since);
    assert_int_equal(p.said,
                     PARAM_CLIENT | PARAM_SINCE | PARAM_LAST | PARAM_STREAM | PARAM_PRESENCE);
    assert_ptr_equal(since.position, &p.since);
    assert_int_equal(since.last, 10);
    p = read("");
    params_since(&p, &since);
    assert_null(since.position);
    assert_int_equal(since.last, 0);
}

static void each_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(param_name(PARAM_STREAM), "stream");
    assert_string_equal(param_name(PARAM_SUBSCRIBE), "subscribe");
    assert_string_equal(param_name((enum param)(2 * PARAM_SUBSCRIBE)), "");
}

/* ---- Last-Event-ID --------------------------------------------------------------------------- */

/* EventSource connects again with the URL that it began with, so what it heard last is newer. */
static void last_event_id_wins_over_since(void **state)
{
    (void)state;
    struct params p = read("since=k3f9a2c1.42");
    params_resume(&p, LITERAL("k3f9a2c1.77"));
    assert_int_equal(p.since.offset, 77);

    p = read("stream=sse");
    params_resume(&p, LITERAL("k3f9a2c1.77"));
    assert_true(p.said & PARAM_SINCE);
    assert_int_equal(p.since.offset, 77);
}

static void without_one_since_stays(void **state)
{
    (void)state;
    struct params p = read("since=k3f9a2c1.42");
    params_resume(&p, (weft_bytes){0});
    assert_int_equal(p.since.offset, 42);
    p = read("");
    params_resume(&p, (weft_bytes){0});
    assert_int_equal(p.said, 0);
}

static void one_that_cannot_be_read_is_of_another_epoch(void **state)
{
    (void)state;
    static const char *const ids[] = {"7", "k3f9a2c1.", "undefined", "k3f9a2c1.42 ", "\xff"};
    for (size_t i = 0; i < countof(ids); i++) {
        struct params p = read("since=k3f9a2c1.42");
        weft_since since;
        params_resume(&p, bytes_of_text(ids[i]));
        params_since(&p, &since);
        assert_non_null(since.position);
        assert_string_equal(since.position->epoch, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said),
        cmocka_unit_test(others_are_ignored),
        cmocka_unit_test(a_stream_has_three_forms),
        cmocka_unit_test(one_waits_up_to_a_minute),
        cmocka_unit_test(since_is_a_position),
        cmocka_unit_test(last_is_a_number_or_all),
        cmocka_unit_test(a_client_has_1_to_64_characters),
        cmocka_unit_test(presence_is_asked_once_or_for_good),
        cmocka_unit_test(a_socket_may_not_subscribe),
        cmocka_unit_test(each_is_said_once),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(each_has_its_name),
        cmocka_unit_test(last_event_id_wins_over_since),
        cmocka_unit_test(without_one_since_stays),
        cmocka_unit_test(one_that_cannot_be_read_is_of_another_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
