/* SPDX-License-Identifier: MIT
 *
 * channel/channels.c - channels are made, routed, and freed
 */
#include "channel/channels.h"

#include <weft/aux.h>

#include "channel/hook.h"
#include "channel/rates.h"
#include "channel/sse.h"
#include "channel/store.h"

static const weft_topic_settings presets = {.history_items = 100, .stub_ms = 60 * 60 * 1000};

static void preset(uint64_t *value, uint64_t is)
{
    if (!*value) *value = is;
}

static void fill_in_defaults(weft_channels_config *cfg)
{
    preset(&cfg->max_message, 64 << 10);
    preset(&cfg->max_batch, 1 << 20);
    preset(&cfg->publish_ms, 5000);
    preset(&cfg->new_channels, 10);
    if (!cfg->rights) cfg->rights = WEFT_RIGHT_READ | WEFT_RIGHT_WRITE | WEFT_RIGHT_PRESENCE;
}

/* Through the last field of 0.1: these never change (docs/abi.md). */
enum { CONFIG_OLDEST = offsetof(weft_channels_config, user_rate) + sizeof(weft_channel_rate) };
enum { DEFLATE_OLDEST = offsetof(weft_deflate, threshold) + sizeof(size_t) };
_Static_assert(sizeof(void *) != 8 || CONFIG_OLDEST == 192, "as ever");
_Static_assert(CONFIG_OLDEST == sizeof(weft_channels_config), "no padding at the end");

/* ---- the hub --------------------------------------------------------------------------------- */

/* As the program says it, with other defaults. */
static int make_hub(weft_channels *c, weft_loop *l, const weft_hub_config *given, size_t hub_size,
                    size_t settings_size)
{
    weft_hub_config cfg;
    int error =
        weft_sized_take(c->env, "weft_hub_config", &cfg, sizeof cfg, sizeof cfg, given, hub_size);
    if (error) return error;
    if (c->cfg.heartbeat_ms) cfg.silence_ms = c->cfg.heartbeat_ms;
    if (cfg.settings || cfg.settings_of)
        return weft_hub_new_sized(&c->hub, l, &cfg, sizeof cfg, settings_size);
    cfg.settings = &presets;
    return weft_hub_new(&c->hub, l, &cfg);
}

static int take_deflate(weft_channels *c, const weft_deflate *given, size_t size)
{
    if (!given) return 0;
    c->cfg.deflate = &c->deflate;
    return weft_sized_take(c->env, "weft_deflate", &c->deflate, sizeof c->deflate, DEFLATE_OLDEST,
                           given, size);
}

/* ---- life ------------------------------------------------------------------------------------ */

static weft_channels *make(weft_loop *l, const weft_channels_config *cfg)
{
    const weft_env *env = weft_loop_env(l);
    weft_channels *c = hook_realloc(env, NULL, sizeof *c);
    if (!c) return NULL;
    *c = (weft_channels){.refs = 1, .cfg = *cfg};
    if (env) c->copy = *env;
    c->env = env ? &c->copy : NULL;
    pthread_mutex_init(&c->orders_lock, NULL);
    pthread_mutex_init(&c->queue_lock, NULL);
    pthread_mutex_init(&c->passes_lock, NULL);
    desks_init(&c->desks, c->env);
    return c;
}

weft_channels *channels_ref(weft_channels *c)
{
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void channels_unref(weft_channels *c)
{
    if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1) return;
    page_deinit(&c->page, c->env);
    desks_deinit(&c->desks);
    weft_buckets_free(c->buckets);
    pthread_mutex_destroy(&c->orders_lock);
    pthread_mutex_destroy(&c->queue_lock);
    pthread_mutex_destroy(&c->passes_lock);
    weft_hub_free(c->hub);
    hook_free(c->env, c);
}

void weft_channels_free(weft_channels *c)
{
    if (!c) return;
    weft_timer_free(c->reaper);
    store_end(c);
    channels_unref(c);
}

enum { REAP_MS = 60000 };

static void reap(weft_timer *timer, void *user)
{
    weft_channels *c = user;
    desks_expire(&c->desks, weft_loop_now(c->loop) / 1000);
    weft_timer_start(timer, REAP_MS);
}

int weft_channels_new_sized(weft_channels **out, weft_loop *l, const weft_channels_config *cfg,
                            size_t cfg_size, size_t hub_size, size_t settings_size,
                            size_t deflate_size)
{
    weft_channels_config taken;
    *out = NULL;
    int error = weft_sized_take(weft_loop_env(l), "weft_channels_config", &taken, sizeof taken,
                                CONFIG_OLDEST, cfg, cfg_size);
    if (error) return error;
    fill_in_defaults(&taken);
    weft_channels *c = make(l, &taken);
    if (!c) return -ENOMEM;
    error = rates_open(c);
    if (!error) error = take_deflate(c, taken.deflate, deflate_size);
    if (!error) error = make_hub(c, l, taken.hub, hub_size, settings_size);
    c->cfg.hub = NULL;
    if (!error) error = page_init(&c->page, c->env, taken.page);
    c->cfg.page = c->page.html;
    if (!error) error = weft_timer_new(&c->reaper, l, reap, c);
    if (error) {
        weft_channels_free(c);
        return error;
    }
    weft_timer_start(c->reaper, REAP_MS);
    c->loop = l;
    *out = c;
    return 0;
}

weft_hub *weft_channels_hub(const weft_channels *c)
{
    return c->hub;
}

uint64_t weft_channels_count(const weft_channels *c, weft_channels_counter what)
{
    size_t known = sizeof c->counts / sizeof *c->counts;
    return (size_t)what < known ? __atomic_load_n(&c->counts[what], __ATOMIC_RELAXED) : 0;
}

void channels_tell(const weft_channels *c, const weft_channel_event *e)
{
    if (c->cfg.on_event) c->cfg.on_event(e, c->cfg.user);
}

/* ---- what they have in common ---------------------------------------------------------------- */

uint64_t channels_random_ms(const weft_loop *l, uint64_t least, uint64_t most)
{
    return least + weft_backoff_ms(l, 0, most - least, most - least);
}

uint64_t channels_retry_ms(const weft_loop *l)
{
    return channels_random_ms(l, SSE_RETRY_MIN_MS, SSE_RETRY_MAX_MS);
}
