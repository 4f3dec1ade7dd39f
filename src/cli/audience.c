/* SPDX-License-Identifier: MIT
 *
 * cli/audience.c - a publisher asks all who listen whether they keep up
 *
 * A question counts the answers that are due, and its own asking as one more. Whoever gives the last one sends it back
 * to the asker's thread. It lives as long as somebody owes it an answer, or the asker waits.
 */
#include "cli/audience.h"

#include <errno.h>
#include <search.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct audience {
    const char *topic; /* behind it, in the same block */
    struct listener *first;
};

struct question {
    struct audiences *all;
    weft_loop *loop; /* of who asked */
    weft_id asker;
    atomic_size_t due;
    atomic_int refs;  /* the asker, and those that are due */
    atomic_bool late; /* the asker went on without the answers that are due */
};

struct answer {
    struct answer *next;
    struct question *question;
};

/* ---- who is there ---------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct audience *)a)->topic, ((const struct audience *)b)->topic);
}

void audiences_init(struct audiences *a)
{
    pthread_mutex_init(&a->lock, NULL);
    a->by_topic = NULL;
}

void audiences_deinit(struct audiences *a)
{
    pthread_mutex_destroy(&a->lock);
}

static struct audience *new_audience(const char *topic)
{
    size_t size = strlen(topic) + 1;
    struct audience *made = malloc(sizeof *made + size);
    if (!made) return NULL;
    *made = (struct audience){.topic = memcpy(made + 1, topic, size)};
    return made;
}

static struct audience *find_or_add(struct audiences *a, const char *topic)
{
    struct audience key = {.topic = topic};
    struct audience **found = tfind(&key, &a->by_topic, compare);
    if (found) return *found;
    struct audience *made = new_audience(topic);
    if (made && tsearch(made, &a->by_topic, compare)) return made;
    free(made);
    return NULL;
}

static void push(struct audience *to, struct listener *l)
{
    l->audience = to;
    l->next = to->first;
    if (to->first) to->first->previous = l;
    to->first = l;
}

static void take_out(struct audiences *a, struct listener *l)
{
    struct audience *from = l->audience;
    if (l->next) l->next->previous = l->previous;
    if (l->previous) l->previous->next = l->next;
    else from->first = l->next;
    l->audience = NULL;
    if (from->first) return;
    tdelete(from, &a->by_topic, compare);
    free(from);
}

int audience_join(struct audiences *a, struct listener *l, weft_conn *c, const char *topic)
{
    *l = (struct listener){
        .conn = c,
        .loop = weft_conn_loop(c),
        .id = weft_conn_id(c),
        .all = a,
    };
    pthread_mutex_lock(&a->lock);
    struct audience *audience = find_or_add(a, topic);
    if (audience) push(audience, l);
    pthread_mutex_unlock(&a->lock);
    return audience ? 0 : -ENOMEM;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void unref(struct question *q)
{
    if (atomic_fetch_sub_explicit(&q->refs, 1, memory_order_acq_rel) == 1) free(q);
}

/* The asker waits no longer. */
static void take_back(struct listener *l)
{
    if (!l->question) return;
    weft_timer_stop(l->patience);
    unref(l->question);
    l->question = NULL;
}

/* In the asker's thread: all have answered. */
static void on_answered(weft_conn *c, void *arg)
{
    struct question *q = arg;
    struct listener *l = c ? q->all->listener_of(c) : NULL;
    if (l && l->question == q) {
        take_back(l);
        l->all->go_on(l);
    }
    unref(q);
}

/* Without memory for the way back the asker goes on when its patience is over. */
static void count_answer(struct question *q)
{
    if (atomic_fetch_sub_explicit(&q->due, 1, memory_order_acq_rel) != 1) return;
    if (weft_conn_call(q->loop, q->asker, on_answered, q) < 0) unref(q);
}

static void give(struct answer *a)
{
    count_answer(a->question);
    free(a);
}

/* Who owed an answer when an asker lost its patience. */
static bool is_slow(const struct listener *l)
{
    for (const struct answer *a = l->owed; a; a = a->next)
        if (atomic_load_explicit(&a->question->late, memory_order_relaxed)) return true;
    return false;
}

static bool keeps_up(weft_conn *c)
{
    return !weft_conn_is_open(c) || !weft_backlogged(c);
}

/* In the listener's thread. */
static void on_asked(weft_conn *c, void *arg)
{
    struct answer *a = arg;
    struct listener *l = c ? a->question->all->listener_of(c) : NULL;
    if (!l || keeps_up(c) || is_slow(l)) {
        give(a);
        return;
    }
    a->next = l->owed;
    l->owed = a;
}

void audience_drained(struct listener *l)
{
    for (struct answer *a = l->owed, *next; a; a = next) {
        next = a->next;
        give(a);
    }
    l->owed = NULL;
}

/* ---- the question ---------------------------------------------------------------------------- */

static void on_patience(weft_timer *t, void *user)
{
    (void)t;
    struct listener *l = user;
    if (!l->question) return;
    atomic_store_explicit(&l->question->late, true, memory_order_relaxed);
    take_back(l);
    l->all->go_on(l);
}

/* Who cannot be asked is not waited for. */
static void ask_one(struct question *q, const struct listener *l)
{
    struct answer *a = malloc(sizeof *a);
    if (!a) return;
    *a = (struct answer){.question = q};
    atomic_fetch_add_explicit(&q->due, 1, memory_order_relaxed);
    if (weft_conn_call(l->loop, l->id, on_asked, a) < 0) give(a);
}

static void ask_all(struct question *q, struct listener *asker)
{
    pthread_mutex_lock(&asker->all->lock);
    for (const struct listener *l = asker->audience->first; l; l = l->next) ask_one(q, l);
    pthread_mutex_unlock(&asker->all->lock);
    count_answer(q);
}

static struct question *new_question(struct listener *l)
{
    if (!l->patience && weft_timer_new(&l->patience, l->loop, on_patience, l) < 0) return NULL;
    struct question *q = malloc(sizeof *q);
    if (q)
        *q = (struct question){.all = l->all, .loop = l->loop, .asker = l->id, .due = 1, .refs = 2};
    return q;
}

void audience_said(struct listener *l, size_t len)
{
    l->messages++;
    l->bytes += len;
    if (l->messages < AUDIENCE_MESSAGES && l->bytes < AUDIENCE_BYTES) return;
    if (l->question || !l->audience) return;
    l->messages = l->bytes = 0;
    l->question = new_question(l);
    if (!l->question) return;
    weft_pause(l->conn);
    weft_timer_start(l->patience, AUDIENCE_PATIENCE);
    ask_all(l->question, l);
}

void audience_leave(struct listener *l)
{
    if (!l->all) return;
    audience_drained(l);
    pthread_mutex_lock(&l->all->lock);
    if (l->audience) take_out(l->all, l);
    pthread_mutex_unlock(&l->all->lock);
    take_back(l);
    weft_timer_free(l->patience);
}
