/* SPDX-License-Identifier: MIT
 *
 * weft/dial.h - how to get to a server: for WebSockets (client.h) and pipes (pipe.h)
 *
 *      static const weft_dial dial = {.address = "unix:/run/chat.sock"};
 *
 *      weft_connect(NULL, loop, "ws://chat.example/", &(weft_client_config){.dial = &dial}, &handler, NULL);
 *
 * A URL says whom to reach. Everything about the way there is here: another address, another name to check, the
 * proxy, the authorities, and, if weft is not to do it itself, looking up the name and opening the socket.
 */
#ifndef WEFT_DIAL_H
#define WEFT_DIAL_H

#include <weft/loop.h>
#include <weft/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A name that weft has asked you to look up. Yours until you answer it. */
typedef struct weft_lookup weft_lookup;

/* The answer: a NULL-terminated list of IP addresses ("192.0.2.1", "2001:db8::1"), which are tried one after the other
 * (the first 16; families take turns); or an error below 0, with which the attempt to connect fails, and addresses is
 * not looked at. In the loop's thread, in the callback or any time later. Consumes k, whatever it returns. When the
 * attempt is over by then, even when the loop has been freed, nothing happens.
 * Errors: -EINVAL (an address that is none, or an empty list; the attempt fails with WEFT_ERR_RESOLVE then). */
WEFT_API int weft_lookup_answer(weft_lookup *k, int error, const char *const *addresses);

/* All zero means defaults. */
typedef struct weft_dial {
    const weft_limits *limits;

    /* Connect to this instead of the URL's host and port: "192.0.2.1:80", "[::1]:80", "backend.internal:80" (which is
     * looked up), "unix:/run/x", "unix:@name".
     * The URL still says whom we mean: in the Host field, to TLS. Behind a proxy it is what the proxy is asked for. */
    const char *address;

    /* The name that the server's certificate has to be for, and that it is asked for (SNI), instead of the URL's
     * host. */
    const char *server_name;

    /* The local address to connect from: "192.0.2.7", "2001:db8::7", or with a port, "192.0.2.7:4000",
     * "[2001:db8::7]:4000". Addresses of the server that are of another family are passed over. */
    const char *source;

    /* "http://[user:password@]host:port": connect through it by HTTP CONNECT. */
    const char *proxy;

    /* For wss and tls: whom to trust, and what to show. Referenced. NULL: the server has to show a certificate for its
     * name that one of the system's authorities has signed, as these were when the loop first needed them. Who connects
     * again with the same weft_tls resumes the session, and that certificate is not looked at again. */
    weft_tls *tls;

    /* Gives a stream socket that is connected, or is being connected, to the server (to the proxy if there is one), or
     * -errno: instead of looking up and connecting. The socket is weft's from then on. From the loop, in its thread. */
    int (*open)(void *user);

    /* Look host up, instead of getaddrinfo in a thread: 0 and weft_lookup_answer now or later, or -errno or
     * WEFT_ERR_RESOLVE, and k is not yours. host, good for the call, may also be an IP address: so here is where to
     * refuse what a redirect leads to. From the loop, in its thread. Not asked where address holds. */
    int (*lookup)(weft_lookup *k, const char *host, void *user);

    void *user; /* for open and lookup */
} weft_dial;

/* address, server_name and open are for the URL's own host and port: after a redirect to others the URL is followed as
 * it is, but not where open is set: there such a redirect is a refusal. Everything is copied, with strings.
 *
 * Of several addresses the next one is tried when one has failed, or has not answered for 250 ms; the first that
 * answers is taken (RFC 8305). If none does, the error is the most telling one: that somebody refused, rather than that
 * no way leads there.
 *
 * limits: connect_timeout is for resolving and connecting together; then handshake_timeout for a proxy's answer,
 * tls_handshake_timeout for TLS. All of these begin anew with each redirect; open_timeout, a minute,
 * is for the whole attempt until on_open. WEFT_ERR_TIMEOUT's cause says what there was no time for, and by which limit:
 * "the proxy did not answer within 10 s (handshake_timeout)". */

#ifdef __cplusplus
}
#endif
#endif
