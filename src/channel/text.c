/* SPDX-License-Identifier: MIT
 *
 * channel/text.c - a growing text: it doubles
 */
#include "channel/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "channel/hook.h"

enum { TEXT_MIN = 256 };

void text_init(struct text *t, const weft_env *env)
{
    *t = (struct text){.env = env};
}

void text_deinit(struct text *t)
{
    hook_free(t->env, t->data);
    text_init(t, t->env);
}

static bool grow(struct text *t, size_t n)
{
    if (n > SIZE_MAX / 4 || t->len > SIZE_MAX / 4) return false;
    size_t cap = t->cap ? t->cap : TEXT_MIN;
    while (cap < t->len + n) cap *= 2;
    char *data = hook_realloc(t->env, t->data, cap);
    if (!data) return false;
    t->data = data;
    t->cap = cap;
    return true;
}

char *text_room(struct text *t, size_t n)
{
    if (t->failed) return NULL;
    bool fits = t->data && n <= t->cap - t->len;
    t->failed = !fits && !grow(t, n);
    return t->failed ? NULL : t->data + t->len;
}

void text_add(struct text *t, const void *data, size_t n)
{
    char *to = n ? text_room(t, n) : NULL;
    if (!to) return;
    memcpy(to, data, n);
    t->len += n;
}

void text_add_words(struct text *t, const char *words)
{
    text_add(t, words, strlen(words));
}

void text_add_number(struct text *t, uint64_t number)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, number);
    text_add(t, digits, (size_t)n);
}
