/* SPDX-License-Identifier: MIT
 *
 * weft/session.h - the WebSocket protocol without I/O (RFC 6455, after the opening handshake)
 *
 * For programs that bring their own sockets, TLS and loop. No callbacks, no clock, no I/O:
 * bytes of the peer go in through weft_session_read, which answers with events; what you send is
 * queued, and weft_session_output shows what there is to write.
 *
 *      bytes from the peer --> weft_session_read --> events
 *      bytes to the peer   <-- weft_session_output, weft_session_sent <-- weft_session_send
 *
 * Pongs and the answer to a Close are queued by the session itself. A violation by the peer is
 * answered with a Close frame that has the right status code; after it, nothing more is read.
 *
 * A session belongs to one thread at a time.
 */
#ifndef WEFT_SESSION_H
#define WEFT_SESSION_H

#include <sys/uio.h>

#include <weft/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_role { WEFT_SERVER, WEFT_CLIENT } weft_role;

/* RFC 6455, 5.2 */
typedef enum weft_opcode {
    WEFT_CONTINUATION = 0x0,
    WEFT_TEXT = 0x1,
    WEFT_BINARY = 0x2,
    WEFT_CLOSE = 0x8,
    WEFT_PING = 0x9,
    WEFT_PONG = 0xA
} weft_opcode;

/* Status codes of a Close frame (RFC 6455, 7.4, and the IANA registry). 3000-4999 are yours.
 * 1004, 1005, 1006 and 1015 never travel: 1005 and 1006 are only reported. */
enum weft_close_code {
    WEFT_CLOSE_NORMAL = 1000,
    WEFT_CLOSE_GOING_AWAY = 1001,
    WEFT_CLOSE_PROTOCOL_ERROR = 1002,
    WEFT_CLOSE_UNSUPPORTED_DATA = 1003,
    WEFT_CLOSE_NO_STATUS = 1005, /* the Close frame had no body */
    WEFT_CLOSE_ABNORMAL = 1006,  /* there was no Close frame */
    WEFT_CLOSE_INVALID_PAYLOAD = 1007,
    WEFT_CLOSE_POLICY_VIOLATION = 1008,
    WEFT_CLOSE_MESSAGE_TOO_BIG = 1009,
    WEFT_CLOSE_MANDATORY_EXTENSION = 1010,
    WEFT_CLOSE_INTERNAL_ERROR = 1011,
    WEFT_CLOSE_SERVICE_RESTART = 1012,
    WEFT_CLOSE_TRY_AGAIN_LATER = 1013,
    WEFT_CLOSE_BAD_GATEWAY = 1014
};

/* ---- messages that are encoded once ---------------------------------------------------------- */

/* A message in the form in which a server sends it. Counted: it lives until the last reference is
 * dropped, and may be referenced and dropped in any thread. Its bytes never change. */
typedef struct weft_message weft_message;

/* op is WEFT_TEXT or WEFT_BINARY. The caller owns one reference.
 * Errors: -ENOMEM, -EINVAL (another op). */
WEFT_API int weft_message_new_sized(weft_message **out, const weft_env *env, size_t env_size,
                                    weft_opcode op, const void *data, size_t len);
static inline int weft_message_new(weft_message **out, const weft_env *env, weft_opcode op,
                                   const void *data, size_t len)
{
    return weft_message_new_sized(out, env, sizeof *env, op, data, len);
}

WEFT_API weft_message *weft_message_ref(weft_message *m);
WEFT_API void weft_message_unref(weft_message *m); /* NULL is fine */
WEFT_API weft_opcode weft_message_opcode(const weft_message *m);
WEFT_API weft_bytes weft_message_payload(const weft_message *m); /* as long as the reference */

/* ---- compression (permessage-deflate, RFC 7692) ---------------------------------------------- */

/* How messages are compressed. All zero is a sensible choice: every message for itself, so that nothing
 * is kept between messages and a message for many is compressed once. With takeover messages may refer
 * to those before them: they become smaller, and each direction keeps its last 2^window_bits bytes.
 *
 * Compression shows in the length of a message how much its parts have in common. Who can put text of
 * theirs beside a secret of yours, and watch lengths, can guess the secret (CRIME, BREACH): do not
 * compress secrets together with what strangers wrote. That is why it is off unless asked for. */
typedef struct weft_deflate {
    bool takeover;            /* ours, and asked of the peer */
    uint8_t window_bits;      /* of what we send, 8-15; 0: 15, with takeover 12 */
    uint8_t peer_window_bits; /* of what the peer sends, likewise; smaller ones are asked for */

    /* For peers that refer to earlier messages although it was agreed that they do not: Safari 15.0 to 15.3, with which
     * every second message is a 1007. Of each peer without takeover a window is kept all the same, 2^15 bytes if no
     * smaller one was agreed on. */
    bool keep_window;

    size_t threshold; /* shorter messages are sent as they are; 0: 200, with takeover 32 */
} weft_deflate;

/* What both sides agreed on (RFC 7692, 7.1). All zero: no compression. */
typedef struct weft_deflate_params {
    bool on;
    bool server_no_context_takeover, client_no_context_takeover;
    uint8_t server_max_window_bits, client_max_window_bits; /* 8-15 */
} weft_deflate_params;

/* ---- the session ----------------------------------------------------------------------------- */

typedef struct weft_session weft_session;

/* What sessions need for a while and give back: the large states of compressing and inflating, and room for
 * what is under way. For any number of sessions of one thread, which it must outlive. Made when first needed.
 * Errors of new: -ENOMEM. */
typedef struct weft_session_pool weft_session_pool;

WEFT_API int weft_session_pool_new_sized(weft_session_pool **out, const weft_env *env,
                                         size_t env_size);
static inline int weft_session_pool_new(weft_session_pool **out, const weft_env *env)
{
    return weft_session_pool_new_sized(out, env, sizeof *env);
}

WEFT_API void weft_session_pool_free(weft_session_pool *p); /* NULL is fine */

/* All zero means defaults. */
typedef struct weft_session_config {
    const weft_env *env;
    const weft_limits *limits;
    bool chunked; /* WEFT_EV_CHUNK as bytes arrive, instead of gathering WEFT_EV_MESSAGE */
    const weft_deflate *deflate; /* for sessions that compress; NULL: all zero */
    weft_session_pool *pool;     /* kept; NULL: they make what they need for each message */
} weft_session_config;

/* What any number of sessions have in common: a config, copied with all but the pool. Counted; each session
 * has a reference of its own. The same in any thread, but for its pool. */
typedef struct weft_session_profile weft_session_profile;

/* The caller owns one reference. cfg may be NULL. Errors: -ENOMEM. */
WEFT_API int weft_session_profile_new_sized(weft_session_profile **out,
                                            const weft_session_config *cfg, size_t cfg_size,
                                            size_t env_size, size_t limits_size,
                                            size_t deflate_size);
static inline int weft_session_profile_new(weft_session_profile **out,
                                           const weft_session_config *cfg)
{
    return weft_session_profile_new_sized(out, cfg, sizeof *cfg, sizeof(weft_env),
                                          sizeof(weft_limits), sizeof(weft_deflate));
}

WEFT_API weft_session_profile *weft_session_profile_ref(weft_session_profile *p);
WEFT_API void weft_session_profile_unref(weft_session_profile *p); /* NULL is fine */

/* A NULL profile is all defaults. Errors: -ENOMEM. */
WEFT_API int weft_session_new(weft_session **out, weft_role role, weft_session_profile *profile);
WEFT_API void weft_session_free(weft_session *s); /* NULL is fine */

/* Compress, as was agreed in the opening handshake (weft_deflate_choose, weft_handshake_verify). Before
 * the first read and send. */
WEFT_API void weft_session_set_deflate(weft_session *s, const weft_deflate_params *agreed);

typedef enum weft_event_kind {
    WEFT_EV_MESSAGE, /* a whole message: opcode, data, len. Text is valid UTF-8 */
    WEFT_EV_CHUNK,   /* a part of one: opcode of the message, data, len, first, final.
                        Text is valid so far; a code point may continue in the next chunk.
                        Compressed, the first may come when 32 KiB are there, or the end */
    WEFT_EV_PING,    /* data, len; the pong is already queued */
    WEFT_EV_PONG,    /* data, len */
    WEFT_EV_CLOSE    /* the peer's Close: code (1005 if it had none), data and len are the reason.
                        The answer is already queued, or this is the answer to ours */
} weft_event_kind;

typedef struct weft_event {
    weft_event_kind kind;
    weft_opcode opcode;
    bool first, final;
    uint16_t code;
    const uint8_t *data; /* on loan until the next call with this session or its input */
    size_t len;
} weft_event;

/* Take the next event out of the bytes that came from the peer. in is consumed from the front, and
 * changed in place (payloads are unmasked where they lie). Call until it returns 0.
 *
 *   1     *ev is filled; call again, even when in is empty
 *   0     in is used up: bring more
 *   < 0   it is over: the peer broke the protocol or a limit, or memory ran out. The Close frame that
 *         says so is queued (1002, 1007, 1008, 1009, 1011). Every later call returns the same.
 *         Errors: WEFT_ERR_PROTOCOL, _UTF8, _DEFLATE, _POLICY, _TOO_BIG, -ENOMEM; weft_session_cause()
 *         in words.
 *         (When memory is short even for the Close, weft_session_output tries again.)
 *
 * After the peer's Close the rest of the input is consumed and ignored (RFC 6455, 1.4). */
WEFT_API int weft_session_read(weft_session *s, weft_span *in, weft_event *ev);

/* Queue a whole message; op is WEFT_TEXT, WEFT_BINARY, WEFT_PING or WEFT_PONG (these two at most 125
 * bytes). Text is sent as it is: that it is UTF-8 is your promise.
 * While a fragmented message is open, whole messages wait until its last fragment.
 * Errors: -ENOMEM, -EINVAL (op, or a control frame over 125 bytes), WEFT_ERR_CLOSED (a Close was
 * sent or received), WEFT_ERR_BACKLOG (limits send_queue_max, send_queue_items). */
WEFT_API int weft_session_send(weft_session *s, weft_opcode op, const void *data, size_t len);

/* Of weft_session_sendv and weft_sendv; or'ed. */
enum weft_send_flag {
    WEFT_SEND_PLAIN = 1, /* do not compress it: there are secrets in it (see weft_deflate) */
    WEFT_SEND_CHECK = 2  /* text that may not be UTF-8: then WEFT_ERR_UTF8, and nothing is queued */
};

/* Queue n pieces as one message, in one frame: they need not lie side by side. op is WEFT_TEXT or WEFT_BINARY;
 * parts may be NULL when n is 0. Errors: as weft_session_send, -EINVAL for a flag that is unknown, too, and
 * WEFT_ERR_UTF8. */
WEFT_API int weft_session_sendv(weft_session *s, weft_opcode op, unsigned flags,
                                const weft_bytes *parts, size_t n);

/* Queue one fragment (RFC 6455, 5.4). op is that of the message, the same for all its fragments;
 * final ends it. Fragmented messages are not compressed. Errors: as weft_session_send, and WEFT_ERR_STATE when
 * op differs from the open message's. */
WEFT_API int weft_session_send_fragment(weft_session *s, weft_opcode op, const void *data,
                                        size_t len, bool final);

/* Queue a message by reference; a client has to mask, so it copies. Where it is to be compressed without
 * takeover, that is done once for all sessions with the same window. Errors: as weft_session_send. */
WEFT_API int weft_session_send_message(weft_session *s, weft_message *m);

/* Queue a Close frame behind what is queued already. code 0 sends one without a body; reason is
 * UTF-8 or NULL, cut at 123 bytes on a code point. A second call does nothing.
 * Errors: -ENOMEM, WEFT_ERR_CODE (also: a reason without a code), WEFT_ERR_UTF8. */
WEFT_API int weft_session_close(weft_session *s, uint16_t code, const char *reason, size_t len);

/* weft_session_close for who cannot wait for what is queued: when the output is next looked at, all of it is dropped
 * that is in front of the Close, but for the rest of a frame of which a part is gone. So it may be said between
 * weft_session_output and weft_session_sent. When a Close is queued already, that is the one that stays.
 * Errors: as weft_session_close. */
WEFT_API int weft_session_close_now(weft_session *s, uint16_t code, const char *reason, size_t len);

/* Look at what is queued: fills at most max entries, returns how many. They are good until the next
 * call with this session; tell weft_session_sent before any other call. */
WEFT_API int weft_session_output(weft_session *s, struct iovec *iov, int max);

/* The first n bytes of what weft_session_output showed are gone. */
WEFT_API void weft_session_sent(weft_session *s, size_t n);

/* Bytes queued and not yet sent. */
WEFT_API size_t weft_session_buffered(const weft_session *s);

/* Whether the closing handshake is complete: Close frames were queued and received, or the session
 * failed. When the output is written too, the server closes TCP, the client waits for that. */
WEFT_API bool weft_session_closed(const weft_session *s);

/* Why weft_session_read failed, in words: "a frame from a client is not masked". "" before. */
WEFT_API const char *weft_session_cause(const weft_session *s);

#ifdef __cplusplus
}
#endif
#endif
