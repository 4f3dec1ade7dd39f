/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_memory.c - what a subscriber costs while nothing is said, by each transport, and what an event
 * that is queued for all of them does
 *
 * Blocks are counted as malloc makes them: a header of 8 bytes before each, 16 bytes at a time. What the loop, the hub
 * and the channel keep for all is there before the first that counts. The bounds are what was reached.
 */
#include <malloc.h>

#include "channel/live.h"

#include "net/spent.h"

/* WARM: before it is measured, what a loop keeps for all is there (net/spent.h). With the others they fill what
 * doubles, the table of lanes, and the array of those who keep up; one more, and both are twice as long: 24 bytes for
 * each. */
enum { WARM = SPENT_KEPT + 2, SUBSCRIBERS = 512 - WARM };
enum { HEADER = 8, GRAIN = 16, HEARD = 4096 };

static struct live live;
static long in_use;

static long block_of(void *p)
{
    return p ? (long)((malloc_usable_size(p) + HEADER + GRAIN - 1) / GRAIN * GRAIN) : 0;
}

static void *counted_realloc(void *ctx, void *p, size_t size)
{
    long before = block_of(p);
    void *q = world_realloc(ctx, p, size);
    if (q || !size) in_use += block_of(q) - before;
    return q;
}

static int begin(void **state)
{
    (void)state;
    world_begin_with(&live.w, counted_realloc);
    live_serve(&live, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    live_end(&live);
    return 0;
}

/* ---- subscribers ----------------------------------------------------------------------------- */

#define GET(target, fields) "GET " target " HTTP/1.1\r\nHost: localhost\r\n" fields "\r\n"

/* As browsers say it, and more. */
#define LONG_FIELDS                                                                          \
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n" \
    "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"        \
    "Referer: http://localhost/\r\nSec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\n"        \
    "Sec-Fetch-Site: same-origin\r\nPriority: u=4\r\nCookie: token=0123456789abcdef\r\n"

static int peers[SUBSCRIBERS + WARM];

static bool has_heard(int fd, char *got, size_t *len, const char *what)
{
    ssize_t n = read(fd, got + *len, HEARD - *len);
    if (n > 0) *len += (size_t)n;
    return memmem(got, *len, what, strlen(what));
}

/* A socket that has subscribed, and has heard what comes first. */
static int subscriber(const char *request, const char *first)
{
    char got[HEARD];
    size_t len = 0;
    struct sockaddr_in to = loopback(port_of(live.w.address));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(write(fd, request, strlen(request)), strlen(request));
    turn_until(&live.w, !*first || has_heard(fd, got, &len, first));
    return fd;
}

/* Bytes for each of many. */
static long cost_of(const char *request, const char *first)
{
    long before = 0;
    for (int i = 0; i < WARM; i++) peers[i] = subscriber(request, first);
    settle(&live.w);
    before = in_use;
    for (int i = WARM; i < WARM + SUBSCRIBERS; i++) peers[i] = subscriber(request, first);
    settle(&live.w);
    return (in_use - before) / SUBSCRIBERS;
}

/* All of them are subscribed: what is published now they hear. */
static void hang_up(void)
{
    char got[HEARD];
    assert_int_equal(weft_publish(live.hub, "/chat", WEFT_TEXT, "last words", 10), 0);
    for (int i = 0; i < WARM + SUBSCRIBERS; i++) {
        size_t len = 0;
        turn_until(&live.w, has_heard(peers[i], got, &len, "last words"));
    }
    for (int i = 0; i < WARM + SUBSCRIBERS; i++) close(peers[i]);
    turn_until(&live.w, weft_subscribers(live.hub, "/chat") == 0);
}

#define assert_costs(request, first, most)                 \
    do {                                                   \
        assert_in_range(cost_of(request, first), 1, most); \
        hang_up();                                         \
    } while (0)

static void test_raw_websocket(void **state)
{
    (void)state;
    assert_costs(UPGRADE("/chat", ""), "\r\n\r\n", 312);
}

static void test_v1(void **state)
{
    (void)state;
    assert_costs(UPGRADE("/chat", "Sec-WebSocket-Protocol: weft.v1\r\n"), "\"hello\"", 488);
}

static void test_events(void **state)
{
    (void)state;
    assert_costs(GET("/chat", "Accept: text/event-stream\r\n"), "event: begin", 360);
}

static void test_lines(void **state)
{
    (void)state;
    assert_costs(GET("/chat?stream", ""), "\"position\"", 360);
}

static void test_raw_stream(void **state)
{
    (void)state;
    assert_costs(GET("/chat?stream=raw", ""), "\r\n\r\n", 360);
}

static void test_long_poll(void **state)
{
    (void)state;
    assert_costs(GET("/chat?wait=60", LONG_FIELDS), "", 520);
}

/* ---- an event -------------------------------------------------------------------------------- */

/* One for all of them: it lies once in the log, once as an event, and in none of their queues. */
static void test_queued_event(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'x', sizeof text);
    (void)cost_of(GET("/chat", "Accept: text/event-stream\r\n"), "event: begin");
    long before = in_use;
    assert_int_equal(weft_publish(live.hub, "/chat", WEFT_TEXT, text, sizeof text), 0);
    assert_in_range(in_use - before, 2 * sizeof text, 4 * sizeof text);
    hang_up();
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_raw_websocket), unit(test_v1),        unit(test_events),       unit(test_lines),
        unit(test_raw_stream),    unit(test_long_poll), unit(test_queued_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
