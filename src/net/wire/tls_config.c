/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_config.c - one block: the config, its pairs, their strings
 *
 * A string may be a key. So the block is wiped before it goes.
 */
#include "net/wire/tls_config.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/alloc.h"

struct tls_config {
    size_t size; /* all of it */
    weft_tls_config cfg;
    weft_tls_pair pairs[];
};

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static size_t size_of_all(const weft_tls_config *c)
{
    size_t size = sizeof(struct tls_config) + size_of(c->authorities);
    for (size_t i = 0; i < c->n_certificates; i++) {
        const weft_tls_pair *pair = &c->certificates[i];
        size += sizeof *pair + size_of(pair->certificate) + size_of(pair->key);
    }
    return size;
}

/* Put it at the end of the block, which moves on. */
static const char *put(char **end, const char *text)
{
    if (!text) return NULL;
    const char *copied = memcpy(*end, text, size_of(text));
    *end += size_of(text);
    return copied;
}

struct tls_config *tls_config_new(const weft_env *env, const weft_tls_config *from)
{
    size_t size = size_of_all(from);
    struct tls_config *c = mem_alloc(env, size);
    if (!c) return NULL;
    char *end = (char *)&c->pairs[from->n_certificates];
    c->size = size;
    c->cfg = *from;
    c->cfg.certificates = c->pairs;
    c->cfg.authorities = put(&end, from->authorities);
    for (size_t i = 0; i < from->n_certificates; i++) {
        c->pairs[i].certificate = put(&end, from->certificates[i].certificate);
        c->pairs[i].key = put(&end, from->certificates[i].key);
    }
    return c;
}

void tls_config_free(const weft_env *env, struct tls_config *c)
{
    if (c) OPENSSL_cleanse(c, c->size);
    mem_free(env, c);
}

const weft_tls_config *tls_config_of(const struct tls_config *c)
{
    return &c->cfg;
}
