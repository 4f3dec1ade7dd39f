/* SPDX-License-Identifier: MIT
 *
 * net/wire/proxied.h - a wire whose peer is a proxy that we trust: whom its PROXY header names
 */
#ifndef NET_WIRE_PROXIED_H
#define NET_WIRE_PROXIED_H

#include "net/wire/proxy.h"

struct proxied {
    struct proxy *header; /* NULL: it has been read, or there is none */
    struct sock_addr client;
    bool known; /* client is set */
};

/* NULL: no memory. */
struct proxied *proxied_new(const weft_env *env);
void proxied_free(struct proxied *p, const weft_env *env); /* NULL is fine */

/* While header is there. Consumes it from in, and more_first are bytes that turned out to stand before
 * what is left of in; good until proxied_end_header. 0: bring more. 1: that was it. WEFT_ERR_PROXY. */
int proxied_feed(struct proxied *p, weft_span *in, weft_span *more_first);
void proxied_end_header(struct proxied *p, const weft_env *env);

#endif
