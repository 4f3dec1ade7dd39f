/* SPDX-License-Identifier: MIT
 *
 * cli/v1.h - a client of weft.v1 (docs/channels.md, 6): one connection of it
 *
 *      v1_connect -> on_hello -> v1_send ... on_answer, on_envelope ... -> on_gone
 *
 * What it says is told apart here, and what it means there: who embeds a v1 decides what to ask, and whether to
 * connect again.
 */
#ifndef CLI_V1_H
#define CLI_V1_H

#include <jansson.h>

#include "cli/connect.h"

struct v1;

/* Objects are good for the call. */
struct v1_handler {
    void (*on_hello)(struct v1 *v, const json_t *said);
    /* ok or error is NULL. id may be NULL. */
    void (*on_answer)(struct v1 *v, const json_t *id, const json_t *ok, const json_t *error);
    /* What is said of a channel, or of a pattern. NULL: it is not looked at. */
    void (*on_envelope)(struct v1 *v, json_t *envelope);
    void (*on_room)(struct v1 *v); /* NULL: as above */
    /* retry_ms: when to come again, as the server has said; 0: it has not. */
    void (*on_gone)(struct v1 *v, const weft_close_info *info, uint64_t retry_ms);
};

struct v1 {
    struct traced traced; /* its place: the URL as it is shown */
    const struct v1_handler *handler;
    void *user;
    weft_conn *conn; /* NULL: none */
    bool opened;
    bool broken;          /* it does not speak weft.v1, and was told so */
    uint64_t max_message; /* what the server takes; 0: it has not said */
    uint64_t retry_ms;
};

/* Begin to connect to o->url. 0, or an exit code after having complained. */
int v1_connect(struct v1 *v, const struct connect_options *o, const struct trace *t, weft_loop *l);

/* One object, as text. What cannot be sent ends the connection. */
void v1_send(struct v1 *v, const char *text, size_t len);
void v1_send_json(struct v1 *v, json_t *object); /* takes the reference */

/* For on_gone: say on stderr how it ended; returns the exit code. */
int v1_report(const struct v1 *v, const struct connect_options *o, const weft_close_info *info);

/* Close 1000; on_gone follows. */
void v1_leave(struct v1 *v);

#endif
