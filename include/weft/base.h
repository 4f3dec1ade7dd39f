/* SPDX-License-Identifier: MIT
 *
 * weft/base.h - the words that all headers share
 *
 * Who owns what, borrowed bytes, header fields, the hooks into your program, and the limits.
 *
 * What you hand in is copied, with all strings and lists it points to, unless the declaration says
 * "kept": when the call returns, it is yours again. What is handed to you is good as long as its
 * declaration says; a callback's arguments until it returns. A new gives you something to free, or a
 * reference to unref; after an error *out is NULL, so that freeing it is no mistake. A user pointer is only ever handed
 * back.
 */
#ifndef WEFT_BASE_H
#define WEFT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of these headers: as text, and as a number to compare with, 0xMMmmpp: 0x000100 is 0.1.0. */
#define WEFT_VERSION        "0.1.0"
#define WEFT_VERSION_NUMBER 0x000100

/* The version of the library that is linked, in the same forms. */
WEFT_API const char *weft_version(void);
WEFT_API uint32_t weft_version_number(void);

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Bytes that belong to somebody else; good for the call, or as long as the declaration says.
 * Not terminated by NUL. data may be NULL when len is 0. */
typedef struct weft_bytes {
    const uint8_t *data;
    size_t len;
} weft_bytes;

/* Bytes that the callee may change in place and consumes from the front: data moves on, len shrinks. */
typedef struct weft_span {
    uint8_t *data;
    size_t len;
} weft_span;

/* One header field. Names compare without case; the value has no white space around it. */
typedef struct weft_field {
    weft_bytes name;
    weft_bytes value;
} weft_field;

/* Whether len bytes are one complete run of valid UTF-8 (RFC 3629). */
WEFT_API bool weft_utf8_valid(const void *data, size_t len);

/* ---- links ----------------------------------------------------------------------------------- */

/* A link hangs on a connection or a reply, and is told of it by its type. Embed it in a struct of yours, which is found
 * from it; owner tells your links from others'. Kept. */
typedef struct weft_link weft_link;

/* What links of one kind have in common. Kept. */
typedef struct weft_link_type {
    /* What it hung on is gone, after its on_close. May free it. */
    void (*on_gone)(weft_link *link);

    /* May be NULL. There is room again: weft_backlogged (or weft_reply_backlogged) was true, and what is queued has
     * fallen as on_drain says. Told before on_drain, and where there is none; not for weft_want_drain. When one link
     * has filled the queue again, or ended what it hangs on, those behind it and on_drain are not told this time; the
     * next time these links come before it. Any call may be made here: links may be hung up and taken down, this one
     * and others, and what was taken down may be freed. */
    void (*on_drain)(weft_link *link);
} weft_link_type;

struct weft_link {
    weft_link *next; /* weft's: to be read only */
    const void *owner;
    const weft_link_type *type;
};

/* ---- hooks ----------------------------------------------------------------------------------- */

enum weft_log_level { WEFT_LOG_ERROR, WEFT_LOG_WARN, WEFT_LOG_INFO, WEFT_LOG_DEBUG };

/* What weft needs of the program around it. A NULL hook means the default; a NULL weft_env means
 * all defaults. Whatever is made with an env has a copy of it; what ctx points to is yours, and must
 * outlive that.
 *
 * realloc  as in C, except that size 0 frees and returns NULL, and p NULL allocates.
 *          Default: malloc and free.
 * log      one line without newline, already escaped and cut at 256 bytes. Default: nowhere.
 * now_us   a clock that never goes back, microseconds. Default: CLOCK_MONOTONIC.
 * random   fill buf with len unpredictable bytes; 0, or -errno. Default: getrandom().
 *
 * They are called from whichever thread works: from several at once where there are several loops. */
typedef struct weft_env {
    void *ctx;
    void *(*realloc)(void *ctx, void *p, size_t size);
    void (*log)(void *ctx, int level, const char *line);
    uint64_t (*now_us)(void *ctx);
    int (*random)(void *ctx, void *buf, size_t len);
} weft_env;

/* ---- structs that grow ----------------------------------------------------------------------- */

/* The structs that you fill (weft_env, weft_handler, weft_server_config ...) grow at their end from version to
 * version, and all zero means defaults. So each function that takes one exists twice: as an inline function in
 * these headers, which says how large the struct, and what of that kind it points to, is in the headers that you
 * were compiled with; and as NAME_sized in the library, which is told. C and C++ use the first, other languages
 * call the second. A struct of an older program is taken for what it has; one of a newer program, too, if
 * what this library does not know of it is zero.
 *
 * What all of them say of a size: -EINVAL when it is below that of version 0.1 or above WEFT_SIZED_MAX, the
 * struct is not looked at then; and when there is more than this library knows that is not zero. With a NULL
 * pointer its size is not looked at. docs/abi.md has the whole of it.
 *
 * Whoever says -EINVAL or WEFT_ERR_ADDRESS of a struct or of what is in it tells the env's log what is wrong, one line
 * at WEFT_LOG_ERROR, as far as there is an env: a loop's, or the one that was handed in. */
#define WEFT_SIZED_MAX 4096

/* How they take it; for libraries on top that have structs which grow, too (the hub is one). The first
 * bytes of from, as many as both sides know, go to to, which has known bytes; the rest of it is zero, all of it with
 * NULL. oldest is what the struct's first version had. 0, or -EINVAL as above, and to is not changed: env's log is
 * told why, of a struct that is called name; env may be NULL. */
WEFT_API int weft_sized_take(const weft_env *env, const char *name, void *to, size_t known,
                             size_t oldest, const void *from, size_t size);

/* ---- how often ------------------------------------------------------------------------------- */

/* Token buckets, each found by its key, in a table of fixed size. One that is full is forgotten first; where there is
 * no room several share one, which of them nobody can choose. For any thread. */
typedef struct weft_buckets weft_buckets;

/* Of a bucket that gets per_s a second until it holds burst, take amount. */
typedef struct weft_take {
    weft_bytes key; /* whose it is, and of what kind: an address, a user with a letter before it */
    uint64_t amount;
    uint64_t per_s; /* 0: nothing is taken */
    uint64_t burst; /* 0: ten seconds' worth. More at once needs a full one, and is owed then */
} weft_take;

/* places: so many buckets, or a few more. Errors: -ENOMEM; what env's random says. */
WEFT_API int weft_buckets_new_sized(weft_buckets **out, const weft_env *env, size_t env_size,
                                    size_t places);
static inline int weft_buckets_new(weft_buckets **out, const weft_env *env, size_t places)
{
    return weft_buckets_new_sized(out, env, sizeof *env, places);
}

WEFT_API void weft_buckets_free(weft_buckets *b); /* NULL is fine */

/* All of these, or none. 0: they were taken; else how long to wait for that, in ms. now_us: of a clock that does not go
 * back (weft_loop_now). */
WEFT_API uint64_t weft_buckets_take(weft_buckets *b, const weft_take *takes, size_t n,
                                    uint64_t now_us);

/* ---- limits ---------------------------------------------------------------------------------- */

/* Never: for the limits that are times, this switches the deadline off. */
#define WEFT_NEVER UINT64_MAX

/* X(name, default, unit, what happens at the limit). One definition: the struct below, the defaults
 * in code, the table in the manual and the tests are all made from this list. A new limit goes to its
 * end, whatever it is about: so the others stay where compiled programs have them. */
#define WEFT_LIMITS(X)                                                                             \
    /* a session */                                                                                \
    X(max_message, 1048576, "bytes", "a longer message, or one that declares more: Close 1009")    \
    X(max_fragments, 1024, "frames", "more than this and one per 16 bytes received: Close 1008")   \
    X(max_empty_fragments, 64, "frames", "more empty frames in one message: Close 1008")           \
    X(max_waiting_pongs, 64, "frames", "beyond this only the newest ping is answered")             \
    X(send_queue_max, 1048576, "bytes", "a send while more is queued: WEFT_ERR_BACKLOG")           \
    X(send_queue_items, 4096, "messages", "a send while more are queued: WEFT_ERR_BACKLOG")        \
    /* a connection */                                                                             \
    X(send_queue_soft, 262144, "bytes",                                                            \
      "above it weft_backlogged; on_drain follows below half of it")                               \
    X(frame_budget, 256, "frames", "the connection's turn ends, the others have theirs")           \
    X(message_timeout, 30000, "ms", "a message that takes longer to arrive: Close 1008")           \
    X(ping_interval, 25000, "ms", "silence after which a ping is sent (10 % jitter)")              \
    X(pong_timeout, 10000, "ms", "no byte after that ping: the connection is dropped, 1006")       \
    X(write_stall, 15000, "ms", "the peer takes no byte of ours: the connection is dropped, 1006") \
    X(close_timeout, 5000, "ms", "the peer does not answer our Close: TCP is closed")              \
    X(discard_max, 16777216, "bytes",                                                              \
      "read and dropped after a violation, so that no reset eats it")                              \
    X(tls_handshake_timeout, 5000, "ms",                                                           \
      "a TLS handshake that takes longer: dropped; a client: WEFT_ERR_TIMEOUT")                    \
    /* HTTP */                                                                                     \
    X(handshake_timeout, 10000, "ms", "a head that takes longer: 408; a client: WEFT_ERR_TIMEOUT") \
    X(request_line_max, 8192, "bytes", "a longer request line: 414")                               \
    X(header_field_max, 8192, "bytes", "a longer header field: 431")                               \
    X(request_head_max, 16384, "bytes", "a longer head: 431")                                      \
    X(max_headers, 100, "fields", "more header fields: 431")                                       \
    X(http_body_max, 65536, "bytes", "a larger request body: 413")                                 \
    X(http_keepalive, 15000, "ms", "an idle HTTP connection is closed")                            \
    X(http_requests, 100, "requests", "the last answer on a connection says Connection: close")    \
    X(max_subprotocols, 16, "tokens", "more in Sec-WebSocket-Protocol: 400")                       \
    /* a server */                                                                                 \
    X(max_connections, 0, "connections", "one more: 503 (default: RLIMIT_NOFILE - 64)")            \
    X(max_connections_per_ip, 0, "connections",                                                    \
      "one more from an address, but loopback: 429 (default: off)")                                \
    X(accept_batch, 64, "connections", "accepted in one turn; the rest in the next")               \
    X(accept_backoff, 100, "ms", "how long a listener rests when descriptors run out, up to 10x")  \
    X(shutdown_drain, 30000, "ms", "a graceful shutdown that takes longer drops what is left")     \
    /* a client */                                                                                 \
    X(connect_timeout, 10000, "ms", "resolving and connecting that take longer: WEFT_ERR_TIMEOUT") \
    X(refusal_body_max, 4096, "bytes", "of a refusal's body this much is kept for you")            \
    /* a session, once more */                                                                     \
    X(max_inflate_ratio, 200, "times",                                                             \
      "more inflated bytes for each received, beyond the first 1 MiB of a message: Close 1009")    \
    /* a server, once more */                                                                      \
    X(hold_timeout, 30000, "ms", "an upgrade that is held longer without an answer: 503")          \
    /* a client, once more */                                                                      \
    X(open_timeout, 60000, "ms",                                                                   \
      "an attempt to connect, all of it with all redirects, that takes longer: WEFT_ERR_TIMEOUT")  \
    /* a connection, once more: of a server or of weft_connect, not of a handler */                \
    X(unsent_max, 131072, "bytes",                                                                 \
      "the kernel holds it, and it is not on its way: what follows waits in the send queue")       \
    /* a server, once more */                                                                      \
    X(http_body_timeout, 10000, "ms",                                                              \
      "a request's body has so long, and what http_body_rate adds: 408")                           \
    X(http_body_rate, 500, "bytes/s",                                                              \
      "for each so many bytes that have come, a body has a second more")                           \
    /* a client, once more */                                                                      \
    X(response_head_max, 262144, "bytes",                                                          \
      "a longer head: WEFT_ERR_HTTP, or of a refusal its status only")                             \
    X(max_response_headers, 1000, "fields", "more header fields: the same")                        \
    /* a server, by the second; and how long who is connected may stay */                          \
    X(accept_rate, 0, "connections/s", "more wait, unaccepted (default: off)")                     \
    X(connect_rate, 0, "connections/s",                                                            \
      "more from an address, but loopback, after ten seconds' worth: 429 (default: off)")          \
    X(max_age, 0, "ms", "asked to come again, up to 10 % earlier (default: off)")

/* 0 means the default of the list, never "unlimited". */
typedef struct weft_limits {
#define WEFT_LIMIT_FIELD(name, value, unit, text) uint64_t name;
    WEFT_LIMITS(WEFT_LIMIT_FIELD)
#undef WEFT_LIMIT_FIELD
} weft_limits;

#ifdef __cplusplus
}
#endif
#endif
