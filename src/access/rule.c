/* SPDX-License-Identifier: MIT
 *
 * access/rule.c - a pattern, a colon, and words; and the search for what counts
 */
#include "access/rule.h"

#include "access/text.h"

/* ---- read ------------------------------------------------------------------------------------ */

static enum who who_of(weft_bytes word)
{
    static const char *const words[] = {"", "anyone", "token", "nobody"};
    enum who w = NOBODY;
    while (w != UNSAID && !text_is(word, words[w])) w--;
    return w;
}

static bool read_word(struct rule *r, weft_bytes word, struct why *why)
{
    weft_bytes value = word, name = text_trimmed(text_cut(&value, '='));
    unsigned right = right_of(name), i = 0;
    enum who who = who_of(text_trimmed(value));
    if (!right)
        return why_say(why,
                       "\"%.*s\" is no right: there are read, write, presence, drop and pattern",
                       (int)(name.len < 32 ? name.len : 32), (const char *)name.data);
    while (right != 1u << i) i++;
    if (who == UNSAID)
        return why_say(why, "%s: it is %s=anyone, %s=token or %s=nobody", right_name(i),
                       right_name(i), right_name(i), right_name(i));
    if (r->who[i]) return why_say(why, "%s is said twice", right_name(i));
    r->who[i] = who;
    return true;
}

static bool is_new(const struct rules *r, const struct rule *new, struct why *why)
{
    for (size_t i = 0; i < r->n; i++)
        if (channel_pattern_equal(&r->items[i].pattern, &new->pattern))
            return why_say(
                why,
                "there is one for the same channels already, and neither would be the more specific: "
                "make one of both");
    return true;
}

/* Words hold no colon, so the last one ends the pattern. */
bool rules_add(struct rules *r, const char *text, struct why *why)
{
    struct rule new = {.who = {0}};
    const char *colon = strrchr(text, ':');
    if (r->n == RULES_MAX) return why_say(why, "there are more than %d", RULES_MAX);
    if (!colon) return why_say(why, "what it allows is missing: '/chat: read=anyone, write=token'");
    weft_bytes pattern = {(const uint8_t *)text, (size_t)(colon - text)}, rest = text_of(colon + 1);
    if (!channel_pattern_read(&new.pattern, text_trimmed(pattern), why) || !is_new(r, &new, why))
        return false;
    do
        if (!read_word(&new, text_trimmed(text_cut(&rest, ',')), why)) return false;
    while (rest.len);
    r->items[r->n++] = new;
    return true;
}

bool rules_ask_tokens(const struct rules *r)
{
    for (size_t i = 0; i < r->n; i++)
        for (size_t right = 0; right < RIGHTS; right++)
            if (r->items[i].who[right] == TOKEN) return true;
    return false;
}

/* ---- asked ----------------------------------------------------------------------------------- */

/* The most specific of those that cover it and say something of this right; NULL: what is usual. Of two that cover the
   same, one * covers the other. */
static const struct rule *rule_for(const struct rules *r, const struct channel_pattern *on,
                                   unsigned right)
{
    const struct rule *best = NULL;
    for (size_t i = 0; i < r->n; i++) {
        const struct rule *rule = &r->items[i];
        if (rule->who[right] && channel_pattern_covers(&rule->pattern, on) &&
            (!best || channel_pattern_covers(&best->pattern, &rule->pattern)))
            best = rule;
    }
    return best;
}

/* TOKEN becomes ANYONE for who has one for this part. A pattern is had by who was given to read it. */
static enum who met(enum who who, const struct channel_pattern *part, const struct identity *i,
                    unsigned right)
{
    unsigned given = 1u << right == WEFT_RIGHT_PATTERN ? (unsigned)WEFT_RIGHT_READ : 1u << right;
    return who == TOKEN && i && identity_rights(i, part) & given ? ANYONE : who;
}

static enum who stricter(enum who a, enum who b)
{
    return a > b ? a : b;
}

static enum who who_may(const struct rules *r, const struct channel_pattern *on,
                        const struct identity *i, unsigned right)
{
    const struct rule *base = rule_for(r, on, right);
    enum who all = met(base ? base->who[right] : r->usual[right], on, i, right);
    for (size_t n = 0; n < r->n && on->reach != CHANNEL_ONE; n++) {
        const struct rule *inside = &r->items[n];
        if (inside->who[right] && inside != base && channel_pattern_covers(on, &inside->pattern))
            all = stricter(all, met(inside->who[right], &inside->pattern, i, right));
    }
    return all;
}

unsigned rules_rights(const struct rules *r, const struct channel_pattern *on,
                      const struct identity *i, unsigned *by_token)
{
    unsigned rights = 0;
    enum who read = who_may(r, on, i, 0);
    *by_token = 0;
    for (unsigned right = 0; right < RIGHTS; right++) {
        enum who who = who_may(r, on, i, right);
        if (1u << right == WEFT_RIGHT_PATTERN) who = stricter(who, read);
        if (who == ANYONE) rights |= 1u << right;
        if (who == TOKEN) *by_token |= 1u << right;
    }
    return rights;
}
