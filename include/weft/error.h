/* SPDX-License-Identifier: MIT
 *
 * weft/error.h - what an int means
 *
 * Every function of weft that can fail returns an int: zero or more is good, negative says why.
 *
 *      -errno          the system's own errors: -ENOMEM, -EADDRINUSE, -ECONNREFUSED, -EINVAL ...
 *      WEFT_ERR_...    the errors of this list, all below WEFT_ERR_BASE
 *
 * weft_strerror() puts either kind into words.
 */
#ifndef WEFT_ERROR_H
#define WEFT_ERROR_H

#include <errno.h>

#if defined(__GNUC__)
#define WEFT_API   __attribute__((visibility("default")))
#define WEFT_CHECK __attribute__((warn_unused_result))
#else
#define WEFT_API
#define WEFT_CHECK /* whoever does not look at the result loses data without a word */
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_ERR_BASE (-10000)

/* X(name, distance from WEFT_ERR_BASE, text) */
#define WEFT_ERRORS(X)                                                                       \
    X(CLOSED, 1, "the connection is closing or closed: nothing more can be sent")            \
    X(BACKLOG, 2, "the send queue is full: wait for on_drain")                               \
    X(STATE, 3, "this call is not allowed now")                                              \
    X(CODE, 4, "this status code may not be sent in a Close frame")                          \
    X(PROTOCOL, 6, "the peer broke the WebSocket protocol")                                  \
    X(UTF8, 7, "text that is not valid UTF-8")                                               \
    X(TOO_BIG, 8, "a message larger than the limit")                                         \
    X(POLICY, 9, "the peer broke a limit of ours")                                           \
    X(HTTP, 10, "the peer sent malformed HTTP")                                              \
    X(HANDSHAKE, 11, "the server's opening handshake does not answer ours")                  \
    X(REFUSED, 12, "the server refused to open a WebSocket: its answer has another status")  \
    X(PROXY, 13, "the proxy refused to connect us")                                          \
    X(URL, 14,                                                                               \
      "this URL leads nowhere: that of a WebSocket begins with ws://, wss:// or ws+unix:, "  \
      "that of a pipe with tcp://, tls:// or unix:, and all of them name a place behind it") \
    X(RESOLVE, 15, "the host name could not be resolved")                                    \
    X(TIMEOUT, 16, "a deadline passed")                                                      \
    X(LOST, 17, "the peer ended the connection too early")                                   \
    X(ADDRESS, 18, "this is not an address of the form host:port, [ipv6]:port or unix:path") \
    X(UNSUPPORTED, 19, "weft has no TLS here, or does not follow from wss to ws")            \
    X(TLS, 20, "TLS failed")                                                                 \
    X(CERTIFICATE, 21, "the peer's certificate is not to be trusted")                        \
    X(DEFLATE, 22, "a compressed message that cannot be inflated")

enum weft_error {
#define WEFT_ERROR_ENUM(name, number, text) WEFT_ERR_##name = WEFT_ERR_BASE - (number),
    WEFT_ERRORS(WEFT_ERROR_ENUM)
#undef WEFT_ERROR_ENUM
};

/* The error in words: a constant string for ours, strerrordesc_np()'s for -errno. Never NULL. */
WEFT_API const char *weft_strerror(int error);

/* The error's name: "WEFT_ERR_BACKLOG", "ECONNREFUSED". Never NULL. */
WEFT_API const char *weft_errname(int error);

#ifdef __cplusplus
}
#endif
#endif
