/* SPDX-License-Identifier: MIT
 *
 * cli/connect.h - weft URL: what its two faces, pipe and terminal, have in common
 *
 * A face makes its own weft_handler and runs its own loop until the connection is gone.
 */
#ifndef CLI_CONNECT_H
#define CLI_CONNECT_H

#include <weft/client.h>

#include "cli/flags.h"
#include "cli/trace.h"

enum { LINE_MAX_DEFAULT = 16 << 20 };

/* With wss: whom to trust, and what to show. Files; NULL: the system's, none. */
struct connect_trust {
    const char *authorities, *certificate, *key;
    bool insecure;
};

struct connect_options {
    const char *url;
    const char *shown; /* the URL without user and password, for messages */
    struct flag_list headers, subprotocols;
    const char *credentials, *proxy, *origin;
    const weft_deflate *deflate; /* to offer; NULL: nothing */
    struct connect_trust trust;
    bool binary, follow;
    uint64_t count;       /* stop after so many messages; 0: never */
    uint64_t wait;        /* ms for the peer's Close */
    uint64_t max_message; /* to accept, and of a line to send */
    uint64_t ping;        /* ms; 0: never */
    uint64_t patience;    /* ms until it is open; 0: the library's */
    unsigned verbose;
};

/* *out: for weft_connect, and to be unreferenced; NULL: there is nothing to say. 0, or an exit code after having
 * complained. */
int connect_trust(weft_tls **out, const struct connect_trust *o);

/* Begin to connect. 0, or an exit code after having complained. */
int connect_dial(const struct connect_options *o, const struct trace *t, weft_loop *l,
                 const weft_handler *h, void *user, weft_conn **out);

/* With -v: the head of the answer, in on_open; and that of a refusal, in on_close. */
void connect_trace_response(const struct trace *t, const weft_conn *c);
void connect_trace_refusal(const struct trace *t, const weft_close_info *info);

/* Say on stderr how it ended; returns the exit code. opened: whether on_open was called; words: put the
 * meaning of the status code behind it. */
int connect_report(const struct connect_options *o, const weft_close_info *info, bool opened,
                   bool words);

int pipe_run(const struct connect_options *o);
int terminal_run(const struct connect_options *o);

/* Whether text looks like the URL of a WebSocket: "ws://...", "localhost:8080/chat", ":8080/chat". */
bool connect_is_url(const char *text);

/* The URL with what was left out put in front: "ws://localhost:8080/chat". The length, as snprintf. */
int connect_complete_url(const char *text, char *url, size_t size);

/* What weft_connect would say of it: 0, or its error. Nobody is connected to. */
int connect_url_error(const char *url);

/* The proxy as a URL, in text if something had to be put in front: curl takes "host:port", and so do we. */
const char *connect_proxy(const char *proxy, char *text, size_t size);

/* What -H and --subprotocol were given: 0, or an exit code after having complained. */
int connect_check(const struct flag_list *headers, const struct flag_list *subprotocols);

/* Why weft_connect would not begin. */
const char *connect_words(int error);

/* The URL without "user:password@", in room for strlen(url) + 1. */
void connect_hide_user(const char *url, char *shown);

#endif
