/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_config.c - what a program may put beside its channels, and what it is told of them
 */
#include "channel/live.h"

static struct live live;

/* ---- on_look --------------------------------------------------------------------------------- */

static bool on_look(weft_request *r, bool page, void *user)
{
    weft_bytes path = weft_request_path(r);
    (void)user;
    if (path.len < 5 || memcmp(path.data, "/file", 5) != 0) return false;
    weft_respond(r, 200, NULL, page ? "page" : "file", 4);
    return true;
}

static const char *get(const char *method, const char *target, const char *fields)
{
    static char text[512];
    struct raw *r;
    int status = live_ask(&live, method, target, fields, "", &r);
    snprintf(text, sizeof text, "%d %.400s", status, raw_body(r));
    return text;
}

#define CHANNEL "200 {\"channel\":\"/file\",\"position\":"

static void assert_begins(const char *text, const char *with)
{
    if (strncmp(text, with, strlen(with)) != 0) fail_msg("%s", text);
}

static void what_else_is_there_comes_first(void **state)
{
    (void)state;
    const weft_channels_config cfg = {.on_look = on_look};
    live_begin(&live, &cfg);
    assert_string_equal(get("GET", "/file", ""), "200 file");
    assert_string_equal(get("GET", "/file?v=3", ""), "200 file");
    assert_string_equal(get("GET", "/file/", ""), "200 file"); /* no name of a channel */
    assert_string_equal(get("HEAD", "/file", ""), "200 ");
    assert_string_equal(get("GET", "/file", "Accept: text/html\r\n"), "200 page");
    assert_string_equal(get("GET", "/file", "Accept: */*\r\n"), "200 file");
    assert_begins(get("GET", "/other", ""), "200 {\"channel\":\"/other\",");
    live_end(&live);
}

static void who_asks_for_a_channel_has_the_channel(void **state)
{
    (void)state;
    const weft_channels_config cfg = {.on_look = on_look};
    live_begin(&live, &cfg);
    assert_begins(get("GET", "/file?last=1", ""), CHANNEL);
    assert_begins(get("POST", "/file", ""), "200 {\"position\":");
    assert_begins(get("GET", "/file?since=x", ""), "400 ");
    struct raw *r;
    assert_int_equal(live_ask(&live, "GET", "/file", "Accept: text/event-stream\r\n", "", &r), 200);
    assert_true(has_field(r, "Content-Type: text/event-stream\r\n"));
    live_end(&live);
}

/* ---- on_event -------------------------------------------------------------------------------- */

static char story[1024];

static void on_event(const weft_channel_event *e, void *user)
{
    static const char *const words[] = {
        [WEFT_CHANNEL_UPGRADE] = "upgrade",    [WEFT_CHANNEL_OPEN] = "open",
        [WEFT_CHANNEL_MESSAGE] = "message",    [WEFT_CHANNEL_PING] = "ping",
        [WEFT_CHANNEL_PONG] = "pong",          [WEFT_CHANNEL_CLOSED] = "closed",
        [WEFT_CHANNEL_PUBLISHED] = "published"};
    size_t at = strlen(story);
    (void)user;
    assert_true((e->type == WEFT_CHANNEL_UPGRADE) == (e->upgrade != NULL));
    assert_true((e->type == WEFT_CHANNEL_CLOSED) == (e->close != NULL));
    bool no_conn = e->type == WEFT_CHANNEL_UPGRADE || e->type == WEFT_CHANNEL_PUBLISHED;
    assert_true(no_conn == !e->conn);
    assert_ptr_equal(e->loop, live.w.loop);
    snprintf(story + at, sizeof story - at, "%s %.*s %zu;", words[e->type], (int)e->channel.len,
             (const char *)e->channel.data, e->len);
}

static void what_happens_is_told(void **state)
{
    (void)state;
    const weft_channels_config cfg = {.on_event = on_event};
    live_begin(&live, &cfg);
    story[0] = '\0';
    struct raw *r = raw_connect(&live.w);
    assert_int_equal(raw_ask(&live.w, r, UPGRADE("/caf%C3%A9", "")), 101);
    raw_text(r, "hello");
    settle(&live.w);
    raw_frame(r, 0x89, "abc", 3);
    raw_frame(r, 0x8a, "", 0);
    settle(&live.w);
    raw_free(r);
    settle(&live.w);
    assert_string_equal(story,
                        "upgrade /caf%C3%A9 0;open /café 0;message /café 5;published /café 5;"
                        "ping /café 3;pong /café 0;closed /café 0;");
    story[0] = '\0';
    assert_int_equal(live_ask(&live, "POST", "/a", "", "abc", NULL), 200);
    assert_string_equal(story, "published /a 3;");
    live_end(&live);
}

/* ---- subprotocols, compression --------------------------------------------------------------- */

static void other_subprotocols_are_raw(void **state)
{
    (void)state;
    const char *names[] = {"chat", "x", NULL};
    const weft_deflate deflate = {0};
    const weft_channels_config cfg = {.subprotocols = names, .deflate = &deflate};
    live_begin(&live, &cfg);
    struct raw *r = raw_connect(&live.w);
    assert_int_equal(raw_ask(&live.w, r,
                             UPGRADE("/chat", "Sec-WebSocket-Protocol: y, x, chat\r\n"
                                              "Sec-WebSocket-Extensions: permessage-deflate\r\n")),
                     101);
    assert_true(has_field(r, "Sec-WebSocket-Protocol: x\r\n"));
    assert_true(has_field(r, "Sec-WebSocket-Extensions: permessage-deflate"));
    raw_free(r);
    r = raw_connect(&live.w);
    assert_int_equal(
        raw_ask(&live.w, r, UPGRADE("/chat", "Sec-WebSocket-Protocol: chat, weft.v1\r\n")), 101);
    assert_true(has_field(r, "Sec-WebSocket-Protocol: chat\r\n"));
    raw_free(r);
    live_end(&live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_else_is_there_comes_first),
        cmocka_unit_test(who_asks_for_a_channel_has_the_channel),
        cmocka_unit_test(what_happens_is_told),
        cmocka_unit_test(other_subprotocols_are_raw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
