/* SPDX-License-Identifier: MIT
 *
 * cli/channel_flag.c - a pattern, and words between commas, each with a reader in a table
 */
#include "cli/channel_flag.h"

#include "cli/nearest.h"
#include "cli/values.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SETTINGS_MAX = 512, WORD_MAX = 31, RATE_MAX = 1000000 };

static bool fail(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(char *why, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(why, CHANNEL_FLAG_WHY, format, ap);
    va_end(ap);
    return false;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* What stands in front of the separator; *rest: what follows it, or NULL. */
static char *cut(char *text, char separator, char **rest)
{
    char *at = text ? strchr(text, separator) : NULL;
    if (at) *at++ = '\0';
    *rest = at;
    return text;
}

/* At least 1. */
static bool amount(bool parse(const char *text, uint64_t *out), const char *text, uint64_t *out)
{
    return text && parse(text, out) && *out > 0;
}

static bool read_history(struct channel_flag *f, char *value)
{
    char *time, *bytes;
    weft_topic_settings *s = &f->settings;
    if (!value) return false;
    if (strcmp(value, "none") == 0) {
        s->history_items = 0;
        return true;
    }
    value = cut(value, '/', &time);
    time = cut(time, '/', &bytes);
    if (!value_number(value, &s->history_items)) return false;
    if (time && !amount(value_time, time, &s->history_ms)) return false;
    return !bytes || amount(value_size, bytes, &s->history_bytes);
}

static bool read_window(struct channel_flag *f, char *value)
{
    char *bytes, *first = cut(value, '/', &bytes);
    if (!bytes) return amount(value_size, first, &f->settings.window_bytes);
    return amount(value_number, first, &f->settings.window_items) &&
           amount(value_size, bytes, &f->settings.window_bytes);
}

static bool read_pace(struct channel_flag *f, char *value)
{
    if (!value || strcmp(value, "none") != 0) return amount(value_size, value, &f->settings.pace);
    f->settings.pace = WEFT_NEVER;
    return true;
}

static bool read_max_rate(struct channel_flag *f, char *value)
{
    return amount(value_number, value, &f->settings.max_rate) && f->settings.max_rate <= RATE_MAX;
}

static bool read_presence(struct channel_flag *f, char *value)
{
    f->presence = value && strcmp(value, "on") == 0;
    return f->presence || (value && strcmp(value, "off") == 0);
}

static bool set_policy(struct channel_flag *f, const char *value, weft_policy policy)
{
    f->settings.policy = policy;
    return !value;
}

static bool read_queue(struct channel_flag *f, char *value)
{
    return set_policy(f, value, WEFT_POLICY_QUEUE);
}

static bool read_latest(struct channel_flag *f, char *value)
{
    bool key = value && strcmp(value, "key") == 0;
    return set_policy(f, key ? NULL : value, key ? WEFT_POLICY_LATEST_KEY : WEFT_POLICY_LATEST);
}

static bool read_drop_oldest(struct channel_flag *f, char *value)
{
    return set_policy(f, value, WEFT_POLICY_DROP_OLDEST);
}

static bool read_disconnect(struct channel_flag *f, char *value)
{
    return set_policy(f, value, WEFT_POLICY_DISCONNECT);
}

/* ---- settings -------------------------------------------------------------------------------- */

/* Settings of one group exclude each other. */
enum group { POLICY, HISTORY, WINDOW, PACE, MAX_RATE, PRESENCE };

static const struct setting {
    const char *name;
    enum group group;
    bool (*read)(struct channel_flag *f, char *value);
    const char *is; /* what would be right */
} settings[] = {
    {"queue", POLICY, read_queue, "queue, without a value"},
    {"latest", POLICY, read_latest, "latest, or latest=key"},
    {"drop-oldest", POLICY, read_drop_oldest, "drop-oldest, without a value"},
    {"disconnect", POLICY, read_disconnect, "disconnect, without a value"},
    {"history", HISTORY, read_history,
     "history=MESSAGES[/TIME[/BYTES]], such as 100/1h/1M, or history=none"},
    {"window", WINDOW, read_window, "window=[MESSAGES/]BYTES, such as 8M or 65536/8M"},
    {"pace", PACE, read_pace, "pace=BYTES a second, such as 1M, or pace=none"},
    {"max-rate", MAX_RATE, read_max_rate, "max-rate=MESSAGES a second, 1 to 1000000"},
    {"presence", PRESENCE, read_presence, "presence=on, or presence=off"},
};

enum { SETTINGS = sizeof settings / sizeof *settings };

static bool unknown(const char *word, char *why)
{
    struct nearest near = nearest_to(word);
    for (size_t i = 0; i < SETTINGS; i++) nearest_try(&near, settings[i].name);
    if (near.best)
        return fail(why, "there is no setting %.*s; did you mean %s?", WORD_MAX, word, near.best);
    return fail(why,
                "there is no setting %.*s; there are queue, latest, latest=key, drop-oldest, "
                "disconnect, history, window, pace, max-rate and presence",
                WORD_MAX, word);
}

static bool read_setting(struct channel_flag *f, char *word, unsigned *said, char *why)
{
    char *value;
    size_t i = 0;
    if (!*word) return fail(why, "a setting is missing between two commas, or behind the last one");
    word = cut(word, '=', &value);
    while (i < SETTINGS && strcmp(word, settings[i].name) != 0) i++;
    if (i == SETTINGS) return unknown(word, why);
    const struct setting *s = &settings[i];
    if (*said & 1u << s->group)
        return fail(why,
                    s->group == POLICY ? "%s is one policy too many: there is only one"
                                       : "%s is said twice",
                    s->name);
    *said |= 1u << s->group;
    return s->read(f, value) || fail(why, "%s: it is %s", s->name, s->is);
}

static char *trimmed(char *text)
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len && strchr(" \t", text[len - 1])) text[--len] = '\0';
    return text;
}

static bool read_settings(struct channel_flag *f, const char *text, char *why)
{
    char own[SETTINGS_MAX], *rest = own;
    unsigned said = 0;
    if (strlen(text) >= sizeof own) return fail(why, "that is too long");
    strcpy(own, text);
    if (!*trimmed(own)) return true;
    while (rest) {
        char *word = trimmed(cut(rest, ',', &rest));
        if (!read_setting(f, word, &said, why)) return false;
    }
    bool latest =
        f->settings.policy == WEFT_POLICY_LATEST || f->settings.policy == WEFT_POLICY_LATEST_KEY;
    if (said & 1u << MAX_RATE && !latest)
        return fail(why, "max-rate leaves messages out, so it goes with latest or latest=key");
    return true;
}

/* ---- the whole of it --------------------------------------------------------------------------- */

bool channel_flag_parse(struct channel_flag *out, const char *text,
                        const struct channel_flag *usual, char why[CHANNEL_FLAG_WHY])
{
    text += strspn(text, " \t");
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : strlen(text);
    struct why wrong;
    while (len && strchr(" \t", text[len - 1])) len--;
    *out = *usual;
    why[0] = '\0';
    struct channel_pattern pattern;
    if (!channel_pattern_read(&pattern, (weft_bytes){(const uint8_t *)text, len}, &wrong))
        return fail(why, "%s", wrong.text);
    out->prefix_len = pattern.prefix.len;
    out->reach = pattern.reach;
    memcpy(out->prefix, pattern.prefix.data, pattern.prefix.len);
    return read_settings(out, colon ? colon + 1 : "", why);
}

bool channel_flag_matches(const struct channel_flag *f, const char *name)
{
    const struct channel_pattern pattern = {{(const uint8_t *)f->prefix, f->prefix_len}, f->reach};
    return channel_pattern_matches(&pattern, (weft_bytes){(const uint8_t *)name, strlen(name)});
}

const struct channel_flag *channel_flag_find(const struct channel_flag *flags, size_t n,
                                             const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (channel_flag_matches(&flags[i], name)) return &flags[i];
    return NULL;
}
