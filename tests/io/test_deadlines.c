/* SPDX-License-Identifier: MIT
 *
 * Deadlines to the microsecond, against a model that is too simple to be wrong.
 */
#include "io/deadlines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/list.h"

enum { PROBES = 60, STEPS = 20000 };

static struct deadlines all;

static struct probe {
    struct deadline deadline;
    bool waits; /* the model */
    uint64_t us;
    unsigned times;
} probes[PROBES];

static uint64_t now, last;

static void fire(struct deadline *d)
{
    struct probe *p = container_of(d, struct probe, deadline);
    assert_true(p->waits && p->us <= now);
    assert_true(last <= p->us); /* in order */
    last = p->us;
    p->waits = false;
    p->times++;
}

static void add(struct probe *p, uint64_t us)
{
    deadlines_add(&all, &p->deadline, us);
    p->waits = true;
    p->us = us;
}

static void take_away(struct probe *p)
{
    deadlines_remove(&all, &p->deadline);
    p->waits = false;
}

static void run(void)
{
    last = 0;
    deadlines_run(&all, now);
    const struct probe *first = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        const struct probe *p = &probes[i];
        if (!p->waits) continue;
        assert_true(p->us > now);
        if (!first || p->us < first->us) first = p;
    }
    assert_int_equal(all.root != NULL, first != NULL);
    if (first) assert_int_equal(all.root->us, first->us);
}

static int set_up(void **state)
{
    (void)state;
    all = (struct deadlines){0};
    now = 1000;
    for (size_t i = 0; i < PROBES; i++) {
        probes[i] = (struct probe){0};
        deadline_init(&probes[i].deadline, fire);
    }
    return 0;
}

static void like_the_model(void **state)
{
    (void)state;
    srand(7);
    for (int step = 0; step < STEPS; step++) {
        struct probe *p = &probes[rand() % PROBES];
        switch (rand() % 8) {
        case 0: take_away(p); break;
        case 1:
            now += (uint64_t)(rand() % 30);
            run();
            break;
        default: add(p, now + 1 + (uint64_t)(rand() % 200)); break;
        }
    }
    now += 1000;
    run();
    assert_null(all.root);
}

static void each_is_met_to_the_microsecond(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROBES; i++) add(&probes[i], 2000 + (i * 37) % PROBES);
    for (now = 1999; now < 2000 + PROBES; now++) {
        run();
        unsigned times = 0;
        for (size_t i = 0; i < PROBES; i++) times += probes[i].times;
        assert_int_equal(times, now - 1999);
    }
}

static struct probe *other;

static void take_other_away(struct deadline *d)
{
    fire(d);
    take_away(other);
    add(container_of(d, struct probe, deadline), now + 1);
}

/* One that is due takes another one away that is due as well, and comes again. */
static void whoever_is_due_may_change_all(void **state)
{
    (void)state;
    other = &probes[1];
    probes[0].deadline.on_time = take_other_away;
    add(&probes[0], 1001);
    add(&probes[1], 1002);
    now = 1002;
    run();
    assert_int_equal(probes[0].times, 1);
    assert_int_equal(probes[1].times, 0);
    now++;
    run();
    assert_int_equal(probes[0].times, 2);
    take_away(&probes[0]);
    take_away(&probes[0]); /* harmless */
    run();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(like_the_model, set_up),
        cmocka_unit_test_setup(each_is_met_to_the_microsecond, set_up),
        cmocka_unit_test_setup(whoever_is_due_may_change_all, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
