/* SPDX-License-Identifier: MIT
 *
 * tests/net/limits_world.h - what the proofs of limits share: a server with one limit set, and a side of it
 *
 * A proof is a function prove_NAME(side) for the limit NAME of WEFT_LIMITS. It is called three times, each
 * in a world of its own: for one below, at, and one above. For a limit that is a time the sides are
 * milliseconds, and a deadline is met at the limit, not before.
 */
#ifndef NET_LIMITS_WORLD_H
#define NET_LIMITS_WORLD_H

#include "cert_files.h"
#include "raw.h"
#include "stuck_calls.h"
#include "teller.h"

enum side { BELOW = -1, AT = 0, ABOVE = 1 };

static struct world world;
static struct teller server;

static void say_hi(weft_request *r, void *user)
{
    (void)user;
    assert_int_equal(weft_respond(r, 200, NULL, "hi", 2), 0);
}

/* A server with these limits: a telling WebSocket at /, "hi" everywhere. */
static void serve(weft_limits limits)
{
    memset(&server, 0, sizeof server);
    if (!limits.ping_interval) limits.ping_interval = WEFT_NEVER;
    tellers_begin(&world, &server, &limits);
    assert_int_equal(world_requests(world.server, "/*", say_hi, NULL), 0);
    assert_int_equal(world_requests(world.server, "/", say_hi, NULL), 0);
    use_full_sockets(&world.sys, false);
}

/* A WebSocket to it. */
static struct raw *serve_one(weft_limits limits)
{
    serve(limits);
    struct raw *r = raw_open(&world, "/");
    expect_story(&server.story, "open;");
    return r;
}

static void done(struct raw *r)
{
    raw_free(r);
    world_end(&world);
}

/* The WebSocket was ended with this code, in words and in numbers. */
static void expect_closed(struct raw *r, int code, const char *error)
{
    char want[64];
    turn_until(&world, server.closes && r->len >= 4 ? true : (raw_read(r), r->len >= 4));
    snprintf(want, sizeof want, "close %d", code);
    assert_memory_equal(raw_frames(r), want, strlen(want));
    turn_until(&world, server.closes);
    assert_true(told(&server.story, error));
    assert_int_equal(weft_server_count_close_sent(world.server, (uint16_t)code), 1);
}

/* A deadline of LIMIT ms was set: time passes up to this side of it; whether it is met. */
static bool pass_to(uint64_t limit, enum side side)
{
    pass(&world, limit + (uint64_t)(int64_t)side);
    return side >= AT;
}

static void expect_ended(struct raw *r, bool ended)
{
    settle(&world);
    assert_int_equal(raw_ended(r), ended);
}

#endif
