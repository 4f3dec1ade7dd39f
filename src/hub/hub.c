/* SPDX-License-Identifier: MIT
 *
 * hub/hub.c - the hub: it is made, asked, and freed
 */
#include "hub/core.h"

#include <stddef.h>

#include "hub/hook.h"
#include "hub/lookout.h"
#include "hub/names.h"
#include "hub/part.h"
#include "hub/reader.h"
#include "hub/settings.h"
#include "hub/turns.h"

static size_t or_default(size_t value, size_t is)
{
    return value ? value : is;
}

static void fill_in_defaults(weft_hub_config *cfg)
{
    cfg->max_topics = or_default(cfg->max_topics, 1000000);
    cfg->max_topics_per_conn = or_default(cfg->max_topics_per_conn, 128);
    cfg->max_topic_len = or_default(cfg->max_topic_len, 255);
    cfg->max_stubs = or_default(cfg->max_stubs, 100000);
    if (!cfg->memory_max) cfg->memory_max = 256 << 20;
    if (!cfg->silence_ms) cfg->silence_ms = 15000;
}

/* The last field of 0.1 is the last one still: base/sized.h. */
enum { CONFIG_OLDEST = offsetof(weft_hub_config, silence_ms) + sizeof(uint64_t) };
_Static_assert(CONFIG_OLDEST == sizeof(weft_hub_config), "no padding at the end");

static struct part *parts(const weft_hub *h)
{
    return atomic_load_explicit(&h->parts, memory_order_acquire);
}

static weft_hub *make(weft_loop *l, const weft_hub_config *cfg, size_t settings_size)
{
    const weft_env *env = weft_loop_env(l);
    weft_hub *h = hook_realloc(env, NULL, sizeof *h);
    if (!h) return NULL;
    *h = (weft_hub){.refs = 1, .loop = l, .cfg = *cfg, .settings_size = settings_size};
    if (env) h->copy = *env;
    h->env = env ? &h->copy : NULL;
    pthread_mutex_init(&h->settings_lock, NULL);
    names_init(h);
    lookouts_init(h);
    return h;
}

static int set_up(weft_hub *h)
{
    struct part *p;
    int error = hook_random(h->env, h->secret, sizeof h->secret);
    if (!error) error = settings_add(h, h->cfg.settings);
    if (!error) error = part_of(&p, h, h->loop);
    if (!error) error = weft_timer_new(&h->reaper, h->loop, names_reap, h);
    h->reap.run = names_start_reaper;
    return error;
}

int weft_hub_new_sized(weft_hub **out, weft_loop *l, const weft_hub_config *cfg, size_t cfg_size,
                       size_t settings_size)
{
    weft_hub_config taken;
    *out = NULL;
    int error = weft_sized_take(weft_loop_env(l), "weft_hub_config", &taken, sizeof taken,
                                CONFIG_OLDEST, cfg, cfg_size);
    if (error < 0) return error;
    fill_in_defaults(&taken);
    weft_hub *h = make(l, &taken, settings_size);
    if (!h) return -ENOMEM;
    error = set_up(h);
    if (error < 0) weft_hub_free(h);
    else *out = h;
    return error;
}

void weft_hub_free(weft_hub *h)
{
    if (!h) return;
    weft_timer_free(h->reaper);
    h->reaper = NULL;
    h->closing = true;
    for (struct part *p = parts(h); p; p = p->next) turns_end(p);
    names_hold_all(h);
    names_for_all(h, readers_end_all);
    for (struct part *p = parts(h); p; p = p->next) part_stop(p);
    names_deinit(h);
    hub_unref(h);
}

const weft_env *weft_hub_env(const weft_hub *h)
{
    return h->env;
}

/* ---- counts ---------------------------------------------------------------------------------- */

static uint64_t delivered(const weft_hub *h)
{
    uint64_t sum = 0;
    for (const struct part *p = parts(h); p; p = p->next)
        sum += __atomic_load_n(&p->delivered, __ATOMIC_RELAXED);
    return sum;
}

uint64_t weft_hub_count(const weft_hub *h, weft_hub_counter what)
{
    if (what == WEFT_HUB_MEMORY) return hub_memory(h);
    if (what == WEFT_HUB_DELIVERED) return delivered(h);
    return (unsigned)what < WEFT_HUB_MEMORY
               ? atomic_load_explicit(&h->counts[what], memory_order_relaxed)
               : 0;
}

size_t weft_topics(const weft_hub *h)
{
    return atomic_load_explicit(&h->topics, memory_order_relaxed);
}
