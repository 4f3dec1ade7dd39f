/* SPDX-License-Identifier: MIT
 *
 * weft/aux.h - what most programs would write by hand
 *
 * Nothing here is needed: all of it is made of the other headers, and you could have written it. It is what many
 * programs write, and some get wrong: parameters and cookies decoded, messages for who does not follow up on errors,
 * events for EventSource, how long to wait before connecting again. It is in libweft, and not in weft-core.
 *
 *      char token[64];
 *      const weft_request *r = weft_upgrade_request(u);
 *      if (weft_query_get(weft_request_query(r), "token", token, sizeof token) < 0) return 401;
 *
 * Texts that are decoded go to a buffer of yours. What such a function returns says which of these it is:
 *
 *      > 0             so many bytes, terminated by NUL behind them
 *      0               it is there, and empty
 *      -ENOENT         it is not there
 *      -ENOSPC         it, with its NUL, is longer than the buffer
 *      WEFT_ERR_HTTP   it is not in form: a '%' without two hexadecimal digits, or a NUL (%00), which would
 *                      cut it off unseen
 *
 * After an error the buffer holds "" (with size 0 it is not touched, and may be NULL). That text is UTF-8 nobody has
 * checked: weft_utf8_valid.
 */
#ifndef WEFT_AUX_H
#define WEFT_AUX_H

#include <stddef.h>

#include <weft/conn.h>
#include <weft/http.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- percent-encoding (RFC 3986, 2.1) -------------------------------------------------------- */

/* Decode a part of a path, of a URL. '+' stays. len + 1 bytes are always enough. Returns the length, or as above. */
WEFT_API int weft_percent_decode(weft_bytes text, char *out, size_t size);

/* The same in queries and forms, where '+' is a space (application/x-www-form-urlencoded). */
WEFT_API int weft_form_decode(weft_bytes text, char *out, size_t size);

/* Encode all but letters, digits, "-", ".", "_" and "~", so that it can stand anywhere in a URL, in a form, or as
 * the value of a cookie. 3 * len + 1 bytes are always enough. Returns the length, or -ENOSPC. */
WEFT_API int weft_percent_encode(weft_bytes text, char *out, size_t size);

/* ---- base64 (RFC 4648, 4), with padding ------------------------------------------------------ */

#define WEFT_BASE64_LEN(n) (((n) + 2) / 3 * 4)

/* Writes WEFT_BASE64_LEN(bytes.len) characters, and no NUL behind them. */
WEFT_API void weft_base64_encode(weft_bytes bytes, char *out);

/* Strict: whole groups, padding where it belongs, unused bits zero, nothing else. Writes at most three bytes for four
 * characters, and may do so in the place of the text. Returns how many bytes there are, or -1. */
WEFT_API ptrdiff_t weft_base64_decode(weft_bytes text, void *out);

/* ---- names and values ------------------------------------------------------------------------ */

/* The value of name in a query, or in a body of the type application/x-www-form-urlencoded, decoded: of the
 * first, if there are several. Names compare decoded, and case matters. "name" without '=' is there, and empty. */
WEFT_API int weft_query_get(weft_bytes query, const char *name, char *out, size_t size);

/* The value of the cookie name in a field Cookie (RFC 6265, 4.2), percent-decoded ('+' stays), without the
 * quotes around it: of the first, which is the one for the longest path. Case matters.
 * weft_cookie_get(weft_request_field(r, "Cookie"), "session", ...) */
WEFT_API int weft_cookie_get(weft_bytes cookies, const char *name, char *out, size_t size);

/* Take the next pair off the front, as it was sent: not decoded. false: there is none left.
 *
 *      for (weft_bytes rest = weft_request_query(r); weft_query_next(&rest, &pair);) ... */
WEFT_API bool weft_query_next(weft_bytes *rest, weft_field *pair);
WEFT_API bool weft_cookie_next(weft_bytes *rest, weft_field *pair);

/* ---- fields ---------------------------------------------------------------------------------- */

/* What stands behind this scheme in a field Authorization (RFC 9110, 11.4): of "Bearer abc" with
 * "bearer", in any case, it is "abc". Empty: another scheme, or no such field. Points into the field. */
WEFT_API weft_bytes weft_auth_token(weft_bytes authorization, const char *scheme);

/* For proxies: whether a field of that name is for this connection only, and is not to be forwarded (RFC 9110,
 * 7.6.1). So are Connection, what it names in these fields, Keep-Alive, TE, Trailer, Transfer-Encoding,
 * Upgrade, and Proxy-Authenticate, -Authorization and -Connection. Not among them, and yet not to be passed on as they
 * are: Host, Content-Length, which follows from what you send, and Expect, which weft has met already. */
WEFT_API bool weft_field_is_hop(const weft_field *fields, size_t n, weft_bytes name);

/* ---- logs ------------------------------------------------------------------------------------ */

/* Bytes of a stranger's (a target, a User-Agent, the reason of a Close) for a line of a log, or for a terminal: visible
 * ASCII and spaces stay, all else, '"' and '\' is "\x1b". Every byte has a text of its own, so nothing that a peer
 * sends ends a line, closes a quotation, or moves a cursor. 4 * len + 1 bytes are always enough; with fewer it is cut,
 * but never inside of an escape. A NUL is behind it. Returns the length of what was written. */
WEFT_API size_t weft_escape(char *out, size_t size, weft_bytes bytes);

/* ---- messages for who does not follow up on errors ------------------------------------------- */

#if defined(__GNUC__)
#define WEFT_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define WEFT_PRINTF(text, first)
#endif

/* Queue a text, as weft_deliver queues a message: so that none misses it and stays, who cannot take it is closed
 * with 1008 (WEFT_ERR_BACKLOG), or dropped where it finds no memory. On a connection that is not open, or
 * not any more, nothing happens. */
WEFT_API void weft_send_str(weft_conn *c, const char *text);

/* The same, formatted as printf does. What it makes has to be UTF-8. */
WEFT_API void weft_send_printf(weft_conn *c, const char *format, ...) WEFT_PRINTF(2, 3);

/* ---- answers --------------------------------------------------------------------------------- */

/* weft_respond with a text. type NULL: "text/plain; charset=utf-8", if there is any text. Errors, and who owns the
 * request: as weft_respond. */
WEFT_API int weft_respond_str(weft_request *r, int status, const char *type, const char *text);

/* Send the client elsewhere: 301, 302, 303, 307 or 308, with the field Location. Errors: as weft_respond, and -EINVAL:
 * another status, or a location that may not stand in a field; the client gets a 500 then. */
WEFT_API int weft_respond_redirect(weft_request *r, int status, const char *location);

/* ---- events for EventSource (text/event-stream; WHATWG HTML, 9.2) ---------------------------- */

/* Begin a stream of events: weft_reply_begin with 200, the type, and the fields that keep caches, and nginx, from
 * holding it back. Where a client was when it lost the last one: weft_request_field(r, "Last-Event-ID"). A proxy in
 * front that drops who is silent is kept awake by a comment now and then: weft_reply_write(reply, ":\n\n", 3). */
WEFT_API int weft_sse_begin_sized(weft_reply **out, weft_request *r, const weft_reply_handler *h,
                                  size_t h_size, void *user);
static inline int weft_sse_begin(weft_reply **out, weft_request *r, const weft_reply_handler *h,
                                 void *user)
{
    return weft_sse_begin_sized(out, r, h, sizeof *h, user);
}

/* Write an event as text. event is its type (NULL: "message"), id what Last-Event-ID is from now on (NULL: as it
 * is), and each line of data, however it ends, becomes one of the event; data NULL sets the id
 * alone. Returns the event's length; if that is more than size nothing was written. No NUL is behind it.
 * Errors: -EINVAL (a line break in event or id; more than INT_MAX bytes). */
WEFT_API int weft_sse_format(char *out, size_t size, const char *event, const char *id,
                             const void *data, size_t len);

/* One event for many replies: a piece to queue with weft_reply_write_piece. Errors: as weft_sse_format, and
 * weft_piece_new. */
WEFT_API int weft_sse_piece_sized(weft_piece **out, const weft_env *env, size_t env_size,
                                  const char *event, const char *id, const void *data, size_t len);
static inline int weft_sse_piece(weft_piece **out, const weft_env *env, const char *event,
                                 const char *id, const void *data, size_t len)
{
    return weft_sse_piece_sized(out, env, sizeof *env, event, id, data, len);
}

/* One event for one reply. Errors: as weft_sse_format, and weft_reply_write. */
WEFT_API WEFT_CHECK int weft_sse_write(weft_reply *r, const char *event, const char *id,
                                       const void *data, size_t len);

/* Tell the client to come back in return_ms, and end the stream: as it is, the on_leave of a weft_reply_handler. */
WEFT_API void weft_sse_leave(weft_reply *r, uint64_t return_ms);

/* ---- connecting again ------------------------------------------------------------------------ */

/* How long to wait, in milliseconds, before the next attempt: anything up to first_ms doubled attempt times, and
 * up to most_ms ("full jitter", so that those who lost one server at one moment do not come back at one). Count
 * attempts from 0, and from 0 again when a connection was good. Unpredictable by the loop's env; if that fails, as
 * long as it may be. It may be 0: who wants a least adds it.
 *
 *      weft_timer_start(again, weft_backoff_ms(loop, attempt++, 500, 30000)); */
WEFT_API uint64_t weft_backoff_ms(const weft_loop *l, unsigned attempt, uint64_t first_ms,
                                  uint64_t most_ms);

#ifdef __cplusplus
}
#endif
#endif
