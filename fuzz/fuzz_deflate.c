/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_deflate.c - compressed messages: what strangers send, and what we send ourselves
 *
 * Byte 0 says the mode, byte 1 where the rest is cut. The rest is read by a server, as the payload of
 * frames with RSV1, whole and cut in two: the same messages, or an end, have to come out. Then it is sent by one
 * session as a message, and has to reach another as it was.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include <weft/session.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST = 100000, ROOM = 2 * LARGEST };

static void check(bool holds)
{
    if (!holds) abort();
}

struct heard {
    uint8_t data[ROOM];
    size_t len, messages;
    int result;
};

static struct heard whole, split, back;

static void hear(weft_session *s, uint8_t *data, size_t n, struct heard *h)
{
    weft_span in = {data, n};
    weft_event ev;
    while ((h->result = weft_session_read(s, &in, &ev)) == 1) {
        if (ev.kind != WEFT_EV_MESSAGE) continue;
        check(ev.len <= LARGEST);
        h->messages++;
        if (ev.len > ROOM - h->len) h->len = 0;
        copy(h->data + h->len, ev.data, ev.len);
        h->len += ev.len;
    }
}

static const weft_limits limits = {.max_message = LARGEST};

static weft_session_pool *pool; /* of all sessions of an input, as those of a loop have one */

static weft_session *session(weft_role role, uint8_t mode)
{
    weft_deflate_params p = {.on = true,
                             .server_no_context_takeover = mode & 1,
                             .client_no_context_takeover = mode & 1,
                             .server_max_window_bits = (uint8_t)(8 + (mode >> 1) % 8),
                             .client_max_window_bits = (uint8_t)(8 + (mode >> 4) % 8)};
    const weft_deflate d = {.threshold = 1};
    const weft_session_config config = {.limits = &limits, .deflate = &d, .pool = pool};
    weft_session_profile *profile;
    weft_session *s;
    check(weft_session_profile_new(&profile, &config) == 0);
    check(weft_session_new(&s, role, profile) == 0);
    weft_session_profile_unref(profile);
    weft_session_set_deflate(s, &p);
    return s;
}

/* The head of a client's frame whose key is zero. */
static size_t write_head(uint8_t *to, size_t n)
{
    const uint8_t small[] = {0xc2, (uint8_t)(0x80 | n), 0, 0, 0, 0};
    const uint8_t large[] = {0xc2, 0xfe, (uint8_t)(n >> 8), (uint8_t)n, 0, 0, 0, 0};
    copy(to, n < 126 ? small : large, n < 126 ? sizeof small : sizeof large);
    return n < 126 ? sizeof small : sizeof large;
}

/* The same bytes twice, as two messages. */
static size_t write_frames(uint8_t *to, const uint8_t *data, size_t n)
{
    size_t at = 0;
    for (int i = 0; i < 2; i++) {
        at += write_head(to + at, n);
        copy(to + at, data, n);
        at += n;
    }
    return at;
}

static void strangers(const uint8_t *data, size_t n, uint8_t mode, uint8_t cut)
{
    uint8_t *wire = malloc(2 * (n + 8));
    whole = split = (struct heard){.len = 0};
    weft_session *a = session(WEFT_SERVER, mode), *b = session(WEFT_SERVER, mode);
    hear(a, wire, write_frames(wire, data, n), &whole);
    size_t size = write_frames(wire, data, n), at = size * cut / 255;
    hear(b, wire, at, &split);
    if (!split.result) hear(b, wire + at, size - at, &split);
    check(whole.result == split.result && whole.messages == split.messages);
    check(whole.len == split.len && !memcmp(whole.data, split.data, whole.len));
    weft_session_free(a);
    weft_session_free(b);
    free(wire);
}

static void ourselves(const uint8_t *data, size_t n, uint8_t mode)
{
    struct iovec iov;
    weft_session *a = session(WEFT_SERVER, mode), *b = session(WEFT_CLIENT, mode);
    for (int i = 0; i < 3; i++) {
        back = (struct heard){.len = 0};
        check(weft_session_send(a, WEFT_BINARY, data, n) == 0);
        while (weft_session_output(a, &iov, 1)) {
            hear(b, iov.iov_base, iov.iov_len, &back);
            weft_session_sent(a, iov.iov_len);
        }
        check(back.result == 0 && back.messages == 1 && back.len == n);
        check(!memcmp(back.data, data, n));
    }
    weft_session_free(a);
    weft_session_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 60000) return 0;
    check(weft_session_pool_new(&pool, NULL) == 0);
    strangers(data + 2, size - 2, data[0], data[1]);
    ourselves(data + 2, size - 2, data[0]);
    weft_session_pool_free(pool);
    return 0;
}
