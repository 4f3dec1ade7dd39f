/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_session.c - a session gives the same events, errors and output however its input is split
 *
 *      flags       role, chunked, echo, limits, compression
 *      actions     what the user does before and after the input
 *      n, sizes    the pieces of the second run, over and over
 *      the rest    what the peer sends
 *
 * What was output is judged frame by frame, as the wire cases' is (tests/ws/case_wire.h). A chunked
 * text that turns out to be wrong may have been handed out further in one run than in the other; all
 * else is equal to the byte.
 *
 * Of compressed data that is wrong in several ways it depends on the pieces which is noticed first: what zlib
 * refuses, what is no UTF-8, or what is too large.
 */
#include "fuzz.h"
#include "ws/case_wire.h"

enum flags {
    AS_CLIENT = 1,
    CHUNKED = 2,
    ECHO = 4,
    TIGHT = 8,
    DEFLATE = 16,
    TAKEOVER = 32,
    WINDOWS = 64 | 128 /* 8, 9, 12, 15 */
};
enum actions {
    PING_FIRST = 1,
    OPEN_FRAGMENT = 2,
    TEXT_FIRST = 4,
    CLOSE_FIRST = 8,
    END_FRAGMENT = 16,
    CLOSE_LAST = 32,
    PIECES_FIRST = 64,
    CLOSE_NOW = 128
};
enum { SIZES_MAX = 16 };

struct plan {
    uint8_t flags, actions;
    weft_bytes sizes; /* none: whole */
    weft_bytes stream;
};

struct run {
    weft_env env;
    weft_session_config cfg;
    uint32_t random;
    weft_session *session;
    int error;
    struct bytes told; /* the events */
    size_t settled;    /* of that, all but the end of an incomplete message's chunks */
    size_t messages;   /* told whole */
    struct bytes output;
};

static int fill_random(void *ctx, void *buf, size_t len)
{
    struct run *r = ctx;
    uint8_t *to = buf;
    for (size_t i = 0; i < len; i++) {
        r->random = r->random * 1664525 + 1013904223;
        to[i] = (uint8_t)(r->random >> 24);
    }
    return 0;
}

static const weft_limits tight = {.max_message = 300,
                                  .max_fragments = 4,
                                  .max_empty_fragments = 2,
                                  .max_waiting_pongs = 2,
                                  .send_queue_max = 400,
                                  .send_queue_items = 8};
static const weft_limits roomy = {.max_message = 65536};

/* ---- the user -------------------------------------------------------------------------------- */

static void act_first(weft_session *s, unsigned actions)
{
    if (actions & PING_FIRST) (void)weft_session_send(s, WEFT_PING, "there?", 6);
    if (actions & OPEN_FRAGMENT) (void)weft_session_send_fragment(s, WEFT_TEXT, "a", 1, false);
    if (actions & TEXT_FIRST) (void)weft_session_send(s, WEFT_TEXT, "hello", 5);
    if (actions & PIECES_FIRST) {
        static const weft_bytes pieces[] = {{(const uint8_t *)"\xe2", 1},
                                            {(const uint8_t *)"\x82\xac", 2}};
        unsigned flags = actions & TEXT_FIRST ? WEFT_SEND_PLAIN : WEFT_SEND_CHECK;
        (void)weft_session_sendv(s, WEFT_TEXT, flags, pieces, 2);
    }
    if (actions & CLOSE_FIRST) (void)weft_session_close(s, 1000, "bye", 3);
}

static void act_last(weft_session *s, unsigned actions)
{
    if (actions & END_FRAGMENT) (void)weft_session_send_fragment(s, WEFT_TEXT, "z", 1, true);
    if (actions & CLOSE_LAST) (void)weft_session_close(s, 0, NULL, 0);
}

/* When some of it is gone. */
static void close_now(struct run *r)
{
    struct iovec iov;
    if (weft_session_output(r->session, &iov, 1) < 1) return;
    size_t gone = iov.iov_len / 2 + 1;
    bytes_add(&r->output, iov.iov_base, gone);
    (void)weft_session_close_now(r->session, 1001, NULL, 0);
    weft_session_sent(r->session, gone);
}

/* ---- what comes out -------------------------------------------------------------------------- */

static void tell_chunk(struct run *r, const weft_event *ev)
{
    if (ev->first) bytes_add_byte(&r->told, 0x10 | (unsigned)ev->opcode);
    bytes_add(&r->told, ev->data, ev->len);
    if (!ev->final) return;
    bytes_add_byte(&r->told, 0xff);
    r->settled = r->told.len;
    r->messages++;
}

static void tell(struct run *r, const weft_event *ev)
{
    if (ev->kind == WEFT_EV_CHUNK) {
        tell_chunk(r, ev);
        return;
    }
    if (ev->kind == WEFT_EV_MESSAGE && ev->opcode == WEFT_TEXT)
        check(weft_utf8_valid(ev->data, ev->len));
    bytes_add_byte(&r->told, (unsigned)ev->kind);
    bytes_add_byte(&r->told, (unsigned)ev->opcode);
    bytes_add_number(&r->told, ev->code, 2);
    bytes_add_number(&r->told, ev->len, 4);
    bytes_add(&r->told, ev->data, ev->len);
    r->settled = r->told.len;
    r->messages += ev->kind == WEFT_EV_MESSAGE;
}

static void read_piece(struct run *r, const struct plan *p, weft_bytes piece)
{
    weft_span exact = exact_copy(piece), in = exact;
    weft_event ev;
    int got;
    while ((got = weft_session_read(r->session, &in, &ev)) == 1) {
        tell(r, &ev);
        if (ev.kind == WEFT_EV_MESSAGE && p->flags & ECHO)
            (void)weft_session_send(r->session, ev.opcode, ev.data, ev.len);
    }
    check(got < 0 || in.len == 0);
    check(!r->error || got == r->error);
    r->error = got;
    free(exact.data);
}

static void read_all(struct run *r, const struct plan *p)
{
    weft_bytes rest = p->stream;
    for (size_t i = 0; rest.len; i++) {
        size_t n = p->sizes.len ? p->sizes.data[i % p->sizes.len] + 1u : rest.len;
        read_piece(r, p, taken(&rest, n));
    }
}

static void drain(struct run *r)
{
    struct iovec iov[3];
    for (int n; (n = weft_session_output(r->session, iov, 3)) > 0;) {
        size_t gone = 0;
        for (int i = 0; i < n; i++) {
            bytes_add(&r->output, iov[i].iov_base, iov[i].iov_len);
            gone += iov[i].iov_len;
        }
        weft_session_sent(r->session, gone);
    }
}

static void judge(const struct run *r, weft_role role, bool deflates)
{
    struct wire wire = {.role = role, .deflates = deflates};
    struct bytes plain = {0};
    check(!wire_take(&wire, &r->output, &plain));
    check(!r->error || wire.closed);
    check(!r->error || (weft_session_closed(r->session) && *weft_session_cause(r->session)));
    bytes_free(&plain);
}

static weft_deflate_params agreed(uint8_t flags)
{
    static const uint8_t bits[] = {8, 9, 12, 15};
    uint8_t window = bits[(flags & WINDOWS) >> 6];
    bool alone = !(flags & TAKEOVER);
    return (weft_deflate_params){flags & DEFLATE, alone, alone, window, window};
}

static void play(struct run *r, const struct plan *p)
{
    static const weft_deflate deflate = {.threshold = 1};
    *r = (struct run){.env = {.ctx = r, .random = fill_random}};
    weft_role role = p->flags & AS_CLIENT ? WEFT_CLIENT : WEFT_SERVER;
    r->cfg = (weft_session_config){.env = &r->env,
                                   .limits = p->flags & TIGHT ? &tight : &roomy,
                                   .chunked = p->flags & CHUNKED,
                                   .deflate = &deflate};
    weft_deflate_params params = agreed(p->flags);
    weft_session_profile *profile;
    check(weft_session_profile_new(&profile, &r->cfg) == 0);
    check(weft_session_new(&r->session, role, profile) == 0);
    weft_session_profile_unref(profile);
    if (params.on) weft_session_set_deflate(r->session, &params);
    act_first(r->session, p->actions);
    read_all(r, p);
    act_last(r->session, p->actions);
    if (p->actions & CLOSE_NOW) close_now(r);
    drain(r);
    judge(r, role, params.on);
}

/* Wrong in what a compressed message says. */
static bool is_of_data(int error)
{
    return error == WEFT_ERR_DEFLATE || error == WEFT_ERR_UTF8 || error == WEFT_ERR_TOO_BIG;
}

/* When a message that has not come whole is looked at depends on how it is cut (ws/unpack.c). So one of the two
 * may be told of bad data while the other waits for the rest, or goes on to what follows between fragments: but
 * never to another message. */
static void compare_bad_data(const struct run *a, const struct run *b)
{
    size_t same = a->settled < b->settled ? a->settled : b->settled;
    check(!same || memcmp(a->told.data, b->told.data, same) == 0);
}

static void compare(const struct run *a, const struct run *b, bool deflates)
{
    check(a->messages == b->messages);
    if (deflates && (is_of_data(a->error) || is_of_data(b->error))) {
        compare_bad_data(a, b);
        return;
    }
    check(a->settled == b->settled);
    size_t same = a->error < 0 ? a->settled : a->told.len;
    check(a->error < 0 || a->told.len == b->told.len);
    check(!same || memcmp(a->told.data, b->told.data, same) == 0);
    check(a->error == b->error);
    check(!strcmp(weft_session_cause(a->session), weft_session_cause(b->session)));
    check(weft_session_closed(a->session) == weft_session_closed(b->session));
    check(bytes_are(&a->output, b->output.data, b->output.len));
}

static void end(struct run *r)
{
    weft_session_free(r->session);
    bytes_free(&r->told);
    bytes_free(&r->output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_bytes in = {data, size};
    struct plan plan = {.flags = taken_byte(&in), .actions = taken_byte(&in)};
    weft_bytes sizes = taken(&in, taken_byte(&in) % SIZES_MAX);
    plan.stream = in;

    struct run whole, split;
    play(&whole, &plan);
    plan.sizes = sizes;
    play(&split, &plan);
    compare(&whole, &split, plan.flags & DEFLATE);
    end(&whole);
    end(&split);
    return 0;
}
