/* SPDX-License-Identifier: MIT
 *
 * net/slots.c - a table of slots; those that are free wait in line
 */
#include "net/slots.h"

#include <errno.h>

#include "base/alloc.h"

enum { SLOTS_MIN = 16, SLOT_BITS = 24, SLOTS_MAX = 1 << SLOT_BITS };

/* A free slot leads to the next one; the last leads behind the table, to where it will grow. By a quarter: a slot
 * that is free costs as much as one that is not. */
static bool grow(struct slots *s, const weft_env *env)
{
    uint32_t size = s->n + s->n / 4 + SLOTS_MIN;
    if (size > SLOTS_MAX) size = SLOTS_MAX;
    if (size == s->n) return false;
    struct slot *table = mem_realloc(env, s->table, size * sizeof *table);
    if (!table) return false;
    for (uint32_t i = s->n; i < size; i++)
        table[i] = (struct slot){.next_free = i + 1, .generation = 1};
    s->table = table;
    s->last_free = size - 1;
    s->n = size;
    return true;
}

int slots_add(struct slots *s, const weft_env *env, enum slot_kind kind, void *thing,
              uint32_t *slot)
{
    if (s->first_free == s->n && !grow(s, env)) return -ENOMEM;
    *slot = s->first_free;
    struct slot *free = &s->table[*slot];
    s->first_free = (uint32_t)free->next_free;
    free->thing = thing;
    free->kind = kind & 255;
    return 0;
}

void slots_renew(struct slots *s, uint32_t slot)
{
    uint32_t *generation = &s->table[slot].generation;
    *generation += *generation == UINT32_MAX ? 2 : 1;
}

void slots_remove(struct slots *s, uint32_t slot)
{
    slots_renew(s, slot);
    s->table[slot].kind = SLOT_FREE;
    s->table[slot].next_free = s->n;
    if (s->first_free == s->n) s->first_free = slot;
    else s->table[s->last_free].next_free = slot;
    s->last_free = slot;
}

void *slots_at(const struct slots *s, uint32_t slot, enum slot_kind kind)
{
    return s->table[slot].kind == kind ? s->table[slot].thing : NULL;
}

weft_id slots_id(const struct slots *s, uint32_t slot)
{
    return (weft_id)s->table[slot].generation << 32 | (uint32_t)s->loop << SLOT_BITS | slot;
}

uint8_t slots_loop_in(weft_id id)
{
    return (uint8_t)(id >> SLOT_BITS);
}

void *slots_find(const struct slots *s, weft_id id, enum slot_kind kind)
{
    uint32_t slot = (uint32_t)id % SLOTS_MAX;
    if (slots_loop_in(id) != s->loop || slot >= s->n) return NULL;
    return s->table[slot].generation == id >> 32 ? slots_at(s, slot, kind) : NULL;
}
