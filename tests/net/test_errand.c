/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_errand.c - errands: work for a loop's thread that needs no memory
 *
 * In several loops: test_threads.c. That nothing of what many threads have written is missed: io/test_loop.c.
 */
#include <pthread.h>

#include "raw.h"
#include "teller.h"

static struct world world;
static struct teller server;

static int begin(void **state)
{
    (void)state;
    memset(&server, 0, sizeof server);
    tellers_begin(&world, &server, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

struct job {
    weft_errand errand;
    weft_id id;
    unsigned runs, again; /* how often run posts it once more */
    const weft_conn *found;
    const weft_loop *loop;
};

static void run(weft_errand *e)
{
    struct job *j = container_of(e, struct job, errand);
    assert_true(weft_loop_is_mine(e->loop));
    j->runs++;
    j->found = weft_conn_find(e->loop, j->id);
    j->loop = e->loop;
    if (!j->again) return;
    j->again--;
    assert_true(weft_errand_post(e->loop, j->id, e));
}

static void test_it_needs_no_memory(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    struct job j = {.errand.run = run, .id = server.id};
    world.fail_on = true;
    world_fail_at(&world, 0);
    assert_true(weft_errand_post(world.loop, server.id, &j.errand));
    assert_int_equal(j.runs, 0); /* from the loop, and from nowhere else */
    turn(&world, 0);
    assert_int_equal(world.asked, 0);
    world_fail_at(&world, -1);
    assert_int_equal(j.runs, 1);
    assert_ptr_equal(j.found, server.conn);
    assert_ptr_equal(j.loop, world.loop);
    raw_free(r);
}

static void test_on_its_way_it_is_not_posted_again(void **state)
{
    (void)state;
    struct job j = {.errand.run = run};
    for (unsigned i = 1; i <= 2; i++) {
        assert_true(weft_errand_post(world.loop, 0, &j.errand));
        assert_false(weft_errand_post(world.loop, 0, &j.errand));
        settle(&world);
        assert_int_equal(j.runs, i);
    }
}

static void test_it_may_post_itself(void **state)
{
    (void)state;
    struct job j = {.errand.run = run, .again = 2};
    assert_true(weft_errand_post(world.loop, 0, &j.errand));
    for (unsigned i = 1; i <= 3; i++) {
        turn(&world, 0);
        assert_int_equal(j.runs, i);
    }
    settle(&world);
    assert_int_equal(j.runs, 3);
}

static void free_it(weft_errand *e)
{
    free(container_of(e, struct job, errand));
}

static void test_it_may_free_itself(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct job *j = calloc(1, sizeof *j);
        j->errand.run = free_it;
        assert_true(weft_errand_post(world.loop, 0, &j->errand));
    }
    settle(&world);
}

static char order[8];

static void tell_a(weft_errand *e)
{
    (void)e;
    strcat(order, "a");
}

static void tell_b(void *arg)
{
    (void)arg;
    strcat(order, "b");
}

static void test_in_order_with_other_posts(void **state)
{
    (void)state;
    weft_errand first = {.run = tell_a}, last = {.run = tell_a};
    order[0] = 0;
    assert_true(weft_errand_post(world.loop, 0, &first));
    assert_int_equal(weft_loop_post(world.loop, tell_b, NULL), 0);
    assert_true(weft_errand_post(world.loop, 0, &last));
    turn(&world, 0);
    assert_string_equal(order, "aba");
}

static void test_to_one_that_has_gone(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    struct job j = {.errand.run = run, .id = server.id};
    weft_abort(server.conn);
    settle(&world);
    assert_true(weft_errand_post(world.loop, j.id, &j.errand));
    settle(&world);
    assert_int_equal(j.runs, 1);
    assert_null(j.found);
    raw_free(r);
}

/* On a loop that carries nothing, and never has; when it is freed at the latest. */
static void test_a_bare_loop(void **state)
{
    (void)state;
    weft_loop *l;
    struct job zero = {.errand.run = run}, unknown = {.errand.run = run, .again = 3};
    assert_int_equal(weft_loop_new(&l, NULL), 0);
    assert_true(weft_errand_post(l, 0, &zero.errand));
    assert_true(weft_errand_post(l, 77, &unknown.errand));
    weft_loop_free(l);
    assert_int_equal(zero.runs, 1);
    assert_int_equal(unknown.runs, 4);
    assert_null(unknown.found);
}

/* ---- a held upgrade, answered by another thread ------------------------------------------------ */

struct question {
    weft_errand errand;
    weft_upgrade *upgrade;
    weft_loop *loop;
    bool good;
    int result;
};

static struct question asked;

static int hold(weft_upgrade *u)
{
    asked.upgrade = u;
    asked.loop = weft_request_loop(weft_upgrade_request(u));
    return WEFT_HOLD;
}

static void answer(weft_errand *e)
{
    struct question *q = container_of(e, struct question, errand);
    q->result = q->good ? weft_upgrade_accept(q->upgrade)
                        : weft_upgrade_refuse(q->upgrade, 403, NULL, NULL, 0);
    q->upgrade = NULL;
}

static void *work(void *arg)
{
    struct question *q = arg;
    return weft_errand_post(q->loop, 0, &q->errand) ? q : NULL;
}

static void expect_answer(bool good, int result, const char *status)
{
    pthread_t thread;
    void *posted;
    struct raw *r = raw_connect(&world);
    raw_say(r, UPGRADE("/held", ""));
    asked = (struct question){.errand.run = answer, .good = good};
    turn_until(&world, asked.upgrade);
    if (!status) {
        raw_free(r);
        r = NULL;
        settle(&world);
    }
    assert_int_equal(pthread_create(&thread, NULL, work, &asked), 0);
    pthread_join(thread, &posted);
    assert_ptr_equal(posted, &asked);
    assert_non_null(asked.upgrade);
    turn_until(&world, !asked.upgrade);
    assert_int_equal(asked.result, result);
    if (status) turn_until(&world, raw_heard(r, status));
    if (r) raw_free(r);
}

static void test_a_held_upgrade(void **state)
{
    (void)state;
    const weft_handler h = {.on_upgrade = hold};
    assert_int_equal(weft_server_route(world.server, "/held", &h, NULL), 0);
    expect_answer(true, 0, "HTTP/1.1 101");
    expect_answer(false, 0, "HTTP/1.1 403");
    expect_answer(true, WEFT_ERR_CLOSED, NULL); /* who asked has left */
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_it_needs_no_memory),
        unit(test_on_its_way_it_is_not_posted_again),
        unit(test_it_may_post_itself),
        unit(test_it_may_free_itself),
        unit(test_in_order_with_other_posts),
        unit(test_to_one_that_has_gone),
        unit(test_a_bare_loop),
        unit(test_a_held_upgrade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
