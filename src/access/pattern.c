/* SPDX-License-Identifier: MIT
 *
 * access/pattern.c - stars off the end, and what stands in front of them
 */
#include "access/pattern.h"

#include "access/text.h"

/* Takes the stars off its end. */
static enum channel_reach take_stars(weft_bytes *text)
{
    const uint8_t *end = text->data + text->len;
    size_t stars = 0;
    if (text->len >= 3 && !memcmp(end - 3, "/**", 3)) stars = 2;
    else if (text->len >= 2 && !memcmp(end - 2, "/*", 2)) stars = 1;
    text->len -= stars;
    return stars == 2 ? CHANNEL_BELOW : stars ? CHANNEL_LEVEL : CHANNEL_ONE;
}

static bool has(weft_bytes text, const char *what)
{
    return text.len && memmem(text.data, text.len, what, strlen(what));
}

bool channel_pattern_read(struct channel_pattern *out, weft_bytes text, struct why *why)
{
    *out = (struct channel_pattern){.prefix = text};
    if (text.len > CHANNEL_PATTERN_MAX)
        return why_say(why, "the name of a channel has at most %d bytes", CHANNEL_PATTERN_MAX);
    if (!text.len || text.data[0] != '/')
        return why_say(why, "the name of a channel begins with a slash: /chat");
    out->reach = take_stars(&text);
    out->prefix = text;
    if (has(text, "*"))
        return why_say(why,
                       "stars stand only at the end: /quotes/* is one level, /quotes/** all below");
    if (has(text, "//") || has(text, "/."))
        return why_say(why, "no part of a channel's name is empty or begins with a dot");
    if (!text_is_plain(text))
        return why_say(why, "the name of a channel is UTF-8 without control characters");
    if (out->reach == CHANNEL_ONE && text.len > 1 && text.data[text.len - 1] == '/')
        return why_say(
            why, "the name of a channel does not end with a slash; /* behind it is what is below");
    return true;
}

bool channel_pattern_matches(const struct channel_pattern *p, weft_bytes name)
{
    if (p->reach == CHANNEL_ONE) return text_equal(p->prefix, name);
    if (!text_begins(name, p->prefix) || name.len == p->prefix.len) return false;
    weft_bytes rest = text_behind(name, p->prefix.len);
    return p->reach == CHANNEL_BELOW || !memchr(rest.data, '/', rest.len);
}

bool channel_pattern_covers(const struct channel_pattern *a, const struct channel_pattern *b)
{
    if (b->reach == CHANNEL_ONE) return channel_pattern_matches(a, b->prefix);
    if (a->reach == CHANNEL_BELOW) return text_begins(b->prefix, a->prefix);
    return channel_pattern_equal(a, b);
}

bool channel_pattern_equal(const struct channel_pattern *a, const struct channel_pattern *b)
{
    return a->reach == b->reach && text_equal(a->prefix, b->prefix);
}
