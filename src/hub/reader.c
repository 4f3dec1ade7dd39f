/* SPDX-License-Identifier: MIT
 *
 * hub/reader.c - readers come, move between the two arrays, and go
 *
 * Both are dense: the last one takes the free place, and is told. They double, and halve below a quarter.
 */
#include "hub/reader.h"

#include "hub/cursor.h"

#include "hub/hook.h"
#include "hub/silence.h"

static const weft_env *env_of(const struct group *g)
{
    return g->local->topic->hub->env;
}

/* ---- the arrays ------------------------------------------------------------------------------ */

static int resize_readers(struct group *g, uint32_t cap)
{
    weft_reader **readers = hook_realloc(env_of(g), g->readers, cap * sizeof *readers);
    if (!readers && cap) return -ENOMEM;
    g->readers = readers;
    g->cap = cap;
    return 0;
}

static int resize_behind(struct local *l, uint32_t cap)
{
    struct cursor *behind = hook_realloc(l->topic->hub->env, l->behind, cap * sizeof *behind);
    if (!behind && cap) return -ENOMEM;
    l->behind = behind;
    l->cap_behind = cap;
    return 0;
}

static uint32_t more(uint32_t cap)
{
    return cap ? cap * 2 : 1;
}

/* How large an array of n is to be that has room for cap; cap: as it is. */
static uint32_t enough(uint32_t n, uint32_t cap)
{
    return n == 0 ? 0 : n <= cap / 4 ? cap / 2 : cap;
}

static int reserve_readers(struct group *g)
{
    return g->n < g->cap ? 0 : resize_readers(g, more(g->cap));
}

static int reserve_behind(struct local *l)
{
    return l->n_behind < l->cap_behind ? 0 : resize_behind(l, more(l->cap_behind));
}

static void join_readers(struct group *g, weft_reader *r)
{
    r->at = g->n;
    r->state &= READER_ENDED;
    g->readers[g->n++] = r;
}

static void join_behind(struct local *l, weft_reader *r, uint64_t next)
{
    r->at = l->n_behind;
    r->state = READER_BEHIND | (r->state & READER_ENDED);
    if (next < l->least) l->least = next;
    l->behind[l->n_behind++] = (struct cursor){r, next};
}

static void leave_readers(struct group *g, uint32_t at)
{
    g->readers[at] = g->readers[--g->n];
    g->readers[at]->at = at;
    if (enough(g->n, g->cap) != g->cap) (void)resize_readers(g, enough(g->n, g->cap));
}

static void leave_behind(struct local *l, uint32_t at)
{
    l->behind[at] = l->behind[--l->n_behind];
    l->behind[at].reader->at = at;
    if (enough(l->n_behind, l->cap_behind) != l->cap_behind)
        (void)resize_behind(l, enough(l->n_behind, l->cap_behind));
}

int reader_fall_behind(weft_reader *r, uint64_t next)
{
    struct group *g = reader_group(r);
    if (reserve_behind(g->local) < 0) return -ENOMEM;
    leave_readers(g, r->at);
    join_behind(g->local, r, next);
    return 0;
}

int reader_catch_up(weft_reader *r)
{
    struct group *g = reader_group(r);
    if (reserve_readers(g) < 0) return -ENOMEM;
    leave_behind(g->local, r->at);
    join_readers(g, r);
    return 0;
}

/* ---- what they are told ---------------------------------------------------------------------- */

void reader_cannot_stay(weft_reader *r, int error)
{
    if (r->state & READER_ENDED) return;
    r->state |= READER_ENDED;
    hub_counts(reader_hub(r), WEFT_HUB_ENDED, 1);
    reader_group(r)->type->end(r, error);
}

static bool is_his_own(const struct group *g, uint64_t skipped)
{
    return skipped && g->type->render;
}

void *group_render(const struct group *g, struct entry *e, uint64_t skipped)
{
    weft_topic *t = g->local->topic;
    return is_his_own(g, skipped) ? g->type->render(t, &e->seen, skipped)
                                  : entry_render(e, t, g->type);
}

void group_give_back(const struct group *g, void *made, uint64_t skipped)
{
    if (made && is_his_own(g, skipped)) g->type->unref(made);
}

/* ---- groups ---------------------------------------------------------------------------------- */

int reader_group_of(struct group **out, struct local *l, const weft_reader_type *type)
{
    for (*out = l->groups; *out; *out = (*out)->next)
        if ((*out)->type == type) return 0;
    struct group *g = hook_realloc(l->topic->hub->env, NULL, sizeof *g);
    if (!g) return -ENOMEM;
    *g = (struct group){.next = l->groups, .local = l, .type = type};
    l->groups = g;
    *out = g;
    return 0;
}

/* ---- they come and go ------------------------------------------------------------------------ */

static bool is_empty(const struct local *l)
{
    if (l->n_behind) return false;
    for (const struct group *g = l->groups; g; g = g->next)
        if (g->n) return false;
    return true;
}

static void count(weft_topic *t, const weft_reader_type *type, int more)
{
    if (!type->passes) atomic_fetch_add_explicit(&t->readers, (unsigned)more, memory_order_relaxed);
}

/* He is off the link already. */
static void leave(weft_reader *r)
{
    struct local *l = reader_group(r)->local;
    count(l->topic, reader_group(r)->type, -1);
    bool was_behind = r->state & READER_BEHIND;
    if (was_behind) leave_behind(l, r->at);
    else leave_readers(reader_group(r), r->at);
    r->link.owner = NULL;
    if (was_behind) l->stale = true;
    if (is_empty(l)) local_leave(l);
    else if (was_behind) local_again(l);
}

static void on_gone(weft_link *link)
{
    weft_reader *r = (weft_reader *)link; /* its first member */
    const weft_reader_type *type = reader_group(r)->type;
    leave(r);
    if (type->gone) type->gone(r);
}

static void on_drain(weft_link *link)
{
    weft_reader *r = (weft_reader *)link;
    r->state &= (uint16_t)~READER_FULL;
    if (r->state & READER_BEHIND) cursor_has_room(reader_group(r)->local, r->at);
}

const weft_link_type reader_link = {.on_gone = on_gone, .on_drain = on_drain};

/* What he is promised is kept from the same moment on. */
static void seek_and_hold(struct local *l, const weft_since *since, weft_seek *seek)
{
    weft_topic *t = l->topic;
    struct leaving old = {0};
    topic_lock(t);
    topic_expire(t, &old);
    topic_seek(t, since, seek);
    if (seek->at.offset + 1 < l->stand.slowest) l->stand.slowest = seek->at.offset + 1;
    topic_unlock(t);
    leaving_free(&old);
}

static int take_place(struct local *l, weft_reader *r, const weft_reader_type *type,
                      const weft_since *since, weft_seek *seek)
{
    struct group *g;
    int error = reader_group_of(&g, l, type);
    if (!error) error = reserve_readers(g);
    if (!error) error = reserve_behind(l);
    if (!error) error = silence_watch(l, type);
    if (error) return error;
    seek_and_hold(l, since, seek);
    r->link.owner = g;
    if (seek->at.offset + 1 == l->stand.next) join_readers(g, r);
    else join_behind(l, r, seek->at.offset + 1);
    return 0;
}

int weft_reader_begin(weft_reader *r, weft_topic *t, weft_loop *loop, const weft_reader_type *type,
                      const weft_since *since, weft_seek *seek)
{
    struct part *p;
    struct local *l;
    weft_seek found;
    int error = part_of(&p, t->hub, loop);
    if (!error) error = local_get(&l, t, p);
    if (error) return error;
    error = take_place(l, r, type, since, &found);
    if (error) {
        if (is_empty(l)) local_leave(l);
        return error;
    }
    r->link.type = &reader_link;
    type->link(r->carrier, &r->link);
    count(t, type, 1);
    if (r->state & READER_BEHIND) local_again(l);
    if (seek) *seek = found;
    return 0;
}

void weft_reader_end(weft_reader *r)
{
    if (!r->link.owner) return;
    reader_group(r)->type->unlink(r->carrier, &r->link);
    leave(r);
}

weft_topic *weft_reader_topic(const weft_reader *r)
{
    return r->link.owner ? reader_group(r)->local->topic : NULL;
}

uint64_t weft_reader_offset(const weft_reader *r)
{
    if (!r->link.owner) return 0;
    const struct local *l = reader_group(r)->local;
    if (r->state & READER_BEHIND) return l->behind[r->at].next - 1;
    return (l->telling ? l->telling : l->stand.next) - 1;
}

/* ---- the end --------------------------------------------------------------------------------- */

static weft_reader *any_reader(const struct local *l)
{
    const struct group *g = l->groups;
    if (l->n_behind) return l->behind[0].reader;
    while (!g->n) g = g->next;
    return g->readers[0];
}

/* A local has at least one reader, and leaves with its last. */
void readers_end_all(weft_topic *t)
{
    while (t->stands) {
        weft_reader *r = any_reader((const struct local *)t->stands);
        const weft_reader_type *type = reader_group(r)->type;
        weft_reader_end(r);
        if (type->gone) type->gone(r);
    }
}
