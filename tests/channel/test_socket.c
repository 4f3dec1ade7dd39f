/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_socket.c - WebSockets on a channel, raw, over loopback
 */
#include "channel/live.h"

static struct live live;

static const char *at(int offset)
{
    static char text[WEFT_POSITION_TEXT];
    snprintf(text, sizeof text, "%s.%d", live_epoch(&live, "/chat"), offset);
    return text;
}

/* The 101 says where it begins. */
static struct raw *open_at(const char *target, const char *position)
{
    char request[512], field[64];
    struct raw *r = raw_connect(&live.w);
    snprintf(request, sizeof request, UPGRADE("%s", ""), target);
    assert_int_equal(raw_ask(&live.w, r, request), 101);
    snprintf(field, sizeof field, "Weft-Position: %s\r\n", position);
    assert_true(has_field(r, field));
    size_t head = (size_t)(raw_body(r) - r->got);
    memmove(r->got, r->got + head, r->len - head + 1);
    r->len -= head;
    return r;
}

static const char *frames(struct raw *r)
{
    settle(&live.w);
    return raw_frames(r);
}

static void test_in_and_out(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    live_publish(&live, "/chat", "old");
    struct raw *a = open_at("/chat", at(1)), *b = open_at("/chat?subscribe=no", at(1));
    raw_text(a, "hi");
    raw_frame(b, 0x82, "x", 1);
    assert_string_equal(frames(a), "text hi;bin x;");
    assert_string_equal(frames(b), "");
    raw_free(a);
    raw_free(b);
    live_end(&live);
}

static void test_since(void **state)
{
    (void)state;
    char target[128];
    live_begin(&live, NULL);
    live_publish(&live, "/chat", "a");
    live_publish(&live, "/chat", "b");
    snprintf(target, sizeof target, "/chat?since=%s", at(1));
    struct raw *r = open_at(target, at(1));
    assert_string_equal(frames(r), "text b;");
    raw_free(r);
    r = open_at("/chat?last=all", at(0));
    assert_string_equal(frames(r), "text a;text b;");
    raw_free(r);
    live_end(&live);
}

/* At opening not at once, and not at all for who says that it is fine. */
static void test_lost(void **state)
{
    (void)state;
    char target[128], want[128];
    const weft_topic_settings few = {.history_items = 1};
    live_begin(&live, &(weft_channels_config){.hub = &(weft_hub_config){.settings = &few}});
    for (int i = 0; i < 3; i++) live_publish(&live, "/chat", "x");
    snprintf(target, sizeof target, "/chat?since=%s", at(1));
    struct raw *r = open_at(target, at(2));
    pass(&live.w, 999);
    assert_string_equal(raw_frames(r), "");
    pass(&live.w, 2002);
    snprintf(want, sizeof want, "close 1013 lost since=%s;", at(1));
    assert_string_equal(raw_frames(r), want);
    raw_free(r);
    snprintf(target, sizeof target, "/chat?since=%s&last=5", at(1));
    r = open_at(target, at(2));
    pass(&live.w, 4000);
    assert_string_equal(raw_frames(r), "text x;");
    raw_free(r);
    live_end(&live);
}

static void test_refused(void **state)
{
    (void)state;
    static char body[2000];
    live_begin(&live, &(weft_channels_config){.rights = WEFT_RIGHT_READ, .max_message = 1000});
    struct raw *r = open_at("/chat", at(0));
    raw_text(r, "hi");
    assert_string_equal(frames(r), "close 1008 you may not publish on this channel;");
    raw_free(r);
    r = raw_connect(&live.w);
    assert_int_equal(raw_ask(&live.w, r, UPGRADE("/chat/", "")), 400);
    assert_true(has_field(r, "Content-Type: application/json\r\n"));
    raw_free(r);
    live_end(&live);
    live_begin(&live, &(weft_channels_config){.rights = WEFT_RIGHT_WRITE, .max_message = 1000});
    r = raw_connect(&live.w);
    assert_int_equal(raw_ask(&live.w, r, UPGRADE("/chat", "")), 403);
    raw_free(r);
    r = open_at("/chat?subscribe=no", at(0));
    raw_frame(r, 0x82, body, 1000);
    assert_string_equal(frames(r), "");
    raw_frame(r, 0x82, body, 1001);
    assert_string_equal(frames(r), "close 1009 the message is larger than the limit;eof;");
    raw_free(r);
    assert_int_equal(weft_server_shutdown(live.w.server, WEFT_CLOSE_GOING_AWAY, NULL, NULL), 0);
    live_end(&live);
}

static void test_leave(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *r = open_at("/chat", at(0));
    assert_int_equal(weft_server_shutdown(live.w.server, WEFT_CLOSE_GOING_AWAY, NULL, NULL), 0);
    for (int i = 0; i < 30; i++) pass(&live.w, 100);
    assert_non_null(strstr(raw_frames(r), "close 1001;"));
    raw_free(r);
    live_end(&live);
}

static void test_drained(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *r = open_at("/chat", at(0));
    assert_int_equal(weft_server_drain(live.w.server, WEFT_CLOSE_SERVICE_RESTART, 0, NULL, NULL),
                     0);
    pass(&live.w, 1);
    assert_non_null(strstr(raw_frames(r), "close 1012;"));
    raw_free(r);
    live_end(&live);
}

/* Raw and not: whichever allocation fails, what was made for it goes with it. */
static void test_out_of_memory(void **state)
{
    (void)state;
    static const char *const requests[] = {
        UPGRADE("/chat?last=5&client=ann", ""),
        UPGRADE("/chat?last=5&client=ann", "Sec-WebSocket-Protocol: weft.v1\r\n")};
    live_begin(&live, NULL);
    live_publish(&live, "/chat", "a");
    for (size_t i = 0; i < countof(requests); i++) {
        bool failed = true;
        for (long nth = 0; failed; nth++) {
            assert_true(nth < 200);
            struct raw *r = raw_connect(&live.w);
            world_fail_at(&live.w, nth);
            raw_say(r, requests[i]);
            settle(&live.w);
            failed = live.w.asked > nth;
            world_fail_at(&live.w, -1);
            raw_read(r);
            assert_true(failed || raw_status(r) == 101);
            raw_free(r);
            settle(&live.w);
        }
    }
    live_end(&live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_and_out), cmocka_unit_test(test_since),
        cmocka_unit_test(test_lost),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_leave),      cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_drained),    cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
