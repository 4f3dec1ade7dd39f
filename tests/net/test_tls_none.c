/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_tls_none.c - weft without TLS (-DWEFT_TLS=OFF): who asks for it is told so, and all else is as ever
 */
#include "raw.h"
#include "teller.h"

static struct world world;
static struct teller server, client;

static const char words[] = "weft was built without TLS";

static int begin(void **state)
{
    (void)state;
    client = (struct teller){0};
    tellers_begin(&world, &server, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

static void test_there_is_no_weft_tls(void **state)
{
    (void)state;
    char why[64] = "";
    weft_tls *tls = (weft_tls *)why;
    assert_int_equal(weft_tls_new(&tls, NULL, NULL, why, sizeof why), WEFT_ERR_UNSUPPORTED);
    assert_null(tls);
    assert_string_equal(why, words);
    assert_int_equal(weft_tls_new(&tls, NULL, NULL, NULL, 0), WEFT_ERR_UNSUPPORTED);
    assert_int_equal(weft_tls_new_sized(&tls, NULL, 0, &(weft_tls_config){0}, 1, why, sizeof why),
                     -EINVAL);
    weft_tls_unref(tls);
}

static void test_wss(void **state)
{
    (void)state;
    char url[160];
    snprintf(url, sizeof url, "wss://%s/", world.address);
    assert_int_equal(weft_connect(&client.conn, world.loop, url, NULL, &telling, &client), 0);
    turn_until(&world, client.closes);
    expect_story(&client.story, "close 1006 WEFT_ERR_UNSUPPORTED;");
    assert_string_equal(client.cause, words);
}

static void test_ws(void **state)
{
    (void)state;
    assert_int_equal(
        weft_connect(&client.conn, world.loop, world_url(&world, "/"), NULL, &telling, &client), 0);
    turn_until(&world, client.id && server.id);
    assert_int_equal(weft_close(client.conn, 1000, ""), 0);
    turn_until(&world, client.closes);
    expect_story(&client.story, "open;close 1000 clean;");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_there_is_no_weft_tls),
        TEST(test_wss),
        TEST(test_ws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
