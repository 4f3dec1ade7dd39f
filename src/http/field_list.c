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
int field_list_add(struct field_list *l, const weft_env *env, weft_bytes name, weft_bytes value)
{
    if (!reply_field_valid(name, value)) return -EINVAL;
    weft_field *fields = mem_realloc(env, l->fields, (l->n + 1) * sizeof *fields);
    if (!fields) return -ENOMEM;
    l->fields = fields;
    uint8_t *text = mem_alloc(env, name.len + value.len);
    if (!text) return -ENOMEM;
    copy(text, name.data, name.len);
    copy(text + name.len, value.data, value.len);
    fields[l->n++] = (weft_field){{text, name.len}, {text + name.len, value.len}};
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
    for (size_t i = 0; i < l->n; i++) mem_free(env, (void *)(uintptr_t)l->fields[i].name.data);
    mem_free(env, l->fields);
    *l = (struct field_list){0};
}
