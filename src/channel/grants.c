/* SPDX-License-Identifier: MIT
 *
 * channel/grants.c - a list, the newest first
 */
#include "channel/grants.h"

#include "channel/bytes.h"
#include "channel/hook.h"

enum { GRANTS_MAX = 128 };

static struct grant *find(struct grant *g, weft_bytes channel)
{
    while (g && !bytes_same(channel, name_bytes(&g->name))) g = g->next;
    return g;
}

unsigned grants_on(const struct grant *first, weft_bytes channel)
{
    const struct grant *g = find((struct grant *)(uintptr_t)first, channel);
    return g ? g->rights : 0;
}

static void forget_oldest(struct grant **at, const weft_env *env)
{
    size_t n = 0;
    for (; *at && (*at)->next; at = &(*at)->next) n++;
    if (n + 1 < GRANTS_MAX) return;
    hook_free(env, *at);
    *at = NULL;
}

void grants_keep(struct grant **first, const weft_env *env, const struct name *name,
                 unsigned rights)
{
    struct grant *g = find(*first, name_bytes(name));
    if (g) {
        g->rights = rights;
        return;
    }
    forget_oldest(first, env);
    g = hook_realloc(env, NULL, sizeof *g);
    if (!g) return;
    *g = (struct grant){*first, rights, *name};
    *first = g;
}

void grants_forget(struct grant **first, const weft_env *env)
{
    for (struct grant *g = *first, *next; g; g = next) {
        next = g->next;
        hook_free(env, g);
    }
    *first = NULL;
}
