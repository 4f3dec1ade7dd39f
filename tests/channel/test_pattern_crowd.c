/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_pattern_crowd.c - threads make channels and publish on them at once, while sessions on several
 * loops have patterns, and others take theirs back again and again
 *
 * Nothing is kept for who comes late, so whoever misses a first message would notice. Meant for ThreadSanitizer; a lost
 * race shows without, too.
 */
#include <pthread.h>

#include "net/raw.h"

enum { THREADS = 3, SESSIONS = 6, RESTLESS = 3, MAKERS = 4, CHANNELS = 30, MESSAGES = 3 };
enum { ALL = MAKERS * CHANNELS * MESSAGES };

static struct {
    struct world w;
    weft_channels *channels;
    struct raw *sessions[SESSIONS], *restless[RESTLESS];
    pthread_t makers[MAKERS];
} c;

static void begin(void)
{
    const weft_server_config cfg = {.threads = THREADS};
    const weft_topic_settings nothing = {.stub_ms = 0};
    const weft_hub_config hub = {.settings = &nothing};
    const weft_channels_config room = {.hub = &hub, .rights = WEFT_RIGHT_READ | WEFT_RIGHT_PATTERN};
    assert_int_equal(weft_loop_new(&c.w.loop, NULL), 0);
    assert_int_equal(weft_server_new(&c.w.server, c.w.loop, &cfg), 0);
    assert_int_equal(weft_channels_new(&c.channels, c.w.loop, &room), 0);
    assert_int_equal(weft_channels_route(c.channels, c.w.server, "/*"), 0);
    world_listen(&c.w);
    assert_int_equal(weft_server_start(c.w.server), 0);
}

static void end(void)
{
    for (int i = 0; i < SESSIONS; i++) raw_free(c.sessions[i]);
    for (int i = 0; i < RESTLESS; i++) raw_free(c.restless[i]);
    weft_server_free(c.w.server);
    weft_channels_free(c.channels);
    weft_loop_free(c.w.loop);
}

/* ---- makers ---------------------------------------------------------------------------------- */

static void *make(void *arg)
{
    int who = (int)(intptr_t)arg;
    weft_hub *hub = weft_channels_hub(c.channels);
    char name[32];
    for (int n = 0; n < CHANNELS; n++)
        for (int i = 0; i < MESSAGES; i++) {
            snprintf(name, sizeof name, "/q/%d-%d", who, n);
            if (weft_publish(hub, name, WEFT_TEXT, "x", 1) < 0) abort();
        }
    return NULL;
}

/* ---- sessions -------------------------------------------------------------------------------- */

static bool has(struct raw *r, const char *text)
{
    raw_read(r);
    return memmem(r->got, r->len, text, strlen(text));
}

static struct raw *dial(void)
{
    struct raw *r = raw_connect(&c.w);
    raw_say(r, UPGRADE("/url?subscribe=no", "Sec-WebSocket-Protocol: weft.v1\r\n"));
    turn_until(&c.w, has(r, "\"hello\""));
    raw_text(r, "{\"id\":1,\"subscribe\":\"/q/*\"}");
    turn_until(&c.w, has(r, "{\"id\":1,\"ok\""));
    raw_forget(r);
    return r;
}

/* How many messages there are so far. Of each channel they come in order, from the first one on. */
static int messages(struct raw *r)
{
    static const char begins[] = "\"channel\":\"/q/";
    int next[MAKERS][CHANNELS] = {0}, n = 0;
    char text[128];
    raw_read(r);
    const char *at = r->got, *end = r->got + r->len;
    while ((at = memmem(at, (size_t)(end - at), begins, sizeof begins - 1))) {
        int who, channel, offset;
        at += sizeof begins - 1;
        size_t rest = (size_t)(end - at);
        snprintf(text, sizeof text, "%.*s", (int)(rest < 100 ? rest : 100), at);
        char *time = strstr(text, ",\"time\"");
        if (sscanf(text, "%d-%d\",\"position\":\"%*8[a-z0-9].%d", &who, &channel, &offset) != 3 ||
            !time)
            continue;
        assert_int_equal(offset, ++next[who][channel]);
        n++;
    }
    return n;
}

/* They come and go as fast as they are answered. */
static void take_back(struct raw *r)
{
    if (has(r, "{\"id\":2,\"ok\"")) {
        raw_forget(r);
        raw_text(r, "{\"id\":1,\"subscribe\":\"/q/*\"}");
        raw_text(r, "{\"id\":2,\"unsubscribe\":\"/q/*\"}");
    }
}

static bool is_done(void)
{
    bool done = true;
    for (int i = 0; i < RESTLESS; i++) take_back(c.restless[i]);
    for (int i = 0; i < SESSIONS; i++) done &= messages(c.sessions[i]) == ALL;
    return done;
}

static void test_each_hears_all_from_the_first_on(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < SESSIONS; i++) c.sessions[i] = dial();
    for (int i = 0; i < RESTLESS; i++) {
        c.restless[i] = dial();
        raw_text(c.restless[i], "{\"id\":2,\"unsubscribe\":\"/q/*\"}");
    }
    for (intptr_t i = 0; i < MAKERS; i++)
        assert_int_equal(pthread_create(&c.makers[i], NULL, make, (void *)i), 0);
    turn_until(&c.w, is_done());
    for (int i = 0; i < MAKERS; i++) pthread_join(c.makers[i], NULL);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_hears_all_from_the_first_on)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
