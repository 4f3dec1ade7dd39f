/* SPDX-License-Identifier: MIT
 *
 * http/field_list.c - a list of copies
 */
#include "http/field_list.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "http/reply.h"

/* One allocation holds name and value. */
static int field_copy(weft_field *out, const weft_env *env, weft_bytes name, weft_bytes value)
{
    if (!reply_field_valid(name, value)) return -EINVAL;
    uint8_t *text = mem_alloc(env, name.len + value.len);
    if (!text) return -ENOMEM;
    copy(text, name.data, name.len);
    copy(text + name.len, value.data, value.len);
    *out = (weft_field){{text, name.len}, {text + name.len, value.len}};
    return 0;
}

static void field_free(const weft_field *f, const weft_env *env)
{
    mem_free(env, (void *)(uintptr_t)f->name.data);
}

int field_list_add(struct field_list *l, const weft_env *env, weft_bytes name, weft_bytes value)
{
    weft_field field;
    int error = field_copy(&field, env, name, value);
    if (error) return error;
    weft_field *fields = mem_realloc(env, l->fields, (l->n + 1) * sizeof *fields);
    if (!fields) {
        field_free(&field, env);
        return -ENOMEM;
    }
    l->fields = fields;
    fields[l->n++] = field;
    return 0;
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
    weft_field field;
    int error = field_copy(&field, env, name, value);
    if (error) return error;
    field_free(&l->fields[i], env);
    l->fields[i] = field;
    return 0;
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
    for (size_t i = 0; i < l->n; i++) field_free(&l->fields[i], env);
    mem_free(env, l->fields);
    *l = (struct field_list){0};
}
