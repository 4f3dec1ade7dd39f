/* SPDX-License-Identifier: MIT
 *
 * access/keyring.c - the one file of this room that reads files
 */
#include "access/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct counted {
    atomic_uint refs;
    struct keyring ring;
};

static struct counted *counted(struct keyring *k)
{
    return (struct counted *)((char *)k - offsetof(struct counted, ring));
}

/* ---- a file ---------------------------------------------------------------------------------- */

struct content {
    uint8_t *data;
    size_t len;
};

/* Up to a byte more than may be. */
static int read_all(int fd, struct content *c)
{
    ssize_t n = 0;
    while (c->len <= KEY_FILE_MAX &&
           (n = read(fd, c->data + c->len, KEY_FILE_MAX + 1 - c->len)) != 0) {
        if (n < 0 && errno != EINTR) return -errno;
        if (n > 0) c->len += (size_t)n;
    }
    return c->len > KEY_FILE_MAX ? -EFBIG : 0;
}

static int load(const char *path, struct content *c)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    c->data = malloc(KEY_FILE_MAX + 1);
    int r = c->data ? read_all(fd, c) : -ENOMEM;
    close(fd);
    return r;
}

static void forget(struct content *c)
{
    if (c->data) crypto_forget(c->data, c->len);
    free(c->data);
}

/* into: keys, or API keys, as read takes them. */
static bool read_file(const char *path, void *into,
                      bool (*read)(void *into, weft_bytes text, struct why *why), struct why *why)
{
    struct content c = {0};
    struct why wrong;
    int r = load(path, &c);
    bool good = r == 0 && read(into, (weft_bytes){c.data, c.len}, &wrong);
    forget(&c);
    if (r < 0) return why_say(why, "%s: %s", path, strerror(-r));
    return good || why_say(why, "%s: %s", path, wrong.text);
}

/* ---- what is in it --------------------------------------------------------------------------- */

static bool read_tokens(void *into, weft_bytes text, struct why *why)
{
    return keys_add(into, text, why);
}

static bool read_urls(void *into, weft_bytes text, struct why *why)
{
    struct keys *k = into;
    size_t before = k->n;
    if (!keys_add(k, text, why)) return false;
    for (size_t i = before; i < k->n; i++)
        if (crypto_key_algorithm(k->items[i].crypto) != HS256)
            return why_say(why, "URLs are signed with a secret: openssl rand -hex 32 makes one");
    return true;
}

static bool read_api(void *into, weft_bytes text, struct why *why)
{
    return api_keys_read(into, text, why);
}

static bool load_all(struct keyring *k, const struct keyring_files *f, struct why *why)
{
    for (const char *const *t = f->tokens; t && *t; t++)
        if (!read_file(*t, &k->tokens, read_tokens, why)) return false;
    for (const char *const *u = f->urls; u && *u; u++)
        if (!read_file(*u, &k->urls, read_urls, why)) return false;
    return !f->api_keys || read_file(f->api_keys, &k->api, read_api, why);
}

struct keyring *keyring_load(const struct keyring_files *files, struct why *why)
{
    struct counted *c = calloc(1, sizeof *c);
    if (!c) {
        why_say(why, "no memory");
        return NULL;
    }
    atomic_init(&c->refs, 1);
    if (load_all(&c->ring, files, why)) return &c->ring;
    keyring_unref(&c->ring);
    return NULL;
}

struct keyring *keyring_ref(struct keyring *k)
{
    atomic_fetch_add_explicit(&counted(k)->refs, 1, memory_order_relaxed);
    return k;
}

void keyring_unref(struct keyring *k)
{
    if (!k || atomic_fetch_sub_explicit(&counted(k)->refs, 1, memory_order_acq_rel) != 1) return;
    keys_deinit(&k->tokens);
    keys_deinit(&k->urls);
    free(counted(k));
}

bool keyring_is_empty(const struct keyring *k)
{
    return !k->tokens.n && !k->urls.n && !k->api.n;
}

bool keyring_knows(const struct keyring *k, const struct identity *i)
{
    if (i->by == BY_API_KEY) return api_keys_have_print(&k->api, i->print);
    return keys_have_print(i->by == BY_TOKEN ? &k->tokens : &k->urls, i->print);
}
