/* SPDX-License-Identifier: MIT
 *
 * hub/log.c - a ring that doubles and halves, and beside it the newest of each key
 */
#include "hub/log.h"

#include <string.h>

#include "hub/hook.h"

enum { MIN_CAP = 4 };

static uint64_t cost_of(const struct entry *e)
{
    return entry_cost(e->seen.message);
}

static void leave(struct leaving *to, struct entry *e)
{
    e->next = to->first;
    to->first = e;
}

void leaving_free(struct leaving *from)
{
    for (struct entry *e = from->first, *next; e; e = next) {
        next = e->next;
        entry_unref(e);
    }
    from->first = NULL;
}

/* ---- the ring -------------------------------------------------------------------------------- */

static int resize(struct log *l, uint32_t cap)
{
    struct entry **ring = hook_realloc(l->env, NULL, cap * sizeof *ring);
    if (!ring) return -ENOMEM;
    for (uint64_t o = log_tail(l) + 1; o <= l->head; o++) ring[o & (cap - 1)] = log_at(l, o);
    hook_free(l->env, l->ring);
    l->ring = ring;
    l->cap = cap;
    return 0;
}

int log_reserve(struct log *l, uint32_t n)
{
    uint32_t cap = l->cap ? l->cap : MIN_CAP;
    if (l->n + n <= l->cap) return 0;
    while (cap < l->n + n) cap *= 2;
    return resize(l, cap);
}

static void give_back(struct log *l)
{
    if (l->cap > MIN_CAP && l->n < l->cap / 4) (void)resize(l, l->cap / 2);
}

void log_push(struct log *l, struct entry *e)
{
    l->n++;
    e->seen.offset = ++l->head;
    l->bytes += cost_of(e);
    e->sum = l->sum += cost_of(e);
    l->ring[l->head & (l->cap - 1)] = e;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static weft_bytes key_of(const void *item)
{
    const struct entry *e = item;
    return e->seen.key;
}

static int make_keys(struct log *l, const uint8_t *secret)
{
    l->keys = hook_realloc(l->env, NULL, sizeof *l->keys);
    if (!l->keys) return -ENOMEM;
    *l->keys = (struct map){.env = l->env, .key = secret, .name = key_of};
    return 0;
}

static void outlive(struct log *l, struct entry *e)
{
    l->beside += cost_of(e);
    e->outlived = true;
    e->next = NULL;
    e->previous = l->newest_outlived;
    *(e->previous ? &e->previous->next : &l->outlived) = e;
    l->newest_outlived = e;
}

void log_outlived(struct log *l, struct entry *e, uint64_t offset)
{
    e->seen.offset = offset;
    outlive(l, e);
}

static void take_off(struct log *l, struct entry *e)
{
    *(e->previous ? &e->previous->next : &l->outlived) = e->next;
    *(e->next ? &e->next->previous : &l->newest_outlived) = e->previous;
    l->beside -= cost_of(e);
    e->outlived = false;
}

static void outlive_no_more(struct log *l, struct entry *e, struct leaving *to)
{
    take_off(l, e);
    leave(to, e);
}

static void supersede(struct log *l, struct entry *old, struct leaving *to)
{
    atomic_store_explicit(&old->superseded, true, memory_order_relaxed);
    old->keyed = false;
    if (old->outlived) outlive_no_more(l, old, to);
}

int log_key(struct log *l, struct entry *e, const uint8_t *secret, uint64_t max_keys,
            struct leaving *to)
{
    if (!l->keys && make_keys(l, secret) < 0) return -ENOMEM;
    uint64_t hash = map_hash(l->keys, e->seen.key);
    struct entry *old = map_find(l->keys, hash, e->seen.key);
    if (!old && l->keys->n >= max_keys) return -ENOSPC;
    if (!old && map_add(l->keys, hash, e) < 0) return -ENOMEM;
    if (old) {
        map_replace(l->keys, hash, old, e);
        supersede(l, old, to);
    }
    e->keyed = true;
    return 0;
}

/* Those whose keys are new to the map, and to seen, which they are added to; NULL: who is twice is counted twice.
 * -ENOMEM. */
static int count_new(const struct map *keys, struct map *seen, struct entry *const *e, size_t n,
                     size_t *added)
{
    *added = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = map_hash(keys, e[i]->seen.key);
        if (map_find(keys, hash, e[i]->seen.key)) continue;
        if (seen && map_find(seen, hash, e[i]->seen.key)) continue;
        if (seen && map_add(seen, hash, e[i]) < 0) return -ENOMEM;
        ++*added;
    }
    return 0;
}

/* How many, exactly: only where that decides. */
static int count_each_once(const struct map *keys, struct entry *const *e, size_t n, size_t *added)
{
    struct map seen = {.env = keys->env, .key = keys->key, .name = key_of};
    int error = count_new(keys, &seen, e, n, added);
    map_deinit(&seen);
    return error;
}

int log_reserve_keys(struct log *l, struct entry *const *e, size_t n, const uint8_t *secret,
                     uint64_t max_keys)
{
    size_t added;
    if (!l->keys && make_keys(l, secret) < 0) return -ENOMEM;
    int error = count_new(l->keys, NULL, e, n, &added);
    if (l->keys->n + added > max_keys) error = count_each_once(l->keys, e, n, &added);
    if (error) return error;
    if (l->keys->n + added > max_keys) return -ENOSPC;
    return map_reserve(l->keys, added);
}

/* ---- out ------------------------------------------------------------------------------------- */

static struct entry *take_oldest(struct log *l)
{
    struct entry *e = log_at(l, log_tail(l) + 1);
    l->n--;
    l->bytes -= cost_of(e);
    return e;
}

void log_drop(struct log *l, struct leaving *to)
{
    struct entry *e = take_oldest(l);
    if (e->keyed) outlive(l, e);
    else leave(to, e);
    give_back(l);
}

/* Those that stay in the ring keep theirs. */
static void forget_key(struct log *l, const struct entry *e)
{
    if (e->keyed) map_remove(l->keys, map_hash(l->keys, e->seen.key), e);
}

static void clear_oldest(struct log *l, struct leaving *to)
{
    struct entry *e = take_oldest(l);
    forget_key(l, e);
    leave(to, e);
    give_back(l);
}

void log_clear(struct log *l, uint64_t end, struct leaving *to)
{
    while (l->outlived) {
        forget_key(l, l->outlived);
        outlive_no_more(l, l->outlived, to);
    }
    while (l->n && log_tail(l) + 1 < end) clear_oldest(l, to);
    l->cleared = log_tail(l);
}

void log_deinit(struct log *l)
{
    struct leaving all = {0};
    log_clear(l, UINT64_MAX, &all);
    leaving_free(&all);
    if (l->keys) map_deinit(l->keys);
    hook_free(l->env, l->keys);
    l->keys = NULL;
    hook_free(l->env, l->ring);
    l->ring = NULL;
    l->cap = 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static struct entry *in_ring(const struct log *l, uint64_t next, uint64_t end, bool skips)
{
    if (next <= log_tail(l)) next = log_tail(l) + 1;
    if (end > l->head + 1) end = l->head + 1;
    while (next < end && entry_is_skipped(log_at(l, next), skips)) next++;
    return next < end ? log_at(l, next) : NULL;
}

static struct entry *from(const struct log *l, struct entry *outlived, uint64_t end, bool skips)
{
    if (!outlived) return in_ring(l, 0, end, skips);
    return outlived->seen.offset < end ? outlived : NULL;
}

struct entry *log_after(const struct log *l, uint64_t offset, uint64_t end, bool skips)
{
    if (offset >= l->head) return NULL;
    if (offset >= log_tail(l)) return in_ring(l, offset + 1, end, skips);
    struct entry *e = l->outlived;
    while (e && e->seen.offset <= offset) e = e->next;
    return from(l, e, end, skips);
}

struct entry *log_next(const struct log *l, const struct entry *e, uint64_t end, bool skips)
{
    return e->outlived ? from(l, e->next, end, skips) : in_ring(l, e->seen.offset + 1, end, skips);
}

uint64_t log_newest(const struct log *l, uint64_t n, bool skips)
{
    uint64_t tail = log_tail(l), offset = l->head;
    if (!skips) return n < l->n ? l->head - n : tail;
    for (; n && offset > tail; offset--)
        if (!entry_is_skipped(log_at(l, offset), true)) n--;
    if (!n) return offset;
    const struct entry *e = l->newest_outlived;
    for (; n && e; e = e->previous, n--) offset = e->seen.offset - 1;
    return offset;
}
