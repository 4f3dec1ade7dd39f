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
#include "carriers_faults.h"

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
    X(held_and_accepted)            \
    X(held_with_frames_behind)      \
    X(held_and_refused)             \
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
    X(ids)                          \
    X(leave_websockets)             \
    X(leave_replies)                \
    X(leave_the_idle)               \
    X(leave_those_who_wait)         \
    X(leave_the_held)               \
    X(leave_by_the_deadline)        \
    X(server_freed)                 \
    X(server_freed_in_a_turn)       \
    X(loop_freed)                   \
    X(freed_while_leaving)          \
    X(one_does_not_read)            \
    X(one_is_paused)                \
    X(one_stalls_for_good)          \
    X(one_is_reset)                 \
    X(each_ends_the_others)         \
    X(on_message_frees_the_server)  \
    X(on_drain_frees_the_server)    \
    X(on_close_frees_the_server)

static const struct how socket_alone = {&far_socket, 1}, sockets = {&far_socket, CAST_MAX};
static const struct how stream_alone = {&far_memory, 1};

#define TEST(scenario)                        \
    static void test_##scenario(void **state) \
    {                                         \
        (void)state;                          \
        scenario();                           \
    }
SCENARIOS(TEST)
#undef TEST

#define PLAYED(name, scenario, how)                                                   \
    {                                                                                 \
        name ": " #scenario, test_##scenario, begin, end, (void *)(uintptr_t) & (how) \
    }

#define ON_EACH(scenario)                                                                     \
    PLAYED("one socket", scenario, socket_alone), PLAYED("three sockets", scenario, sockets), \
        PLAYED("one stream", scenario, stream_alone), PLAYED("three streams", scenario, streams),

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIOS(ON_EACH) cmocka_unit_test(test_nothing_fails),
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
