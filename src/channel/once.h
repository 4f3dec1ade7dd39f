/* SPDX-License-Identifier: MIT
 *
 * channel/once.h - publishing once: what was published under which idempotency key
 *
 *            once_begin
 *                |
 *        ONCE_FIRST -> under way -> answered -> forgotten
 *                         |  [once_answer]    [5 minutes, or 1,000 newer ones]
 *                         +-> forgotten
 *                            [once_fail: nothing was published, so the next try is the first again]
 *
 * A channel has one table. Its keys are bytes that the caller makes of who asks and of what he calls it. A key goes
 * with one body, of which a fingerprint is kept: with another it is refused. What is under way is never forgotten,
 * because others wait for it, and who they are hangs on it as a pointer of the caller's.
 *
 * The clock is handed in: milliseconds that never go back. The table has no lock.
 */
#ifndef CHANNEL_ONCE_H
#define CHANNEL_ONCE_H

#include <weft/topic.h>

enum { ONCE_KEYS_MAX = 1000, ONCE_MS = 5 * 60 * 1000 };

/* One key. Read what is here; the rest is the table's. */
struct once_key {
    void *waiting;    /* the caller's, of what is under way: who waits for its answer */
    weft_position at; /* the answer */
    bool is_answered;

    struct once_key *older, *newer;
    uint64_t hash, body, since_ms;
    size_t place, len;
    uint8_t bytes[];
};

struct once_place {
    uint64_t hash;
    struct once_key *key;
};

/* Keys by age, oldest first; and, in no order, in a dense array with their hashes, which is walked to find one: a
 * thousand numbers are read faster than strangers can make a cleverer table slow. */
struct once_keys {
    const weft_env *env;
    struct once_key *oldest, *newest;
    struct once_place *places;
    size_t n, room;
    size_t memory; /* bytes, of all this */
};

void once_keys_init(struct once_keys *o, const weft_env *env);

/* Nobody waits any more. */
void once_keys_deinit(struct once_keys *o);

enum once_result {
    ONCE_FIRST,     /* publish it, and then once_answer, or once_fail */
    ONCE_UNDER_WAY, /* *key is what to wait for */
    ONCE_ANSWERED,  /* *key has the answer */
    ONCE_OTHER,     /* it was used for another body: 422 */
    ONCE_FULL,      /* all keys that there may be are under way: 503 */
    ONCE_NO_MEMORY
};

/* body: once_fingerprint of what is to be published. *key is good until it is answered or has failed, if it is under
 * way; else until the next call. */
enum once_result once_begin(struct once_keys *o, weft_bytes key, uint64_t body, uint64_t now_ms,
                            struct once_key **out);

/* What was answered in another process, so long ago; later ones are given later. false: no memory, or no room. */
bool once_remember(struct once_keys *o, weft_bytes key, uint64_t body, uint64_t since_ms,
                   const weft_position *at);

/* It was published at this position. Returns who waits. */
void *once_answer(struct once_key *key, const weft_position *at);

/* It was not: forget it. Returns who waits. */
void *once_fail(struct once_keys *o, struct once_key *key);

/* Forget what is too old. Returns when the next will be, or UINT64_MAX. */
uint64_t once_expire(struct once_keys *o, uint64_t now_ms);

/* Continue with 0, or with what it has returned for the part before: of opcode, payload and key, say. Two bodies of one
 * client do not have the same by accident. */
uint64_t once_fingerprint(uint64_t before, weft_bytes part);

#endif
