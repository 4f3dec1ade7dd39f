/* SPDX-License-Identifier: MIT
 *
 * channel/session.h - a WebSocket with the subprotocol weft.v1: commands in, answers and envelopes out
 *
 *      text -> command -> subscribe:  a reader of its own       -> ok, and then what it reads
 *                         publish:    a parcel for the store    -> ok, when that is confirmed
 *                         presence:   an onlooker               -> ok, and then who comes and goes
 *
 * Counted: the connection holds it, and so does each parcel that is under way.
 */
#ifndef CHANNEL_SESSION_H
#define CHANNEL_SESSION_H

#include "channel/command.h"
#include "channel/socket.h"

/* So much may be published and not answered; then it is not read from. */
enum { UNANSWERED_MAX = 64, UNANSWERED_BYTES_MAX = 256 << 10 };

struct subscription;
struct pattern;

/* What he may do with another channel than his URL's. */
struct grant {
    struct grant *next;
    unsigned rights;
    struct name name;
};

struct session {
    unsigned refs;
    struct socket *socket; /* NULL: it is over */
    weft_conn *conn;
    weft_channels *channels; /* held */
    struct subscription *first;
    struct pattern *patterns;
    size_t n_joining;       /* channels that the program is deciding about, for patterns */
    uint64_t patterns_made; /* so far */
    struct grant *grants;
    bool asks; /* the program is deciding about a command: nothing is read meanwhile */
    size_t unanswered, unanswered_bytes;
    bool was_no_json;
    char *client; /* NULL: he has no name */
};

/* On an open connection. */
void session_begin(struct socket *socket, weft_conn *c);
void session_hears(struct session *s, weft_opcode op, weft_bytes text);
void session_has_room(struct session *s);
void session_leaves(struct session *s, uint64_t return_ms);
void session_ends(struct session *s);

void session_unref(struct session *s);

/* Send an object, and free the text. Who cannot take it is closed. */
void session_say(struct session *s, struct text *t);
void session_refuse(struct session *s, weft_bytes id, const struct refusal *why);

/* Read on, or not. */
void session_flow(struct session *s);

/* What is said of each command, and done. */
void session_subscribe(struct session *s, const struct command *c);
void session_unsubscribe(struct session *s, const struct command *c);
void session_publish(struct session *s, const struct command *c);
void session_presence(struct session *s, const struct command *c);

/* He looks on from now on, and is told what he sees: *now gets it, or if it is NULL he is. As board_join. */
int session_look_on(struct session *s, weft_topic *t, struct text *now);
void session_look_away(struct session *s, weft_bytes channel);

/* The topic of a channel, which becomes the caller's. 0; or -1, and why. */
int session_find(const struct session *s, weft_bytes channel, weft_topic **out,
                 struct refusal *why);

/* What a channel is read for: somebody has named it, or a pattern means it. */
enum { FOR_ITSELF = 1, FOR_PATTERN = 2 };

/* A reader for a topic, from where since says. 0, or as weft_reader_begin, and -ENOSPC: it has too many. Who is
 * subscribed already stays as he is, for that, too: *seek is where he is. */
int session_read(struct session *s, weft_topic *t, const weft_since *since, unsigned for_what,
                 weft_seek *seek);

/* Whether he reads it already; if so, for that, too. */
bool session_reads(struct session *s, weft_bytes channel, unsigned for_what);

/* He reads those for which is_it is true no more for that; and not at all, where there is nothing else. */
void session_leave(struct session *s, bool (*is_it)(weft_bytes channel, weft_bytes name),
                   weft_bytes name, unsigned for_what);

/* Whether there is room for another subscription. Each channel that is read is one, and so is each pattern. */
bool session_has_place(const struct session *s);
int session_refuse_more(struct refusal *why);

/* A command that is in order: done, or when it is decided that he may. text: what it was read from. */
void session_decide(struct session *s, const struct command *c, weft_bytes text);
void session_forget_grants(struct session *s);
void session_keep_grant(struct session *s, const struct name *name, unsigned rights);

/* What he may do with it, as far as that is decided. */
unsigned session_rights_on(const struct session *s, weft_bytes channel);

/* Do it. */
void session_obey(struct session *s, const struct command *c);

#endif
