/* SPDX-License-Identifier: MIT
 *
 * net/client/dial.h - how to get to a server: a weft_dial, copied and checked, and the URL that it is for
 *
 *      ws, wss, ws+unix     a WebSocket's, which may be led elsewhere (dial_redirect)
 *      tcp, tls, unix       a pipe's
 *
 * What the user says of the way (address, server_name, open) holds for the host and port of his own URL: at home. After
 * a redirect to others the URL is followed as it is.
 */
#ifndef NET_CLIENT_DIAL_H
#define NET_CLIENT_DIAL_H

#include "base/outq.h"
#include "http/url.h"
#include "io/sock.h"
#include <weft/dial.h>

struct dial {
    const weft_env *env;
    char *own_text, *led_text, *proxy_text; /* what the URLs below point into */
    struct url own, url, proxy;             /* the user's; where to, now */
    char *server_name;                      /* NULL: the URL's host */
    struct sock_addr address, source;       /* len 0: none */
    weft_tls *tls;                          /* NULL: the system's authorities */
    bool anonymous; /* no certificate of ours is shown: it was for the first origin */
    int (*open)(void *user);
    int (*lookup)(weft_lookup *k, const char *host, void *user);
    void *user;
};

/* What the user gave, which may be NULL, and its limits, which it then points to. Errors: -EINVAL (a size). */
int dial_take(const weft_env *env, weft_dial *to, weft_limits *limits, const weft_dial *from,
              size_t size, size_t limits_size);

/* Which URLs are meant. 0 or WEFT_ERR_URL, and *why says what is wrong, a constant. */
typedef int dial_parse(struct url *u, weft_bytes text, const char **why);
dial_parse dial_websocket_url, dial_pipe_url;

/* A URL that is none is told to the log. Errors: what parse says, WEFT_ERR_ADDRESS, -EINVAL, -ENOMEM. Deinit it even
 * then. */
int dial_init(struct dial *d, const weft_env *env, const char *url, dial_parse *parse,
              const weft_dial *from);
void dial_deinit(struct dial *d);

/* Go where a Location leads to: 0, or 1 when that is another origin. Errors: WEFT_ERR_URL, WEFT_ERR_UNSUPPORTED (from
 * wss to ws), WEFT_ERR_REFUSED (the user's own way does not lead there), -ENOMEM; *why says it in words, a constant. */
int dial_redirect(struct dial *d, weft_bytes location, const char **why);

/* Whether the URL has the host and port that the user's own has. */
bool dial_at_home(const struct dial *d);

/* What to connect to, when that needs no lookup: a Unix socket, or the address that was given. false: a name. */
bool dial_fixed(const struct dial *d, struct sock_addr *out);

/* The host to look up and connect to, and its port: the proxy's, or the server's. */
const struct url *dial_next_hop(const struct dial *d);

/* For TLS: whose certificate the server has to show. */
weft_bytes dial_server_name(const struct dial *d);

/* Let the proxy connect us. Errors: -ENOMEM, -EINVAL, WEFT_ERR_URL. */
int dial_write_connect(const struct dial *d, struct outq *out);

#endif
