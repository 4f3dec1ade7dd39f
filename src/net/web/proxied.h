/* SPDX-License-Identifier: MIT
 *
 * net/web/proxied.h - a wire whose peer is a proxy that we trust: who is behind it
 *
 *      first bytes         a PROXY header, or none       proxied_feed
 *      each request        X-Forwarded-For and -Proto    proxied_take_fields
 */
#ifndef NET_PROXIED_H
#define NET_PROXIED_H

#include "http/head.h"
#include "net/trust.h"
#include "net/wire/proxy.h"

struct proxied {
    struct proxy *header; /* NULL: it has been read, or there is none */
    struct sock_addr client;
    bool known;   /* client is set */
    bool settled; /* by the header: fields are the client's own, and nothing they say counts */
    bool secure;  /* the client came to the proxy by TLS */
};

/* NULL: no memory. */
struct proxied *proxied_new(const weft_env *env);
void proxied_free(struct proxied *p, const weft_env *env); /* NULL is fine */

/* While header is there. Consumes it from in, and more_first are bytes that turned out to stand before
 * what is left of in; good until proxied_end_header. 0: bring more. 1: that was it. WEFT_ERR_PROXY. */
int proxied_feed(struct proxied *p, const struct trust *trust, weft_span *in,
                 weft_span *more_first);
void proxied_end_header(struct proxied *p, const weft_env *env);

/* The last one in X-Forwarded-For that is not a proxy of ours; X-Forwarded-Proto. Of this request:
 * a proxy may send those of several clients on one connection. */
void proxied_take_fields(struct proxied *p, const struct trust *trust, const struct head *h);

#endif
