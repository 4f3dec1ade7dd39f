/* SPDX-License-Identifier: MIT
 *
 * channel/command.h - what a client of weft.v1 says: one text message, one object, one command
 *
 *      {"id":1,"subscribe":"/chat","since":"k3f9a2c1.42","last":10}
 *      {"id":2,"unsubscribe":"/chat"}
 *      {"id":3,"publish":"/chat","data":"hi","key":"ACME","once":"K"}
 *      {"id":4,"presence":"/chat","events":true}
 *      {"ping":1}
 *      {"id":5,"token":"eyJhbGciOi..."}
 *
 * What is not known is ignored, so that clients may be newer; but one of these six there must be, and only one. Null
 * is as if it were not there.
 */
#ifndef CHANNEL_COMMAND_H
#define CHANNEL_COMMAND_H

#include "channel/publication.h"

/* Of id, and of what a ping says: as it is written, with quotes and escapes. */
enum { COMMAND_ID_MAX = 128, TOKEN_MAX = 8 << 10 };

enum verb { VERB_SUBSCRIBE, VERB_UNSUBSCRIBE, VERB_PUBLISH, VERB_PRESENCE, VERB_PING, VERB_TOKEN };

/* All zero, but for verb, is what was not said. Texts are parts of the message, or lie in scratch. */
struct command {
    enum verb verb;
    weft_bytes id;      /* JSON, to be echoed as it is; empty: only errors are answered */
    weft_bytes channel; /* in order (channel/name.h); of the first four */
    bool is_pattern;    /* of VERB_SUBSCRIBE and VERB_UNSUBSCRIBE */
    bool has_since;
    weft_position since;
    uint64_t last; /* WEFT_NEVER: all */
    struct publication publication;
    bool has_events, events; /* of VERB_PRESENCE: to look on, or no more */
    weft_bytes ping;         /* JSON, to be echoed as it is */
    weft_bytes token;        /* of VERB_TOKEN: what it is, is the program's to say */
    struct scratch scratch;
};

enum command_result {
    COMMAND_READ,
    COMMAND_REFUSED, /* why says it; id is there, if it could be read */
    COMMAND_NO_JSON, /* the same; and the second of these in a row is one too many */
};

/* max_message: bytes of a payload. To be freed, whatever it returns. */
enum command_result command_read(struct command *c, const weft_env *env, weft_bytes text,
                                 size_t max_message, struct refusal *why);
void command_free(struct command *c);

#endif
