/* SPDX-License-Identifier: MIT
 *
 * Lookups with a resolver of the test's own, which answers only when it is allowed to. Run under TSan too.
 */
#include "io/resolve.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- a resolver that can be held ------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool held;
static int inside, most_inside, calls;
static const char *dead; /* a part of names for which nobody ever answers, until it is NULL */

static void set_held(bool value)
{
    pthread_mutex_lock(&lock);
    held = value;
    if (!value) dead = NULL;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_until_inside(int n)
{
    pthread_mutex_lock(&lock);
    while (inside < n) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

/* Until the threads have gone home: what they own is freed by then, or soon. */
static void wait_until_empty(void)
{
    pthread_mutex_lock(&lock);
    while (inside > 0) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static int answer(const char *host, struct addrinfo **out)
{
    static const char *const addresses[] = {"10.0.0.1", "::1", "10.0.0.2"};
    if (!strcmp(host, "memory.test")) return EAI_MEMORY;
    if (!strcmp(host, "system.test")) {
        errno = EMFILE;
        return EAI_SYSTEM;
    }
    if (!strstr(host, "good.test")) return EAI_NONAME;
    struct addrinfo **end = out, hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    for (size_t i = 0; i < 3; i++) {
        if (getaddrinfo(addresses[i], NULL, &hints, end) != 0) abort();
        end = &(*end)->ai_next;
    }
    return 0;
}

static int held_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                            struct addrinfo **out)
{
    (void)service, (void)hints;
    pthread_mutex_lock(&lock);
    calls++;
    if (++inside > most_inside) most_inside = inside;
    pthread_cond_broadcast(&changed);
    while (held || (dead && strstr(host, dead))) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    int eai = answer(host, out);
    pthread_mutex_lock(&lock);
    inside--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return eai;
}

/* ---- one who asks ---------------------------------------------------------------------------- */

struct asker {
    struct lookup lookup;
    int done, error;
    size_t n;
    char text[4][SOCK_TEXT];
};

static weft_loop *loop;
static struct sys sys;

static void on_done(struct lookup *k, int error, const struct sock_addr *addresses, size_t n)
{
    struct asker *a = container_of(k, struct asker, lookup);
    a->done++;
    a->error = error;
    a->n = n;
    for (size_t i = 0; i < n && i < 4; i++) sock_format(&addresses[i], a->text[i], SOCK_TEXT);
}

static void ask(struct asker *a, const char *host)
{
    *a = (struct asker){0};
    assert_int_equal(lookup_start(&a->lookup, loop, host, 80, on_done), 0);
    assert_int_equal(a->done, 0); /* never from inside */
}

static void turn_until_done(struct asker *a)
{
    while (!a->done) assert_int_equal(weft_loop_turn(loop, -1), 0);
    assert_int_equal(a->done, 1);
}

static void addresses_need_no_resolver(void **state)
{
    (void)state;
    struct asker a, b, c;
    ask(&a, "127.0.0.1");
    ask(&b, "::1");
    ask(&c, "localhost");
    turn_until_done(&a);
    turn_until_done(&b);
    turn_until_done(&c);
    assert_string_equal(a.text[0], "127.0.0.1:80");
    assert_string_equal(b.text[0], "[::1]:80");
    assert_int_equal(c.n, 2);
    assert_string_equal(c.text[0], "127.0.0.1:80");
    assert_string_equal(c.text[1], "[::1]:80");
    assert_int_equal(calls, 0);
}

static void a_name_becomes_addresses_in_order(void **state)
{
    (void)state;
    struct asker a;
    ask(&a, "good.test");
    turn_until_done(&a);
    assert_int_equal(a.error, 0);
    assert_int_equal(a.n, 3);
    assert_string_equal(a.text[0], "10.0.0.1:80");
    assert_string_equal(a.text[1], "[::1]:80");
    assert_string_equal(a.text[2], "10.0.0.2:80");
}

static void failures_say_why(void **state)
{
    (void)state;
    struct asker a;
    char long_name[300];
    ask(&a, "nobody.test");
    turn_until_done(&a);
    assert_int_equal(a.error, WEFT_ERR_RESOLVE);
    ask(&a, "memory.test");
    turn_until_done(&a);
    assert_int_equal(a.error, -ENOMEM);
    ask(&a, "system.test");
    turn_until_done(&a);
    assert_int_equal(a.error, -EMFILE);
    memset(long_name, 'a', sizeof long_name);
    long_name[sizeof long_name - 1] = 0;
    a = (struct asker){0};
    assert_int_equal(lookup_start(&a.lookup, loop, long_name, 80, on_done), WEFT_ERR_RESOLVE);
}

static void ask_named(struct asker *a, int number)
{
    char host[32];
    snprintf(host, sizeof host, "%d.good.test", number);
    ask(a, host);
}

static void at_most_so_many_threads_work_at_once(void **state)
{
    (void)state;
    enum { MANY = LOOKUP_THREADS + 9 };
    static struct asker a[MANY];
    set_held(true);
    for (int i = 0; i < MANY; i++) ask_named(&a[i], i);
    wait_until_inside(LOOKUP_THREADS);
    set_held(false);
    for (int i = 0; i < MANY; i++) turn_until_done(&a[i]);
    assert_int_equal(most_inside, LOOKUP_THREADS);
    assert_int_equal(calls, MANY);
}

/* Each with its own port, and in any case. */
static void a_name_is_looked_up_once_for_all(void **state)
{
    (void)state;
    static struct asker a[20];
    set_held(true);
    for (int i = 0; i < 20; i++) {
        a[i] = (struct asker){0};
        assert_int_equal(lookup_start(&a[i].lookup, loop, i % 2 ? "GOOD.test" : "good.test",
                                      (uint16_t)(i + 1), on_done),
                         0);
    }
    wait_until_inside(1);
    set_held(false);
    for (int i = 0; i < 20; i++) {
        char want[SOCK_TEXT];
        turn_until_done(&a[i]);
        snprintf(want, sizeof want, "10.0.0.1:%d", i + 1);
        assert_string_equal(a[i].text[0], want);
    }
    assert_int_equal(calls, 1);
}

/* However many names have servers that do not answer. */
static void a_name_does_not_wait_for_others(void **state)
{
    (void)state;
    enum { DEAD = LOOKUP_THREADS - 1 };
    static struct asker a[DEAD], good;
    char host[32];
    dead = "dead";
    for (int i = 0; i < DEAD; i++) {
        snprintf(host, sizeof host, "%d.dead.test", i);
        ask(&a[i], host);
    }
    ask(&good, "good.test");
    turn_until_done(&good);
    assert_int_equal(good.n, 3);
    for (int i = 0; i < DEAD; i++) lookup_cancel(&a[i].lookup);
    set_held(false);
    for (int i = 0; i < DEAD; i++) assert_int_equal(a[i].done, 0);
}

/* Nor for those that nobody wants any more, be they as many as can be. */
static void what_nobody_wants_holds_nothing(void **state)
{
    (void)state;
    static struct asker a[LOOKUP_THREADS], waits, good;
    char host[32];
    dead = "dead";
    for (int i = 0; i < LOOKUP_THREADS; i++) {
        snprintf(host, sizeof host, "%d.dead.test", i);
        ask(&a[i], host);
    }
    ask(&waits, "waits.good.test");
    wait_until_inside(LOOKUP_THREADS);
    lookup_cancel(&a[0].lookup); /* now there is a place */
    turn_until_done(&waits);
    assert_int_equal(waits.error, 0);
    for (int i = 1; i < LOOKUP_THREADS; i++) lookup_cancel(&a[i].lookup);
    ask(&good, "good.test");
    turn_until_done(&good);
    assert_int_equal(good.error, 0);
    int before = calls;
    ask(&a[0], "7.dead.test"); /* wanted again: by a lookup of its own */
    wait_until_inside(LOOKUP_THREADS + 1);
    set_held(false);
    turn_until_done(&a[0]);
    assert_int_equal(a[0].error, WEFT_ERR_RESOLVE);
    assert_int_equal(calls, before + 1);
}

/* But a resolver that answers nobody cannot have threads without end. */
static void what_nobody_wants_has_an_end(void **state)
{
    (void)state;
    static struct asker a[LOOKUP_THREADS_EVER], good;
    set_held(true);
    for (int i = 0; i < LOOKUP_THREADS_EVER; i++) {
        ask_named(&a[i], i);
        lookup_cancel(&a[i].lookup);
    }
    ask(&good, "good.test");
    wait_until_inside(LOOKUP_THREADS_EVER);
    set_held(false);
    turn_until_done(&good);
    assert_int_equal(good.error, 0);
    assert_int_equal(most_inside, LOOKUP_THREADS_EVER);
    assert_int_equal(calls, LOOKUP_THREADS_EVER + 1);
}

static void cancelled_is_not_told(void **state)
{
    (void)state;
    static struct asker running, same, waiting[LOOKUP_THREADS], numeric, last;
    set_held(true);
    ask(&running, "good.test");
    ask(&same, "good.test");
    for (int i = 0; i < LOOKUP_THREADS; i++) ask_named(&waiting[i], i); /* the last one waits */
    wait_until_inside(LOOKUP_THREADS);
    lookup_cancel(&waiting[LOOKUP_THREADS - 1].lookup);
    lookup_cancel(&running.lookup);
    lookup_cancel(&running.lookup);
    ask(&numeric, "127.0.0.1");
    lookup_cancel(&numeric.lookup);
    set_held(false);
    turn_until_done(&same);
    for (int i = 0; i < LOOKUP_THREADS - 1; i++) turn_until_done(&waiting[i]);
    ask(&last, "good.test");
    turn_until_done(&last);
    assert_int_equal(running.done + waiting[LOOKUP_THREADS - 1].done + numeric.done, 0);
    assert_int_equal(calls, LOOKUP_THREADS + 1);
}

static void a_loop_may_go_while_lookups_are_under_way(void **state)
{
    (void)state;
    enum { MANY = LOOKUP_THREADS + 5 };
    static struct asker a[MANY], same, nobodys;
    set_held(true);
    ask(&nobodys, "nobodys.good.test");
    lookup_cancel(&nobodys.lookup);
    for (int i = 0; i < MANY; i++) ask_named(&a[i], i);
    ask_named(&same, 0);
    wait_until_inside(LOOKUP_THREADS);
    weft_loop_free(loop); /* does not wait for them */
    loop = NULL;
    set_held(false);
    wait_until_empty();
    for (int i = 0; i < MANY; i++) assert_int_equal(a[i].done, 0);
    assert_int_equal(same.done, 0);
}

static void results_that_were_posted_are_handed_over_when_the_loop_goes(void **state)
{
    (void)state;
    static struct asker a;
    ask(&a, "127.0.0.1");
    weft_loop_free(loop);
    loop = NULL;
    assert_int_equal(a.done, 1);
}

static int set_up(void **state)
{
    (void)state;
    wait_until_empty();
    held = false;
    dead = NULL;
    most_inside = calls = 0;
    return loop_new_with_sys(&loop, NULL, &sys);
}

static int tear_down(void **state)
{
    (void)state;
    weft_loop_free(loop);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses_need_no_resolver),
        TEST(a_name_becomes_addresses_in_order),
        TEST(failures_say_why),
        TEST(at_most_so_many_threads_work_at_once),
        TEST(a_name_is_looked_up_once_for_all),
        TEST(a_name_does_not_wait_for_others),
        TEST(what_nobody_wants_holds_nothing),
        TEST(what_nobody_wants_has_an_end),
        TEST(cancelled_is_not_told),
        TEST(a_loop_may_go_while_lookups_are_under_way),
        TEST(results_that_were_posted_are_handed_over_when_the_loop_goes),
    };
    sys = sys_real; /* once: threads that were disowned may look at it still */
    sys.getaddrinfo = held_getaddrinfo;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
