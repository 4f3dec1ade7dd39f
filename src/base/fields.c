/* SPDX-License-Identifier: MIT
 *
 * base/fields.c - looking into a list of header fields
 */
#include "base/fields.h"

const weft_field *fields_first(const weft_field *fields, size_t n, const char *name)
{
    weft_bytes want = bytes_of(name);
    for (size_t i = 0; i < n; i++)
        if (bytes_equal_nocase(fields[i].name, want)) return &fields[i];
    return NULL;
}

size_t fields_count(const weft_field *fields, size_t n, const char *name)
{
    weft_bytes want = bytes_of(name);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += bytes_equal_nocase(fields[i].name, want);
    return count;
}

static bool next_field(struct elements *e)
{
    while (e->n && !bytes_equal_nocase(e->fields->name, e->name)) e->fields++, e->n--;
    if (!e->n) return false;
    e->rest = e->fields->value;
    e->fields++, e->n--;
    return true;
}

bool elements_next(struct elements *e, weft_bytes *out)
{
    do {
        while (e->rest.len) {
            *out = e->quoted ? bytes_cut_unquoted(&e->rest, ',') : bytes_cut(&e->rest, ',');
            *out = bytes_trim(*out);
            if (out->len) return true;
        }
    } while (next_field(e));
    return false;
}

bool fields_have_token(const weft_field *fields, size_t n, const char *name, const char *token)
{
    struct elements e = elements_of(fields, n, name);
    weft_bytes want = bytes_of(token);
    for (weft_bytes element; elements_next(&e, &element);)
        if (bytes_equal_nocase(element, want)) return true;
    return false;
}
