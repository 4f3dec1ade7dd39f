/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_misuse.c - what debug builds stop at: the wrong thread, a server freed in a callback of its loop, and
 * requests and upgrades that were answered before
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

/* Nobody is to read what it says, or to look into its core. Returns how it ended. */
static int in_a_child(void (*mistake)(void))
{
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
    return status;
}

static void expect_abort(void (*mistake)(void))
{
    if (!asserts) skip();
    int status = in_a_child(mistake);
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

/* ---- answered before -------------------------------------------------------------------------- */

static weft_request *request;
static weft_upgrade *upgrade;

static void keep_request(weft_request *r, void *user)
{
    (void)user;
    request = r;
}

static int keep_upgrade(weft_upgrade *u)
{
    upgrade = u;
    return WEFT_HOLD;
}

static const weft_handler keeping = {.on_upgrade = keep_upgrade};

/* A request and an upgrade that wait for their answers. */
static void ask(struct raw *r[2])
{
    assert_int_equal(world_requests(world.server, "/keep", keep_request, NULL), 0);
    assert_int_equal(weft_server_route(world.server, "/keep", &keeping, NULL), 0);
    for (int i = 0; i < 2; i++) r[i] = raw_connect(&world);
    raw_say(r[0], "GET /keep HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_say(r[1], UPGRADE("/keep", ""));
    settle(&world);
    assert_non_null(request);
    assert_non_null(upgrade);
}

static void answer_requests(int n)
{
    weft_request *first = request;
    for (int i = 0; i < n; i++) (void)weft_respond(first, 200, NULL, "x", 1);
}

static void respond_twice(void)
{
    answer_requests(2);
}

static void begin_behind_an_answer(void)
{
    weft_reply *reply;
    answer_requests(1);
    (void)weft_reply_begin(&reply, request, 200, NULL, 1, NULL, NULL);
}

static void abort_behind_an_answer(void)
{
    answer_requests(1);
    weft_request_abort(request);
}

static void look_behind_an_answer(void)
{
    answer_requests(1);
    (void)weft_request_path(request);
}

static void add_a_field_behind_an_answer(void)
{
    answer_requests(1);
    settle(&world);
    (void)weft_reply_field(request, "X", "y");
}

static void accept_twice(void)
{
    (void)weft_upgrade_accept(upgrade);
    (void)weft_upgrade_accept(upgrade);
}

static void refuse_the_accepted(void)
{
    (void)weft_upgrade_accept(upgrade);
    settle(&world);
    (void)weft_upgrade_refuse(upgrade, 403, NULL, NULL, 0);
}

static void look_at_the_refused(void)
{
    (void)weft_upgrade_refuse(upgrade, 403, NULL, NULL, 0);
    (void)weft_upgrade_user(upgrade);
}

static void respond_to_an_upgrade(void)
{
    (void)weft_respond(weft_upgrade_request(upgrade), 200, NULL, "x", 1);
}

/* A sanitizer ends it in its own way. */
static void test_answered_before(void **state)
{
    (void)state;
    static void (*const mistakes[])(void) = {
        respond_twice,         begin_behind_an_answer,       abort_behind_an_answer,
        look_behind_an_answer, add_a_field_behind_an_answer, accept_twice,
        refuse_the_accepted,   look_at_the_refused,          respond_to_an_upgrade};
    struct raw *r[2];
    if (!asserts) skip();
    ask(r);
    for (size_t i = 0; i < countof(mistakes); i++)
        if (in_a_child(mistakes[i]) == 0) fail_msg("mistake %zu was not seen", i);
    assert_int_equal(weft_respond(request, 200, NULL, "x", 1), 0);
    assert_int_equal(weft_upgrade_refuse(upgrade, 403, NULL, NULL, 0), 0);
    for (int i = 0; i < 2; i++) raw_free(r[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_wrong_thread, begin, end),
        cmocka_unit_test_setup_teardown(test_who_waited_is_right, begin, end),
        cmocka_unit_test_setup_teardown(test_a_server_freed_in_a_callback, begin, end),
        cmocka_unit_test_setup_teardown(test_a_server_freed_when_it_has_left, begin, end),
        cmocka_unit_test_setup_teardown(test_answered_before, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
