/* SPDX-License-Identifier: MIT
 *
 * net/wire/wire_tls.h - a wire's end of TLS, and the loop's one buffer that all of them use
 *
 *      duplex -> wire_tls_read  -> plain, in the loop's scratch buffer -> the phase
 *      duplex <- wire_tls_write <- gathered there too                  <- out
 *
 * Everything that one receive brought is read at once: ciphertext is never kept, only what it says.
 */
#ifndef NET_WIRE_WIRE_TLS_H
#define NET_WIRE_WIRE_TLS_H

#include "net/wire/wire.h"

/* What in says, in scratch until the next wire_tls_ call of any wire: also when an error follows it.
 * 0 or an error as tls_read. */
int wire_tls_read(struct wire *w, weft_bytes in, weft_span *plain);

/* Whether the TLS end takes plain bytes now: not before the handshake is done, nor while many records wait. */
bool wire_tls_has_room(const struct wire *w);

/* Let the front of plain, which is not empty, become a record: *taken bytes of it. 0 or an error as tls_write. */
int wire_tls_write(struct wire *w, const struct outq *plain, size_t *taken);

/* TLS is broken, the wire lingers: a browser that came with http:// is told why, in plain HTTP. */
void wire_tls_tell_plain(struct wire *w);

/* Whether the peer has said that nothing more will come. */
bool wire_tls_ended(const struct wire *w);

/* Whether the handshake is still under way. */
bool wire_tls_pending(const struct wire *w);

#endif
