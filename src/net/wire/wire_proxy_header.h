/* SPDX-License-Identifier: MIT
 *
 * net/wire/wire_proxy_header.h - a wire whose peer is a proxy that we trust: whom its PROXY header names
 */
#ifndef NET_WIRE_WIRE_PROXY_HEADER_H
#define NET_WIRE_WIRE_PROXY_HEADER_H

#include "net/wire/proxy_header.h"

struct wire_proxy_header {
    struct proxy_header *parser; /* NULL: it has been read, or there is none */
    struct sock_addr client;
    bool known; /* client is set */
};

/* NULL: no memory. */
struct wire_proxy_header *wire_proxy_header_new(const weft_env *env);
void wire_proxy_header_free(struct wire_proxy_header *p, const weft_env *env); /* NULL is fine */

/* While parser is there. Consumes it from in, and more_first are bytes that turned out to stand before
 * what is left of in; good until wire_proxy_header_done. 0: bring more. 1: that was it. WEFT_ERR_PROXY. */
int wire_proxy_header_feed(struct wire_proxy_header *p, weft_span *in, weft_span *more_first);
void wire_proxy_header_done(struct wire_proxy_header *p, const weft_env *env);

#endif
