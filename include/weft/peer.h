/* SPDX-License-Identifier: MIT
 *
 * weft/peer.h - who is at the other end
 *
 *      static void opened(weft_conn *c)
 *      {
 *          printf("%s is here\n", weft_peer_address(weft_conn_peer(c)));
 *      }
 *
 * A weft_peer is a snapshot: an address, what TLS knows, and the certificate that was shown, as text. It never
 * changes. weft_conn_peer, weft_request_peer and weft_reply_peer make it when they are first asked, and lend it to
 * you for as long as the connection, the request or the reply is there, on_close and on_gone included: they
 * know whom it was after a reset, too. Who wants it longer, or in another thread, takes a reference.
 *
 * Every text is terminated by NUL, has none inside, and is printable ASCII (the PEM has newlines): whatever else a peer
 * put into a name stands there as a backslash and two hex digits, and so does a backslash. So two names are the same
 * if their texts are, and any of them may be logged as it is.
 *
 * What it proves. An address is whoever got a packet back: good to log and to count by, not to know people by. Of
 * a certificate the peer had the key, since the handshake would have failed otherwise. That what the certificate says
 * is true is the word of an authority: of those in weft's configuration if it was verified, of nobody if a client
 * was told not to (insecure). A fingerprint is one certificate, whoever signed it.
 */
#ifndef WEFT_PEER_H
#define WEFT_PEER_H

#include <weft/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Counted; any thread. Where NULL may come in (no memory, or not connected yet) it may be handed on: every function
 * here takes NULL, and says what it says where there is nothing: "", false (weft_peer_secure) or NULL
 * (weft_peer_alt_name, weft_peer_ref). What they return is good as long as the weft_peer. */
typedef struct weft_peer weft_peer;

WEFT_API weft_peer *weft_peer_ref(weft_peer *p);
WEFT_API void weft_peer_unref(weft_peer *p);

/* "192.0.2.1:50312", "[2001:db8::1]:50312", "unix:". An IPv4 address that came through an IPv6 socket is written as
 * what it is. Behind a proxy that the server trusts (weft_server_config.trust_proxy) it is the client's, without a port
 * when the proxy says none: "192.0.2.1". A client's is that of whom it connected to, an HTTP proxy perhaps;
 * "unix:/run/x" has the path, too. "" when nobody knew, at accept, any more. */
WEFT_API const char *weft_peer_address(const weft_peer *p);

/* The same without port and brackets: "192.0.2.1", "2001:db8::1", "unix:". To count and to ban by; but a
 * customer has a /64 of IPv6. */
WEFT_API const char *weft_peer_host(const weft_peer *p);

/* ---- what TLS knows --------------------------------------------------------------------------- */

/* The bytes come by TLS: to us, or to a trusted proxy that says so (X-Forwarded-Proto: https or wss). */
WEFT_API bool weft_peer_secure(const weft_peer *p);

/* The name that it asked for (SNI, RFC 6066, 3); a server's, the one we asked for. "": none, or no TLS. It is not what
 * the request's Host says. */
WEFT_API const char *weft_peer_server_name(const weft_peer *p);

WEFT_API const char *weft_peer_protocol(const weft_peer *p); /* "TLSv1.3", "TLSv1.2"; "" */
WEFT_API const char *
weft_peer_cipher(const weft_peer *p); /* as IANA calls it: "TLS_AES_128_GCM_SHA256"; "" */

/* ---- the certificate that it showed -----------------------------------------------------------
 *
 * A client sees its server's; a server a client's, if it asked for one. All are "" without one. Of a client that a
 * trusted proxy names in X-Forwarded-For all of TLS is "", too: what there is of that is the proxy's. */

/* The subject by RFC 4514 (and 2253), last first: "CN=alice,O=Example". "" also when the certificate names its owner in
 * alternative names only; so whether there is one is asked of the fingerprint. */
WEFT_API const char *weft_peer_subject(const weft_peer *p);

/* The i-th of the subjectAltName (RFC 5280, 4.2.1.6), NULL behind the last: "DNS:a.example", "IP:192.0.2.1",
 * "IP:2001:db8::1", "URI:spiffe://example/a", "email:alice@example.org", and rarely "dirName:CN=alice",
 * "RID:1.2.3.4", "otherName:1.3.6.1.5.5.7.8.9:alice", where a value that is no text is "#" and its DER in hex;
 * "x400Address:" and "ediPartyName:" are not read further. */
WEFT_API const char *weft_peer_alt_name(const weft_peer *p, size_t i);

/* SHA-256 of the certificate, 64 lower-case hex digits: `openssl x509 -fingerprint -sha256` without colons. */
WEFT_API const char *weft_peer_fingerprint(const weft_peer *p);

/* The certificate itself: "-----BEGIN CERTIFICATE-----\n...". */
WEFT_API const char *weft_peer_pem(const weft_peer *p);

#ifdef __cplusplus
}
#endif
#endif
