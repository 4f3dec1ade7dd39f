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
#include <weft/dial.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All zero means defaults. */
typedef struct weft_client_config {
    const weft_dial *dial; /* how to get there; NULL: as the URL says */
    const char *host;      /* the Host field, "example.org" or with a port, instead of the URL's */
    const char *origin;    /* the Origin to send; NULL: none, as programs do */
    const char *const *fields; /* NULL-terminated "Name: value"; not the handshake's own */
    const char *credentials;   /* "user:password" for basic authentication; before the URL's own */
    const char *const *subprotocols; /* to offer, NULL-terminated; NULL: the handler's */
    const weft_deflate *deflate;     /* to offer; NULL: the handler's */

    /* How many 301, 302, 303, 307 and 308 to follow. host, credentials, cookies and our certificate are not taken to
     * another origin; what dial says of the way holds for the URL's own host and port (dial.h). */
    size_t redirects;
} weft_client_config;

/* Begin to connect. url is "ws://host[:port][/path][?query]", "wss://...", or "ws+unix:/socket:/path"; user and
 * password in it are used as credentials. cfg, h and out may be NULL. on_open follows, or on_close with
 * what went wrong: WEFT_ERR_RESOLVE, -ECONNREFUSED ..., WEFT_ERR_TIMEOUT, WEFT_ERR_PROXY,
 * WEFT_ERR_TLS, WEFT_ERR_CERTIFICATE (info->cause says why not), WEFT_ERR_REFUSED (info->refusal has
 * status, fields and body), WEFT_ERR_HTTP, WEFT_ERR_HANDSHAKE, WEFT_ERR_UNSUPPORTED (a redirect from wss
 * to ws), what dial's open or lookup said, -EAFNOSUPPORT (none of the addresses is of the family of dial's source).
 * Errors here (no callback follows): WEFT_ERR_URL, WEFT_ERR_ADDRESS (dial's address or source), -EINVAL (host, fields,
 * origin, a subprotocol that is no token, dial's proxy or server_name, a size), WEFT_ERR_RESOLVE (a name too long),
 * -EAGAIN (no thread for the resolver), -ENOMEM. */
WEFT_API int weft_connect_sized(weft_conn **out, weft_loop *l, const char *url,
                                const weft_client_config *cfg, size_t cfg_size, size_t dial_size,
                                size_t limits_size, const weft_handler *h, size_t h_size,
                                size_t deflate_size, void *user);
static inline int weft_connect(weft_conn **out, weft_loop *l, const char *url,
                               const weft_client_config *cfg, const weft_handler *h, void *user)
{
    return weft_connect_sized(out, l, url, cfg, sizeof *cfg, sizeof(weft_dial), sizeof(weft_limits),
                              h, sizeof *h, sizeof(weft_deflate), user);
}

/* The header fields of the server's answer, the 101; in on_close also those of a refusal. Good as long as c. Returns
 * how many: 0 before there is an answer, and for a server's connection. */
WEFT_API size_t weft_conn_response(const weft_conn *c, const weft_field **fields);

#ifdef __cplusplus
}
#endif
#endif
