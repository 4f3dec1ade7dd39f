/* SPDX-License-Identifier: MIT
 *
 * access/api_key.c - lines of a file, and the hash of what is shown
 */
#include "access/api_key.h"

#include "access/text.h"

static bool is_visible(weft_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7f) return false;
    return true;
}

/* "NAME KEY", or "KEY". */
static bool read_line(struct api_keys *k, weft_bytes line, size_t number, struct why *why)
{
    weft_bytes key = line, name = text_cut(&key, ' ');
    if (key.len) key = text_trimmed(key);
    else key = name, name = (weft_bytes){0};
    if (key.len < API_KEY_MIN || !is_visible(key))
        return why_say(
            why,
            "line %zu: a key has at least 32 characters, without spaces, and perhaps a name and a space in "
            "front: openssl rand -hex 32 makes one",
            number);
    if (name.len && !identity_text_good(name))
        return why_say(why, "line %zu: a name has at most 64 characters", number);
    if (k->n == API_KEYS_MAX) return why_say(why, "there are more than %d keys", API_KEYS_MAX);
    struct api_key *new = &k->items[k->n++];
    if (name.len) memcpy(new->name, name.data, name.len);
    new->name[name.len] = '\0';
    return crypto_hash(key, new->print) || why_say(why, "no SHA-256 to compare keys by");
}

bool api_keys_read(struct api_keys *k, weft_bytes text, struct why *why)
{
    k->n = 0;
    for (size_t number = 1; text.len; number++) {
        weft_bytes line = text_trimmed(text_cut(&text, '\n'));
        if (line.len && line.data[0] != '#' && !read_line(k, line, number, why)) return false;
    }
    return k->n || why_say(why, "there is no key in it");
}

static const struct api_key *find(const struct api_keys *k, const uint8_t print[CRYPTO_HASH])
{
    const struct api_key *found = NULL;
    for (size_t i = 0; i < k->n; i++)
        if (crypto_equal(k->items[i].print, print, CRYPTO_HASH)) found = &k->items[i];
    return found;
}

struct identity *api_keys_check(const struct api_keys *k, weft_bytes shown)
{
    const unsigned all = WEFT_RIGHT_READ | WEFT_RIGHT_WRITE | WEFT_RIGHT_PRESENCE | WEFT_RIGHT_DROP;
    const struct given everything[] = {
        {all, {.prefix = text_of("/"), .reach = CHANNEL_ONE}},
        {all, {.prefix = text_of("/"), .reach = CHANNEL_BELOW}},
    };
    struct identity i = {.by = BY_API_KEY, .n = sizeof everything / sizeof *everything};
    const struct api_key *key = crypto_hash(shown, i.print) ? find(k, i.print) : NULL;
    if (!key) return NULL;
    i.user = text_of(key->name);
    return identity_new(&i, everything);
}

bool api_keys_have_print(const struct api_keys *k, const uint8_t print[CRYPTO_HASH])
{
    return find(k, print);
}
