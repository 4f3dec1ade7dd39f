/* SPDX-License-Identifier: MIT
 *
 * The timing wheel, by hand and against a model that is too simple to be wrong.
 */
#include "io/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct timers wheel;

struct probe {
    struct timer timer;
    uint64_t fired_at; /* the goal of the run, 0: not yet */
    int times;
    void (*then)(struct probe *p);
    struct probe *other;
};

static void fire(struct timer *t)
{
    struct probe *p = container_of(t, struct probe, timer);
    assert_false(timer_running(t));
    assert_true(t->deadline <= wheel.goal);
    p->fired_at = wheel.goal;
    p->times++;
    if (p->then) p->then(p);
}

static void probe_init(struct probe *p)
{
    *p = (struct probe){0};
    timer_init(&p->timer, fire);
}

static void fires_once_at_its_tick_and_not_before(void **state)
{
    (void)state;
    struct probe p;
    timers_init(&wheel, 1000);
    probe_init(&p);
    timers_start(&wheel, &p.timer, 1010);
    assert_int_equal(timers_next(&wheel), 1010);
    timers_run(&wheel, 1009);
    assert_int_equal(p.times, 0);
    timers_run(&wheel, 1010);
    timers_run(&wheel, 99999);
    assert_int_equal(p.times, 1);
    assert_true(timers_next(&wheel) == TIMER_NEVER);
}

static void every_distance_is_exact(void **state)
{
    (void)state;
    static const uint64_t bases[] = {0, 1, 63, 64, 4095, 262143, 16777215, UINT64_C(1) << 40};
    for (size_t b = 0; b < sizeof bases / sizeof *bases; b++) {
        for (int bit = 0; bit < 62; bit++) {
            for (int off = -1; off <= 1; off++) {
                uint64_t deadline = bases[b] + (UINT64_C(1) << bit) + (uint64_t)(int64_t)off;
                struct probe p;
                if (deadline <= bases[b]) continue;
                timers_init(&wheel, bases[b]);
                probe_init(&p);
                timers_start(&wheel, &p.timer, deadline);
                timers_run(&wheel, deadline - 1);
                assert_int_equal(p.times, 0);
                timers_run(&wheel, deadline);
                assert_int_equal(p.times, 1);
            }
        }
    }
}

static void a_deadline_in_the_past_is_the_next_tick(void **state)
{
    (void)state;
    struct probe p;
    timers_init(&wheel, 500);
    probe_init(&p);
    timers_start(&wheel, &p.timer, 3);
    assert_int_equal(timers_next(&wheel), 501);
    timers_run(&wheel, 501);
    assert_int_equal(p.times, 1);
}

static void never_does_not_come_and_stops_what_was_running(void **state)
{
    (void)state;
    struct probe p;
    timers_init(&wheel, 0);
    probe_init(&p);
    timers_start(&wheel, &p.timer, 5);
    timers_start(&wheel, &p.timer, TIMER_NEVER);
    assert_false(timer_running(&p.timer));
    assert_true(timers_next(&wheel) == TIMER_NEVER);
}

static void time_that_goes_back_is_ignored(void **state)
{
    (void)state;
    struct probe p;
    timers_init(&wheel, 100);
    probe_init(&p);
    timers_start(&wheel, &p.timer, 110);
    timers_run(&wheel, 50);
    assert_int_equal(wheel.now, 100);
    timers_run(&wheel, 110);
    assert_int_equal(p.times, 1);
}

static void again_at_once(struct probe *p)
{
    timers_start(&wheel, &p->timer, 0);
}

static void one_that_starts_itself_runs_once_per_run(void **state)
{
    (void)state;
    struct probe p;
    timers_init(&wheel, 0);
    probe_init(&p);
    p.then = again_at_once;
    timers_start(&wheel, &p.timer, 1);
    timers_run(&wheel, 1000000);
    assert_int_equal(p.times, 1);
    timers_run(&wheel, 1000001);
    assert_int_equal(p.times, 2);
}

static void stop_other(struct probe *p)
{
    timers_stop(&wheel, &p->other->timer);
}

static void a_callback_may_stop_one_that_is_due_with_it(void **state)
{
    (void)state;
    struct probe a, b;
    timers_init(&wheel, 0);
    probe_init(&a);
    probe_init(&b);
    a.then = b.then = stop_other;
    a.other = &b;
    b.other = &a;
    timers_start(&wheel, &a.timer, 70);
    timers_start(&wheel, &b.timer, 70);
    timers_run(&wheel, 100);
    assert_int_equal(a.times + b.times, 1);
    timers_stop(&wheel, &a.timer); /* not running: nothing */
}

static void free_both(struct probe *p)
{
    timers_stop(&wheel, &p->other->timer);
    free(p->other);
    free(p);
}

static void a_callback_may_free_itself_and_others(void **state)
{
    (void)state;
    struct probe *a = malloc(sizeof *a), *b = malloc(sizeof *b);
    timers_init(&wheel, 0);
    probe_init(a);
    probe_init(b);
    a->then = b->then = free_both;
    a->other = b;
    b->other = a;
    timers_start(&wheel, &a->timer, 64);
    timers_start(&wheel, &b->timer, 4096);
    timers_run(&wheel, 5000);
}

/* ---- the model: an array that is searched ---------------------------------------------------- */

enum { PROBES = 200, STEPS = 60000 };

static struct probe probes[PROBES];
static uint64_t deadlines[PROBES]; /* 0: not running */
static uint64_t last_deadline;

static uint64_t random_distance(void)
{
    int bits = rand() % 30;
    return (uint64_t)rand() & ((UINT64_C(1) << bits) - 1);
}

static void model_start(size_t i, uint64_t distance)
{
    uint64_t wanted = wheel.now + distance;
    timers_start(&wheel, &probes[i].timer, wanted);
    deadlines[i] = wanted > wheel.goal ? wanted : wheel.goal + 1;
}

static void model_fire(struct probe *p)
{
    size_t i = (size_t)(p - probes), other = (size_t)rand() % PROBES;
    assert_int_equal(p->timer.deadline, deadlines[i]);
    assert_true(deadlines[i] >= last_deadline);
    last_deadline = deadlines[i];
    deadlines[i] = 0;
    if (rand() % 3 == 0) model_start(i, random_distance());
    if (rand() % 5 == 0) {
        timers_stop(&wheel, &probes[other].timer);
        deadlines[other] = 0;
    }
}

static uint64_t model_next(void)
{
    uint64_t next = TIMER_NEVER;
    for (size_t i = 0; i < PROBES; i++)
        if (deadlines[i] && deadlines[i] < next) next = deadlines[i];
    return next;
}

static void run_to(uint64_t now)
{
    last_deadline = 0;
    timers_run(&wheel, now);
    assert_true(model_next() > now);
}

static void random_step(void)
{
    size_t i = (size_t)rand() % PROBES;
    switch (rand() % 4) {
    case 0:
    case 1: model_start(i, random_distance()); break;
    case 2:
        timers_stop(&wheel, &probes[i].timer);
        deadlines[i] = 0;
        break;
    default: run_to(wheel.now + random_distance() / 64);
    }
}

static void agrees_with_the_model(void **state)
{
    (void)state;
    srand(7);
    timers_init(&wheel, 123456789);
    for (size_t i = 0; i < PROBES; i++) {
        probe_init(&probes[i]);
        probes[i].then = model_fire;
    }
    for (int step = 0; step < STEPS; step++) {
        random_step();
        assert_true(timers_next(&wheel) <= model_next());
        assert_true(timers_next(&wheel) > wheel.now);
        for (size_t i = 0; i < PROBES; i++)
            assert_int_equal(timer_running(&probes[i].timer), deadlines[i] != 0);
    }
    run_to(wheel.now + (UINT64_C(1) << 45));
}

static void is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct timer) <= 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_once_at_its_tick_and_not_before),
        cmocka_unit_test(every_distance_is_exact),
        cmocka_unit_test(a_deadline_in_the_past_is_the_next_tick),
        cmocka_unit_test(never_does_not_come_and_stops_what_was_running),
        cmocka_unit_test(time_that_goes_back_is_ignored),
        cmocka_unit_test(one_that_starts_itself_runs_once_per_run),
        cmocka_unit_test(a_callback_may_stop_one_that_is_due_with_it),
        cmocka_unit_test(a_callback_may_free_itself_and_others),
        cmocka_unit_test(agrees_with_the_model),
        cmocka_unit_test(is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
