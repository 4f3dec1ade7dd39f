/* SPDX-License-Identifier: MIT
 *
 * tests/channel/live.h - a server with channels, and peers that are only sockets
 *
 * What they hear is compared tidied up: epochs are E, times 0, so that it can stand in a test as it is in the manual.
 */
#ifndef CHANNEL_LIVE_H
#define CHANNEL_LIVE_H

#include "net/raw.h"

struct live {
    struct world w;
    weft_channels *channels;
    weft_hub *hub;
};

/* In a world that has begun. server may be NULL. */
static inline void live_serve_as(struct live *l, const weft_server_config *server,
                                 const weft_channels_config *cfg)
{
    world_serve(&l->w, server);
    assert_int_equal(weft_channels_new(&l->channels, l->w.loop, cfg), 0);
    l->hub = weft_channels_hub(l->channels);
    assert_int_equal(weft_channels_route(l->channels, l->w.server, "/*"), 0);
    world_listen(&l->w);
}

static inline void live_serve(struct live *l, const weft_channels_config *cfg)
{
    live_serve_as(l, NULL, cfg);
}

static inline void live_begin(struct live *l, const weft_channels_config *cfg)
{
    world_begin(&l->w);
    live_serve(l, cfg);
}

static inline void live_end(struct live *l)
{
    weft_server_free(l->w.server);
    l->w.server = NULL;
    weft_channels_free(l->channels);
    world_end(&l->w);
}

/* The channel's epoch. */
static inline const char *live_epoch(const struct live *l, const char *channel)
{
    static weft_position at;
    weft_topic *t;
    weft_bytes name = {(const uint8_t *)channel, strlen(channel)};
    assert_int_equal(weft_topic_get(&t, l->hub, name), 0);
    at = weft_topic_head(t);
    weft_topic_unref(t);
    return at.epoch;
}

static inline void live_publish(const struct live *l, const char *channel, const char *text)
{
    assert_int_equal(weft_publish(l->hub, channel, WEFT_TEXT, text, strlen(text)), 0);
}

/* Above the pace at once, so that publishing waits for readers. */
static const weft_channels_config live_slow = {
    .hub = &(weft_hub_config){.settings = &(weft_topic_settings){
                                  .window_bytes = 1 << 20, .pace = 1, .history_items = 100}}};

/* With that: /chat, whose reader does not read, and which takes no more. */
static inline weft_topic *live_busy_topic(struct live *l, struct raw **reader)
{
    static char text[60001];
    weft_topic *t;
    memset(text, 'x', sizeof text - 1);
    *reader = raw_connect(&l->w);
    raw_say(*reader, "GET /chat?stream=raw HTTP/1.0\r\nHost: localhost\r\n\r\n");
    settle(&l->w);
    while (weft_publish(l->hub, "/chat", WEFT_TEXT, text, sizeof text - 1) == 0) turn(&l->w, 0);
    assert_int_equal(weft_topic_get(&t, l->hub, (weft_bytes){(const uint8_t *)"/chat", 5}), 0);
    return t;
}

/* In place. */
static inline const char *tidy(const struct live *l, const char *channel, char *text)
{
    const char *epoch = live_epoch(l, channel), *from = text;
    size_t n = strlen(epoch);
    char *to = text;
    while (*from) {
        if (strncmp(from, epoch, n) == 0) {
            *to++ = 'E';
            from += n;
        } else if (strncmp(from, "\"time\":", 7) == 0) {
            to = (char *)memmove(to, "\"time\":0", 8) + 8;
            from += 7 + strspn(from + 7, "0123456789");
        } else if (*from == '\r') {
            from++;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return text;
}

/* One exchange on a connection of its own: the status; *body (may be NULL) is good until the next. */
static inline int live_ask(struct live *l, const char *method, const char *target,
                           const char *fields, const char *body, struct raw **answer)
{
    static struct raw *last;
    static char request[200000];
    if (last) raw_free(last);
    last = raw_connect(&l->w);
    snprintf(request, sizeof request,
             "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n%s\r\n%s", method, target,
             strlen(body), fields, body);
    int status = raw_ask(&l->w, last, request);
    if (answer) *answer = last;
    return status;
}

/* A GET that may go on: what has come of its answer is to be read. */
static inline struct raw *live_get(struct live *l, const char *target)
{
    char request[512];
    struct raw *r = raw_connect(&l->w);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
    raw_say(r, request);
    settle(&l->w);
    return r;
}

/* A raw WebSocket, of which nothing but the 101 has come. */
static inline struct raw *live_open(struct live *l, const char *target)
{
    char request[512];
    struct raw *r = raw_connect(&l->w);
    snprintf(request, sizeof request, UPGRADE("%s", ""), target);
    assert_int_equal(raw_ask(&l->w, r, request), 101);
    raw_forget(r);
    return r;
}

static inline bool has_field(const struct raw *r, const char *line)
{
    const char *at = strstr(r->got, line);
    return at && at < strstr(r->got, "\r\n\r\n");
}

#define assert_answer(l, method, target, fields, body, status, want)                   \
    do {                                                                               \
        struct raw *answer_;                                                           \
        assert_int_equal(live_ask(l, method, target, fields, body, &answer_), status); \
        assert_string_equal(tidy(l, "/chat", (char *)raw_body(answer_)), want);        \
    } while (0)

/* A message of /chat. */
#define MESSAGE(at, data) \
    "{\"channel\":\"/chat\",\"position\":\"E." at "\",\"time\":0,\"data\":\"" data "\"}"

#endif
