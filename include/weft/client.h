/* SPDX-License-Identifier: MIT
 *
 * weft/client.h - connect to a WebSocket server
 *
 *      static void hello(weft_conn *c)
 *      {
 *          if (weft_send(c, WEFT_TEXT, "hello", 5) < 0) weft_abort(c);
 *      }
 *
 *      static const weft_handler handler = {.on_open = hello};
 *
 *      weft_loop_new(&loop, NULL);
 *      weft_connect(NULL, loop, "ws://localhost:8080/chat", NULL, &handler, NULL);
 *      weft_loop_run(loop);
 */
#ifndef WEFT_CLIENT_H
#define WEFT_CLIENT_H

#include <weft/conn.h>
#include <weft/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All zero means defaults. */
typedef struct weft_client_config {
    const weft_limits *limits;
    const char *origin;        /* the Origin to send; NULL: none, as programs do */
    const char *const *fields; /* NULL-terminated "Name: value"; not the handshake's own */
    const char *credentials;   /* "user:password" for basic authentication; before the URL's own */
    const char *proxy;  /* "http://[user:password@]host:port": connect through it by HTTP CONNECT */
    unsigned redirects; /* how many 301, 302, 303, 307 and 308 to follow; credentials and cookies
                                  are not taken to another origin */

    /* For wss: whom to trust, and what to show. NULL: the server has to show a certificate for the URL's host that one
     * of the system's authorities has signed, as these were when the loop first needed them. A reference is taken.
     * Who connects again with the same resumes the session, and that certificate is not looked at again. */
    weft_tls *tls;
} weft_client_config;

/* Begin to connect. url is "ws://host[:port][/path][?query]", "wss://...", or "ws+unix:/socket:/path"; user and
 * password in it are used as credentials. cfg, h and out may be NULL. The handler's subprotocols are offered. on_open follows, or on_close with
 * what went wrong: WEFT_ERR_RESOLVE, -ECONNREFUSED ..., WEFT_ERR_TIMEOUT, WEFT_ERR_PROXY,
 * WEFT_ERR_TLS, WEFT_ERR_CERTIFICATE (info->cause says why not), WEFT_ERR_REFUSED (info->refusal has
 * status, fields and body), WEFT_ERR_HTTP, WEFT_ERR_HANDSHAKE, WEFT_ERR_UNSUPPORTED (a redirect from wss
 * to ws).
 * Errors here (no callback follows): WEFT_ERR_URL, -EINVAL (fields, origin, proxy, a subprotocol that is no token), -ENOMEM. */
WEFT_API int weft_connect_sized(weft_conn **out, weft_loop *l, const char *url,
                                const weft_client_config *cfg, size_t cfg_size, size_t limits_size,
                                const weft_handler *h, size_t h_size, size_t deflate_size,
                                void *user);
static inline int weft_connect(weft_conn **out, weft_loop *l, const char *url,
                               const weft_client_config *cfg, const weft_handler *h, void *user)
{
    return weft_connect_sized(out, l, url, cfg, sizeof *cfg, sizeof(weft_limits), h, sizeof *h,
                              sizeof(weft_deflate), user);
}

#ifdef __cplusplus
}
#endif
#endif
