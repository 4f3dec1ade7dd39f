/* SPDX-License-Identifier: MIT
 *
 * net/slots.h - names for what comes and goes: an id is a slot and its generation
 *
 *      63          32 31      24 23         0
 *      generation     loop       slot
 *
 * Every lane has a slot. A generation belongs to one exchange: it moves on when that has ended, and whoever
 * kept the id holds a stale one, which finds nothing. Generations begin at 1: no id is 0. Free slots are taken
 * oldest first, so that a slot's generations last as long as they can.
 *
 * A client's WebSocket, or pipe, is there before its lane, and may try several: so it has a slot of its own.
 */
#ifndef NET_SLOTS_H
#define NET_SLOTS_H

#include <weft/conn.h>

enum slot_kind { SLOT_FREE, SLOT_LANE, SLOT_CLIENT, SLOT_PIPE };

struct slot {
    union {
        void *thing; /* a struct lane, a weft_conn, or a weft_pipe */
        size_t next_free;
    };
    uint32_t generation;
    uint32_t kind : 8;   /* enum slot_kind */
    uint32_t since : 24; /* when that came, in units of SLOT_TIME */
};

enum { SLOT_TIME = 250 /* ms */, SLOT_AGE_MAX = (1 << 24) - 1 /* 48 days */ };

struct slots {
    struct slot *table;
    uint32_t n;                     /* of the table */
    uint32_t first_free, last_free; /* first_free == n: none is */
    uint8_t loop;                   /* whose ids these are, among its siblings */
};

/* Less than spread, another for each slot: so that those who opened together do not do the same thing together. */
static inline uint64_t slot_spread(uint32_t slot, uint64_t spread)
{
    return spread ? (slot * UINT64_C(2654435761) >> 7) % spread : 0;
}

/* 0 or -ENOMEM. */
int slots_add(struct slots *s, const weft_env *env, enum slot_kind kind, void *thing,
              uint32_t *slot);
void slots_remove(struct slots *s, uint32_t slot);

/* The exchange that had the slot has ended: its id is stale from now on. */
void slots_renew(struct slots *s, uint32_t slot);

/* What is at a place from 0 to n, for who looks at all of them; NULL: nothing of that kind. */
void *slots_at(const struct slots *s, uint32_t slot, enum slot_kind kind);

weft_id slots_id(const struct slots *s, uint32_t slot);

/* NULL: a stale id, another loop's, or another kind's. */
void *slots_find(const struct slots *s, weft_id id, enum slot_kind kind);

/* The loop that an id is of, among its siblings. */
uint8_t slots_loop_in(weft_id id);

#endif
