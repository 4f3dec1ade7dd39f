/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_misuse.c - what debug builds stop at: the wrong thread, and a server freed in a callback of its loop
 *
 * Each mistake is made in a child, which has to end by SIGABRT. In builds without asserts there is nothing to see.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raw.h"
#include "teller.h"

#ifdef NDEBUG
static const bool asserts;
#else
static const bool asserts = true;
#endif

static struct world world;
static struct teller server;
static struct raw *peer;

static int begin(void **state)
{
    (void)state;
    memset(&server, 0, sizeof server);
    tellers_begin(&world, &server, NULL);
    peer = raw_open(&world, "/");
    return 0;
}

static int end(void **state)
{
    (void)state;
    raw_free(peer);
    world_end(&world);
    return 0;
}

/* Nobody is to read what it says, or to look into its core. */
static void expect_abort(void (*mistake)(void))
{
    if (!asserts) skip();
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        mistake();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* ---- the wrong thread ------------------------------------------------------------------------- */

static void *send_there(void *arg)
{
    (void)arg;
    (void)!weft_send(server.conn, WEFT_TEXT, "x", 1);
    return NULL;
}

static void *ask_there(void *arg)
{
    (void)arg;
    (void)weft_conn_user(server.conn);
    return NULL;
}

static void *find_there(void *arg)
{
    (void)arg;
    (void)weft_conn_find(world.loop, server.id);
    return NULL;
}

static void *free_there(void *arg)
{
    (void)arg;
    weft_server_free(world.server);
    return NULL;
}

static void *(*what)(void *arg);

static void in_another_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, what, NULL) == 0) pthread_join(thread, NULL);
}

static void test_the_wrong_thread(void **state)
{
    (void)state;
    static void *(*const all[])(void *arg) = {send_there, ask_there, find_there, free_there};
    for (size_t i = 0; i < countof(all); i++) {
        what = all[i];
        expect_abort(in_another_thread);
    }
}

static void stop(weft_timer *t, void *user)
{
    (void)t, (void)user;
    weft_loop_stop(world.loop);
}

static void *run_there(void *arg)
{
    (void)arg;
    assert_int_equal(weft_loop_run(world.loop), 0);
    return NULL;
}

/* Whoever waited for the thread that ran it is as good. */
static void test_who_waited_is_right(void **state)
{
    (void)state;
    weft_timer *t;
    assert_int_equal(weft_timer_new(&t, world.loop, stop, NULL), 0);
    weft_timer_start(t, 0);
    world.now_us += 2000;
    what = run_there;
    in_another_thread();
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "x", 1), 0);
    weft_timer_free(t);
}

/* ---- in a callback ---------------------------------------------------------------------------- */

static void free_the_server(weft_conn *c, const char *text)
{
    (void)c, (void)text;
    weft_server_free(world.server);
}

static void hear_a_message(void)
{
    server.then_message = free_the_server;
    raw_text(peer, "x");
    settle(&world);
}

static void test_a_server_freed_in_a_callback(void **state)
{
    (void)state;
    expect_abort(hear_a_message);
}

static void free_it(weft_server *s, void *user)
{
    (void)user;
    weft_server_free(s);
    world.server = NULL;
}

/* But that of weft_server_shutdown. */
static void test_a_server_freed_when_it_has_left(void **state)
{
    (void)state;
    assert_int_equal(weft_server_shutdown(world.server, 1001, free_it, NULL), 0);
    pass(&world, 30000);
    turn_until(&world, !world.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_wrong_thread, begin, end),
        cmocka_unit_test_setup_teardown(test_who_waited_is_right, begin, end),
        cmocka_unit_test_setup_teardown(test_a_server_freed_in_a_callback, begin, end),
        cmocka_unit_test_setup_teardown(test_a_server_freed_when_it_has_left, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
