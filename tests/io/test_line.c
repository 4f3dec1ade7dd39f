/* SPDX-License-Identifier: MIT
 *
 * The line: who brought much in his last turn does not hold up who brings little. The clock is the test's own, and
 * moves by what each of the duplexes says that its input costs.
 */
#include "io/duplex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { MUCH = 8192, MEMBERS = 5 };

static uint64_t fake_now;
static char story[64];
static weft_loop *loop;

static uint64_t fake_clock(void *ctx)
{
    (void)ctx;
    return fake_now;
}

static const weft_env env = {.now_us = fake_clock};

/* A duplex with a name, and the other end of its socket. */
struct member {
    struct duplex duplex;
    int peer;
    char name;
    uint64_t cost_us;
};

static void on_bytes(struct duplex *d, uint8_t *data, size_t len)
{
    struct member *m = container_of(d, struct member, duplex);
    (void)data, (void)len;
    story[strlen(story)] = m->name;
    fake_now += m->cost_us;
}

static int on_pull(struct duplex *d, struct iovec *iov, int max)
{
    (void)d, (void)iov, (void)max;
    return 0;
}

static void on_again(struct duplex *d)
{
    (void)d;
}

static struct duplex_handler handler = {
    .on_bytes = on_bytes, .on_pull = on_pull, .on_again = on_again};

static void join(struct member *m, char name, uint64_t cost_us)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    *m = (struct member){.peer = pair[1], .name = name, .cost_us = cost_us};
    assert_int_equal(duplex_init(&m->duplex, pair[0], &handler), 0);
}

static void leave(struct member *m)
{
    duplex_close(&m->duplex);
    close(m->peer);
}

static void say(struct member *m, size_t n)
{
    static const char bytes[MUCH];
    assert_int_equal(write(m->peer, bytes, n), (ssize_t)n);
}

/* What happens in a turn. */
static const char *turn(void)
{
    memset(story, 0, sizeof story);
    assert_int_equal(weft_loop_turn(loop, 0), 0);
    return story;
}

/* Heard once, so that the loop knows what he is like. */
static void introduce(struct member *m, size_t n)
{
    uint64_t cost = m->cost_us;
    m->cost_us = 0;
    say(m, n);
    assert_int_equal(turn()[0], m->name);
    m->cost_us = cost;
}

static int begin(void **state)
{
    (void)state;
    fake_now = 1000;
    const weft_loop_config cfg = {.env = &env};
    assert_int_equal(weft_loop_new(&loop, &cfg), 0);
    handler.loop = loop;
    return 0;
}

static int end(void **state)
{
    (void)state;
    weft_loop_free(loop);
    return 0;
}

/* ---- who waits ------------------------------------------------------------------------------- */

static void who_brought_much_lets_others_go_first(void **state)
{
    (void)state;
    struct member busy, quick;
    join(&busy, 'b', 0);
    join(&quick, 'q', 0);
    introduce(&busy, MUCH);
    introduce(&quick, 10);
    say(&busy, 10); /* ready first */
    say(&quick, 10);
    assert_string_equal(turn(), "qb");
    say(&busy, 10); /* and now it has brought little */
    say(&quick, 10);
    assert_string_equal(turn(), "bq");
    leave(&busy);
    leave(&quick);
}

static void a_stranger_waits_too(void **state)
{
    (void)state;
    struct member stranger, quick;
    join(&quick, 'q', 0);
    introduce(&quick, 10);
    join(&stranger, 's', 0);
    say(&stranger, 10);
    say(&quick, 10);
    assert_string_equal(turn(), "qs");
    leave(&stranger);
    leave(&quick);
}

static void who_says_that_he_is_busy_is_believed_once(void **state)
{
    (void)state;
    struct member a, b;
    join(&a, 'a', 0);
    join(&b, 'b', 0);
    introduce(&a, 10);
    introduce(&b, 10);
    duplex_busy(&a.duplex);
    for (int i = 0; i < 2; i++) {
        say(&a, 10);
        say(&b, 10);
        assert_string_equal(turn(), i == 0 ? "ba" : "ab");
    }
    leave(&a);
    leave(&b);
}

/* ---- how long a turn is ---------------------------------------------------------------------- */

/* Five of them, ready at the same time, and one who is quick. */
static struct member members[MEMBERS], quick;

static void gather(uint64_t cost_us, uint64_t quick_us)
{
    join(&quick, 'q', quick_us);
    introduce(&quick, 10);
    for (int i = 0; i < MEMBERS; i++) {
        join(&members[i], (char)('1' + i), cost_us);
        introduce(&members[i], MUCH);
    }
    for (int i = 0; i < MEMBERS; i++) say(&members[i], MUCH);
    say(&quick, 10);
}

static void part(void)
{
    leave(&quick);
    for (int i = 0; i < MEMBERS; i++) leave(&members[i]);
}

static void the_line_has_200_us_of_a_turn_and_keeps_its_order(void **state)
{
    (void)state;
    gather(150, 0);
    assert_string_equal(turn(), "q12");
    say(&quick, 10);
    assert_string_equal(turn(), "q34");
    say(&quick, 10);
    say(&members[0], MUCH); /* behind those who wait */
    assert_string_equal(turn(), "q51");
    assert_string_equal(turn(), "");
    part();
}

static void the_first_in_line_has_his_turn_whatever_it_costs(void **state)
{
    (void)state;
    gather(5000, 0);
    assert_string_equal(turn(), "q1");
    say(&quick, 10);
    assert_string_equal(turn(), "q2");
    part();
}

static void the_line_has_as_much_as_the_quick_took(void **state)
{
    (void)state;
    gather(150, 600);
    assert_string_equal(turn(), "q1234");
    assert_string_equal(turn(), "5");
    part();
}

static void a_loop_with_a_line_does_not_sleep(void **state)
{
    (void)state;
    gather(5000, 0);
    (void)turn();
    memset(story, 0, sizeof story);
    assert_int_equal(weft_loop_turn(loop, -1), 0); /* would wait for ever */
    assert_string_equal(story, "2");
    part();
}

/* ---- leaving it ------------------------------------------------------------------------------ */

static void who_is_closed_in_line_is_not_called(void **state)
{
    (void)state;
    gather(5000, 0);
    assert_string_equal(turn(), "q1");
    leave(&members[1]);
    assert_string_equal(turn(), "3");
    leave(&quick);
    leave(&members[0]);
    leave(&members[2]);
    leave(&members[3]);
    leave(&members[4]);
}

static void who_is_paused_in_line_goes_on_when_he_is_resumed(void **state)
{
    (void)state;
    gather(5000, 0);
    assert_string_equal(turn(), "q1");
    duplex_pause(&members[1].duplex);
    assert_string_equal(turn(), "3");
    duplex_resume(&members[1].duplex);
    assert_string_equal(turn(), "4");
    assert_string_equal(turn(), "5");
    assert_string_equal(turn(), "2");
    part();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_brought_much_lets_others_go_first, begin, end),
        cmocka_unit_test_setup_teardown(a_stranger_waits_too, begin, end),
        cmocka_unit_test_setup_teardown(who_says_that_he_is_busy_is_believed_once, begin, end),
        cmocka_unit_test_setup_teardown(the_line_has_200_us_of_a_turn_and_keeps_its_order, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_first_in_line_has_his_turn_whatever_it_costs, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_line_has_as_much_as_the_quick_took, begin, end),
        cmocka_unit_test_setup_teardown(a_loop_with_a_line_does_not_sleep, begin, end),
        cmocka_unit_test_setup_teardown(who_is_closed_in_line_is_not_called, begin, end),
        cmocka_unit_test_setup_teardown(who_is_paused_in_line_goes_on_when_he_is_resumed, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
