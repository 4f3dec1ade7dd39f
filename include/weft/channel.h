/* SPDX-License-Identifier: MIT
 *
 * weft/channel.h - channels: a topic at a URL, published to and read by every transport
 *
 *      weft_loop_new(&loop, NULL);
 *      weft_server_new(&server, loop, NULL);
 *      weft_channels_new(&channels, loop, NULL);
 *      weft_channels_route(channels, server, "/" "*");
 *      weft_server_listen(server, "127.0.0.1:8080", NULL);
 *      weft_loop_run(loop);
 *
 * A channel is a URL path, decoded: "/chat". It is a topic of the channels' hub under that name, so the program
 * publishes and reads by hub.h and topic.h, from any thread:
 *
 *      weft_publish(weft_channels_hub(channels), "/chat", WEFT_TEXT, "hi", 2);
 *
 * Who may do what is the program's to decide, for each request, at once or later: weft_channels_config.on_ask.
 */
#ifndef WEFT_CHANNEL_H
#define WEFT_CHANNEL_H

#include <weft/server.h>
#include <weft/topic.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_channels weft_channels;

/* What somebody may do with a channel. */
typedef enum weft_right {
    WEFT_RIGHT_READ = 1,
    WEFT_RIGHT_WRITE = 2,
    WEFT_RIGHT_PRESENCE = 4, /* to see who is there */
    WEFT_RIGHT_DROP = 8,     /* to have what is kept dropped (DELETE) */
    WEFT_RIGHT_PATTERN = 16  /* to subscribe to channels that he cannot name: "/quotes/" "*" */
} weft_right;

/* What somebody asks for, while it is being decided. */
typedef struct weft_channel_ask weft_channel_ask;

/* What somebody is granted. All zero but for rights: nobody that is known, for as long as the connection. */
typedef struct weft_channel_grant {
    unsigned rights; /* on the channel that was asked about */

    /* Who he is, verified: presence shows him so, and his idempotency keys are his alone. At most 256 bytes of UTF-8
     * without control characters; NULL: nobody knows. Copied. */
    const char *user;
    const char *name; /* the same: how presence shows him; NULL: user */

    /* How long all this holds, from now on. A live connection of weft.v1 is told 30 s before ("expires_in", in ms), and
     * may say another token; at the end WebSockets are closed with 3000, streams end, and long polls are answered. 0:
     * as long as the connection. */
    uint64_t lasts_ms;

    /* Yours, for weft_channel_ask_identity, may_stay and, exactly once, on_forget. */
    void *identity;
} weft_channel_grant;

/* Somebody who was granted more than rights, and is connected: a WebSocket or a stream. */
typedef struct weft_channel_who {
    void *identity;
    const char *user; /* NULL: nobody knows */
    weft_conn *conn;  /* NULL: it is a stream */
    weft_reply *reply;
} weft_channel_who;

/* What happens, for logs and counts. Requests are the server's to tell: weft_server_config.on_access. */
typedef enum weft_channel_event_type {
    WEFT_CHANNEL_UPGRADE =
        1,             /* somebody wants a WebSocket, and nothing is decided: upgrade, to look at */
    WEFT_CHANNEL_OPEN, /* he has it: conn, as in all of these */
    WEFT_CHANNEL_MESSAGE,  /* a message has come: op, len */
    WEFT_CHANNEL_PING,     /* len */
    WEFT_CHANNEL_PONG,     /* rtt_us; 0: to no ping of ours */
    WEFT_CHANNEL_CLOSED,   /* close */
    WEFT_CHANNEL_PUBLISHED /* a message is in the channel: op, len; conn NULL */
} weft_channel_event_type;

typedef struct weft_channel_event {
    weft_channel_event_type type;
    weft_bytes channel; /* its name; of an upgrade, the path as it was sent */
    weft_conn *conn;
    weft_upgrade *upgrade;
    weft_opcode op;
    size_t len;
    uint64_t rtt_us;
    const weft_close_info *close;
    weft_loop *loop; /* in whose thread it happens */
} weft_channel_event;

/* So much may be published a second, and ten seconds' worth at once. 0: any. */
typedef struct weft_channel_rate {
    uint64_t messages, bytes;
} weft_channel_rate;

/* All zero means defaults. */
typedef struct weft_channels_config {
    /* Of their hub. NULL, or without settings: 100 messages are kept for 5 minutes, and what a channel is called, with
     * its epoch and offset, for an hour. Settings that you give stand as they are. */
    const weft_hub_config *hub;

    uint64_t max_message; /* bytes of a message, default 64 KiB */
    uint64_t max_batch;   /* bytes of a body that has many, default 1 MiB */

    /* How long who publishes by a request may wait for his turn (weft_topic_settings.pace), default 5,000 ms; then it
     * is 503, and when to try again. */
    uint64_t publish_ms;

    /* After so much silence a stream says that it is there, default 15,000 ms. */
    uint64_t heartbeat_ms;

    /* Channels that one address may make, a second, and ten seconds' worth at once; default 10; WEFT_NEVER: any. */
    uint64_t new_channels;

    /* What everybody may do whom on_ask is not asked about; default: to read, to write, and to see who is there. */
    unsigned rights;

    /* Pages of any origin may do what they like: say so if the server's origins are "*". */
    bool any_origin;

    /* Asked of each request and each upgrade that is in order, in the thread of its loop: weft_channel_ask_grant or
     * weft_channel_ask_refuse answers it, here or later. NULL: rights. */
    void (*on_ask)(weft_channel_ask *ask, void *user);
    void *user;

    /* Asked first of each GET and HEAD that has none of the parameters of channels and asks for no event stream:
     * whether something else is at this path (a file, a page), and has answered. page: it names text/html in Accept,
     * so a person would see it. In the thread of the request's loop. NULL: there are only channels. */
    bool (*on_look)(weft_request *r, bool page, void *user);

    /* Told of what happens, in the thread in which it does. NULL: nobody is. */
    void (*on_event)(const weft_channel_event *e, void *user);

    /* Of WebSockets: subprotocols other than weft.v1 to agree to (raw ones then), NULL-terminated; NULL: none. Good
     * until weft_channels_route has been called. */
    const char *const *subprotocols;

    /* Of WebSockets: compression, as weft_handler has it. Copied; NULL: off. */
    const weft_deflate *deflate;

    /* HTML, copied: what a browser is shown that is sent to a channel, whichever it is (GET, Accept with text/html, no
     * parameters). It loads from this server only, and finds out of which channel it is by its location. Who is refused
     * is shown it, too, with the status: asked for as JSON, the channel says why. Empty: a look. */
    weft_bytes page;

    /* Whether who is on this channel is known, and told to those who may see it: asked in the thread of whoever comes
     * or looks, with the user above. NULL: on all channels. */
    bool (*has_presence)(const char *channel, void *user);

    /* A grant's identity is not needed any more: its request is answered, its connection has ended, or it was granted
     * anew. In the thread of its loop. NULL: there is nothing to be freed. */
    void (*on_forget)(void *identity, void *user);

    /* Asked by weft_channels_review of each who is connected by such a grant, in the thread of his loop: why he must
     * leave, in a sentence, or NULL. Then WebSockets are closed with 3003, and streams end. */
    const char *(*may_stay)(const weft_channel_who *who, void *user);

    /* What may be published from one address (IPv6: from its first 64 bits; loopback addresses and Unix sockets are not
     * counted: behind them stands a proxy for everybody), on one WebSocket, and by one user (weft_channel_grant), on
     * all of his connections and by requests. What is more is 429, and when to try again; a raw WebSocket is not read
     * from until then, or, if that is more than 5 s, closed with 1013. */
    weft_channel_rate address_rate, conn_rate, user_rate;
} weft_channels_config;

/* cfg may be NULL. Errors: as weft_hub_new. */
WEFT_API int weft_channels_new_sized(weft_channels **out, weft_loop *l,
                                     const weft_channels_config *cfg, size_t cfg_size,
                                     size_t hub_size, size_t settings_size, size_t deflate_size);
static inline int weft_channels_new(weft_channels **out, weft_loop *l,
                                    const weft_channels_config *cfg)
{
    return weft_channels_new_sized(out, l, cfg, sizeof *cfg, sizeof(weft_hub_config),
                                   sizeof(weft_topic_settings), sizeof(weft_deflate));
}

/* Behind weft_server_free; before the loop is freed. NULL is fine. */
WEFT_API void weft_channels_free(weft_channels *c);

/* Every path that matches is a channel: "/chat", or a whole subtree. Errors: as weft_server_route. */
WEFT_API int weft_channels_route(weft_channels *c, weft_server *s, const char *path);

/* For the next process, as weft_hub_save: the hub, and what was published under which idempotency key. Behind
 * weft_server_free, so that nothing is under way. */
WEFT_API WEFT_CHECK int weft_channels_save(weft_channels *c,
                                           int (*write)(const void *data, size_t len, void *user),
                                           void *user);

/* As weft_hub_restore; before anybody may come. */
WEFT_API WEFT_CHECK int weft_channels_restore(weft_channels *c, weft_bytes saved);

/* As long as the channels are. */
WEFT_API weft_hub *weft_channels_hub(const weft_channels *c);

typedef enum weft_channels_counter {
    WEFT_CHANNELS_EVENT_STREAMS, /* now: EventSources */
    WEFT_CHANNELS_STREAMS,       /* now: streams of lines, and raw ones */
    WEFT_CHANNELS_POLLS          /* now: long polls that wait */
} weft_channels_counter;

/* Any thread. 0 for what this library does not count. */
WEFT_API uint64_t weft_channels_count(const weft_channels *c, weft_channels_counter what);

/* Whether an open WebSocket is on one of these channels: on which (the one of its URL), and who it is that has it, as
 * he was granted. Good as long as it is open, and is not granted anew. In the thread of its loop. */
WEFT_API bool weft_channels_conn(const weft_channels *c, weft_conn *conn, weft_bytes *channel,
                                 weft_channel_who *who);

/* Who is on a channel, as ?presence has it, but for whoever asks here: {"count":3,"members":[...]}. A reference of
 * yours. In the thread of l. Errors: -ENOMEM. */
WEFT_API int weft_channels_presence(weft_channels *c, weft_topic *t, const weft_loop *l,
                                    weft_message **out);

/* ---- who may do what ------------------------------------------------------------------------- */

/* An ask is yours until you answer it, once, in the thread of its loop; also if the client has left meanwhile. What
 * these return is good until then. It comes with a request, which is not to be answered (an upgrade's, too); or with an
 * open connection, when a command of weft.v1 is about another channel than its URL's: then it is asked once for each
 * channel, and what is granted holds as long as the connection. A pattern is asked about by its name, and then to read
 * each channel that it would join, when that is met; refusing it is all there is to not having it joined. */
WEFT_API weft_bytes weft_channel_ask_name(const weft_channel_ask *a);       /* "/chat" */
WEFT_API unsigned weft_channel_ask_rights(const weft_channel_ask *a);       /* what is needed */
WEFT_API weft_request *weft_channel_ask_request(const weft_channel_ask *a); /* or NULL */
WEFT_API weft_conn *weft_channel_ask_conn(const weft_channel_ask *a);       /* or NULL */

/* A header field for the answer: Set-Cookie, WWW-Authenticate. Errors: as weft_reply_field. */
WEFT_API int weft_channel_ask_field(weft_channel_ask *a, const char *name, const char *value);

/* What came as {"token":"..."} on an open connection of weft.v1, in place of what was granted before: then the ask is
 * about its URL's channel, and a grant is for all of the connection. Who it says must be who it was. Channels that he
 * has subscribed to beside it are asked about again. Empty: it is no such ask, and the token, if there is one, is with
 * the request. */
WEFT_API weft_bytes weft_channel_ask_token(const weft_channel_ask *a);

/* Of an open connection, as it was granted; NULL: it has none. */
WEFT_API void *weft_channel_ask_identity(const weft_channel_ask *a);

/* He has these rights on the channel. What he asks for is done if they are enough; else it is 403. */
WEFT_API void weft_channel_ask_grant(weft_channel_ask *a, unsigned rights);

/* The same, and who he is, and for how long. Of an ask of an open connection what is there besides rights is not looked
 * at, and its identity forgotten at once, but for those with a token. Errors, and then the ask is yours still, and the
 * identity, too: -EINVAL: user or name is too long, or is no such text. */
WEFT_API WEFT_CHECK int weft_channel_ask_grant_as_sized(weft_channel_ask *a,
                                                        const weft_channel_grant *g, size_t size);
static inline WEFT_CHECK int weft_channel_ask_grant_as(weft_channel_ask *a,
                                                       const weft_channel_grant *g)
{
    return weft_channel_ask_grant_as_sized(a, g, sizeof *g);
}

/* It is not done: an HTTP status, 400 to 599, and why, in a sentence. */
WEFT_API void weft_channel_ask_refuse(weft_channel_ask *a, int status, const char *why);

/* Something has changed about who may: may_stay is asked soon of everybody who is connected by a grant with a user, a
 * time, or an identity. Any thread. Errors: -ENOMEM: not everybody is. */
WEFT_API WEFT_CHECK int weft_channels_review(weft_channels *c);

#ifdef __cplusplus
}
#endif
#endif
