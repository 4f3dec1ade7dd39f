/* SPDX-License-Identifier: MIT
 *
 * weft/handshake.h - the opening handshake without I/O (RFC 6455, 4)
 *
 * For programs that bring their own sockets. Who has an HTTP server or client hands in the fields of the
 * request or the response, and learns whether to switch protocols; who has none parses heads here. Everything else
 * in weft uses these too. Nothing is copied or kept here: it is borrowed for the call.
 *
 *      weft_head_parse -> weft_handshake_check -> the 101 -> weft_session_read                a server
 *      weft_handshake_request -> weft_response_parse -> weft_handshake_verify -> weft_session_send   a client
 *                                                   \-> weft_body_begin -> weft_body_read        refused
 */
#ifndef WEFT_HANDSHAKE_H
#define WEFT_HANDSHAKE_H

#include <weft/session.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_KEY_LEN    24 /* base64 of 16 bytes */
#define WEFT_ACCEPT_LEN 28 /* base64 of a SHA-1 */

/* A request's head, as far as the handshake looks at it. All borrowed. */
typedef struct weft_request_head {
    weft_bytes method;
    weft_bytes target; /* origin-form or absolute-form */
    int version;       /* 10 for HTTP/1.0, 11 for HTTP/1.1 */
    const weft_field *fields;
    size_t n_fields;
} weft_request_head;

/* What a request for an upgrade gets. */
typedef struct weft_handshake {
    int status;      /* 101, or the refusal: 400, 405, 426, 505 */
    const char *why; /* the refusal in words, for the body; "" with 101 */
    char accept[WEFT_ACCEPT_LEN + 1];
} weft_handshake;

/* Take a request's head off the front of in, parsed strictly (RFC 9112): what two programs could read in two ways is
 * refused. Without memory of its own: fields, of which there are max, are yours, and everything in *head points
 * into them and into in.
 *
 *   1     the head is complete: *head is filled, and in is what stands behind it
 *   0     it is not: bring more, behind what is there already. in is as it was
 *   < 0   WEFT_ERR_HTTP: out->status is what to answer (400, 405, 414, 417, 431, 501, 505), and out->why the
 *         reason in words. -EINVAL (the size of limits), and out->status is 0
 *
 * The limits are request_line_max, header_field_max, request_head_max and max_headers, or max, if that is less. How
 * often it is asked about a head that trickles in is up to you; each time it is looked at from its beginning. The
 * host of a target in absolute-form stands in the field Host, whatever was sent (RFC 9112, 3.2.2).
 * limits may be NULL. With 1 and 0 *out is as at the beginning of a check: status 0, why "". */
WEFT_API int weft_head_parse_sized(weft_span *in, const weft_limits *limits, size_t limits_size,
                                   weft_field *fields, size_t max, weft_request_head *head,
                                   weft_handshake *out);
static inline int weft_head_parse(weft_span *in, const weft_limits *limits, weft_field *fields,
                                  size_t max, weft_request_head *head, weft_handshake *out)
{
    return weft_head_parse_sized(in, limits, sizeof *limits, fields, max, head, out);
}

/* Whether the request asks for a WebSocket at all: Upgrade has the token "websocket". */
WEFT_API bool weft_handshake_wanted(const weft_request_head *head);

/* Check method, version, Host, Connection, Upgrade, Sec-WebSocket-Key and -Version, the form of
 * Sec-WebSocket-Protocol and -Extensions, and that there is no body (RFC 6455, 4.2.1). Origin is weft_origin_check's.
 * A refusal with 426 or 405 needs the header fields of weft_handshake_refusal_fields.
 * limits may be NULL. Returns out->status; or -EINVAL (the size of limits), and out->status is 0. */
WEFT_API int weft_handshake_check_sized(const weft_request_head *head, const weft_limits *limits,
                                        size_t limits_size, weft_handshake *out);
static inline int weft_handshake_check(const weft_request_head *head, const weft_limits *limits,
                                       weft_handshake *out)
{
    return weft_handshake_check_sized(head, limits, sizeof *limits, out);
}

/* The fields that a refusal with this status carries besides the usual: Sec-WebSocket-Version and
 * Upgrade with 426, Allow with 405. Constant; returns how many (0 with other statuses). */
WEFT_API size_t weft_handshake_refusal_fields(int status, const weft_field **out);

/* The first subprotocol in the client's order of preference that is in ours (NULL-terminated; may be
 * NULL): an element of ours, or NULL if there is none. Case matters (RFC 6455, 4.2.2). */
WEFT_API const char *weft_subprotocol_choose(const weft_request_head *head,
                                             const char *const *ours);

/* Room for the value of Sec-WebSocket-Extensions, as we write it. */
#define WEFT_DEFLATE_TEXT 256

/* The first offer of permessage-deflate in the request that is in order (RFC 7692, 5 and 7.1), taken
 * as far as ours allows: 1, *agreed, and the value of Sec-WebSocket-Extensions for the 101. 0: there
 * is none, or ours is NULL; *agreed is all zero, text is "", and the 101 has no such field. An offer that is
 * not in order is passed over, and no reason to refuse (RFC 7692, 5.1). Errors: -EINVAL (the size of ours),
 * and the rest is as with 0. */
WEFT_API int weft_deflate_choose_sized(const weft_request_head *head, const weft_deflate *ours,
                                       size_t ours_size, weft_deflate_params *agreed,
                                       char text[WEFT_DEFLATE_TEXT]);
static inline int weft_deflate_choose(const weft_request_head *head, const weft_deflate *ours,
                                      weft_deflate_params *agreed, char text[WEFT_DEFLATE_TEXT])
{
    return weft_deflate_choose_sized(head, ours, sizeof *ours, agreed, text);
}

/* Whether the request may come from a page of this origin (RFC 6454; scheme, host and port compared).
 *
 *   allowed   NULL-terminated list of "https://example.org[:port]", or "*" for any, or "same" for the
 *             origin that Host names, or "null": files that a browser opened, but any page can make itself one of
 *             those; NULL means { "same" }, and what loopback adds
 *   secure    whether the connection is TLS: the scheme of "same"
 *   loopback  whether the server listens on loopback addresses only: when allowed is NULL, pages from
 *             any port of localhost, 127.0.0.0/8 and [::1] may come too
 *
 * A request without Origin is not from a browser, and allowed. *origin is the refused one. */
WEFT_API bool weft_origin_check(const weft_request_head *head, const char *const *allowed,
                                bool secure, bool loopback, weft_bytes *origin);

/* Whether text is an origin: "scheme://host[:port]", nothing behind it and no star, or "null". */
WEFT_API bool weft_origin_valid(const char *text);

/* ---- client ---------------------------------------------------------------------------------- */

/* A response's head. All borrowed. */
typedef struct weft_response_head {
    int version; /* 10 or 11 */
    int status;  /* 100 to 599 */
    weft_bytes reason;
    const weft_field *fields;
    size_t n_fields;
    const char *why; /* what is wrong with it in words, a constant string; "" */
} weft_response_head;

/* The same as weft_head_parse for a response; what stands behind it is weft_body_begin's. Interim ones (status 1xx but
 * 101) have a head each: parse what follows. Fields that are folded over several lines are unfolded, in place (RFC
 * 9112, 5.2). The limits are response_head_max and max_response_headers, or max, if that is less.
 * Errors: WEFT_ERR_HTTP, and head->why; -EINVAL (the size of limits). */
WEFT_API int weft_response_parse_sized(weft_span *in, const weft_limits *limits, size_t limits_size,
                                       weft_field *fields, size_t max, weft_response_head *head);
static inline int weft_response_parse(weft_span *in, const weft_limits *limits, weft_field *fields,
                                      size_t max, weft_response_head *head)
{
    return weft_response_parse_sized(in, limits, sizeof *limits, fields, max, head);
}

/* A fresh Sec-WebSocket-Key. Errors: those of the env's random. */
WEFT_API int weft_handshake_key_sized(const weft_env *env, size_t env_size,
                                      char key[WEFT_KEY_LEN + 1]);
static inline int weft_handshake_key(const weft_env *env, char key[WEFT_KEY_LEN + 1])
{
    return weft_handshake_key_sized(env, sizeof *env, key);
}

/* The Sec-WebSocket-Accept that answers key: base64(SHA-1(key + the GUID of RFC 6455, 1.3)). */
WEFT_API void weft_handshake_accept(weft_bytes key, char accept[WEFT_ACCEPT_LEN + 1]);

/* The value of Sec-WebSocket-Extensions that offers deflate (NULL: all zero). 0, or -EINVAL (the size of
 * deflate), and text is "". */
WEFT_API int weft_deflate_offer_sized(const weft_deflate *deflate, size_t deflate_size,
                                      char text[WEFT_DEFLATE_TEXT]);
static inline int weft_deflate_offer(const weft_deflate *deflate, char text[WEFT_DEFLATE_TEXT])
{
    return weft_deflate_offer_sized(deflate, sizeof *deflate, text);
}

/* What was asked of the server, and what it made of that. */
typedef struct weft_agreement {
    const char *key;                 /* that was sent */
    const char *const *subprotocols; /* that were offered, NULL-terminated; may be NULL */
    const weft_deflate *offered;     /* what weft_deflate_offer was called with; NULL: no offer */

    const char *subprotocol;     /* an element of subprotocols, or NULL */
    weft_deflate_params deflate; /* for weft_session_set_deflate */
    const char *why;             /* the error in words, a constant string; "" */
} weft_agreement;

/* Write the opening request: GET target, Host, what makes it an upgrade, a->key, and, where they are set,
 * a->subprotocols and a->offered; then your fields (Origin, Authorization, Cookie ...). The same a then goes to
 * weft_handshake_verify. Returns the length, with a NUL behind it. Errors, and out is "" (with size 0 not touched):
 * -ENOSPC (it, with its NUL, is longer than size), -EINVAL (host or target is empty or has a character that may not
 * stand there; a subprotocol that is no token; a field that cannot be sent, or is one of the handshake's own; the size
 * of a->offered). */
WEFT_API int weft_handshake_request_sized(char *out, size_t size, const char *host,
                                          const char *target, const weft_agreement *a,
                                          const weft_field *fields, size_t n_fields,
                                          size_t offered_size);
static inline int weft_handshake_request(char *out, size_t size, const char *host,
                                         const char *target, const weft_agreement *a,
                                         const weft_field *fields, size_t n_fields)
{
    return weft_handshake_request_sized(out, size, host, target, a, fields, n_fields,
                                        sizeof *a->offered);
}

/* Check a response with status 101 against what was asked (RFC 6455, 4.1; RFC 7692, 7.1): Upgrade,
 * Connection, Accept, no extension that was not offered or has other parameters, the subprotocol one of
 * those offered. Errors: WEFT_ERR_HANDSHAKE; -EINVAL (the size of a->offered). */
WEFT_API int weft_handshake_verify_sized(const weft_field *fields, size_t n_fields,
                                         weft_agreement *a, size_t offered_size);
static inline int weft_handshake_verify(const weft_field *fields, size_t n_fields,
                                        weft_agreement *a)
{
    return weft_handshake_verify_sized(fields, n_fields, a, sizeof *a->offered);
}

/* ---- the body of a response ------------------------------------------------------------------ */

/* Cuts a response's body out of the bytes behind its head (RFC 9112, 6 and 7), where they lie. In your memory, and
 * nothing is to be freed. */
typedef struct weft_body {
    const char *why;    /* after an error, in words, a constant string; "" */
    uint64_t inside[8]; /* ours */
} weft_body;

/* How it ends. */
enum weft_body_kind { WEFT_BODY_NONE, WEFT_BODY_LENGTH, WEFT_BODY_CHUNKED, WEFT_BODY_UNTIL_CLOSE };

enum weft_body_result { WEFT_BODY_MORE, WEFT_BODY_PIECE, WEFT_BODY_END };

/* A body begins, of the answer to a request with this method. Returns its weft_body_kind. Errors: WEFT_ERR_HTTP (the
 * fields do not say where it ends, or say two things; read as WEFT_BODY_NONE). */
WEFT_API int weft_body_begin(weft_body *b, const weft_response_head *head, const char *method);

/* Take some of it off the front of in.
 *
 *   WEFT_BODY_PIECE   piece is the next part, borrowed from in
 *   WEFT_BODY_MORE    all of in is used: bring more. piece is empty, here and below
 *   WEFT_BODY_END     that was all; in is what stands behind it
 *   < 0               WEFT_ERR_HTTP: it is malformed
 *
 * Nothing bounds a body's length but you. */
WEFT_API int weft_body_read(weft_body *b, weft_span *in, weft_bytes *piece);

/* How many bytes of it are still to come, after weft_body_begin its length; UINT64_MAX: that is not known before
 * they are there. */
WEFT_API uint64_t weft_body_left(const weft_body *b);

/* The stream has ended: WEFT_BODY_END if that is the end of the body, too, else WEFT_ERR_HTTP: it was cut off. */
WEFT_API int weft_body_eof(weft_body *b);

/* ---- fields ---------------------------------------------------------------------------------- */

/* The only field of that name (any case), or NULL if it is missing or there are several. */
WEFT_API const weft_field *weft_field_find(const weft_field *fields, size_t n, const char *name);

/* Whether a comma-separated list, perhaps spread over several fields, has this token (any case). */
WEFT_API bool weft_field_has_token(const weft_field *fields, size_t n, const char *name,
                                   const char *token);

/* Take the next element off the front of such a list, without the white space around it; a comma in a quoted string
 * does not separate, and empty elements do not count. false: there is none left.
 *
 *      for (weft_bytes rest = field->value; weft_token_next(&rest, &token);) ... */
WEFT_API bool weft_token_next(weft_bytes *rest, weft_bytes *token);

#ifdef __cplusplus
}
#endif
#endif
