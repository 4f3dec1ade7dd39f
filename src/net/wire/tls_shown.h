/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_shown.h - what the certificate says that a peer has shown, as text
 */
#ifndef NET_WIRE_TLS_SHOWN_H
#define NET_WIRE_TLS_SHOWN_H

#include <openssl/x509.h>

#include "net/peer.h"

/* Subject, fingerprint, PEM, alternative names. Where there is no memory, f->text.failed is set. */
void tls_shown(X509 *x, struct facts *f);

#endif
