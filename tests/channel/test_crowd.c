/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_crowd.c - a server of several threads: who publishes, by whatever way, is read by everybody, by
 * whatever way, in one order
 */
#include "net/raw.h"

enum { THREADS = 3, READERS = 6, PUBLISHERS = 6, EACH = 100, ALL = PUBLISHERS * EACH };

static const char *const reads[] = {"GET /chat?stream=raw HTTP/1.0\r\nHost: localhost\r\n\r\n",
                                    "GET /chat?stream HTTP/1.0\r\nHost: localhost\r\n\r\n",
                                    "GET /chat?stream=sse HTTP/1.0\r\nHost: localhost\r\n\r\n"};

struct crowd {
    struct world w;
    weft_channels *channels;
    struct raw *readers[READERS], *publishers[PUBLISHERS];
};

static void begin(struct crowd *c)
{
    const weft_server_config cfg = {.threads = THREADS};
    *c = (struct crowd){0};
    assert_int_equal(weft_loop_new(&c->w.loop, NULL), 0);
    assert_int_equal(weft_server_new(&c->w.server, c->w.loop, &cfg), 0);
    assert_int_equal(weft_channels_new(&c->channels, c->w.loop, NULL), 0);
    assert_int_equal(weft_channels_route(c->channels, c->w.server, "/*"), 0);
    world_listen(&c->w);
    assert_int_equal(weft_server_start(c->w.server), 0);
}

static void end(struct crowd *c)
{
    for (int i = 0; i < READERS; i++) raw_free(c->readers[i]);
    for (int i = 0; i < PUBLISHERS; i++) raw_free(c->publishers[i]);
    weft_server_free(c->w.server);
    weft_channels_free(c->channels);
    weft_loop_free(c->w.loop);
}

/* By requests, each of which waits for its answer; or by a WebSocket. */
static void say(struct raw *r, int who, int n)
{
    char text[128];
    if (who % 2) {
        snprintf(text, sizeof text, "%d-%d;", who, n);
        raw_text(r, text);
        return;
    }
    snprintf(text, sizeof text,
             "POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%d-%d;",
             snprintf(NULL, 0, "%d-%d;", who, n), who, n);
    raw_forget(r);
    raw_say(r, text);
}

/* The nth message that a reader has: "3-17". */
static const char *next_message(const char **at)
{
    static char text[32];
    const char *end = strchr(*at, ';'), *from = end;
    while (from > *at && (from[-1] == '-' || (from[-1] >= '0' && from[-1] <= '9'))) from--;
    snprintf(text, sizeof text, "%.*s", (int)(end - from), from);
    *at = end + 1;
    return text;
}

static int count(struct raw *r)
{
    int n = 0;
    raw_read(r);
    for (const char *at = raw_body(r); (at = strchr(at, ';')); at++) n++;
    return n;
}

static void publish_all(struct crowd *c)
{
    for (int n = 0; n < EACH; n++) {
        for (int i = 0; i < PUBLISHERS; i++) say(c->publishers[i], i, n);
        for (int i = 0; i < PUBLISHERS; i += 2)
            turn_until(&c->w, raw_status(c->publishers[i]) == 200);
    }
}

static void test_one_order(void **state)
{
    (void)state;
    static struct crowd c;
    char one[32];
    begin(&c);
    for (int i = 0; i < READERS; i++) {
        c.readers[i] = raw_connect(&c.w);
        raw_say(c.readers[i], reads[i % 3]);
        turn_until(&c.w, raw_status(c.readers[i]) == 200);
    }
    weft_hub *hub = weft_channels_hub(c.channels);
    turn_until(&c.w, weft_subscribers(hub, "/chat") == READERS);
    for (int i = 0; i < PUBLISHERS; i++) {
        c.publishers[i] = raw_connect(&c.w);
        if (i % 2) raw_say(c.publishers[i], UPGRADE("/chat?subscribe=no", ""));
        if (i % 2) turn_until(&c.w, raw_status(c.publishers[i]) == 101);
    }
    publish_all(&c);
    const char *at[READERS];
    for (int i = 0; i < READERS; i++) {
        turn_until(&c.w, count(c.readers[i]) >= ALL);
        at[i] = raw_body(c.readers[i]);
    }
    int next[PUBLISHERS] = {0};
    for (int n = 0; n < ALL; n++) {
        snprintf(one, sizeof one, "%s", next_message(&at[0]));
        for (int i = 1; i < READERS; i++) assert_string_equal(next_message(&at[i]), one);
        assert_int_equal(atoi(strchr(one, '-') + 1), next[atoi(one)]++);
    }
    end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
