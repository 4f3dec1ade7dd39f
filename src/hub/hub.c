/* SPDX-License-Identifier: MIT
 *
 * hub/hub.c - topics on the public API only: include/weft/hub.h
 *
 *      weft_publish ---> my part ------> topic ---> its edges ---> member ---> weft_deliver
 *           |          (hub/part.h)   (hub/topic.h) (hub/edges.h)    |
 *           |                                                        +-- hangs on the weft_conn
 *           +-- pass --> part of another loop ---> ...                   as a weft_link
 *             (hub/pass.h)
 *
 * With one loop there is one part. Another is made when the first connection of another loop subscribes.
 *
 * Threads: a part belongs to its loop's thread; what others touch is atomic. weft_publish_post touches
 * only the env, the counter and what never changes after weft_hub_new.
 */
#include <string.h>

#include "hub/hook.h"
#include "hub/pass.h"

static bool is_name(const weft_hub *h, const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= h->cfg.max_topic_len;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static struct part *first_part(const weft_hub *h)
{
    return atomic_load_explicit(&h->parts, memory_order_acquire);
}

/* The calling thread's; NULL: nobody has subscribed on its loop, or it has none. */
static struct part *my_part(const weft_hub *h)
{
    struct part *p = first_part(h);
    while (p && !weft_loop_is_mine(p->loop)) p = p->next;
    return p;
}

static int add_part(weft_hub *h, weft_loop *l, struct part **out)
{
    int error = part_new(out, h, l);
    if (error < 0) return error;
    struct part *p = *out;
    p->next = atomic_load_explicit(&h->parts, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&h->parts, &p->next, p, memory_order_acq_rel,
                                                  memory_order_relaxed))
        continue;
    return 0;
}

static int find_or_add_part(weft_hub *h, const weft_conn *c, struct part **out)
{
    *out = member_part(h, c);
    if (*out) return 0;
    weft_loop *l = weft_conn_loop(c);
    struct part *p = first_part(h);
    while (p && p->loop != l) p = p->next;
    *out = p;
    return p ? 0 : add_part(h, l, out);
}

/* ---- the hub --------------------------------------------------------------------------------- */

void hub_unref(weft_hub *h)
{
    if (atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) != 1) return;
    for (struct part *p = first_part(h), *next; p; p = next) {
        next = p->next;
        part_free(p);
    }
    hook_free(h->env, h);
}

static size_t or_default(size_t value, size_t preset)
{
    return value ? value : preset;
}

static void fill_in_defaults(weft_hub_config *cfg)
{
    cfg->max_topics = or_default(cfg->max_topics, 1000000);
    cfg->max_topics_per_conn = or_default(cfg->max_topics_per_conn, 128);
    cfg->max_topic_len = or_default(cfg->max_topic_len, 255);
    cfg->pass_queue_max = or_default(cfg->pass_queue_max, 512 << 10);
    cfg->pass_queue_items = or_default(cfg->pass_queue_items, 1024);
}

/* The last field of 0.1 is the last one still: base/sized.h. */
enum { CONFIG_OLDEST = offsetof(weft_hub_config, pass_queue_items) + sizeof(size_t) };
_Static_assert(sizeof(void *) != 8 || CONFIG_OLDEST == 48, "as ever");
_Static_assert(CONFIG_OLDEST == sizeof(weft_hub_config), "no padding at the end");

static weft_hub *make(weft_loop *l, const weft_hub_config *cfg)
{
    const weft_env *env = weft_loop_env(l);
    weft_hub *h = hook_realloc(env, NULL, sizeof *h);
    if (!h) return NULL;
    *h = (weft_hub){.refs = 1, .loop = l, .cfg = *cfg};
    if (env) h->copy = *env;
    h->env = env ? &h->copy : NULL;
    return h;
}

int weft_hub_new_sized(weft_hub **out, weft_loop *l, const weft_hub_config *cfg, size_t cfg_size)
{
    weft_hub_config taken;
    *out = NULL;
    int error = weft_sized_take(weft_loop_env(l), "weft_hub_config", &taken, sizeof taken,
                                CONFIG_OLDEST, cfg, cfg_size);
    if (error < 0) return error;
    fill_in_defaults(&taken);
    weft_hub *h = make(l, &taken);
    if (!h) return -ENOMEM;
    struct part *p;
    error = add_part(h, l, &p);
    if (error < 0) hook_free(h->env, h);
    else *out = h;
    return error;
}

void weft_hub_free(weft_hub *h)
{
    if (!h) return;
    for (struct part *p = first_part(h); p; p = p->next) part_forget_all(p);
    hub_unref(h);
}

uint64_t weft_hub_count(const weft_hub *h, weft_hub_counter what)
{
    return what == WEFT_HUB_DROPPED ? atomic_load_explicit(&h->dropped, memory_order_relaxed) : 0;
}

size_t weft_topics(const weft_hub *h)
{
    const struct part *p = my_part(h);
    return p ? p->topics.n : 0;
}

size_t weft_subscribers(const weft_hub *h, const char *topic)
{
    const struct part *p = my_part(h);
    const struct topic *t = p ? part_topic(p, topic) : NULL;
    return t ? t->subscribers.n : 0;
}

/* ---- subscribe ------------------------------------------------------------------------------- */

int weft_subscribe(weft_hub *h, weft_conn *c, const char *topic)
{
    if (!is_name(h, topic)) return -EINVAL;
    struct part *p;
    int error = find_or_add_part(h, c, &p);
    return error < 0 ? error : part_subscribe(p, c, topic);
}

int weft_unsubscribe(weft_hub *h, weft_conn *c, const char *topic)
{
    return member_unsubscribe(h, c, topic);
}

void weft_unsubscribe_all(weft_hub *h, weft_conn *c)
{
    member_unsubscribe_all(h, c);
}

/* ---- publish --------------------------------------------------------------------------------- */

/* Where a message goes: to the others, and to who is subscribed on this thread's loop. */
struct route {
    const struct part *mine;
    const struct topic *here; /* NULL: nobody */
};

static struct route find_route(const weft_hub *h, const char *topic)
{
    const struct part *mine = my_part(h);
    return (struct route){mine, mine ? part_topic(mine, topic) : NULL};
}

static bool leads_nowhere(const weft_hub *h, const struct route *r)
{
    const struct part *p = first_part(h);
    while (p && !pass_wanted(p, r->mine)) p = p->next;
    return !p && !r->here;
}

static int publish(weft_hub *h, const struct route *r, const char *topic, weft_message *m,
                   const weft_conn *except, bool limited)
{
    int error = pass_on(h, r->mine, topic, m, limited);
    if (error < 0) return error;
    return r->here ? topic_send(r->here, h, m, except) : 0;
}

int hub_publish(weft_hub *h, const char *topic, weft_message *m)
{
    struct route r = find_route(h, topic);
    return publish(h, &r, topic, m, NULL, false);
}

int weft_publish_message(weft_hub *h, const char *topic, weft_message *m, const weft_conn *except)
{
    if (!is_name(h, topic)) return -EINVAL;
    struct route r = find_route(h, topic);
    return publish(h, &r, topic, m, except, true);
}

int weft_publish(weft_hub *h, const char *topic, weft_opcode op, const void *data, size_t len)
{
    if (op != WEFT_TEXT && op != WEFT_BINARY) return -EINVAL;
    if (!is_name(h, topic)) return -EINVAL;
    struct route r = find_route(h, topic);
    if (leads_nowhere(h, &r)) return 0;

    weft_message *m;
    int error = weft_message_new(&m, h->env, op, data, len);
    if (error < 0) return error;
    int queued = publish(h, &r, topic, m, NULL, true);
    weft_message_unref(m);
    return queued;
}

int weft_publish_post(weft_hub *h, const char *topic, weft_message *m)
{
    if (!is_name(h, topic)) return -EINVAL;
    return pass_to_hub(h, topic, m);
}
