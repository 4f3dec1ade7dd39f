/* SPDX-License-Identifier: MIT
 *
 * tests/ws/case_wire.h - what a session writes, judged as a strict peer would
 *
 * Takes frames off the raw output, checks that each is legal at its place (RFC 6455, 5), and puts them
 * down again without masks, so that documents show the same bytes for both roles.
 */
#ifndef TESTS_CASE_WIRE_H
#define TESTS_CASE_WIRE_H

#include <weft/session.h>

#include "ws/case_bytes.h"

struct wire {
    weft_role role;
    bool in_message, closed, deflates;
    unsigned close_code;
    size_t frames;
    uint8_t last_key[4];
};

struct wire_frame {
    unsigned fin, rsv, opcode;
    bool masked;
    uint8_t key[4];
    int length_bytes;
    uint64_t length;
    size_t head; /* bytes of the header on the wire */
};

static inline bool wire_head(const uint8_t *p, size_t n, struct wire_frame *f)
{
    if (n < 2) return false;
    *f = (struct wire_frame){.fin = p[0] >> 7, .rsv = p[0] >> 4 & 7, .opcode = p[0] & 15};
    f->masked = p[1] >> 7;
    f->length_bytes = (p[1] & 127) == 126 ? 2 : (p[1] & 127) == 127 ? 8 : 0;
    f->length = f->length_bytes ? 0 : p[1] & 127;
    f->head = 2 + (size_t)f->length_bytes + (f->masked ? 4 : 0);
    if (n < f->head) return false;
    for (int i = 0; i < f->length_bytes; i++) f->length = f->length << 8 | p[2 + i];
    if (f->masked) memcpy(f->key, p + f->head - 4, 4);
    return true;
}

/* NULL, or what is wrong with sending this frame now. */
static inline const char *wire_judge(struct wire *w, const struct wire_frame *f)
{
    bool control = f->opcode >= 8;
    if (f->masked != (w->role == WEFT_CLIENT)) return "masked by a server, or not by a client";
    bool begins = f->opcode == 1 || f->opcode == 2;
    if (f->rsv && (f->rsv != 4 || !w->deflates || !begins)) return "RSV bits are set";
    if ((f->opcode > 2 && f->opcode < 8) || f->opcode > 10) return "an opcode that does not exist";
    if ((f->length_bytes == 2 && f->length < 126) || (f->length_bytes == 8 && f->length < 65536))
        return "the length is not encoded minimally";
    if (control && (!f->fin || f->length > 125)) return "a control frame, fragmented or too long";
    if (w->closed) return "a frame after Close";
    if (!control && (f->opcode == 0) != w->in_message) return "fragments of messages are mixed";
    if (w->role == WEFT_CLIENT && w->frames && !memcmp(w->last_key, f->key, 4))
        return "the masking key is the one of the frame before";
    if (!control) w->in_message = !f->fin;
    w->closed = f->opcode == 8;
    w->frames++;
    memcpy(w->last_key, f->key, 4);
    return NULL;
}

/* NULL, or what is wrong. */
static inline const char *wire_take(struct wire *w, const struct bytes *raw, struct bytes *plain)
{
    for (size_t at = 0; at < raw->len;) {
        struct wire_frame f;
        if (!wire_head(raw->data + at, raw->len - at, &f)) return "the output ends inside a header";
        const char *wrong = wire_judge(w, &f);
        if (wrong) return wrong;
        at += f.head;
        if (raw->len - at < f.length) return "the output ends inside a frame";
        uint8_t *payload = f.length ? raw->data + at : NULL;
        for (size_t i = 0; f.masked && i < f.length; i++) payload[i] ^= f.key[i & 3];
        struct frame_spec spec = {
            .fin = f.fin, .rsv = f.rsv, .opcode = f.opcode, .length_bytes = f.length_bytes};
        frame_write(plain, &spec, payload, f.length);
        if (f.opcode == 8 && f.length >= 2) w->close_code = (unsigned)payload[0] << 8 | payload[1];
        at += f.length;
    }
    return NULL;
}

/* Whether these bytes are exactly one Close frame with this code and a reason in UTF-8. */
static inline bool wire_is_close(const uint8_t *p, size_t n, unsigned code)
{
    return n >= 4 && n <= 127 && p[0] == 0x88 && p[1] == n - 2 &&
           ((unsigned)p[2] << 8 | p[3]) == code && weft_utf8_valid(p + 4, n - 4);
}

#endif
