/* SPDX-License-Identifier: MIT
 *
 * http/framing.h - how the body of one reply is told from what follows it
 *
 *      BODY_LENGTH        left counts down to 0            bytes as they are
 *      BODY_CHUNKED                                        in chunks, and a last one
 *      BODY_UNTIL_CLOSE   the connection ends with it      bytes as they are
 *      BODY_NONE          there is none
 *
 * A reply that streams keeps this and not the parser (h1_hand_over). Of a reply to HEAD the body is
 * counted and dropped. What a call does not queue whole it does not queue at all: after an error queue and
 * framing are as they were, and the reply may go on, or be given up.
 */
#ifndef HTTP_FRAMING_H
#define HTTP_FRAMING_H

#include "base/outq.h"
#include "http/head.h"
#include <weft/http.h>

struct framing {
    uint64_t left; /* of the declared length; 0 where there is none */
    enum body_kind kind;
    bool is_head; /* the reply is to HEAD */
};

/* length counts with BODY_LENGTH only. */
static inline struct framing framing_of(enum body_kind kind, uint64_t length, bool is_head)
{
    return (struct framing){
        .left = kind == BODY_LENGTH ? length : 0, .kind = kind, .is_head = is_head};
}

/* The next bytes of the body; copies. Errors: WEFT_ERR_STATE (more than there may be), -ENOMEM. */
int framing_write(struct framing *f, struct outq *out, const weft_env *env, const void *data,
                  size_t len);

/* The same by reference: the len bytes behind the first skip of a shared blob. */
int framing_blob(struct framing *f, struct outq *out, const weft_env *env, struct blob *b,
                 size_t skip, size_t len);

/* A piece by reference, chunked or plain. first is a slice of the owner's of the queue, that is free while
 * the queue is empty; then no memory is needed. NULL: there is none. */
int framing_piece(struct framing *f, struct outq *out, weft_piece *p, struct slice *first);

/* The body is complete. Errors: WEFT_ERR_STATE (less than the length: the connection must be dropped),
 * -ENOMEM. */
int framing_end(struct framing *f, struct outq *out, const weft_env *env);

#endif
