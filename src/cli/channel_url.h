/* SPDX-License-Identifier: MIT
 *
 * cli/channel_url.h - a channel's URL, taken apart, so that each transport can make its own of it
 *
 *      ws://me:secret@localhost:8080/chat?token=1
 *           -----------------------------          authority: whom to ask; server is without "me:secret@"
 *                                    ----- -------  path, query
 *
 *      text        pub by           sub by
 *      ---------   --------------   ----------------------------------------------------------
 *      ws, wss     a WebSocket      what --via says; by default a WebSocket
 *      http(s)     POST             the same
 *      ws+unix:    a WebSocket      the same
 *
 * A path that ends in a star is a pattern: many channels, by WebSocket alone.
 */
#ifndef CLI_CHANNEL_URL_H
#define CLI_CHANNEL_URL_H

#include <stdbool.h>
#include <stddef.h>

enum { CHANNEL_URL_MAX = 4096, CHANNEL_NAME_ROOM = 256 };

struct channel_url {
    bool secure, posts, is_unix, is_pattern;
    char shown[CHANNEL_URL_MAX]; /* as it was said, without user and password */
    char authority[CHANNEL_URL_MAX];
    char server[CHANNEL_URL_MAX];      /* "example.org:8080", or the path of a socket */
    char credentials[CHANNEL_URL_MAX]; /* "me:secret", or "" */
    char path[CHANNEL_URL_MAX], query[CHANNEL_URL_MAX];
    char name[CHANNEL_NAME_ROOM]; /* of the channel, or the pattern */
};

/* 0, or an exit code after having complained. */
int channel_url_parse(struct channel_url *u, const char *text);

/* A server may be under a path, and know its channels without that: this is what it calls the one that was asked, of a
 * pattern the one a level above. Then name is as it says. */
void channel_url_is_called(struct channel_url *u, const char *channel);

/* Each writes a URL into room for size bytes, more being put behind its query: 0, or EXIT_URL after having complained.
 * Of a pattern it is that of the level above. */
int channel_url_ws(const struct channel_url *u, const char *more, char *out, size_t size);
int channel_url_target(const struct channel_url *u, const char *more, char *out, size_t size);

/* For weft_pipe_connect: "tcp://localhost:8080". */
int channel_url_pipe(const struct channel_url *u, char *out, size_t size);

#endif
