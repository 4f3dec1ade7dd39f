/* SPDX-License-Identifier: MIT
 *
 * tests/ws/test_message.c - a message that two loops compress at the same time is compressed alike for both
 *
 * The race is played in one thread: while the one allocates for what it has compressed, the other comes
 * first.
 */
#include "base/unit.h"

#include <stdlib.h>
#include <string.h>

#include "ws/deflate.h"
#include "ws/message.h"
#include "ws/pool.h"

static weft_message *message;
static weft_session_pool *pools[2];
static struct blob *first;
static bool racing;
static long live;

static void *racing_realloc(void *ctx, void *p, size_t size)
{
    (void)ctx;
    if (size == 0) {
        live -= p != NULL;
        free(p);
        return NULL;
    }
    if (racing) {
        racing = false;
        first = message_compressed(message, WINDOW_BITS_MAX, pools[1]);
    }
    live += !p;
    return realloc(p, size);
}

static const weft_env env = {.realloc = racing_realloc};

/* A pool that has its encoder already: what is allocated next is for what it compresses. */
static weft_session_pool *warm_pool(void)
{
    weft_session_pool *pool;
    assert_int_equal(weft_session_pool_new(&pool, &env), 0);
    struct deflater *d = deflater_take(pool, &env);
    assert_non_null(d);
    deflater_give(pool, d);
    return pool;
}

static void test_who_comes_second_takes_what_is_there(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'x', sizeof text);
    assert_int_equal(weft_message_new(&message, &env, WEFT_TEXT, text, sizeof text), 0);
    for (int i = 0; i < 2; i++) pools[i] = warm_pool();
    racing = true;
    struct blob *second = message_compressed(message, WINDOW_BITS_MAX, pools[0]);
    assert_false(racing);
    assert_non_null(second);
    assert_ptr_equal(first, second);
    assert_ptr_equal(message_compressed(message, WINDOW_BITS_MAX, pools[0]), second);
    weft_message_unref(message);
    for (int i = 0; i < 2; i++) weft_session_pool_free(pools[i]);
    assert_int_equal(live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_comes_second_takes_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
