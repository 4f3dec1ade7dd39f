/* SPDX-License-Identifier: MIT
 *
 * net/wire/proxy_header.h - the PROXY protocol, versions 1 and 2: what a proxy says of its client before all else
 *
 *      PROXY TCP4 192.0.2.7 198.51.100.1 50312 443\r\n          version 1, text
 *      \r\n\r\n\0\r\nQUIT\n  0x21 0x11  length  addresses  TLVs   version 2
 *
 * Pure: bytes in any pieces, no I/O. Strict: what is not exactly a header is refused, and none is longer
 * than PROXY_MAX. Bytes that do not begin like a header are given back: there is none.
 */
#ifndef NET_PROXY_HEADER_H
#define NET_PROXY_HEADER_H

#include "io/sock.h"

enum { PROXY_MAX = 536 };

enum {
    PROXY_MORE,    /* everything was consumed, bring more */
    PROXY_NONE,    /* no header: bytes are the first of what is spoken, then what is left of in */
    PROXY_LOCAL,   /* a header without a client: the proxy itself, or one that it does not know */
    PROXY_ADDRESS, /* *client is the client's address */
};

/* All zero is the beginning. */
struct proxy_header {
    size_t len;
    uint8_t bytes[PROXY_MAX];
};

/* Consumes the header, not what follows it. Errors: WEFT_ERR_PROXY. */
int proxy_header_feed(struct proxy_header *p, weft_span *in, struct sock_addr *client);

#endif
