/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_upgrade.c - on_upgrade: accept, refuse, or hold and answer later
 */
#include "raw.h"
#include "stuck_calls.h"
#include "teller.h"

static struct world world;
static struct teller server, other;
static weft_upgrade *held;
static int (*decide)(weft_upgrade *u);

static int on_upgrade(weft_upgrade *u)
{
    assert_ptr_equal(weft_upgrade_user(u), &server);
    return decide(u);
}

static const char *const spoken[] = {"chat", "superchat", NULL};
static const weft_handler handler = {.on_upgrade = on_upgrade,
                                     .on_open = teller_opens,
                                     .on_message = teller_hears,
                                     .on_close = teller_closes,
                                     .subprotocols = spoken};

static int begin(void **state)
{
    (void)state;
    memset(&server, 0, sizeof server);
    memset(&other, 0, sizeof other);
    held = NULL;
    world_begin(&world);
    world_serve(&world, &(weft_server_config){.limits = &(weft_limits){.handshake_timeout = 1000}});
    assert_int_equal(weft_server_route(world.server, "/", &handler, &server), 0);
    world_listen(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

/* A client that asks for an upgrade, with more fields. */
static struct raw *ask_with(const char *fields)
{
    char request[1024];
    struct raw *r = raw_connect(&world);
    snprintf(request, sizeof request, UPGRADE("/", "%s"), fields);
    raw_say(r, request);
    settle(&world);
    raw_read(r);
    return r;
}

static struct raw *ask(void)
{
    return ask_with("");
}

/* ---- at once --------------------------------------------------------------------------------- */

static int accept_it(weft_upgrade *u)
{
    weft_request *r = weft_upgrade_request(u);
    assert_true(weft_request_is(r, "GET"));
    assert_string_equal(weft_peer_host(weft_request_peer(r)), "127.0.0.1");
    assert_int_equal(weft_upgrade_field(u, "Set-Cookie", "a=b"), 0);
    assert_int_equal(weft_upgrade_field(u, "X-Bad", "a\r\nb"), -EINVAL);
    assert_int_equal(weft_upgrade_field(u, "Connection", "close"), -EINVAL);
    return 0;
}

static void test_accept(void **state)
{
    (void)state;
    decide = accept_it;
    struct raw *r = ask();
    assert_int_equal(raw_status(r), 101);
    assert_true(raw_heard(r, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    assert_true(raw_heard(r, "Set-Cookie: a=b\r\n"));
    assert_false(raw_heard(r, "Sec-WebSocket-Protocol"));
    assert_false(raw_heard(r, "X-Bad"));
    expect_story(&server.story, "open;");
    raw_free(r);
}

static int set_user(weft_upgrade *u)
{
    weft_upgrade_set_user(u, &other);
    return 0;
}

static void test_user(void **state)
{
    (void)state;
    decide = set_user;
    struct raw *r = ask();
    expect_story(&other.story, "open;");
    raw_free(r);
}

static int refuse_with_words(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_why(u, "first words"), 0);
    assert_int_equal(weft_upgrade_why(u, "who are you?"), 0);
    assert_int_equal(weft_upgrade_field(u, "WWW-Authenticate", "Basic realm=\"x\""), 0);
    return 401;
}

static void test_refuse(void **state)
{
    (void)state;
    decide = refuse_with_words;
    struct raw *r = ask();
    assert_int_equal(raw_status(r), 401);
    assert_string_equal(raw_body(r), "who are you?\n");
    assert_true(raw_heard(r, "WWW-Authenticate: Basic realm=\"x\"\r\n"));
    assert_true(raw_ended(r));
    assert_int_equal(weft_server_count_refused(world.server, 401), 1);
    raw_free(r);
}

static int answer_of_refusal;

static int refuse_plainly(weft_upgrade *u)
{
    (void)u;
    return answer_of_refusal;
}

/* What is neither accept, hold nor a refusal is our program's mistake: 500. */
static void test_answers(void **state)
{
    (void)state;
    static const int answers[][2] = {{400, 400}, {599, 599}, {399, 500}, {600, 500},
                                     {101, 500}, {200, 500}, {-1, 500}};
    decide = refuse_plainly;
    for (size_t i = 0; i < countof(answers); i++) {
        answer_of_refusal = answers[i][0];
        struct raw *r = ask();
        assert_int_equal(raw_status(r), answers[i][1]);
        assert_true(raw_ended(r));
        raw_free(r);
    }
    expect_story(&server.story, "");
}

/* ---- subprotocols ---------------------------------------------------------------------------- */

static const char *overrule; /* NULL: leave it */
static int overrule_error;
static char chosen[32];

static int look_at_subprotocol(weft_upgrade *u)
{
    snprintf(chosen, sizeof chosen, "%s", weft_upgrade_subprotocol(u));
    if (overrule) assert_int_equal(weft_upgrade_set_subprotocol(u, overrule), overrule_error);
    return 0;
}

static void expect_subprotocol(const char *offered, const char *choice, const char *answered)
{
    char line[64];
    decide = look_at_subprotocol;
    struct raw *r = ask_with(offered);
    assert_int_equal(raw_status(r), 101);
    assert_string_equal(chosen, choice);
    assert_string_equal(weft_conn_subprotocol(server.conn), answered);
    snprintf(line, sizeof line, "Sec-WebSocket-Protocol: %s\r\n", answered);
    assert_int_equal(raw_heard(r, line), answered[0] != 0);
    assert_int_equal(raw_heard(r, "Sec-WebSocket-Protocol"), answered[0] != 0);
    raw_free(r);
}

static void test_subprotocols(void **state)
{
    (void)state;
    overrule = NULL;
    expect_subprotocol("", "", "");
    expect_subprotocol("Sec-WebSocket-Protocol: x, superchat, chat\r\n", "superchat", "superchat");
    expect_subprotocol("Sec-WebSocket-Protocol: x\r\nSec-WebSocket-Protocol: chat\r\n", "chat",
                       "chat");
    expect_subprotocol("Sec-WebSocket-Protocol: CHAT\r\n", "", "");
    overrule = "x";
    overrule_error = 0;
    expect_subprotocol("Sec-WebSocket-Protocol: chat, x\r\n", "chat", "x");
    overrule = "";
    expect_subprotocol("Sec-WebSocket-Protocol: chat\r\n", "chat", "");
    overrule = "superchat";
    overrule_error = WEFT_ERR_STATE; /* not offered */
    expect_subprotocol("Sec-WebSocket-Protocol: chat\r\n", "chat", "chat");
}

/* ---- held ------------------------------------------------------------------------------------ */

static int hold(weft_upgrade *u)
{
    held = u;
    return WEFT_HOLD;
}

static struct raw *ask_and_hold(void)
{
    decide = hold;
    struct raw *r = ask_with("Sec-WebSocket-Protocol: chat\r\n");
    assert_non_null(held);
    assert_string_equal(weft_upgrade_subprotocol(held), "chat");
    assert_int_equal(raw_status(r), 0);
    return r;
}

static void test_held_then_accepted(void **state)
{
    (void)state;
    struct raw *r = ask_and_hold();
    pass(&world, 100000); /* no deadline while the answer is ours */
    assert_int_equal(raw_status(r), 0);
    assert_int_equal(weft_upgrade_field(held, "X-Late", "1"), 0);
    assert_int_equal(weft_upgrade_accept(held), 0);
    expect_story(&server.story, ""); /* from the loop */
    turn_until(&world, server.story.len);
    settle(&world);
    assert_int_equal(raw_status(r), 101);
    assert_true(raw_heard(r, "X-Late: 1\r\n"));
    expect_story(&server.story, "open;");
    raw_text(r, "hi");
    turn_until(&world, told(&server.story, "text hi;"));
    raw_free(r);
}

/* What the client sends before it is answered waits. */
static void test_held_with_frames_behind(void **state)
{
    (void)state;
    struct raw *r = ask_and_hold();
    raw_text(r, "early");
    raw_text(r, "bird");
    settle(&world);
    assert_int_equal(weft_upgrade_accept(held), 0);
    turn_until(&world, told(&server.story, "bird"));
    expect_story(&server.story, "open;text early;text bird;");
    raw_free(r);
}

/* It was asked for under the route that there was. */
static void test_held_while_routes_change(void **state)
{
    (void)state;
    struct raw *r = ask_and_hold();
    assert_int_equal(weft_server_route(world.server, "/", NULL, NULL), 0);
    assert_int_equal(weft_server_route(world.server, "/another", NULL, NULL), 0);
    assert_int_equal(weft_upgrade_accept(held), 0);
    settle(&world);
    assert_int_equal(raw_status(r), 101);
    expect_story(&server.story, "open;");
    raw_free(r);
}

static void answer(weft_request *r, void *user)
{
    (void)user;
    assert_int_equal(weft_respond(r, 200, NULL, "first", 5), 0);
}

/* That the client took his time for the reply before it is no matter once he has it. */
static void test_held_behind_a_reply(void **state)
{
    (void)state;
    assert_int_equal(weft_server_on_request(world.server, "/", answer, NULL), 0);
    decide = hold;
    use_full_sockets(&world.sys, true);
    struct raw *r = raw_connect(&world);
    raw_say(r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n" UPGRADE("/", ""));
    turn_until(&world, held);
    settle(&world);
    make_room();
    turn_until(&world, raw_heard(r, "first"));
    pass(&world, 3600 * 1000);
    assert_int_equal(weft_upgrade_accept(held), 0);
    turn_until(&world, raw_heard(r, "HTTP/1.1 101 "));
    expect_story(&server.story, "open;");
    raw_free(r);
}

static void test_held_then_refused(void **state)
{
    (void)state;
    struct raw *r = ask_and_hold();
    assert_int_equal(weft_upgrade_field(held, "X-Late", "1"), 0);
    assert_int_equal(weft_upgrade_refuse(held, 403, "not you"), 0);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 403);
    assert_string_equal(raw_body(r), "not you\n");
    assert_true(raw_heard(r, "X-Late: 1\r\n"));
    expect_story(&server.story, "");
    raw_free(r);
}

static void test_held_then_refused_wrongly(void **state)
{
    (void)state;
    struct raw *r = ask_and_hold();
    assert_int_equal(weft_upgrade_refuse(held, 200, NULL), -EINVAL);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 500);
    raw_free(r);
}

static void test_client_leaves_while_held(void **state)
{
    (void)state;
    struct raw *r = ask_and_hold();
    raw_hang_up(r);
    settle(&world);
    assert_true(weft_request_is(weft_upgrade_request(held), "GET"));
    assert_string_equal(weft_peer_host(weft_request_peer(weft_upgrade_request(held))), "127.0.0.1");
    assert_int_equal(weft_upgrade_accept(held), WEFT_ERR_CLOSED);
    raw_free(r);
    r = ask_and_hold();
    raw_reset(r);
    settle(&world);
    assert_int_equal(weft_upgrade_refuse(held, 403, "x"), WEFT_ERR_CLOSED);
    settle(&world);
    expect_story(&server.story, "");
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_CONNECTIONS), 0);
    raw_free(r);
}

static void test_held_and_server_freed(void **state)
{
    (void)state;
    struct raw *r = ask_and_hold();
    weft_server_free(world.server);
    world.server = NULL;
    assert_string_equal(weft_upgrade_subprotocol(held), ""); /* the handler's copy went, too */
    assert_int_equal(weft_upgrade_refuse(held, 403, "x"), WEFT_ERR_CLOSED);
    raw_free(r);
}

static void test_many_held_at_once(void **state)
{
    (void)state;
    struct raw *peers[10];
    weft_upgrade *all[10];
    for (size_t i = 0; i < countof(peers); i++) {
        peers[i] = ask_and_hold();
        all[i] = held;
    }
    for (size_t i = 0; i < countof(peers); i += 2) raw_hang_up(peers[i]);
    settle(&world);
    for (size_t i = 0; i < countof(peers); i++)
        assert_int_equal(weft_upgrade_accept(all[i]), i % 2 ? 0 : WEFT_ERR_CLOSED);
    settle(&world);
    expect_story(&server.story, "open;open;open;open;open;");
    for (size_t i = 0; i < countof(peers); i++) raw_free(peers[i]);
}

/* Once the answer was made there is no memory for the connection: the client is told 503. */
static void test_accept_out_of_memory(void **state)
{
    (void)state;
    for (long nth = 0; nth < 40; nth++) {
        memset(&server, 0, sizeof server);
        struct raw *r = ask_and_hold();
        world_fail_at(&world, nth);
        int error = weft_upgrade_accept(held);
        bool failed = world.asked > nth;
        world_fail_at(&world, -1);
        settle(&world);
        raw_read(r);
        if (error) assert_int_equal(error, -ENOMEM);
        if (error) assert_true(raw_status(r) == 503 || raw_ended(r));
        else assert_int_equal(raw_status(r), 101);
        assert_int_equal(told(&server.story, "open;"), !error);
        raw_free(r);
        if (!failed) return;
    }
    fail_msg("more than 40 allocations for an accept");
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_accept),
        unit(test_user),
        unit(test_refuse),
        unit(test_answers),
        unit(test_subprotocols),
        unit(test_held_then_accepted),
        unit(test_held_with_frames_behind),
        unit(test_held_while_routes_change),
        unit(test_held_behind_a_reply),
        unit(test_held_then_refused),
        unit(test_held_then_refused_wrongly),
        unit(test_client_leaves_while_held),
        unit(test_held_and_server_freed),
        unit(test_many_held_at_once),
        unit(test_accept_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
