/* SPDX-License-Identifier: MIT
 *
 * tests/channel/v1.h - a peer that speaks weft.v1: what it hears is lines
 */
#ifndef CHANNEL_V1_H
#define CHANNEL_V1_H

#include "channel/live.h"

/* Nothing heard but the 101. */
static inline struct raw *v1_dial(struct live *l, const char *target)
{
    char request[512];
    struct raw *r = raw_connect(&l->w);
    snprintf(request, sizeof request, UPGRADE("%s", "Sec-WebSocket-Protocol: weft.v1\r\n"), target);
    assert_int_equal(raw_ask(&l->w, r, request), 101);
    size_t head = (size_t)(raw_body(r) - r->got);
    memmove(r->got, r->got + head, r->len - head + 1);
    r->len -= head;
    return r;
}

static inline size_t v1_length(const uint8_t *p, size_t *head)
{
    size_t len = p[1];
    *head = 2;
    if (len != 126) return len;
    *head = 4;
    return (size_t)p[2] << 8 | p[3];
}

/* The objects that have come, each in a line, tidied up; a Close as "close 1003". They are forgotten. */
static inline const char *v1_said(struct live *l, struct raw *r)
{
    static char text[200000];
    size_t n = 0, head;
    settle(&l->w);
    raw_read(r);
    const uint8_t *p = (const uint8_t *)r->got, *end = p + r->len;
    while (p + 2 <= end) {
        size_t len = v1_length(p, &head);
        if ((p[0] & 15) == 8)
            n += (size_t)snprintf(text + n, 32, "close %d\n", p[head] << 8 | p[head + 1]);
        else {
            memcpy(text + n, p + head, len);
            n += len;
            text[n++] = '\n';
        }
        p += head + len;
    }
    text[n] = '\0';
    raw_forget(r);
    return tidy(l, "/chat", text);
}

#endif
