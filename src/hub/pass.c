/* SPDX-License-Identifier: MIT
 *
 * hub/pass.c - posts that carry a message from loop to loop, and from other threads to the hub's
 *
 * A post holds a reference to the hub, so freeing the hub while posts are under way leaves them an empty
 * hub, and the last one takes the memory away.
 */
#include "hub/pass.h"

#include <string.h>

#include "hub/hook.h"

struct passed {
    weft_hub *hub;
    struct part *to; /* NULL: the hub publishes it */
    weft_message *message;
    char topic[]; /* with its NUL */
};

static size_t size_of(const weft_message *m)
{
    return weft_message_payload(m).len;
}

/* ---- the post -------------------------------------------------------------------------------- */

static struct passed *new_passed(weft_hub *h, struct part *to, const char *topic, weft_message *m)
{
    size_t size = strlen(topic) + 1;
    struct passed *p = hook_realloc(h->env, NULL, sizeof *p + size);
    if (!p) return NULL;
    *p = (struct passed){.hub = h, .to = to, .message = weft_message_ref(m)};
    memcpy(p->topic, topic, size);
    atomic_fetch_add_explicit(&h->refs, 1, memory_order_relaxed);
    return p;
}

static void free_passed(struct passed *p)
{
    weft_hub *h = p->hub;
    weft_message_unref(p->message);
    hook_free(h->env, p);
    hub_unref(h);
}

static int post(struct passed *p, weft_loop *l, void (*run)(void *arg))
{
    int error = weft_loop_post(l, run, p);
    if (error < 0) free_passed(p);
    return error;
}

/* ---- between loops --------------------------------------------------------------------------- */

static void count(struct part *p, const weft_message *m)
{
    atomic_fetch_add_explicit(&p->waiting, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&p->waiting_bytes, size_of(m), memory_order_relaxed);
}

static void uncount(struct part *p, const weft_message *m)
{
    atomic_fetch_sub_explicit(&p->waiting, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&p->waiting_bytes, size_of(m), memory_order_relaxed);
}

static bool is_behind(const struct part *p)
{
    const weft_hub_config *cfg = &p->hub->cfg;
    return atomic_load_explicit(&p->waiting, memory_order_relaxed) >= cfg->pass_queue_items ||
           atomic_load_explicit(&p->waiting_bytes, memory_order_relaxed) >= cfg->pass_queue_max;
}

static void run_passed(void *arg)
{
    struct passed *p = arg;
    const struct topic *t = part_topic(p->to, p->topic);
    if (t) (void)topic_send(t, p->hub, p->message, NULL);
    uncount(p->to, p->message);
    free_passed(p);
}

static int pass_one(struct part *to, const char *topic, weft_message *m)
{
    struct passed *p = new_passed(to->hub, to, topic, m);
    if (!p) return -ENOMEM;
    count(to, m);
    int error = post(p, to->loop, run_passed);
    if (error < 0) uncount(to, m);
    return error;
}

int pass_on(weft_hub *h, const struct part *mine, const char *topic, weft_message *m, bool limited)
{
    struct part *first = atomic_load_explicit(&h->parts, memory_order_acquire);
    for (const struct part *p = first; limited && p; p = p->next)
        if (pass_wanted(p, mine) && is_behind(p)) return WEFT_ERR_BACKLOG;
    int error = 0;
    for (struct part *p = first; p && !error; p = p->next)
        if (pass_wanted(p, mine)) error = pass_one(p, topic, m);
    return error;
}

/* ---- from other threads ---------------------------------------------------------------------- */

static void run_posted(void *arg)
{
    struct passed *p = arg;
    (void)hub_publish(p->hub, p->topic, p->message);
    free_passed(p);
}

int pass_to_hub(weft_hub *h, const char *topic, weft_message *m)
{
    struct passed *p = new_passed(h, NULL, topic, m);
    return p ? post(p, h->loop, run_posted) : -ENOMEM;
}
