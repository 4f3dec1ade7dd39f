/* SPDX-License-Identifier: MIT
 *
 * net/wire/wire_parts.h - what the parts of a wire ask of each other, and nobody else of them
 *
 *      wire.c       birth, phases, deadlines, the ends
 *      wire_in.c    from the stream to the phase
 *      wire_out.c   from the phase to the batch
 */
#ifndef NET_WIRE_PARTS_H
#define NET_WIRE_PARTS_H

#include "net/wire/wire.h"

static inline struct wire *wire_of(struct stream *s)
{
    return container_of(s, struct wire, stream);
}

/* ---- wire.c ---------------------------------------------------------------------------------- */

/* The owner, while the wire was in that phase. */
void wire_tell_lost(struct wire *w, enum wire_phase phase, int error, const char *cause);

/* Nothing is left to write. If the wire is finishing, it lingers from now on. */
void wire_linger(struct wire *w);

/* A WebSocket that has said all it had to say in HTTP travels light. */
void wire_shed(struct wire *w);

static inline void wire_unload(struct wire *w)
{
    if (w->gear) wire_shed(w);
}

/* ---- wire_in.c ------------------------------------------------------------------------------- */

void wire_on_bytes(struct stream *s, uint8_t *data, size_t len);
uint8_t *wire_on_room(struct stream *s, size_t *room);
void wire_on_eof(struct stream *s);
void wire_on_again(struct stream *s);

/* Whether there is input that nobody has consumed yet. */
static inline bool wire_holds(const struct wire *w)
{
    return w->gear && w->gear->held;
}

/* ---- wire_out.c ------------------------------------------------------------------------------ */

int wire_on_pull(struct stream *s, struct iovec *iov, int max);
bool wire_on_sent(struct stream *s, size_t n);
void wire_on_full(struct stream *s);

#endif
