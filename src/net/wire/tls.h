/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls.h - one end of a TLS connection: bytes in, bytes out, no I/O
 *
 *      wire bytes -> tls_feed -> tls_read  -> plain bytes
 *      wire bytes <- tls_out  <- tls_write <- plain bytes
 *
 * The handshake, tickets, key updates and alerts happen inside: whatever was called, look into tls_out
 * afterwards. What was fed is on loan until tls_read has said 0 or less, so read until it does.
 *
 *      HELLO     -> HANDSHAKE [tls_read]  a server's: the ClientHello is whole (tls_hello.h)
 *      HANDSHAKE -> READY   [tls_read]    when the peer has proved what it must
 *      any       -> ENDED   [tls_read]    the peer's close_notify
 *      any       -> BROKEN  [any call]    tls_out has the alert that tells the peer; nothing else goes
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/outq.h"
#include "base/sized.h"
#include <weft/tls.h>

struct facts;
struct tls;

SIZED_TAKER(tls_config_take, weft_tls_config, authorities, 32, authorities)

enum {
    TLS_RECORD = 16384,   /* plain bytes in a record, at most */
    TLS_SLACK = 1024,     /* and what a record has besides them */
    TLS_OUT_MAX = 131072, /* what may wait for a peer that makes us talk and does not read */
};

/* Whether there is a certificate to be shown: who listens needs one. */
bool tls_can_accept(weft_tls *with);

/* A server's end. NULL: no memory. */
struct tls *tls_accept(const weft_env *env, weft_tls *with);

/* How a client comes. */
enum {
    TLS_ANONYMOUS = 1, /* it shows no certificate, even if there is one */
    TLS_HTTP = 2,      /* to speak HTTP/1.1, and says so (ALPN, RFC 7301) */
};

/* A client's end, with its first words in tls_out. host: the name or IP address that the server's
 * certificate must be for; with port and how it says which session may be resumed. NULL: no memory, or no name that
 * TLS can carry. */
struct tls *tls_connect(const weft_env *env, weft_tls *with, weft_bytes host, uint16_t port,
                        unsigned how);

void tls_free(struct tls *t); /* NULL is fine */

/* Bytes from the wire: on loan. Everything that came before has been read. */
void tls_feed(struct tls *t, weft_bytes in);

/* What they say: up to room bytes, and how many. 0: nothing more until the next tls_feed.
 * Errors: WEFT_ERR_TLS, WEFT_ERR_CERTIFICATE, -ENOMEM; tls_cause says why. */
int tls_read(struct tls *t, uint8_t *to, size_t room);

/* Let the front of plain become a record, gathered there as far as it fits in one: *taken bytes of it, which are
 * still in plain. Before READY nothing is taken. scratch: room for TLS_RECORD bytes. 0 or an error as tls_read. */
int tls_write(struct tls *t, const struct outq *plain, uint8_t *scratch, size_t *taken);

/* Say close_notify, once, when that makes sense. */
void tls_close(struct tls *t);

struct outq *tls_out(struct tls *t);

bool tls_ready(const struct tls *t);
bool tls_ended(const struct tls *t);
bool tls_broken(const struct tls *t);
bool tls_met_http(
    const struct tls *t); /* broken, by a plain HTTP request; no alert is in tls_out */
const char *tls_cause(const struct tls *t); /* good as long as t */

/* After the handshake: the name that was asked for, what was agreed on, the certificate that the peer has shown. */
void tls_identify(const struct tls *t, struct facts *f);

#endif
