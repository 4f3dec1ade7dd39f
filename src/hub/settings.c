/* SPDX-License-Identifier: MIT
 *
 * hub/settings.c - how topics behave, as users say it and with the defaults filled in
 *
 * Topics share what they have in common: users' settings are known by their address.
 */
#include <string.h>

#include "hub/hook.h"
#include "hub/settings.h"

static void preset(uint64_t *value, uint64_t is)
{
    if (!*value) *value = is;
}

static void fill_in_defaults(weft_topic_settings *s)
{
    preset(&s->history_bytes, 1 << 20);
    preset(&s->history_ms, 300000);
    preset(&s->window_items, 65536);
    preset(&s->window_bytes, 8 << 20);
    preset(&s->pace, 1 << 20);
    preset(&s->max_keys, 10000);
    if (s->max_rate == WEFT_NEVER) s->max_rate = 0;
}

static struct settings *newest(const weft_hub *h)
{
    return atomic_load_explicit(&h->settings, memory_order_acquire);
}

static struct settings *find(struct settings *s, const weft_topic_settings *given)
{
    while (s && s->given != given) s = s->next;
    return s;
}

/* The last field of 0.1 is the last one still. */
enum { OLDEST = offsetof(weft_topic_settings, stub_ms) + sizeof(uint64_t) };
_Static_assert(OLDEST == sizeof(weft_topic_settings), "no padding at the end");

int settings_add(weft_hub *h, const weft_topic_settings *given)
{
    struct settings *s = hook_realloc(h->env, NULL, sizeof *s);
    if (!s) return -ENOMEM;
    *s = (struct settings){.next = newest(h), .given = given};
    int error = weft_sized_take(h->env, "weft_topic_settings", &s->filled, sizeof s->filled, OLDEST,
                                given, h->settings_size);
    if (error) {
        hook_free(h->env, s);
        return error;
    }
    fill_in_defaults(&s->filled);
    atomic_store_explicit(&h->settings, s, memory_order_release);
    return 0;
}

void settings_free_all(weft_hub *h)
{
    for (struct settings *s = newest(h), *next; s; s = next) {
        next = s->next;
        hook_free(h->env, s);
    }
}

static struct settings *find_or_add(weft_hub *h, const weft_topic_settings *given)
{
    pthread_mutex_lock(&h->settings_lock);
    struct settings *s = find(newest(h), given);
    if (!s && settings_add(h, given) == 0) s = newest(h);
    pthread_mutex_unlock(&h->settings_lock);
    return s;
}

const weft_topic_settings *hub_settings_of(weft_hub *h, const char *topic)
{
    const weft_topic_settings *given =
        h->cfg.settings_of ? h->cfg.settings_of(topic, h->cfg.user) : NULL;
    if (!given) given = h->cfg.settings;
    struct settings *s = find(newest(h), given);
    if (!s) s = find_or_add(h, given);
    return s ? &s->filled : NULL;
}
