/* SPDX-License-Identifier: MIT
 *
 * net/wire/secure.h - a wire's TLS box, and the loop's one buffer that all of them use
 *
 *      stream bytes -> secure_read  -> plain, in the loop's scratch buffer -> the phase
 *      stream bytes <- secure_write <- gathered there too                  <- out
 *
 * Everything that one receive brought is read at once: ciphertext is never held, only what it says.
 */
#ifndef NET_WIRE_SECURE_H
#define NET_WIRE_SECURE_H

#include "net/wire/wire.h"

/* What in says, in scratch until the next secure_ call of any wire: also when an error follows it.
 * 0 or an error as tls_read. */
int secure_read(struct wire *w, weft_bytes in, weft_span *plain);

/* Whether the box takes plain bytes now: not before the handshake is done, nor while many records wait. */
bool secure_has_room(const struct wire *w);

/* Let the front of plain, which is not empty, become a record: *taken bytes of it. 0 or an error as tls_write. */
int secure_write(struct wire *w, const struct outq *plain, size_t *taken);

/* The box is broken, the wire lingers: a browser that came with http:// is told why, in plain HTTP. */
void secure_tell_plain(struct wire *w);

/* Whether the peer has said that nothing more will come. */
bool secure_ended(const struct wire *w);

/* Whether the handshake is still under way. */
bool secure_pending(const struct wire *w);

#endif
