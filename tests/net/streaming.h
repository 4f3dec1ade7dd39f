/* SPDX-License-Identifier: MIT
 *
 * tests/net/streaming.h - replies that stream, in a world: requests are held until the test answers them, and
 * what a reply is told is written down
 *
 *      struct raw *r = ask(GET("/"));
 *      struct stream s = {.name = "a"};
 *      stream(&s, WEFT_LENGTH_UNKNOWN);          s.reply is open; NULL after its on_close
 *
 * Everything told is in the one story: "drain a;leave a;close a;link a;". What on_close said is in the stream.
 */
#ifndef NET_STREAMING_H
#define NET_STREAMING_H

#include "raw.h"

struct stream {
    const char *name;
    weft_reply *reply;
    weft_id id;
    unsigned closes;
    int error;
    char cause[64];
    uint64_t return_ms; /* of the last on_leave */
    void (*then_drain)(struct stream *s);
    void (*then_leave)(struct stream *s);
    void (*then_close)(struct stream *s); /* s->reply is still there */
};

static struct world world;
static struct story story;
static weft_request *held; /* the newest request; NULL when it was answered */

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

/* ---- what it is told ------------------------------------------------------------------------- */

static inline void on_drain(weft_reply *r)
{
    struct stream *s = weft_reply_user(r);
    tell(&story, "drain %s;", s->name);
    if (s->then_drain) s->then_drain(s);
}

static inline void on_leave(weft_reply *r, uint64_t return_ms)
{
    struct stream *s = weft_reply_user(r);
    s->return_ms = return_ms;
    tell(&story, "leave %s;", s->name);
    if (s->then_leave) s->then_leave(s);
}

static inline void on_close(weft_reply *r, int error, const char *cause)
{
    struct stream *s = weft_reply_user(r);
    assert_ptr_equal(s->reply, r);
    s->closes++;
    s->error = error;
    snprintf(s->cause, sizeof s->cause, "%s", cause);
    tell(&story, "close %s;", s->name);
    assert_int_equal(error == 0, cause[0] == 0);
    if (s->then_close) s->then_close(s);
    s->reply = NULL;
}

static const weft_reply_handler telling_handler = {
    .on_drain = on_drain, .on_leave = on_leave, .on_close = on_close};

/* It was closed once, for that reason. */
#define expect_close(s, why, words)             \
    do {                                        \
        turn_until(&world, (s)->closes);        \
        settle(&world);                         \
        assert_int_equal((s)->closes, 1);       \
        assert_int_equal((s)->error, why);      \
        assert_string_equal((s)->cause, words); \
    } while (0)

/* ---- requests -------------------------------------------------------------------------------- */

static inline void hold(weft_request *r, void *user)
{
    (void)user;
    held = r;
}

static inline weft_request *take(void)
{
    weft_request *r = held;
    assert_non_null(r);
    held = NULL;
    return r;
}

/* A client who has asked this; the request is held. */
static inline struct raw *ask(const char *request)
{
    struct raw *r = raw_connect(&world);
    held = NULL;
    raw_say(r, request);
    turn_until(&world, held);
    return r;
}

/* The held request is answered by this stream, or is not. */
static inline int stream_as(struct stream *s, int status, uint64_t length)
{
    int error =
        weft_reply_begin(&s->reply, take(), status, "text/plain", length, &telling_handler, s);
    if (!error) s->id = weft_reply_id(s->reply);
    return error;
}

static inline void stream(struct stream *s, uint64_t length)
{
    assert_int_equal(stream_as(s, 200, length), 0);
}

static inline int put(struct stream *s, const char *text)
{
    return weft_reply_write(s->reply, text, strlen(text));
}

/* A client to whom this is streamed, its head arrived and forgotten. */
static inline struct raw *streaming(struct stream *s, const char *request, uint64_t length)
{
    struct raw *r = ask(request);
    stream(s, length);
    turn_until(&world, raw_status(r));
    assert_int_equal(raw_status(r), 200);
    settle(&world);
    raw_forget(r);
    return r;
}

/* The connection is good for another request. */
static inline void expect_next(struct raw *r)
{
    raw_forget(r);
    held = NULL;
    raw_say(r, GET("/next"));
    turn_until(&world, held);
    assert_int_equal(weft_respond(take(), 200, NULL, "next", 4), 0);
    turn_until(&world, raw_heard(r, "\r\n\r\nnext"));
}

/* ---- the server ------------------------------------------------------------------------------ */

static inline void begin_with(const weft_server_config *cfg)
{
    held = NULL;
    story.len = 0, story.text[0] = 0;
    world_begin(&world);
    world_serve(&world, cfg);
    assert_int_equal(world_requests(world.server, "/*", hold, NULL), 0);
    world_listen(&world);
}

static inline int begin(void **state)
{
    (void)state;
    begin_with(NULL);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

static inline void again_with(const weft_server_config *cfg)
{
    world_end(&world);
    begin_with(cfg);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

#endif
