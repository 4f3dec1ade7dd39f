/* SPDX-License-Identifier: MIT
 *
 * weft/server.h - WebSocket and HTTP on one port
 *
 *      static void echo(weft_conn *c, weft_opcode op, const void *data, size_t len)
 *      {
 *          if (weft_send(c, op, data, len) < 0) weft_abort(c);
 *          else if (weft_backlogged(c)) weft_pause(c);
 *      }
 *
 *      static const weft_handler handler = {.on_message = echo, .on_drain = weft_resume};
 *
 *      weft_loop_new(&loop, NULL);
 *      weft_server_new(&server, loop, NULL);
 *      weft_server_route(server, "/echo", &handler, NULL);
 *      weft_server_listen(server, "127.0.0.1:8080", NULL);
 *      weft_loop_run(loop);
 */
#ifndef WEFT_SERVER_H
#define WEFT_SERVER_H

#include <weft/conn.h>
#include <weft/http.h>
#include <weft/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_server weft_server;

/* What is told of a request, an upgrade, or a WebSocket. Good for the call. Later versions may have more at its end. */
typedef enum weft_access_kind {
    WEFT_ACCESS_REQUEST,
    WEFT_ACCESS_UPGRADE,
    WEFT_ACCESS_WEBSOCKET
} weft_access_kind;

typedef struct weft_access {
    weft_access_kind kind;
    int status;      /* of the answer; 101: accepted, a WebSocket's, too. 0: there was none */
    weft_peer *peer; /* who asked; NULL: no memory */

    /* As they were sent; empty when no whole head came. What is in them was chosen by a stranger: before it goes into a
     * log it has to be escaped (weft_escape, aux.h). And the query of a target is where tokens and passwords stand. */
    weft_bytes method, target;

    /* Why it was refused, or how it ended if not in order, in words; "". If it was your program that refused an upgrade
     * it says how: "refused by on_upgrade", "refused by weft_upgrade_refuse"; all else is weft's. */
    const char *cause;

    /* Of a request: bytes of the body that you were given, and of the answer's; of a reply that streams what went to
     * the kernel, with the framing of its chunks. Of a WebSocket: all that came and went behind the 101, frames
     * as they were, compressed. */
    uint64_t received, sent;

    uint64_t
        us; /* from the head, or from on_open, to the end; of a whole reply, to when it was made */
    uint16_t code, sent_code; /* of a WebSocket, as in weft_close_info; else 0 */

    /* As they were sent, the first 256 bytes of each; a stranger's, too. request_id: X-Request-Id of a proxy that is
     * trusted, or empty. */
    weft_bytes referer, user_agent, request_id;
} weft_access;

/* All zero means defaults. */
typedef struct weft_server_config {
    const weft_limits *limits;

    unsigned threads; /* see below; 0 and 1: the loop's own, at most 256 */

    /* Origins whose pages may open a WebSocket, as weft_origin_check's allowed: NULL-terminated, of
     * "https://example.org", "same" and "*". NULL: same origin only; when all listeners are on
     * loopback addresses, pages from any port of this machine too. */
    const char *const *origins;

    /* Proxies in front: NULL-terminated, of "192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "localhost" and
     * "unix" (who comes by a Unix socket). What they say of their clients is believed: a PROXY header
     * (version 1 or 2, before all else; it may be missing), X-Forwarded-For and X-Forwarded-Proto.
     * weft_conn_peer, the log, max_connections_per_ip and "same" then mean the client. NULL: nobody. */
    const char *const *trust_proxy;

    /* Names that the server answers to: NULL-terminated, of "example.org", "*.example.org" (all below it),
     * "localhost" (and all below it), "ip" (every IP address), and for what is no page's, "none" (no Host) and "unix"
     * (whatever it is, of who comes by a Unix socket); the port is no matter. Requests and upgrades
     * whose Host is another are refused with 421, so that no page can have its own name resolve to this server and
     * pass for the same origin. A proxy in front may pass on its own Host, or the client's. NULL: any. */
    const char *const *hosts;

    /* Told once of each request that was answered, refused, or left without an answer; of each upgrade, accepted or
     * refused; and of each WebSocket that has ended: from its loop, behind on_close. For logs and counts: it costs a
     * record for each of them while it lasts, and a few instructions for what it carries. NULL, and nothing is kept. */
    void (*on_access)(const weft_access *a, void *user);
    void *access_user;

    /* With on_access only: told of all bytes of these, as they pass, heads, frames and the framing of chunks included;
     * before TLS, if that carries them. received: of a head when it is whole, of a body and of a WebSocket when they
     * come. sent: of a whole answer with the turn in which it is made; of what streams, its head included, and of a
     * WebSocket when the kernel has it. a is as far as it is known: status may be 0 still, and peer NULL. From its
     * loop, never from inside a call of yours; but from among its work: count, and call nothing of weft's. user is
     * access_user. */
    void (*on_traffic)(const weft_access *a, uint64_t received, uint64_t sent, void *user);

    /* Where a proxy in front that passes paths on as they are has put this server: "/ws", with or without a slash at
     * its end, of letters, digits and "-._~" in segments. Then a request for "/ws/chat" is one for "/chat": for
     * routes, and for weft_request_path; what was sent is weft_request_target, and weft_request_base_path is "/ws".
     * Where weft itself says a path (of a directory among files) it says the whole. A plain request for "/ws" is sent
     * to "/ws/" (308); all else is refused with 404. NULL or "": there is no such path. */
    const char *base_path;
} weft_server_config;

/* cfg may be NULL. Errors: -ENOMEM; -EINVAL: something in origins is not an origin, in trust_proxy not an
 * address, or in hosts not a host, base_path is no such path, or threads is too many; what weft_loop_new says of the
 * other loops. */
WEFT_API int weft_server_new_sized(weft_server **out, weft_loop *l, const weft_server_config *cfg,
                                   size_t cfg_size, size_t limits_size);
static inline int weft_server_new(weft_server **out, weft_loop *l, const weft_server_config *cfg)
{
    return weft_server_new_sized(out, l, cfg, sizeof *cfg, sizeof(weft_limits));
}

/* Drops what is still connected: on_close and on_gone are called from here, so not from a callback. Requests and
 * upgrades that you have not answered stay yours, and are answered (with WEFT_ERR_CLOSED) before their loop is freed.
 * What is called from here asks nothing of the server any more. The on_done of a shutdown that is not through does not
 * come. */
WEFT_API void weft_server_free(weft_server *s); /* NULL is fine */

/* ---- several threads --------------------------------------------------------------------------
 *
 * With threads above 1 the server makes so many loops less one, and a thread for each. The loop it was
 * given accepts; every connection goes to the loop that has the fewest, and stays there. So
 *
 *   handlers are called in the thread of their connection's loop (weft_conn_loop), several at the same
 *       time: what connections share, the user pointer of a route to begin with, is yours to protect
 *   a weft_conn, weft_request or weft_upgrade is used in its loop's thread only, as ever; weft_post
 *       reaches a connection from any thread, and a hub's topics reach subscribers on all loops (hub.h)
 *   the weft_server itself is used in the first loop's thread only
 *   routes are registered before weft_server_listen, then WEFT_ERR_STATE
 *   limits and counts are of the server as a whole, and exact; max_topics of a hub is of each loop
 *   the env's hooks are called from all threads; signals are blocked in those that weft makes
 *   what you make on another loop (weft_connect, timers) is yours to end before weft_server_free
 *
 * The other loops stay, unused, until the first one is freed: until then weft_post to them is harmless.
 * weft_server_free ends the threads and waits for them, so it must not hold what a handler waits for. */

/* Start the threads now. Else the first connection does; if some cannot be started then, the log says so,
 * and the others have their share. Errors: -EAGAIN, -ENOMEM: try again, or go on with those that run. */
WEFT_API int weft_server_start(weft_server *s);

/* ---- routes ---------------------------------------------------------------------------------- */

/* A path is exact ("/chat"), or ends in "/" followed by "*" and takes everything below; the longest match wins. It
 * stands as in requests: no space, '?', '#', control character, nothing beyond ASCII, '%' before two hexadecimal
 * digits only, and no other '*' ("%2A" is one). WebSocket upgrades and plain requests have separate tables, so that a
 * page and a WebSocket can share a path. A path that has only a WebSocket answers a plain request with 426; one that
 * has only pages answers an upgrade with 404. Paths compare as sent. Registering a path again replaces it. */

/* user is where weft_conn_user starts. h may be NULL. Errors: -ENOMEM, -EINVAL (path; a size), WEFT_ERR_STATE (it
 * listens, and has several threads). */
WEFT_API int weft_server_route_sized(weft_server *s, const char *path, const weft_handler *h,
                                     size_t h_size, size_t limits_size, size_t deflate_size,
                                     void *user);
static inline int weft_server_route(weft_server *s, const char *path, const weft_handler *h,
                                    void *user)
{
    return weft_server_route_sized(s, path, h, sizeof *h, sizeof(weft_limits), sizeof(weft_deflate),
                                   user);
}

/* Plain requests (http.h). Errors: as weft_server_route; -EINVAL, too, if h has no on_request, or its methods are not
 * tokens between commas. */
WEFT_API int weft_server_on_request_sized(weft_server *s, const char *path,
                                          const weft_request_handler *h, size_t h_size,
                                          size_t limits_size, void *user);
static inline int weft_server_on_request(weft_server *s, const char *path,
                                         const weft_request_handler *h, void *user)
{
    return weft_server_on_request_sized(s, path, h, sizeof *h, sizeof(weft_limits), user);
}

/* Files beneath dir for GET and HEAD: index.html, types, ETag and Last-Modified with 304, one range.
 * Nothing outside dir, no symbolic links, nothing that begins with a dot. path must end in the
 * "*" of a whole subtree. Errors: as weft_server_route, -errno when dir cannot be opened. */
WEFT_API int weft_server_files(weft_server *s, const char *path, const char *dir);

/* The same for one request at a time, where something else may be at a path that is no file. Open them before
 * weft_server_listen, and close them behind weft_server_free and before the loop is freed. Errors: -ENOMEM,
 * WEFT_ERR_STATE (it listens, and has several threads), -errno when dir cannot be opened. */
typedef struct weft_files weft_files;
WEFT_API int weft_files_open(weft_files **out, weft_server *s, const char *dir);
WEFT_API void weft_files_close(weft_files *f); /* NULL is fine */

/* Answer a GET or HEAD with the file that a path ("/a%20b.txt", as sent) names; of a directory that is its index.html,
 * or a way to the path with a slash behind it. 0: it is answered, and consumed. Errors, after which r is yours as
 * before: -ENOENT: no file is called so; -EINVAL: another method. */
WEFT_API WEFT_CHECK int weft_files_respond(const weft_files *f, weft_request *r, weft_bytes path);

/* ---- listening ------------------------------------------------------------------------------- */

/* All zero means defaults. */
typedef struct weft_listen_options {
    unsigned mode; /* of a Unix socket's file, 0660 and the like; 0: as the umask says */
    weft_tls *tls; /* who connects has to speak TLS (wss, https); NULL: not. A reference is taken */
} weft_listen_options;

/* Listen at an address: "127.0.0.1:8080", "[::1]:0" (0: the kernel chooses), "localhost:8080", "*:8080" (every
 * address, IPv6 too), "unix:/run/x" or "unix:@name", which is in no file system. o may be NULL. May be called again;
 * each listener is plain or speaks TLS for itself.
 *
 * A socket's file that was left behind is replaced. When the listener ends its own file is removed: not one
 * that has taken its place, and wherever this process may be by then.
 *
 * Errors: WEFT_ERR_ADDRESS, -EADDRINUSE, -EACCES and the like; -EINVAL: mode is more than 0777, or tls has no
 * certificate; -ENOMEM. */
WEFT_API int weft_server_listen_sized(weft_server *s, const char *address,
                                      const weft_listen_options *o, size_t o_size);
static inline int weft_server_listen(weft_server *s, const char *address,
                                     const weft_listen_options *o)
{
    return weft_server_listen_sized(s, address, o, sizeof *o);
}

/* Listen at a socket that listens already: a stream socket, TCP's or a Unix one, that somebody else has opened, as
 * systemd does (those of LISTEN_FDS are 3, 4 ...). It is weft's from now on, and made non-blocking and
 * close-on-exec; after an error it is yours as before. A file that it has stays when it is closed. mode is not looked
 * at. Errors: -EINVAL: it is not such a socket, or tls has no certificate; -EBADF, -ENOTSOCK, -ENOMEM. */
WEFT_API int weft_server_listen_fd_sized(weft_server *s, int fd, const weft_listen_options *o,
                                         size_t o_size);
static inline int weft_server_listen_fd(weft_server *s, int fd, const weft_listen_options *o)
{
    return weft_server_listen_fd_sized(s, fd, o, sizeof *o);
}

/* The i-th listener's address with its real port: "127.0.0.1:43127". Returns the length (cut to fit
 * size, always terminated); -ENOENT when there are not so many. */
WEFT_API int weft_server_address(const weft_server *s, size_t i, char *text, size_t size);

/* Call fn for every WebSocket of the server that is past its on_open and has not ended, each in the thread of its
 * loop: those of the first loop before this returns, others' soon. fn may do to it what it likes: send, close, abort.
 * Then done (may be NULL), once, from the first loop, when all are through; at the latest when that is freed.
 * Errors: -ENOMEM: nobody was told, and done does not come. */
WEFT_API int weft_server_each(weft_server *s, void (*fn)(weft_conn *c, void *arg),
                              void (*done)(void *arg), void *arg);

/* ---- leaving ---------------------------------------------------------------------------------
 *
 *      weft_server_refuse      who is new is told to come again later; who is there stays
 *      weft_server_unlisten    or is not taken on: with sockets of somebody else's he waits for who listens next
 *      weft_server_drain       who is there is asked to leave, one after the other
 *      weft_server_shutdown    the end, for all who are left
 *
 * Each by itself, or in this order, as weft serve does. */

/* From now on refuse upgrades, and requests with methods that their route does not have in unrefused
 * (weft_request_handler), with 503 and a Retry-After of retry_s to retry_s + spread_s seconds. WebSockets, replies and
 * requests that are under way go on, and so does listening. retry_s 0: no more. May be called again. */
WEFT_API void weft_server_refuse(weft_server *s, unsigned retry_s, unsigned spread_s);

/* Stop listening; who is connected stays. A socket that was passed (weft_server_listen_fd) goes on for whoever else has
 * it, and who connects waits there; others are closed. */
WEFT_API void weft_server_unlisten(weft_server *s);

/* Ask those to leave who would stay, one after the other, over so many ms: every WebSocket is sent a Close with code,
 * or its on_leave told; on_leave of replies that stream, and of who watches a request, are told. They may come back
 * within as many ms. All else goes on as before: listening, and connections on which nothing is under way. Then
 * on_done (may be NULL), from the loop: all were asked who had come by then, and nearly all are gone. It comes as soon
 * as that is so, and not once weft_server_shutdown was called, or weft_server_free. Errors: WEFT_ERR_STATE (begun
 * already, or the server leaves), -ENOMEM. */
WEFT_API int weft_server_drain(weft_server *s, uint16_t code, uint64_t over_ms,
                               void (*on_done)(weft_server *s, void *user), void *user);

/* Leave gracefully: stop listening, refuse upgrades, answer requests with Connection: close, send every
 * WebSocket a Close with code (WEFT_CLOSE_GOING_AWAY or WEFT_CLOSE_SERVICE_RESTART) or tell its on_leave, spread over
 * a third of shutdown_drain, let requests be answered and replies finish (on_leave of who watches them), answer what
 * nobody has answered with 503, drop what is left at the deadline. A connection on which no request is under way is
 * closed; one that is in the middle of a request has a 503. Nothing of that is yours to do. A held upgrade stays
 * yours; accepted now, it opens, and is asked to leave as all the others. Then on_done (may be NULL), from the loop; it
 * may free the server. Errors: WEFT_ERR_STATE (begun already), -ENOMEM. */
WEFT_API int weft_server_shutdown(weft_server *s, uint16_t code,
                                  void (*on_done)(weft_server *s, void *user), void *user);

/* ---- counts ---------------------------------------------------------------------------------- */

typedef enum weft_count {
    WEFT_COUNT_ACCEPTED,    /* connections since the start */
    WEFT_COUNT_CONNECTIONS, /* now, of any kind */
    WEFT_COUNT_WEBSOCKETS,  /* now */
    WEFT_COUNT_REQUESTS,    /* plain requests since the start */
    WEFT_COUNT_UNDELIVERED /* messages of weft_post, weft_deliver and hubs since the start that a WebSocket could not
                             * take; it was closed for that, or dropped */
} weft_count;

/* As long as the server is there, from any thread. With several threads the numbers move at any time: each is
 * right by itself. 0 for what this library does not count. */
WEFT_API uint64_t weft_server_count(const weft_server *s, weft_count what);

/* Upgrades and requests that weft refused since the start with this HTTP status, on_upgrade's own included. */
WEFT_API uint64_t weft_server_count_refused(const weft_server *s, int status);

/* WebSockets gone since the start, by what the peer said: weft_close_info.code. Those that were refused a message are
 * among those of WEFT_CLOSE_ABNORMAL, unless they answered. And by what it was told: weft_close_info.sent_code;
 * 0: those that were told nothing. */
WEFT_API uint64_t weft_server_count_closed(const weft_server *s, uint16_t code);
WEFT_API uint64_t weft_server_count_close_sent(const weft_server *s, uint16_t sent_code);

/* ---- an opening handshake that waits for its answer ------------------------------------------ */

/* What on_upgrade (conn.h) is given. It returns the answer, or has it given by a call: weft_upgrade_accept or
 * weft_upgrade_refuse, before it returns WEFT_HOLD (a check that has its answer at once) or later. */

/* The request behind it; good until it is answered, and not answered as a plain one is. weft_request_watch tells
 * when the client of one that is held has left, or hold_timeout has passed. */
WEFT_API weft_request *weft_upgrade_request(weft_upgrade *u);
WEFT_API void *weft_upgrade_user(const weft_upgrade *u); /* the route's, until set */
WEFT_API void weft_upgrade_set_user(weft_upgrade *u, void *user);

/* Open it, if it is accepted, with the handler of another route, named as it was registered ("/chat", or a subtree):
 * its callbacks and limits, where what was agreed on is spoken differently. What was agreed on, the user pointer and
 * hold_timeout stay. Errors: -ENOENT: there is no such route. */
WEFT_API int weft_upgrade_as(weft_upgrade *u, const char *path);

/* The subprotocol that will be answered: the handler's choice; "" for none, and when the client has left. To
 * overrule it give another, or "". Kept: it must stay valid as long as the connection. Errors: WEFT_ERR_STATE (not
 * offered by the client). */
WEFT_API const char *weft_upgrade_subprotocol(const weft_upgrade *u);
WEFT_API int weft_upgrade_set_subprotocol(weft_upgrade *u, const char *subprotocol);

/* A header field for the answer, 101 or refusal (Set-Cookie, WWW-Authenticate, Location).
 * Errors: -EINVAL (a character that may not stand there; a field of the handshake's or of weft's own),
 * -ENOMEM. */
WEFT_API int weft_upgrade_field(weft_upgrade *u, const char *name, const char *value);
WEFT_API int weft_upgrade_fields(weft_upgrade *u, const weft_field *fields,
                                 size_t n); /* all or none */

/* The body of a refusal, exactly as given, and its Content-Type (NULL: none). Without one it is the status in words, as
 * text. Called again it replaces what was said before. Errors: -EINVAL (a character that may not stand in type),
 * -ENOMEM; then there is none. */
WEFT_API int weft_upgrade_body(weft_upgrade *u, const char *type, const void *body, size_t len);

/* The answer. Of one that on_upgrade held (WEFT_HOLD): until then it is yours even if the client leaves or
 * hold_timeout passes, which tells the client a plain 503, whatever fields and body it was given; the answer frees it,
 * whatever is returned. on_open follows from the loop. Inside on_upgrade: it is given when that has returned, which
 * says WEFT_HOLD; what else it may say is not looked at.
 * refuse: status is 300 to 599; type and body are as for weft_upgrade_body, and body NULL with len 0 means what that
 * was told.
 * Errors: WEFT_ERR_CLOSED (the client left, or hold_timeout has passed), -ENOMEM (it got a 503, or a 500), -EINVAL (a
 * status, or a character in type, that may not be: it got a 500); WEFT_ERR_STATE (inside on_upgrade, which has answered
 * already: nothing was done). */
WEFT_API int weft_upgrade_accept(weft_upgrade *u);
WEFT_API int weft_upgrade_refuse(weft_upgrade *u, int status, const char *type, const void *body,
                                 size_t len);

#ifdef __cplusplus
}
#endif
#endif
