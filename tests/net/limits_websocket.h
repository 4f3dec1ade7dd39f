/* SPDX-License-Identifier: MIT
 *
 * tests/net/limits_websocket.h - the limits of a session and of a connection, but for its deadlines
 */
#ifndef NET_LIMITS_WEBSOCKET_H
#define NET_LIMITS_WEBSOCKET_H

#include <zlib.h>

#include "limits_world.h"

static char filler[2000];

static void prove_max_message(enum side side)
{
    struct raw *r = serve_one((weft_limits){.max_message = 1000});
    size_t len = (size_t)(1000 + side);
    raw_frame(r, 0x82, filler, len);
    settle(&world);
    if (side <= AT) assert_int_equal(server.closes, 0);
    else expect_closed(r, 1009, "WEFT_ERR_TOO_BIG");
    assert_int_equal(told(&server.story, "bin ["), side <= AT);
    done(r);
}

/* A message of so many frames of that much each: n + 1 with the last, which has something in it. */
static void in_frames(struct raw *r, int n, const char *payload)
{
    for (int i = 0; i < n; i++) raw_frame(r, i ? 0x00 : 0x02, payload, strlen(payload));
    raw_frame(r, 0x80, "!", 1);
    settle(&world);
}

static void prove_max_fragments(enum side side)
{
    struct raw *r = serve_one((weft_limits){.max_fragments = 8});
    in_frames(r, 8 + side - 1, "x");
    if (side <= AT) assert_true(told(&server.story, "bin xxx"));
    else expect_closed(r, 1008, "WEFT_ERR_POLICY");
    done(r);
}

static void prove_max_empty_fragments(enum side side)
{
    struct raw *r = serve_one((weft_limits){.max_empty_fragments = 8});
    in_frames(r, 8 + side, "");
    if (side <= AT) expect_story(&server.story, "bin !;");
    else expect_closed(r, 1008, "WEFT_ERR_POLICY");
    done(r);
}

/* Nothing can be written. Where no more pongs may wait, the ping after them is answered, unless another
 * comes meanwhile. */
static void prove_max_waiting_pongs(enum side side)
{
    struct raw *r = serve_one((weft_limits){.max_waiting_pongs = 3});
    socket_is_full = true;
    for (int i = 0; i < 3 + side; i++) {
        raw_frame(r, 0x89, &"abcde"[i], 1);
        settle(&world);
    }
    raw_frame(r, 0x89, "z", 1);
    settle(&world);
    make_room();
    settle(&world);
    const char *heard = raw_frames(r);
    if (side == BELOW) assert_string_equal(heard, "pong a;pong b;pong z;");
    else assert_string_equal(heard, "pong a;pong b;pong c;pong z;");
    done(r);
}

static void prove_send_queue_max(enum side side)
{
    enum { HEAD = 4 };
    struct raw *r = serve_one((weft_limits){.send_queue_max = 1000});
    socket_is_full = true;
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, filler, (size_t)(1000 + side - HEAD)), 0);
    assert_int_equal(weft_buffered(server.conn), 1000 + side);
    int error = weft_send(server.conn, WEFT_TEXT, "x", 1);
    assert_int_equal(error, side <= AT ? 0 : WEFT_ERR_BACKLOG);
    done(r);
}

static void prove_send_queue_items(enum side side)
{
    struct raw *r = serve_one((weft_limits){.send_queue_items = 8});
    socket_is_full = true;
    for (int i = 0; i < 8 + side; i++)
        assert_int_equal(weft_send(server.conn, WEFT_TEXT, "x", 1), 0);
    int error = weft_send(server.conn, WEFT_TEXT, "x", 1);
    assert_int_equal(error, side <= AT ? 0 : WEFT_ERR_BACKLOG);
    done(r);
}

static void prove_send_queue_soft(enum side side)
{
    enum { HEAD = 4 };
    struct raw *r = serve_one((weft_limits){.send_queue_soft = 1000});
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, filler, (size_t)(1000 + side - HEAD)), 0);
    settle(&world);
    expect_story(&server.story, side <= AT ? "" : "drain;");
    done(r);
}

static void prove_frame_budget(enum side side)
{
    enum { BUDGET = 8 };
    struct raw *r = serve_one((weft_limits){.frame_budget = BUDGET});
    uint8_t bytes[(BUDGET + 1) * 16];
    size_t n = 0;
    for (int i = 0; i < BUDGET + side; i++) n += put_frame(bytes + n, 0x81, "x", 1);
    raw_write(r, bytes, n);
    turn_until(&world, server.story.len);
    size_t in_one_turn = server.story.len / strlen("text x;");
    assert_int_equal(in_one_turn, side <= AT ? BUDGET + side : BUDGET);
    settle(&world);
    assert_int_equal(server.story.len / strlen("text x;"), BUDGET + side);
    done(r);
}

/* After a violation; what is above makes us hang up. */
static void prove_discard_max(enum side side)
{
    struct raw *r = serve_one((weft_limits){.discard_max = 1000});
    raw_write(r, "\xff\x80", 2);
    expect_closed(r, 1002, "WEFT_ERR_PROTOCOL");
    settle(&world);
    raw_write(r, filler, (size_t)(1000 + side));
    settle(&world);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_CONNECTIONS), side <= AT);
    done(r);
}

/* ---- compressed ------------------------------------------------------------------------------ */

enum { ZEROS = 2 << 20 };

static struct raw *open_deflating(void)
{
    struct raw *r = raw_connect(&world);
    int status =
        raw_ask(&world, r, UPGRADE("/deflate", "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
    assert_int_equal(status, 101);
    settle(&world);
    raw_forget(r);
    return r;
}

/* ZEROS of them as a message of permessage-deflate. */
static size_t deflate_zeros(uint8_t *to, size_t size)
{
    uint8_t *zeros = calloc(1, ZEROS);
    z_stream z = {.next_in = zeros, .avail_in = ZEROS, .next_out = to, .avail_out = (uInt)size};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
    assert_true(!z.avail_in && z.avail_out);
    deflateEnd(&z);
    free(zeros);
    return z.total_out - 4;
}

/* The lowest limit that lets these bytes pass, of which ever more come out, beyond the first MiB. */
static uint64_t lowest_ratio(uint8_t *bytes, size_t len)
{
    static uint8_t out[16384];
    uint64_t lowest = 1;
    z_stream z = {.next_in = bytes, .avail_in = (uInt)len};
    assert_int_equal(inflateInit2(&z, -15), Z_OK);
    do {
        z.next_out = out;
        z.avail_out = sizeof out;
        inflate(&z, Z_SYNC_FLUSH);
        uint64_t passes = z.total_out / (z.total_in + 1) + 1;
        if (z.total_out > 1 << 20 && passes > lowest) lowest = passes;
    } while (!z.avail_out);
    inflateEnd(&z);
    return lowest;
}

static void prove_max_inflate_ratio(enum side side)
{
    static const weft_deflate deflate = {0};
    static uint8_t small[10000];
    size_t len = deflate_zeros(small, sizeof small);
    uint64_t ratio = lowest_ratio(small, len);
    weft_handler handler = telling;
    handler.deflate = &deflate;
    assert_true(ratio > 500);
    serve(
        (weft_limits){.max_message = ZEROS, .max_inflate_ratio = ratio - (uint64_t)(int64_t)side});
    assert_int_equal(weft_server_route(world.server, "/deflate", &handler, &server), 0);
    struct raw *r = open_deflating();
    raw_frame(r, 0xc2, small, len);
    settle(&world);
    if (side <= AT) expect_story(&server.story, "open;bin [2097152];");
    else expect_closed(r, 1009, "WEFT_ERR_TOO_BIG");
    done(r);
}

/* What the kernel makes of it, test_unsent.c shows. */
static int limited_fd;

static int note_accepted(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    int got = sys_real.accept4(fd, addr, len, flags);
    if (got >= 0) limited_fd = got; /* it asks until there is none */
    return got;
}

static void prove_unsent_max(enum side side)
{
    int max = 20000 + (int)side, is = 0;
    serve((weft_limits){.unsent_max = (uint64_t)max});
    world.sys.accept4 = note_accepted;
    struct raw *r = raw_open(&world, "/");
    assert_int_equal(
        getsockopt(limited_fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &is, &(socklen_t){sizeof is}), 0);
    assert_int_equal(is, max);
    done(r);
}

#endif
