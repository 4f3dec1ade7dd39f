/* SPDX-License-Identifier: MIT
 *
 * channel/presence.h - who is on a channel: a set of names, and what has changed in it since it was told
 *
 *            [presence_join]             [presence_leave, the last of his name]
 *      gone -----------------> here -----------------------> leaving -> gone
 *                               ^      [presence_join]          |  [10 s, and then presence_expire]
 *                               '-------------------------------'
 *
 * Who has a name is a member, however many connections he has. A *roster* is what is told of the set at one moment: up
 * to 100 members by name, and of more only how many there are. Two of them have a difference.
 *
 *      {"count":3,"members":[{"client":"ann","verified":false}]}        all who are there
 *      {"count":3,"members":[{"client":"u17","name":"Ann","verified":true}]}   a user, whom the program knows
 *      {"count":4,"join":[{"client":"bob","verified":false}],"leave":[]}   the difference to what was told before
 *      {"count":4000}                                                   more than 100 members
 *
 * Those without a name are counted by somebody else, who hands in how many readers there are: these are all of them,
 * but those that members have, who are counted here.
 *
 * The clock is handed in: milliseconds that never go back. The set has no lock; rosters may be used and freed outside
 * of the one that it is under.
 */
#ifndef CHANNEL_PRESENCE_H
#define CHANNEL_PRESENCE_H

#include <stdatomic.h>

#include "channel/text.h"
#include "channel/who.h"

enum {
    PRESENCE_MEMBERS_MAX = 10000,   /* of a channel */
    PRESENCE_MEMORY_MAX = 16 << 20, /* bytes, of all channels */
    PRESENCE_LISTED_MAX = 100,      /* in a roster */
    PRESENCE_GRACE_MS = 10 * 1000,
};

struct member;

/* Users first, then those who only say who they are; in the order of their names. */
struct presence {
    const weft_env *env;
    atomic_size_t *memory; /* bytes, of all sets that share it */
    struct member **members;
    size_t n, room;
    size_t readers; /* that those who are here have */
    struct member *first_leaving, *last_leaving;
};

void presence_init(struct presence *p, const weft_env *env, atomic_size_t *memory);
void presence_deinit(struct presence *p);

/* One more connection of this name, which reads or does not. NULL: there is no room for the name, or no memory; he
 * counts as one without a name then. What it returns is good until presence_leave. */
struct member *presence_join(struct presence *p, struct who who, bool reads, uint64_t now_ms);
void presence_leave(struct presence *p, struct member *m, bool reads, uint64_t now_ms);

/* Those whose grace is over are gone. */
void presence_expire(struct presence *p, uint64_t now_ms);

/* ---- what is told of it ---------------------------------------------------------------------- */

struct roster {
    const weft_env *env;
    uint64_t count; /* of all, those without a name, too */
    size_t n;       /* members listed, as references */
    bool is_listed; /* if not there are too many */
    struct member *members[PRESENCE_LISTED_MAX];
};

/* As it is now. readers: of the channel, all of them. */
void roster_take(struct roster *r, const struct presence *p, size_t readers);
void roster_free(struct roster *r);

/* What somebody is told who was told nothing before. */
void roster_tell(struct text *to, const struct roster *r);

/* What somebody is told whom old was told. false: nothing, and nothing is written. */
bool roster_differ(struct text *to, const struct roster *old, const struct roster *new);

#endif
