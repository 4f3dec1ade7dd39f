/* SPDX-License-Identifier: MIT
 *
 * channel/scratch.h - where decoded strings lie
 *
 * Whoever reads a text decodes some of its strings, none of which becomes longer by that. So one block as long as the
 * text has room for all of them; it is allocated when the first one needs it, which few do.
 */
#ifndef CHANNEL_SCRATCH_H
#define CHANNEL_SCRATCH_H

#include "channel/hook.h"

struct scratch {
    const weft_env *env;
    uint8_t *data;
    size_t used, size;
};

static inline void scratch_init(struct scratch *s, const weft_env *env, size_t size)
{
    *s = (struct scratch){.env = env, .size = size};
}

static inline void scratch_deinit(struct scratch *s)
{
    hook_free(s->env, s->data);
    s->data = NULL;
}

/* n bytes that stay where they are; NULL: no memory. More than size in all is our mistake, and NULL too. */
static inline uint8_t *scratch_take(struct scratch *s, size_t n)
{
    if (!s->data) s->data = hook_realloc(s->env, NULL, s->size + !s->size);
    if (!s->data || n > s->size - s->used) return NULL;
    s->used += n;
    return s->data + s->used - n;
}

#endif
