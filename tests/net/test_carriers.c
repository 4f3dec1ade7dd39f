/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_carriers.c - whoever carries it, a conversation is the same
 *
 * Each scenario is played over sockets, alone and by three at once, and over the other carrier there is
 * (memory_carrier.h), alone and by three on the streams of one connection. What users were told and what peers heard
 * is the same to the letter.
 *
 * Behind them are tests of the second carrier alone, and the run in which memory fails everywhere.
 */
#include "carriers_random.h"

/* X(scenario) */
#define SCENARIOS(X)                \
    X(send_and_echo)                \
    X(longer_than_the_windows)      \
    X(many_messages)                \
    X(behind_the_handshake)         \
    X(backlog_and_drain)            \
    X(pause_and_resume)             \
    X(pause_before_much)            \
    X(pause_from_on_open)           \
    X(paused_by_each_chunk)         \
    X(paused_while_inflating)       \
    X(close_of_the_paused)          \
    X(close_by_us)                  \
    X(close_by_the_peer)            \
    X(close_by_both)                \
    X(close_behind_a_backlog)       \
    X(close_without_an_answer)      \
    X(violation)                    \
    X(abort_by_us)                  \
    X(abort_in_a_batch)             \
    X(close_in_a_batch)             \
    X(reset_by_the_peer)            \
    X(reset_of_the_paused)          \
    X(end_without_a_close)          \
    X(end_of_the_paused)            \
    X(end_behind_a_close)           \
    X(loss)                         \
    X(loss_in_a_message)            \
    X(write_stall)                  \
    X(slow_but_not_stalled)         \
    X(told_when_over)               \
    X(told_of_a_stream)             \
    X(held_and_accepted)            \
    X(held_with_frames_behind)      \
    X(held_and_refused)             \
    X(held_too_long)                \
    X(held_and_reset)               \
    X(held_and_ended)               \
    X(held_and_lost)                \
    X(one_after_the_other)          \
    X(several_at_once)              \
    X(last_one)                     \
    X(many_and_unread)              \
    X(bad_request)                  \
    X(half_a_request)               \
    X(end_between_requests)         \
    X(end_before_any)               \
    X(end_in_a_request)             \
    X(reset_before_the_answer)      \
    X(end_before_the_answer)        \
    X(request_aborted)              \
    X(written_and_ended)            \
    X(one_piece_for_all)            \
    X(of_known_length)              \
    X(less_than_the_length)         \
    X(reply_backlog_and_drain)      \
    X(ended_behind_a_backlog)       \
    X(next_request_waits)           \
    X(upgrade_behind_a_reply)       \
    X(reply_stall)                  \
    X(reply_reset)                  \
    X(reply_to_one_who_ended)       \
    X(known_reply_to_one_who_ended) \
    X(reply_lost)                   \
    X(reply_aborted)                \
    X(reply_without_memory)         \
    X(behind_a_proxy)               \
    X(ids)                          \
    X(leave_websockets)             \
    X(leave_replies)                \
    X(leave_the_idle)               \
    X(leave_those_who_wait)         \
    X(leave_the_held)               \
    X(leave_by_the_deadline)        \
    X(leave_everything)             \
    X(server_freed)                 \
    X(loop_freed)                   \
    X(freed_while_leaving)          \
    X(one_does_not_read)            \
    X(one_is_paused)                \
    X(one_stalls_for_good)          \
    X(one_is_reset)                 \
    X(each_ends_the_others)

static struct how socket_alone = {&far_socket, 1}, sockets = {&far_socket, CAST_MAX};
static struct how stream_alone = {&far_memory, 1};

#define TEST(scenario)                        \
    static void test_##scenario(void **state) \
    {                                         \
        (void)state;                          \
        scenario();                           \
    }
SCENARIOS(TEST)
#undef TEST

#define PLAYED(name, scenario, how)                              \
    {                                                            \
        name ": " #scenario, test_##scenario, begin, end, &(how) \
    }

#define ON_EACH(scenario)                                                                     \
    PLAYED("one socket", scenario, socket_alone), PLAYED("three sockets", scenario, sockets), \
        PLAYED("one stream", scenario, stream_alone), PLAYED("three streams", scenario, streams),

/* ---- the windows of the second ---------------------------------------------------------------- */

static struct memory_stream *stream_of(size_t i)
{
    return fars[i].stream;
}

static void expect_windows(size_t first, size_t second, size_t third, size_t all)
{
    const size_t of_stream[] = {first, second, third};
    for (size_t i = 0; i < CAST_MAX; i++) assert_int_equal(stream_of(i)->window, of_stream[i]);
    assert_int_equal(stream_of(0)->connection->window, all);
}

static void expect_in_windows(size_t first, size_t second, size_t third, size_t all)
{
    const size_t of_stream[] = {first, second, third};
    for (size_t i = 0; i < CAST_MAX; i++) assert_int_equal(stream_of(i)->in_window, of_stream[i]);
    assert_int_equal(stream_of(0)->connection->in_window, all);
}

static void one_reads(size_t i)
{
    cast[i].far->reads = true;
    run();
    cast[i].far->reads = false;
}

static void send_long(size_t i)
{
    assert_int_equal(weft_send(cast[i].teller.conn, WEFT_BINARY, long_text(), 60000), 0);
    run();
}

enum { S = STREAM_WINDOW, C = CONNECTION_WINDOW };

/* What goes out is held up by the stream's window, and by the connection's. */
static void test_windows_out(void **state)
{
    (void)state;
    open_all("/talk");
    read_no_more();
    expect_windows(S, S, S, C);
    send_long(0);
    expect_windows(0, S, S, C - S);
    send_long(1);
    expect_windows(0, 0, S, C - 2 * S);
    send_long(2);
    expect_windows(0, 0, 3 * S - C, 0);
    one_reads(1); /* which frees what the third one lacks, too */
    one_heard(&cast[1], "bin [60000];");
    expect_windows(0, S, 0, C - 2 * S);
    one_resets(&cast[0]);
    run();
    assert_int_equal(stream_of(0)->connection->window, C - S);
    one_reads(2);
    one_heard(&cast[2], "bin [60000];");
    assert_int_equal(stream_of(0)->connection->window, C);
}

/* What comes in is held up in the same way, by who is paused. */
static void test_windows_in(void **state)
{
    (void)state;
    open_all("/talk");
    for each (a) weft_pause(a->teller.conn);
    for each (a) far_frame(a->far, 0x82, long_text(), 60000);
    run();
    expect_in_windows(0, 0, 3 * S - C, 0);
    weft_resume(cast[1].teller.conn);
    run();
    one_was_told(&cast[1], "bin [60000];");
    expect_in_windows(0, S, 0, C - 2 * S);
    weft_abort(cast[0].teller.conn);
    run();
    assert_int_equal(stream_of(0)->connection->in_window, C - S);
    weft_resume(cast[2].teller.conn);
    run();
    one_was_told(&cast[2], "bin [60000];");
    assert_int_equal(stream_of(0)->connection->in_window, C);
}

/* Many lanes are one connection, which ends with the last of them. */
static void test_one_connection(void **state)
{
    (void)state;
    uint64_t before = weft_server_count(world.server, WEFT_COUNT_CONNECTIONS);
    assert_int_equal(before, 1);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_ACCEPTED), 1);
    open_all("/talk");
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_WEBSOCKETS), CAST_MAX);
    for (size_t left = CAST_MAX; left; left--) {
        assert_int_equal(weft_server_count(world.server, WEFT_COUNT_CONNECTIONS), 1);
        far_close_frame(cast[left - 1].far, 1000, "");
        run();
    }
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_CONNECTIONS), 0);
}

#define on_streams(test) cmocka_unit_test_prestate_setup_teardown(test, begin, end, &streams)

int main(void)
{
    const struct CMUnitTest played[] = {SCENARIOS(ON_EACH)};
    const struct CMUnitTest second[] = {
        on_streams(test_windows_out),
        on_streams(test_windows_in),
        on_streams(test_one_connection),
        cmocka_unit_test(test_nothing_fails),
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_anything),
    };
    return cmocka_run_group_tests(played, NULL, NULL) + cmocka_run_group_tests(second, NULL, NULL);
}
