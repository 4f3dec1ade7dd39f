/* SPDX-License-Identifier: MIT
 *
 * http/field_list.h - header fields that are being put together: copied, and each one may be sent
 *
 *      fields -> {name, value} {name, value} ...      an array that grows
 *                   |      |
 *      texts  -> [X-One 1 X-Two 2     ] -> [ ... ]    blocks that do not move; the newest first
 */
#ifndef HTTP_FIELD_LIST_H
#define HTTP_FIELD_LIST_H

#include <weft/base.h>

struct field_text;

/* All zero is empty. */
struct field_list {
    weft_field *fields;
    size_t n;
    struct field_text *texts;
};

/* Errors: -EINVAL (a character that may not stand in a field), -ENOMEM. */
int field_list_add(struct field_list *l, const weft_env *env, weft_bytes name, weft_bytes value);

/* The only one of its name: in the place of what has it, or behind the others. Errors as above, and nothing has
 * changed. */
int field_list_set(struct field_list *l, const weft_env *env, weft_bytes name, weft_bytes value);

/* Whether there is one of this name. */
bool field_list_has(const struct field_list *l, weft_bytes name);

int field_list_add_all(struct field_list *l, const weft_env *env, const weft_field *fields,
                       size_t n);
void field_list_deinit(struct field_list *l, const weft_env *env);

#endif
