/* SPDX-License-Identifier: MIT
 *
 * cli/heart.c - pings that have no pong yet, in the order in which they went out
 */
#include "cli/heart.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { EVERY_MIN_MS = 250, EVERY_MAX_MS = 10000, US = 1000 };

void heart_init(struct heart *h, uint64_t now)
{
    *h = (struct heart){.every = (uint64_t)HEART_EVERY_MS * US, .next = now};
}

bool heart_every(struct heart *h, uint64_t ms, uint64_t now)
{
    if (ms && (ms < EVERY_MIN_MS || ms > EVERY_MAX_MS)) return false;
    h->every = ms * US;
    h->next = now + h->every;
    return true;
}

static uint64_t patience_ends(const struct heart *h)
{
    return h->n_pending ? h->pending[0].at + (uint64_t)HEART_PATIENCE_MS * US : UINT64_MAX;
}

uint64_t heart_next(const struct heart *h)
{
    uint64_t ping = h->every ? h->next : UINT64_MAX, end = patience_ends(h);
    return ping < end ? ping : end;
}

/* Who is late pings once and goes on from now. */
enum heart_turn heart_turn(struct heart *h, uint64_t now)
{
    if (now >= patience_ends(h)) return HEART_GIVES_UP;
    if (!h->every || now < h->next) return HEART_RESTS;
    h->next += h->every;
    if (h->next <= now) h->next = now + h->every;
    return HEART_BEATS;
}

uint32_t heart_ping(struct heart *h, uint64_t now, char text[HEART_TEXT])
{
    if (h->n_pending == HEART_PENDING) return 0;
    h->pending[h->n_pending++] = (struct heart_ping){++h->n, now};
    snprintf(text, HEART_TEXT, "%" PRIu32, h->n);
    return h->n;
}

static bool carries(weft_bytes bytes, uint32_t n)
{
    char text[HEART_TEXT];
    int len = snprintf(text, sizeof text, "%" PRIu32, n);
    return bytes.len == (size_t)len && !memcmp(bytes.data, text, bytes.len);
}

uint32_t heart_pong(struct heart *h, weft_bytes text, uint64_t now, uint64_t *rtt_us)
{
    for (size_t i = 0; i < h->n_pending; i++) {
        struct heart_ping ping = h->pending[i];
        if (!carries(text, ping.n)) continue;
        h->n_pending -= i + 1;
        memmove(h->pending, h->pending + i + 1, h->n_pending * sizeof *h->pending);
        *rtt_us = now - ping.at;
        return ping.n;
    }
    return 0;
}
