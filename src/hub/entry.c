/* SPDX-License-Identifier: MIT
 *
 * hub/entry.c - entries and their renderings
 */
#include "hub/entry.h"

#include <string.h>

#include "hub/hook.h"

struct rendering {
    struct rendering *next;
    const weft_reader_type *type;
    void *made;
};

struct entry *entry_new(const weft_env *env, weft_message *m, weft_bytes key)
{
    struct entry *e = hook_realloc(env, NULL, sizeof *e + key.len);
    if (!e) return NULL;
    memset(e, 0, sizeof *e);
    atomic_init(&e->refs, 1);
    e->env = env;
    e->seen.message = weft_message_ref(m);
    if (key.len) memcpy(e->key, key.data, key.len);
    e->seen.key = (weft_bytes){e->key, key.len};
    return e;
}

void entry_unref(struct entry *e)
{
    if (atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) != 1) return;
    entry_forget(atomic_load_explicit(&e->renderings, memory_order_relaxed), e->env);
    weft_message_unref(e->seen.message);
    hook_free(e->env, e);
}

void weft_entry_unref(const weft_entry *e)
{
    if (e) entry_unref(entry_of(e));
}

/* ---- renderings ------------------------------------------------------------------------------ */

static void *find(struct rendering *r, const weft_reader_type *type)
{
    while (r && r->type != type) r = r->next;
    return r ? r->made : NULL;
}

static struct rendering *make(struct entry *e, weft_topic *t, const weft_reader_type *type)
{
    struct rendering *r = hook_realloc(e->env, NULL, sizeof *r);
    void *made = r ? type->render(t, &e->seen, 0) : NULL;
    if (!made) {
        hook_free(e->env, r);
        return NULL;
    }
    *r = (struct rendering){.type = type, .made = made};
    return r;
}

/* Somebody else's, if he was quicker. */
static void *share(struct entry *e, struct rendering *mine)
{
    for (;;) {
        mine->next = atomic_load_explicit(&e->renderings, memory_order_acquire);
        void *made = find(mine->next, mine->type);
        if (made) {
            mine->next = NULL;
            entry_forget(mine, e->env);
            return made;
        }
        if (atomic_compare_exchange_weak_explicit(&e->renderings, &mine->next, mine,
                                                  memory_order_acq_rel, memory_order_acquire))
            return mine->made;
    }
}

void *entry_render(struct entry *e, weft_topic *t, const weft_reader_type *type)
{
    if (!type->render) return e->seen.message;
    void *made = find(atomic_load_explicit(&e->renderings, memory_order_acquire), type);
    if (made) return made;
    struct rendering *mine = make(e, t, type);
    return mine ? share(e, mine) : NULL;
}

void entry_release(struct entry *e, struct rendering **cold)
{
    if (--e->hot) return;
    struct rendering *list = atomic_exchange_explicit(&e->renderings, NULL, memory_order_acq_rel);
    for (struct rendering *next; list; list = next) {
        next = list->next;
        list->next = *cold;
        *cold = list;
    }
}

void entry_forget(struct rendering *list, const weft_env *env)
{
    for (struct rendering *next; list; list = next) {
        next = list->next;
        list->type->unref(list->made);
        hook_free(env, list);
    }
}
