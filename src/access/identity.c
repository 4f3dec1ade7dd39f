/* SPDX-License-Identifier: MIT
 *
 * access/identity.c - one block, counted
 */
#include "access/identity.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "access/text.h"

struct counted {
    atomic_uint refs;
    struct identity identity;
};

static struct counted *counted(const struct identity *i)
{
    return (struct counted *)((char *)i - offsetof(struct counted, identity));
}

static size_t characters(weft_bytes text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) n += (text.data[i] & 0xc0) != 0x80;
    return n;
}

bool identity_text_good(weft_bytes text)
{
    return text.len && text_is_plain(text) && characters(text) <= IDENTITY_TEXT_MAX;
}

/* Moves text to where *to is. */
static void keep(weft_bytes *text, char **to)
{
    if (text->len) memcpy(*to, text->data, text->len);
    text->data = (uint8_t *)*to;
    *to += text->len;
    *(*to)++ = '\0';
}

struct identity *identity_new(const struct identity *from, const struct given *given)
{
    size_t texts = from->user.len + from->name.len + 2;
    for (size_t i = 0; i < from->n; i++) texts += given[i].pattern.prefix.len + 1;
    size_t head = offsetof(struct counted, identity) + offsetof(struct identity, given) +
                  from->n * sizeof *given;
    struct counted *c = calloc(1, (head > sizeof *c ? head : sizeof *c) + texts);
    if (!c) return NULL;
    char *to = (char *)c + head;
    atomic_init(&c->refs, 1);
    c->identity = *from;
    keep(&c->identity.user, &to);
    keep(&c->identity.name, &to);
    for (size_t i = 0; i < from->n; i++) {
        c->identity.given[i] = given[i];
        keep(&c->identity.given[i].pattern.prefix, &to);
    }
    return &c->identity;
}

struct identity *identity_ref(const struct identity *i)
{
    if (!i) return NULL;
    atomic_fetch_add_explicit(&counted(i)->refs, 1, memory_order_relaxed);
    return &counted(i)->identity;
}

void identity_unref(const struct identity *i)
{
    if (i && atomic_fetch_sub_explicit(&counted(i)->refs, 1, memory_order_acq_rel) == 1)
        free(counted(i));
}

unsigned identity_rights(const struct identity *i, const struct channel_pattern *on)
{
    unsigned rights = 0;
    for (size_t n = 0; n < i->n; n++)
        if (channel_pattern_covers(&i->given[n].pattern, on)) rights |= i->given[n].rights;
    return rights;
}
