/* SPDX-License-Identifier: MIT
 *
 * http/field_list.c - a list of copies
 */
#include "http/field_list.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "http/reply.h"

enum { TEXT_MIN = 496, FIELDS_MIN = 8 };

struct field_text {
    struct field_text *next;
    size_t len, cap;
    uint8_t data[];
};

/* Room for n bytes, NULL: no memory. Who fills it adds to len of the newest. */
static uint8_t *text_room(struct field_list *l, const weft_env *env, size_t n)
{
    struct field_text *t = l->texts;
    if (t && t->cap - t->len >= n) return t->data + t->len;
    size_t cap = n > TEXT_MIN ? n : TEXT_MIN;
    t = mem_alloc(env, sizeof *t + cap);
    if (!t) return NULL;
    *t = (struct field_text){.next = l->texts, .cap = cap};
    l->texts = t;
    return t->data;
}

static int field_copy(struct field_list *l, weft_field *out, const weft_env *env, weft_bytes name,
                      weft_bytes value)
{
    if (!reply_field_valid(name, value)) return -EINVAL;
    uint8_t *text = text_room(l, env, name.len + value.len);
    if (!text) return -ENOMEM;
    copy(text, name.data, name.len);
    copy(text + name.len, value.data, value.len);
    l->texts->len += name.len + value.len;
    *out = (weft_field){{text, name.len}, {text + name.len, value.len}};
    return 0;
}

/* The array has room for FIELDS_MIN, and then for a power of two. */
static int reserve(struct field_list *l, const weft_env *env)
{
    bool is_full = l->n >= FIELDS_MIN && (l->n & (l->n - 1)) == 0;
    if (l->fields && !is_full) return 0;
    size_t cap = l->fields ? 2 * l->n : FIELDS_MIN;
    weft_field *fields = mem_realloc(env, l->fields, cap * sizeof *fields);
    if (!fields) return -ENOMEM;
    l->fields = fields;
    return 0;
}

int field_list_add(struct field_list *l, const weft_env *env, weft_bytes name, weft_bytes value)
{
    int error = reserve(l, env);
    if (!error) error = field_copy(l, &l->fields[l->n], env, name, value);
    if (!error) l->n++;
    return error;
}

static size_t find(const struct field_list *l, weft_bytes name)
{
    size_t i = 0;
    while (i < l->n && !bytes_equal_nocase(l->fields[i].name, name)) i++;
    return i;
}

bool field_list_has(const struct field_list *l, weft_bytes name)
{
    return find(l, name) < l->n;
}

int field_list_set(struct field_list *l, const weft_env *env, weft_bytes name, weft_bytes value)
{
    size_t i = find(l, name);
    if (i == l->n) return field_list_add(l, env, name, value);
    return field_copy(l, &l->fields[i], env, name, value);
}

int field_list_add_all(struct field_list *l, const weft_env *env, const weft_field *fields,
                       size_t n)
{
    int error = 0;
    for (size_t i = 0; i < n && !error; i++)
        error = field_list_add(l, env, fields[i].name, fields[i].value);
    return error;
}

void field_list_deinit(struct field_list *l, const weft_env *env)
{
    for (struct field_text *t = l->texts, *next; t; t = next) {
        next = t->next;
        mem_free(env, t);
    }
    mem_free(env, l->fields);
    *l = (struct field_list){0};
}
