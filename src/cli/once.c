/* SPDX-License-Identifier: MIT
 *
 * cli/once.c - what is to be said once
 */
#include "cli/once.h"

void once_init(struct once *o)
{
    *o = (struct once){0};
    pthread_mutex_init(&o->lock, NULL);
}

void once_deinit(struct once *o)
{
    pthread_mutex_destroy(&o->lock);
}

/* FNV-1a: two texts that are taken for one do no harm. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *text; text++) hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
    return hash;
}

static bool add(struct once *o, uint64_t hash)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->said[i] == hash) return false;
    if (o->n == ONCE_MAX) return false;
    o->said[o->n++] = hash;
    return true;
}

bool once(struct once *o, const char *text)
{
    pthread_mutex_lock(&o->lock);
    bool is_new = add(o, hash_of(text));
    pthread_mutex_unlock(&o->lock);
    return is_new;
}
