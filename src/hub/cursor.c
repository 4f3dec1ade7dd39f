/* SPDX-License-Identifier: MIT
 *
 * hub/cursor.c - a policy is a decision at the cursor
 */
#include "hub/cursor.h"

#include "hub/reader.h"

/* ---- what he may have ------------------------------------------------------------------------ */

/* Whether a policy spares those who need what the log has dropped; what was cleared is a loss all the same. */
static bool is_spared(const weft_topic *t)
{
    return topic_skips(t) || t->settings->policy == WEFT_POLICY_DROP_OLDEST;
}

/* Under the lock: where one goes on who needs next; and what of that is a loss. */
static uint64_t goes_on_after(const struct local *l, uint64_t next, weft_seek *loss)
{
    const weft_topic *t = l->topic;
    bool newest_only = t->settings->policy == WEFT_POLICY_LATEST;
    uint64_t gone = is_spared(t) ? t->log.cleared : log_tail(&t->log), newest = l->stand.next - 1;
    *loss = (weft_seek){0};
    if (next <= t->renewed) {
        uint64_t at = t->renewed > gone ? t->renewed : gone;
        *loss =
            (weft_seek){topic_position(t, at), topic_position(t, t->log.head), WEFT_LOST_UNKNOWN};
        return at;
    }
    if (newest_only && newest > next && newest > gone) return newest - 1;
    if (next > gone) return next - 1;
    *loss = (weft_seek){topic_position(t, gone), topic_position(t, t->log.head), gone + 1 - next};
    return gone;
}

/* Under the lock: whoever needs what that loss is about has to go. Not for what was dropped on purpose. */
static bool is_too_slow(const weft_topic *t, const weft_seek *loss)
{
    bool is_counted = loss->lost && loss->lost != WEFT_LOST_UNKNOWN;
    return is_counted && t->settings->policy == WEFT_POLICY_DISCONNECT &&
           loss->at.offset > t->log.cleared;
}

/* Under the lock: what he needs who has been told all of b, which was all there is in front of l->stand.next. Where the
 * policy has passed over the last of it, because there is something newer that those who keep up have yet to be told,
 * he waits for that: so that he hears how much he was spared; and where a loss reaches further than they have come. */
static uint64_t when_through(const struct local *l, const struct batch *b)
{
    uint64_t told = b->loss.lost ? b->loss.at.offset : b->after;
    if (b->n) told = b->entries[b->n - 1]->seen.offset;
    return told + 1 > l->stand.next || l->stand.next <= l->topic->log.head ? told + 1
                                                                           : l->stand.next;
}

static void take(const struct local *l, uint64_t next, struct batch *b)
{
    weft_topic *t = l->topic;
    bool skips = topic_skips(t);
    *b = (struct batch){.after = next - 1};
    topic_lock(t);
    uint64_t after = goes_on_after(l, next, &b->loss);
    b->too_slow = is_too_slow(t, &b->loss);
    struct entry *e = log_after(&t->log, after, l->stand.next, skips);
    for (; e && b->n < BATCH; e = log_next(&t->log, e, l->stand.next, skips)) {
        e->hot++;
        batch_add(b, e);
    }
    b->more = e;
    b->next = e ? b->entries[BATCH - 1]->seen.offset + 1 : when_through(l, b);
    topic_unlock(t);
}

/* ---- telling him ----------------------------------------------------------------------------- */

static int tell_loss(weft_reader *r, const weft_seek *loss)
{
    if (!loss->lost) return 0;
    int said = reader_group(r)->type->lost(r, loss);
    if (said >= 0 && loss->lost != WEFT_LOST_UNKNOWN)
        hub_counts(reader_hub(r), WEFT_HUB_LOST, loss->lost);
    return said;
}

static int tell(weft_reader *r, struct entry *e, uint64_t skipped)
{
    const struct group *g = reader_group(r);
    void *made = group_render(g, e, skipped);
    int said = made ? g->type->queue(r, made) : -ENOMEM;
    group_give_back(g, made, skipped);
    if (said < 0) return said;
    hub_counts(reader_hub(r), WEFT_HUB_SKIPPED, skipped);
    part_delivers(g->local->stand.part, 1);
    return said;
}

/* Until he is full, or leaves, or is through. What he said last; *next is what he needs now. */
static int tell_batch(weft_reader *r, const struct batch *b, uint64_t *next)
{
    int said = tell_loss(r, &b->loss);
    if (said < 0) return said;
    uint64_t before = b->loss.lost ? b->loss.at.offset : b->after;
    *next = before + 1;
    for (uint32_t i = 0; i < b->n && said == 0; i++) {
        uint64_t offset = b->entries[i]->seen.offset;
        said = tell(r, b->entries[i], offset - before - 1);
        if (said >= 0) *next = offset + 1;
        before = offset;
    }
    if (said == 0) *next = b->next;
    return said;
}

/* Whether there is more that he could have at once. */
static bool serve(struct local *l, uint32_t at, const struct batch *b)
{
    weft_reader *r = l->behind[at].reader;
    l->stale = true;
    if (b->too_slow) {
        r->state |= READER_FULL;
        reader_cannot_stay(r, WEFT_ERR_BACKLOG);
        return false;
    }
    int said = tell_batch(r, b, &l->behind[at].next);
    if (said) r->state |= READER_FULL;
    if (said == -ENOMEM) reader_cannot_stay(r, said);
    if (said < 0 && said != WEFT_ERR_BACKLOG) r->state |= READER_ENDED;
    return !said && b->more;
}

/* He waits for room, for those who keep up, or for his end. */
static bool waits(const struct local *l, uint32_t at)
{
    return l->behind[at].reader->state != READER_BEHIND || l->behind[at].next > l->stand.next;
}

/* Whether he is one of them again. */
static bool comes_back(struct local *l, uint32_t at)
{
    weft_reader *r = l->behind[at].reader;
    if (waits(l, at) || l->behind[at].next != l->stand.next) return false;
    l->stale = true;
    if (reader_catch_up(r) == 0) return true;
    r->state |= READER_FULL;
    reader_cannot_stay(r, -ENOMEM);
    return false;
}

void cursor_has_room(struct local *l, uint32_t at)
{
    struct batch b;
    if (!waits(l, at) && l->behind[at].next < l->stand.next) {
        take(l, l->behind[at].next, &b);
        (void)serve(l, at, &b);
        batch_let_go(&b, l->topic);
    }
    (void)comes_back(l, at);
    local_again(l);
}

bool cursors_serve(struct local *l)
{
    struct batch b = {.after = WEFT_NEVER};
    bool more = false;
    for (uint32_t i = 0; i < l->n_behind;) {
        if (!waits(l, i) && l->behind[i].next < l->stand.next) {
            if (b.after != l->behind[i].next - 1) {
                batch_let_go(&b, l->topic);
                take(l, l->behind[i].next, &b);
            }
            more |= serve(l, i, &b);
        }
        if (!comes_back(l, i)) i++; /* else another has his place */
    }
    batch_let_go(&b, l->topic);
    return more;
}
