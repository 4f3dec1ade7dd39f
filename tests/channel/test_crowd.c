/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_crowd.c - a server of several threads: who publishes, by whatever way, is read by everybody, by
 * whatever way, in one order; and who comes is seen by everybody once
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

/* ---- presence -------------------------------------------------------------------------------- */

enum { ROUNDS = 20, NAMES = PUBLISHERS };

static const char *const looks[] = {
    "GET /chat?stream&presence=events HTTP/1.0\r\nHost: localhost\r\n\r\n",
    "GET /chat?stream=sse&presence=events HTTP/1.0\r\nHost: localhost\r\n\r\n",
    UPGRADE("/chat?presence=events", "Sec-WebSocket-Protocol: weft.v1\r\n")};

static struct raw *come(struct crowd *c, int who)
{
    static const char *const ways[] = {
        "GET /chat?stream=sse&client=m%d HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /chat?client=m%d HTTP/1.1\r\nHost: localhost\r\n\r\n",
        UPGRADE("/chat?client=m%d", "")};
    char request[512];
    struct raw *r = raw_connect(&c->w);
    snprintf(request, sizeof request, ways[who % 3], who);
    raw_say(r, request);
    return r;
}

/* How often he has heard that. What frames have of NULs must not end a text. */
static int times(struct raw *r, const char *words)
{
    int n = 0;
    raw_read(r);
    for (size_t i = 0; i < r->len; i++)
        if (!r->got[i]) r->got[i] = ' ';
    for (const char *at = raw_body(r); (at = strstr(at, words)); at++) n++;
    return n;
}

static bool has_all(struct raw *r)
{
    char name[16];
    int n = 0;
    for (int i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "\"m%d\"", i);
        n += times(r, name);
    }
    return n >= NAMES;
}

/* They come and go on all threads, again and again; each is told to each once, since he was never away for long. */
static void test_presence(void **state)
{
    (void)state;
    static struct crowd c;
    begin(&c);
    for (int i = 0; i < READERS; i++) {
        c.readers[i] = raw_connect(&c.w);
        raw_say(c.readers[i], looks[i % 3]);
        turn_until(&c.w, times(c.readers[i], "\"members\":[]"));
    }
    for (int n = 0; n < ROUNDS; n++)
        for (int i = 0; i < PUBLISHERS; i++) {
            if (n) raw_free(c.publishers[i]);
            c.publishers[i] = come(&c, i);
            turn_until(&c.w, raw_status(c.publishers[i]));
        }
    for (int i = 0; i < READERS; i++) {
        turn_until(&c.w, has_all(c.readers[i]));
        assert_int_equal(times(c.readers[i], "\"verified\""), NAMES);
        assert_int_equal(times(c.readers[i], "\"leave\":[{"), 0);
    }
    end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_order),
                                       cmocka_unit_test(test_presence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
