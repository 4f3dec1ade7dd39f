/* SPDX-License-Identifier: MIT
 *
 * net/client/options.h - a client's configuration, copied and checked, and the request made from it
 */
#ifndef NET_OPTIONS_H
#define NET_OPTIONS_H

#include "base/outq.h"
#include "http/url.h"
#include <weft/client.h>
#include <weft/handshake.h>

struct options {
    const weft_env *env;
    char *url_text, *proxy_text; /* what the urls below point into */
    struct url url, proxy;
    char *origin, *credentials;
    char **fields;  /* NULL-terminated */
    weft_tls *tls;  /* NULL: the dialer's */
    bool anonymous; /* no certificate of ours is shown: it was not meant for who we were sent to */
    const char *const *subprotocols;
    const weft_deflate *deflate; /* to offer, or NULL */
    unsigned redirects;
};

/* Errors: WEFT_ERR_URL, WEFT_ERR_UNSUPPORTED, -EINVAL, -ENOMEM. To be deinited even then. */
int options_init(struct options *o, const weft_env *env, const char *url,
                 const weft_client_config *cfg, const weft_handler *h);
void options_deinit(struct options *o);

/* Go to another URL; credentials and cookies stay behind when it is another origin. Errors: WEFT_ERR_URL,
 * WEFT_ERR_UNSUPPORTED (also: from wss to ws), -ENOMEM. */
int options_redirect(struct options *o, weft_bytes location);

/* The opening handshake, and the CONNECT that comes before it with a proxy. Errors: -ENOMEM, -EINVAL. */
int options_write_upgrade(const struct options *o, const char *key, struct outq *out);
int options_write_connect(const struct options *o, struct outq *out);

#endif
