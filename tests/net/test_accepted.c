/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_accepted.c - who has accepted an upgrade is told what becomes of it, whichever allocation fails
 *
 * He gives something of his as the user data, once for each upgrade that is accepted as far as he knows, and takes it
 * back in on_close. Behind a proxy that is believed, with compression, a subprotocol and a field of his own, and each
 * WebSocket written down, so that there is all that can fail.
 */
#include "raw.h"

static struct world world;
static weft_upgrade *held;
static unsigned accepted, opened, closed, lost, written;
static const char *way; /* in which he accepts */

static const weft_deflate deflate = {.threshold = 1};
static const char *const spoken[] = {"chat", NULL};

/* ---- the program ----------------------------------------------------------------------------- */

static void *claim(void)
{
    accepted++;
    return malloc(1); /* missed by LeakSanitizer if it is not told of the end */
}

static int add_field(weft_upgrade *u)
{
    return weft_upgrade_field(u, "Set-Cookie", "a=b");
}

static int on_upgrade(weft_upgrade *u)
{
    if (strcmp(way, "held") == 0) {
        held = u;
        return WEFT_HOLD;
    }
    if (add_field(u) < 0) return 500;
    if (strcmp(way, "as another's") == 0) assert_int_equal(weft_upgrade_as(u, "/other"), 0);
    weft_upgrade_set_user(u, claim());
    if (strcmp(way, "by a call") != 0) return 0;
    assert_int_equal(weft_upgrade_accept(u), 0);
    return WEFT_HOLD;
}

static void accept_held(void)
{
    if (!held) return;
    void *user = add_field(held) < 0 ? NULL : claim();
    weft_upgrade_set_user(held, user);
    int error = user ? weft_upgrade_accept(held) : weft_upgrade_refuse(held, 500, NULL, NULL, 0);
    held = NULL;
    if (!user || !error) return;
    assert_int_equal(error, -ENOMEM);
    accepted--;
    free(user);
}

static void on_open(weft_conn *c)
{
    assert_int_equal(opened++, closed);
    assert_non_null(weft_conn_user(c));
    assert_string_equal(weft_conn_subprotocol(c), "chat");
    assert_true(weft_conn_id(c) != 0);
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    closed++;
    assert_int_equal(opened, closed);
    assert_int_equal(info->code, 1006);
    const weft_peer *peer = weft_conn_peer(c);
    if (info->error == -ENOMEM) lost++;
    else if (peer) assert_string_equal(weft_peer_host(peer), "192.0.2.7");
    free(weft_conn_user(c));
}

static void on_access(const weft_access *a, void *user)
{
    (void)user;
    if (a->kind != WEFT_ACCESS_WEBSOCKET) return;
    written++;
    assert_int_equal(a->status, 101);
}

/* ---- again and again ------------------------------------------------------------------------- */

static void begin(void)
{
    const weft_handler handler = {.on_upgrade = on_upgrade,
                                  .on_open = on_open,
                                  .on_close = on_close,
                                  .subprotocols = spoken,
                                  .deflate = &deflate};
    const char *const proxies[] = {"localhost", NULL};
    held = NULL;
    accepted = opened = closed = lost = written = 0;
    world_begin(&world);
    world_serve(&world, &(weft_server_config){.trust_proxy = proxies, .on_access = on_access});
    assert_int_equal(weft_server_route(world.server, "/", &handler, NULL), 0);
    assert_int_equal(weft_server_route(world.server, "/other", &handler, NULL), 0);
    world_listen(&world);
}

/* Whether that allocation was asked for. */
static bool scenario(long nth, bool and_all_that_follow)
{
    struct raw *r = raw_connect(&world);
    world.fail_on = and_all_that_follow;
    world_fail_at(&world, nth);
    raw_say(r, UPGRADE("/", "X-Forwarded-For: 192.0.2.7\r\nSec-WebSocket-Protocol: chat\r\n"
                            "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
    settle(&world);
    accept_held();
    settle(&world);
    bool failed = world.asked > nth;
    world_fail_at(&world, -1);
    assert_int_equal(opened, accepted);
    bool heard_101 = raw_heard(r, "HTTP/1.1 101 ");
    raw_free(r);
    settle(&world);
    assert_int_equal(closed, accepted);
    assert_int_equal(written, accepted);
    assert_true(failed || heard_101);
    return failed;
}

static unsigned run(const char *accepts, bool and_all_that_follow)
{
    way = accepts;
    begin();
    bool failed = true;
    for (long nth = 0; failed; nth++) {
        assert_true(nth < 200);
        failed = scenario(nth, and_all_that_follow);
    }
    assert_true(accepted > 0);
    unsigned n = lost;
    world_end(&world);
    return n;
}

static void run_both(const char *accepts, bool some_are_lost)
{
    unsigned n = run(accepts, false) + run(accepts, true);
    assert_int_equal(n > 0, some_are_lost);
}

static void test_returned(void **state)
{
    (void)state;
    run_both("returned", true);
}

static void test_by_a_call(void **state)
{
    (void)state;
    run_both("by a call", true);
}

static void test_as_another_routes(void **state)
{
    (void)state;
    run_both("as another's", true);
}

/* The call says so. */
static void test_held(void **state)
{
    (void)state;
    run_both("held", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_returned),
        cmocka_unit_test(test_by_a_call),
        cmocka_unit_test(test_as_another_routes),
        cmocka_unit_test(test_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
