/* SPDX-License-Identifier: MIT
 *
 * net/client/options.h - what a client says in its opening handshake: its configuration, copied and checked, and the
 * request made from it
 *
 * How to get there is dial.h's.
 */
#ifndef NET_OPTIONS_H
#define NET_OPTIONS_H

#include "base/outq.h"
#include "http/url.h"
#include <weft/client.h>
#include <weft/handshake.h>

struct options {
    const weft_env *env;
    char *host, *origin, *credentials; /* NULL: the URL's; none; none */
    char **fields;                     /* NULL-terminated */
    const char *const *subprotocols;
    const weft_deflate *deflate; /* to offer, or NULL */
    size_t redirects;
};

/* h has what is offered, and is kept. Errors: -EINVAL, -ENOMEM. To be deinited even then. */
int options_init(struct options *o, const weft_env *env, const struct url *url,
                 const weft_client_config *cfg, const weft_handler *h);
void options_deinit(struct options *o);

/* We were sent to another origin: what was for the first one stays behind. */
void options_leave_origin(struct options *o);

/* The opening handshake. Errors: -ENOMEM, -EINVAL, WEFT_ERR_URL. */
int options_write_upgrade(const struct options *o, const struct url *url, const char *key,
                          struct outq *out);

#endif
