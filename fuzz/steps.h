/* SPDX-License-Identifier: MIT
 *
 * fuzz/steps.h - what happens in a script on either side: bytes and frames come, time passes, calls fail;
 * and the judgement of the frames that a peer was sent
 *
 *      a step: one byte    bit 7      nothing is done yet: the next step happens at the same time
 *                          bits 4-5   at which peer
 *                          bits 0-3   what; steps_common knows those that both harnesses have
 */
#ifndef FUZZ_STEPS_H
#define FUZZ_STEPS_H

#include "scripted.h"
#include "ws/case_wire.h"
#include <weft/weft.h>

enum { SCRIPT_MOST = 400 };

struct step {
    unsigned what;
    bool goes_on;
    struct peer *peer;
    uint8_t arg;
};

static inline void say(struct peer *p, const char *text)
{
    bytes_add(&p->input, text, strlen(text));
}

/* Masked with the key 0, which changes nothing, or not masked. */
static inline void say_frame(struct peer *p, bool masked, uint8_t first, weft_bytes payload)
{
    struct frame_spec f = {.fin = first >> 7,
                           .rsv = first >> 4 & 7,
                           .opcode = first & 15,
                           .masked = masked,
                           .length_bytes = -1,
                           .length_given = true,
                           .length = payload.len};
    frame_write(&p->input, &f, NULL, 0);
    bytes_add(&p->input, payload.data, payload.len);
}

static inline void say_raw(struct peer *p, weft_bytes raw)
{
    bytes_add(&p->input, raw.data, raw.len);
}

static inline int error_named(unsigned n)
{
    static const int errors[] = {EINTR, ECONNRESET, EMFILE,    ENOMEM,      EAGAIN,
                                 EPIPE, EIO,        ETIMEDOUT, ECONNABORTED};
    return errors[n % (sizeof errors / sizeof *errors)];
}

/* What a socket is left with: not that somebody should try again. */
static inline int lasting_error(unsigned n)
{
    int error = error_named(n);
    return error == EAGAIN ? EPIPE : error == EINTR ? 0 : error;
}

/* The next one, of whose kinds those below with_arg have an argument. */
static inline struct step step_take(weft_bytes *in, unsigned with_arg)
{
    uint8_t code = taken_byte(in);
    struct step s = {
        .what = code & 15, .goes_on = code & 128, .peer = &net.peers[code >> 4 & (PEERS - 1)]};
    if (s.what < with_arg) s.arg = taken_byte(in);
    return s;
}

static inline void steps_common(const struct step *s, weft_role peers, weft_bytes *in)
{
    static const size_t windows[] = {0, 1, 100, SIZE_MAX};
    static uint8_t zeros[60000];
    bool masked = peers == WEFT_CLIENT;
    struct peer *p = s->peer;
    switch (s->what) {
    case 0: say_raw(p, taken(in, s->arg)); break;
    case 3: say_frame(p, masked, s->arg, taken(in, taken_byte(in))); break;
    case 4: say_frame(p, masked, s->arg, (weft_bytes){zeros, taken_byte(in) * 230u}); break;
    case 5: machine.now_us += (uint64_t)s->arg * s->arg * 1000; break;
    case 6: p->window = windows[s->arg & 3]; break;
    case 8: machine.fail_in = s->arg; break;
    case 9: net.fault = error_named(s->arg); break;
    case 10: p->error = lasting_error(s->arg); break;
    case 12: p->ended = true; break;
    }
}

/* What stands there: whole frames that are right where they are; the last one may not be complete. */
static inline void judge_frames(struct wire wire, const uint8_t *at, const uint8_t *stop)
{
    for (struct wire_frame f; wire_head(at, (size_t)(stop - at), &f);) {
        check(!wire_judge(&wire, &f));
        if (f.length > (size_t)(stop - at) - f.head) break;
        at += f.head + f.length;
    }
}

#endif
