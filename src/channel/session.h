/* SPDX-License-Identifier: MIT
 *
 * channel/session.h - a WebSocket with the subprotocol weft.v1, and what it is told (conversation.h has what it says)
 *
 * Counted: the connection holds it, and so does each parcel that is under way.
 */
#ifndef CHANNEL_SESSION_H
#define CHANNEL_SESSION_H

#include "channel/channels.h"
#include "channel/grants.h"
#include "channel/refusal.h"
#include "channel/text.h"
#include "channel/who.h"

/* So much may be published and not answered; then it is not read from. */
enum { UNANSWERED_MAX = 64, UNANSWERED_BYTES_MAX = 256 << 10 };

struct subscription;
struct pattern;

struct session {
    unsigned refs;
    uint8_t rights; /* on the channel of its URL */
    bool asks : 1;  /* the program is deciding about a command: nothing is read meanwhile */
    bool was_no_json : 1;
    uint16_t renewals;       /* so far: what an earlier token decided does not count (renewal.h) */
    weft_conn *conn;         /* NULL: it is over */
    weft_channels *channels; /* held */
    weft_topic *topic;       /* of its URL, held */
    struct subscription *first;
    struct pattern *patterns;
    size_t n_patterns;
    size_t n_joining;       /* channels that the program is deciding about, for patterns */
    uint64_t patterns_made; /* so far */
    struct grant *grants;
    size_t unanswered, unanswered_bytes;
    char *client; /* NULL: he says no name */
};

void session_unref(struct session *s);

/* Send an object, and free the text. Who cannot take it is closed. */
void session_say(struct session *s, struct text *t);
void session_refuse(struct session *s, weft_bytes id, const struct refusal *why);

/* What he was granted holds for so long yet. */
void session_warn(weft_conn *c, uint64_t left_ms);

/* Read on, or not. */
void session_flow(struct session *s);

struct who session_who(const struct session *s);

/* What he may do with a channel, as far as that is decided. */
unsigned session_rights_on(const struct session *s, weft_bytes channel);

/* The topic of a channel, which becomes the caller's. 0; or -1, and why. */
int session_find(const struct session *s, weft_bytes channel, weft_topic **out,
                 struct refusal *why);

#endif
