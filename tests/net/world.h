/* SPDX-License-Identifier: MIT
 *
 * tests/net/world.h - a loop whose clock, memory and system calls are the test's own, and a server on it
 *
 *      the clock stands until the test moves it, so a deadline is met to the millisecond
 *      the Nth allocation fails when the test says so, and what is never freed is counted
 *      sys is a copy of the real table, in which a test replaces an entry or two
 *
 * Nothing sleeps: a test turns the loop until what it waits for is there, and fails after TURNS of them.
 */
#ifndef NET_WORLD_H
#define NET_WORLD_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weft/weft.h>

#include "io/loop.h"
#include "io/sys.h"

#define countof(array) (sizeof(array) / sizeof *(array))

enum { TURNS = 3000, QUIET_TURNS = 12 };

struct world {
    weft_env env;
    uint64_t now_us;
    long fail_at;   /* the allocation that fails, counted from 0; -1: none */
    bool fail_on;   /* and so do all that follow it */
    long asked;     /* allocations since world_fail_at */
    long live;      /* blocks not yet freed */
    char said[256]; /* the last line of the log at WEFT_LOG_ERROR */
    struct sys sys;
    weft_loop *loop;
    weft_server *server;
    char address[128];
};

static inline void *world_realloc(void *ctx, void *p, size_t size)
{
    struct world *w = ctx;
    if (size == 0) {
        w->live -= p != NULL;
        free(p);
        return NULL;
    }
    long n = w->asked++;
    if (n == w->fail_at || (w->fail_on && w->fail_at >= 0 && n > w->fail_at)) return NULL;
    void *q = realloc(p, size);
    w->live += !p && q;
    return q;
}

static inline uint64_t world_now(void *ctx)
{
    const struct world *w = ctx;
    return w->now_us;
}

static inline void world_log(void *ctx, int level, const char *line)
{
    struct world *w = ctx;
    if (level == WEFT_LOG_ERROR) snprintf(w->said, sizeof w->said, "%s", line);
}

/* From now on the nth allocation fails, once; -1: none does. */
static inline void world_fail_at(struct world *w, long nth)
{
    w->asked = 0;
    w->fail_at = nth;
}

/* A loop, nothing on it; its realloc is the test's, which calls world_realloc. */
static inline void world_begin_with(struct world *w, void *(*hook)(void *ctx, void *p, size_t size))
{
    *w = (struct world){.env = {.ctx = w, .realloc = hook, .log = world_log, .now_us = world_now},
                        .now_us = 1000 * 1000 * 1000,
                        .fail_at = -1,
                        .sys = sys_real};
    /* Each send by itself: a ring would pass by what a test puts in sys.send. */
    weft_loop_config cfg = {.env = &w->env, .batch = WEFT_BATCH_EACH};
    assert_int_equal(loop_new_with_sys(&w->loop, &cfg, &w->sys), 0);
}

/* A loop, nothing on it. */
static inline void world_begin(struct world *w)
{
    world_begin_with(w, world_realloc);
}

/* A server on it, not listening. */
static inline void world_serve(struct world *w, const weft_server_config *cfg)
{
    assert_int_equal(weft_server_new(&w->server, w->loop, cfg), 0);
}

/* Plain requests for a path go there. 0 or why not. */
static inline int world_requests(weft_server *s, const char *path,
                                 void (*on_request)(weft_request *r, void *user), void *user)
{
    const weft_request_handler h = {.on_request = on_request};
    return weft_server_on_request(s, path, &h, user);
}

/* Whoever waits for the answer is missed. */
static inline void world_watch(weft_request *r, void (*on_gone)(weft_request *r, void *user),
                               void *user)
{
    const weft_request_watcher w = {.on_gone = on_gone};
    assert_int_equal(weft_request_watch(r, &w, user), 0);
}

static inline void world_listen(struct world *w)
{
    assert_int_equal(weft_server_listen(w->server, "127.0.0.1:0", NULL), 0);
    assert_true(weft_server_address(w->server, 0, w->address, sizeof w->address) > 0);
}

/* Everything goes, and nothing is left. */
static inline void world_end(struct world *w)
{
    weft_server_free(w->server);
    weft_loop_free(w->loop);
    assert_int_equal(w->live, 0);
}

/* What a call said that may fail or not. */
static inline void whatever(int result)
{
    (void)result;
}

static inline void turn(struct world *w, int timeout_ms)
{
    assert_int_equal(weft_loop_turn(w->loop, timeout_ms), 0);
}

/* Turn until the condition holds, but not for ever. */
#define turn_until(w, condition)                                         \
    for (int turns_ = 0; !(condition); turns_++) {                       \
        if (turns_ == TURNS) fail_msg("waited in vain for " #condition); \
        turn(w, 5);                                                      \
    }

/* Turn until everything that is under way has arrived. */
static inline void settle(struct world *w)
{
    for (int i = 0; i < QUIET_TURNS; i++) turn(w, 1);
}

/* Time passes, at once; what is due is done. */
static inline void pass_us(struct world *w, uint64_t us)
{
    w->now_us += us;
    settle(w);
}

static inline void pass(struct world *w, uint64_t ms)
{
    pass_us(w, ms * 1000);
}

static inline const char *world_url(const struct world *w, const char *path)
{
    static char url[256];
    snprintf(url, sizeof url, "ws://%s%s", w->address, path);
    return url;
}

/* ---- a story: what happened, in order, "open;text hi;" ---------------------------------------- */

struct story {
    size_t len;
    char text[8192];
};

static inline void __attribute__((format(printf, 2, 3)))
tell(struct story *s, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(s->text + s->len, sizeof s->text - s->len, format, ap);
    va_end(ap);
    assert_true(n >= 0 && s->len + (size_t)n < sizeof s->text);
    s->len += (size_t)n;
}

static inline bool told(const struct story *s, const char *what)
{
    return strstr(s->text, what) != NULL;
}

/* The story so far is this, and is forgotten. */
#define expect_story(s, want)                 \
    do {                                      \
        assert_string_equal((s)->text, want); \
        (s)->len = 0;                         \
        (s)->text[0] = 0;                     \
    } while (0)

#endif
