/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_upgrade.c - on_upgrade: accept, refuse, or hold and answer later
 */
#include "raw.h"
#include "stuck_calls.h"
#include "teller.h"

enum { HOLD_TIMEOUT = 5000 };

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

static unsigned log_lines;

static void log_error(void *ctx, int level, const char *line)
{
    (void)ctx;
    if (level != WEFT_LOG_ERROR) return;
    assert_non_null(strstr(line, "no answer to an upgrade"));
    log_lines++;
}

static int begin(void **state)
{
    (void)state;
    log_lines = 0;
    memset(&server, 0, sizeof server);
    memset(&other, 0, sizeof other);
    held = NULL;
    world_begin(&world);
    world_serve(&world, &(weft_server_config){.limits = &(weft_limits){.handshake_timeout = 1000,
                                                                       .hold_timeout = HOLD_TIMEOUT,
                                                                       .write_stall = 2000}});
    assert_int_equal(weft_server_route(world.server, "/", &handler, &server), 0);
    world_listen(&world);
    weft_env *env = (weft_env *)(uintptr_t)weft_loop_env(world.loop);
    env->log = log_error;
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

/* ---- refused at once ------------------------------------------------------------------------- */

static const char page[] =
    "<!doctype html>\n<p>who are \0 you?\r\n\n"; /* the last NUL is a part of it */

static int refuse_with_a_page(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_body(u, "text/plain", "first words", 11), 0);
    assert_int_equal(weft_upgrade_body(u, "text/html", page, sizeof page), 0);
    assert_int_equal(weft_upgrade_field(u, "WWW-Authenticate", "Basic realm=\"x\""), 0);
    return 401;
}

/* The body is the user's to the byte, and so is its type. */
static void expect_page(struct raw *r, int status)
{
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), status);
    assert_true(raw_heard(r, "Content-Type: text/html\r\n"));
    const char *body = raw_body(r);
    assert_int_equal(r->got + r->len - body, sizeof page);
    assert_memory_equal(body, page, sizeof page);
}

static void test_refuse(void **state)
{
    (void)state;
    decide = refuse_with_a_page;
    struct raw *r = ask();
    expect_page(r, 401);
    assert_true(raw_heard(r, "WWW-Authenticate: Basic realm=\"x\"\r\n"));
    assert_int_equal(weft_server_count_refused(world.server, 401), 1);
    raw_free(r);
}

static int refuse_emptily(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_body(u, NULL, "", 0), 0);
    return 403;
}

static void test_refuse_with_an_empty_body(void **state)
{
    (void)state;
    decide = refuse_emptily;
    struct raw *r = ask();
    assert_int_equal(raw_status(r), 403);
    assert_true(raw_heard(r, "Content-Length: 0\r\n"));
    assert_false(raw_heard(r, "Content-Type"));
    assert_string_equal(raw_body(r), "");
    raw_free(r);
}

static int refuse_with_a_typed_field(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_field(u, "content-type", "text/css"), 0);
    assert_int_equal(weft_upgrade_body(u, NULL, "p {}", 4), 0);
    return 403;
}

static int refuse_with_both(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_field(u, "Content-Type", "text/css"), 0);
    assert_int_equal(weft_upgrade_body(u, "text/html", page, sizeof page), 0);
    return 403;
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;
    while ((text = strcasestr(text, word))) n++, text++;
    return n;
}

/* However it was said, one Content-Type goes out. */
static void test_one_type(void **state)
{
    (void)state;
    decide = refuse_with_a_typed_field;
    struct raw *r = ask();
    assert_true(raw_heard(r, "text/css\r\n"));
    assert_int_equal(count(r->got, "Content-Type"), 1);
    raw_free(r);
    decide = refuse_with_both;
    r = ask();
    expect_page(r, 403);
    assert_int_equal(count(r->got, "Content-Type"), 1);
    raw_free(r);
}

static int refuse_after_a_bad_type(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_body(u, "a\r\nSet-Cookie: b", "x", 1), -EINVAL);
    return 403;
}

/* Without a body it is the status in words. */
static void test_refuse_after_a_bad_type(void **state)
{
    (void)state;
    decide = refuse_after_a_bad_type;
    struct raw *r = ask();
    assert_int_equal(raw_status(r), 403);
    assert_string_equal(raw_body(r), "Forbidden\n");
    assert_false(raw_heard(r, "Set-Cookie"));
    raw_free(r);
}

static int redirect(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_field(u, "Location", "/elsewhere"), 0);
    return 302;
}

static void test_redirect(void **state)
{
    (void)state;
    decide = redirect;
    struct raw *r = ask();
    assert_int_equal(raw_status(r), 302);
    assert_true(raw_heard(r, "Location: /elsewhere\r\n"));
    assert_string_equal(raw_body(r), "Found\n");
    raw_free(r);
}

static int several_fields(weft_upgrade *u)
{
    static const weft_field fields[] = {
        {{(const uint8_t *)"X-One", 5}, {(const uint8_t *)"1xx", 1}},
        {{(const uint8_t *)"Allow", 5}, {(const uint8_t *)"PUT", 3}},
        {{(const uint8_t *)"sec-websocket-accept", 20}, {(const uint8_t *)"x", 1}}};
    assert_int_equal(weft_upgrade_fields(u, fields, 3), -EINVAL);
    assert_int_equal(weft_upgrade_fields(u, fields, 2), 0);
    return 405;
}

static void test_several_fields(void **state)
{
    (void)state;
    decide = several_fields;
    struct raw *r = ask();
    assert_int_equal(raw_status(r), 405);
    assert_true(raw_heard(r, "X-One: 1\r\nAllow: PUT\r\n"));
    assert_false(raw_heard(r, "Allow: GET"));
    assert_false(raw_heard(r, "accept"));
    raw_free(r);
}

static int not_modified(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_body(u, NULL, "x", 1), 0);
    return 304;
}

static void test_304_has_no_body(void **state)
{
    (void)state;
    decide = not_modified;
    struct raw *r = ask();
    assert_int_equal(raw_status(r), 304);
    assert_string_equal(raw_body(r), "");
    raw_free(r);
}

static int answer_of_refusal;

static int refuse_plainly(weft_upgrade *u)
{
    (void)u;
    return answer_of_refusal;
}

/* What is neither accept, hold nor a refusal, "return true" to begin with, is our program's mistake: 500, and a line in
 * the log. */
static void test_answers(void **state)
{
    (void)state;
    static const int answers[][2] = {{300, 300}, {399, 399}, {400, 400},          {599, 599},
                                     {299, 500}, {600, 500}, {101, 500},          {200, 500},
                                     {1, 500},   {-1, 500},  {WEFT_HOLD + 1, 500}};
    decide = refuse_plainly;
    for (size_t i = 0; i < countof(answers); i++) {
        answer_of_refusal = answers[i][0];
        struct raw *r = ask();
        assert_int_equal(raw_status(r), answers[i][1]);
        assert_true(raw_ended(r));
        raw_free(r);
        assert_int_equal(log_lines, answers[i][0] != answers[i][1]);
        log_lines = 0;
    }
    expect_story(&server.story, "");
}

/* ---- a call inside on_upgrade ---------------------------------------------------------------- */

static int returned; /* what on_upgrade says behind its call */

static int accept_by_call(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_field(u, "X-By", "call"), 0);
    assert_int_equal(weft_upgrade_accept(u), 0);
    expect_story(&server.story, ""); /* from the loop */
    return returned;
}

static int refuse_by_call(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_refuse(u, 403, "text/html", page, sizeof page), 0);
    return returned;
}

static int refuse_by_call_as_was_told(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_body(u, "text/html", page, sizeof page), 0);
    assert_int_equal(weft_upgrade_refuse(u, 403, NULL, NULL, 0), 0);
    return returned;
}

static int refuse_wrongly_by_call(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_refuse(u, returned, NULL, NULL, 0), -EINVAL);
    return WEFT_HOLD;
}

/* A check that has its answer at once calls as one that has it later; what on_upgrade returns changes nothing. */
static void test_answered_inside(void **state)
{
    (void)state;
    static const int all[] = {WEFT_HOLD, 0, 401, 1};
    for (size_t i = 0; i < countof(all); i++) {
        returned = all[i];
        decide = accept_by_call;
        struct raw *r = ask();
        assert_int_equal(raw_status(r), 101);
        assert_true(raw_heard(r, "X-By: call\r\n"));
        expect_story(&server.story, "open;");
        raw_text(r, "hi");
        turn_until(&world, told(&server.story, "text hi;"));
        raw_hang_up(r);
        turn_until(&world, server.closes == i + 1);
        expect_story(&server.story, "text hi;close 1006 by-peer WEFT_ERR_LOST;");
        raw_free(r);
        decide = refuse_by_call;
        r = ask();
        expect_page(r, 403);
        raw_free(r);
        decide = refuse_by_call_as_was_told;
        r = ask();
        expect_page(r, 403);
        raw_free(r);
    }
    expect_story(&server.story, "");
    assert_int_equal(log_lines, 0);
}

static void test_refused_wrongly_inside(void **state)
{
    (void)state;
    static const int all[] = {0, 200, 299, 600, WEFT_HOLD};
    decide = refuse_wrongly_by_call;
    for (size_t i = 0; i < countof(all); i++) {
        returned = all[i];
        struct raw *r = ask();
        assert_int_equal(raw_status(r), 500);
        raw_free(r);
    }
    assert_int_equal(log_lines, countof(all));
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
    pass(&world, HOLD_TIMEOUT - 1); /* so long the answer may take */
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

/* Accepted is accepted: on_open is told, however soon it is over. */
static void test_held_then_accepted_and_gone(void **state)
{
    (void)state;
    struct raw *r = ask_and_hold();
    assert_int_equal(weft_upgrade_accept(held), 0);
    expect_story(&server.story, "");
    weft_server_free(world.server);
    world.server = NULL;
    expect_story(&server.story, "open;close 1006 WEFT_ERR_CLOSED;");
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

static int open_as_small(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_as(u, "/nowhere"), -ENOENT);
    assert_int_equal(weft_upgrade_as(u, "/small"), -ENOENT);
    assert_int_equal(weft_upgrade_as(u, "/small/*"), 0);
    return 0;
}

/* The other route's limits and callbacks; what was agreed on, and the user, stay. */
static void test_opened_as_another_routes(void **state)
{
    (void)state;
    weft_handler small = handler;
    small.on_upgrade = NULL;
    small.subprotocols = NULL;
    small.limits = &(weft_limits){.max_message = 3};
    assert_int_equal(weft_server_route(world.server, "/small/*", &small, &other), 0);
    decide = open_as_small;
    struct raw *r = ask_with("Sec-WebSocket-Protocol: superchat\r\n");
    settle(&world);
    assert_string_equal(weft_conn_subprotocol(server.conn), "superchat");
    raw_text(r, "abc");
    raw_text(r, "abcd");
    settle(&world);
    assert_memory_equal(server.story.text, "open;text abc;close 100", 23);
    assert_true(raw_heard(r, "\x03\xf1")); /* 1009 */
    assert_string_equal(other.story.text, "");
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
    assert_int_equal(world_requests(world.server, "/", answer, NULL), 0);
    decide = hold;
    use_full_sockets(&world.sys, true);
    struct raw *r = raw_connect(&world);
    raw_say(r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n" UPGRADE("/", ""));
    turn_until(&world, held);
    settle(&world);
    make_room();
    turn_until(&world, raw_heard(r, "first"));
    pass(&world, HOLD_TIMEOUT - 1);
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
    assert_int_equal(weft_upgrade_refuse(held, 403, "text/html", page, sizeof page), 0);
    expect_page(r, 403);
    assert_true(raw_heard(r, "X-Late: 1\r\n"));
    expect_story(&server.story, "");
    raw_free(r);
}

static void test_held_then_refused_wrongly(void **state)
{
    (void)state;
    static const int all[] = {0, 200, 299, 600, -1, WEFT_HOLD};
    for (size_t i = 0; i < countof(all); i++) {
        struct raw *r = ask_and_hold();
        assert_int_equal(weft_upgrade_refuse(held, all[i], NULL, "x", 1), -EINVAL);
        turn_until(&world, raw_ended(r));
        assert_int_equal(raw_status(r), 500);
        raw_free(r);
    }
    struct raw *r = ask_and_hold();
    assert_int_equal(weft_upgrade_refuse(held, 403, "a\nb", "x", 1), -EINVAL);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 500);
    assert_string_equal(raw_body(r), "Internal Server Error\n");
    raw_free(r);
}

/* ---- held too long --------------------------------------------------------------------------- */

static void goes(weft_request *r, void *user)
{
    assert_ptr_equal(r, weft_upgrade_request(held));
    tell(user, "gone;");
}

static struct raw *ask_and_watch(void)
{
    struct raw *r = ask_and_hold();
    world_watch(weft_upgrade_request(held), goes, &other.story);
    return r;
}

/* The client hears 503; the upgrade is the user's until he answers. */
static void test_held_too_long(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct raw *r = ask_and_watch();
        pass(&world, HOLD_TIMEOUT - 1);
        assert_int_equal(raw_status(r), 0);
        expect_story(&other.story, "");
        pass(&world, 1);
        turn_until(&world, raw_ended(r));
        assert_int_equal(raw_status(r), 503);
        expect_story(&other.story, "gone;");
        assert_true(weft_request_is(weft_upgrade_request(held), "GET"));
        assert_int_equal(weft_upgrade_body(held, NULL, "x", 1), 0);
        assert_int_equal(i ? weft_upgrade_accept(held)
                           : weft_upgrade_refuse(held, 403, NULL, "x", 1),
                         WEFT_ERR_CLOSED);
        raw_free(r);
    }
    assert_int_equal(weft_server_count_refused(world.server, 503), 2);
    expect_story(&server.story, "");
}

static void answers_when_it_goes(weft_request *r, void *user)
{
    (void)user;
    assert_ptr_equal(r, weft_upgrade_request(held));
    assert_int_equal(weft_upgrade_accept(held), WEFT_ERR_CLOSED);
    held = NULL;
}

static void test_held_too_long_and_answered_when_told(void **state)
{
    (void)state;
    struct raw *r = ask_and_hold();
    world_watch(weft_upgrade_request(held), answers_when_it_goes, NULL);
    pass(&world, HOLD_TIMEOUT);
    assert_null(held);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 503);
    raw_free(r);
}

/* Who reads nothing meanwhile is held no longer, and no shorter, than others. */
static void test_held_too_long_and_unread(void **state)
{
    (void)state;
    assert_int_equal(world_requests(world.server, "/", answer, NULL), 0);
    decide = hold;
    use_full_sockets(&world.sys, true);
    struct raw *r = raw_connect(&world);
    raw_say(r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n" UPGRADE("/", ""));
    turn_until(&world, held);
    pass(&world, HOLD_TIMEOUT - 1);
    assert_int_equal(weft_server_count_refused(world.server, 503), 0);
    pass(&world, 1);
    assert_int_equal(weft_server_count_refused(world.server, 503), 1);
    assert_int_equal(weft_upgrade_accept(held), WEFT_ERR_CLOSED);
    pass(&world, 2000);
    turn_until(&world, raw_ended(r));
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_CONNECTIONS), 0);
    make_room();
    raw_free(r);
}

static void test_held_too_long_out_of_memory(void **state)
{
    (void)state;
    for (long nth = 0; nth < 40; nth++) {
        struct raw *r = ask_and_hold();
        world.now_us += HOLD_TIMEOUT * 1000;
        world_fail_at(&world, nth);
        turn_until(&world, raw_ended(r));
        bool failed = world.asked > nth;
        world_fail_at(&world, -1);
        settle(&world);
        assert_int_equal(weft_upgrade_accept(held), WEFT_ERR_CLOSED);
        raw_free(r);
        if (!failed) return;
    }
    fail_msg("more than 40 allocations for a refusal");
}

static void test_refuse_out_of_memory(void **state)
{
    (void)state;
    for (long nth = 0; nth < 40; nth++) {
        struct raw *r = ask_and_hold();
        world_fail_at(&world, nth);
        int error = weft_upgrade_refuse(held, 403, "text/html", page, sizeof page);
        bool failed = world.asked > nth;
        world_fail_at(&world, -1);
        if (error) assert_int_equal(error, -ENOMEM);
        turn_until(&world, raw_ended(r));
        if (error) assert_true(raw_status(r) != 403);
        raw_free(r);
        if (!failed) return;
    }
    fail_msg("more than 40 allocations for a refusal");
}

/* ---- who leaves ------------------------------------------------------------------------------ */

static void test_client_leaves_while_held(void **state)
{
    (void)state;
    struct raw *r = ask_and_watch();
    raw_hang_up(r);
    settle(&world);
    expect_story(&other.story, "gone;");
    assert_true(weft_request_is(weft_upgrade_request(held), "GET"));
    assert_string_equal(weft_peer_host(weft_request_peer(weft_upgrade_request(held))), "127.0.0.1");
    assert_int_equal(weft_upgrade_accept(held), WEFT_ERR_CLOSED);
    raw_free(r);
    r = ask_and_hold();
    raw_reset(r);
    settle(&world);
    assert_int_equal(weft_upgrade_refuse(held, 403, NULL, "x", 1), WEFT_ERR_CLOSED);
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
    assert_int_equal(weft_upgrade_refuse(held, 403, NULL, "x", 1), WEFT_ERR_CLOSED);
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
        unit(test_refuse_with_an_empty_body),
        unit(test_one_type),
        unit(test_refuse_after_a_bad_type),
        unit(test_redirect),
        unit(test_several_fields),
        unit(test_304_has_no_body),
        unit(test_answers),
        unit(test_answered_inside),
        unit(test_refused_wrongly_inside),
        unit(test_subprotocols),
        unit(test_held_then_accepted),
        unit(test_held_then_accepted_and_gone),
        unit(test_held_with_frames_behind),
        unit(test_opened_as_another_routes),
        unit(test_held_while_routes_change),
        unit(test_held_behind_a_reply),
        unit(test_held_then_refused),
        unit(test_held_then_refused_wrongly),
        unit(test_held_too_long),
        unit(test_held_too_long_and_answered_when_told),
        unit(test_held_too_long_and_unread),
        unit(test_held_too_long_out_of_memory),
        unit(test_refuse_out_of_memory),
        unit(test_client_leaves_while_held),
        unit(test_held_and_server_freed),
        unit(test_many_held_at_once),
        unit(test_accept_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
