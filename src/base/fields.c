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

static bool list_has(weft_bytes list, weft_bytes token)
{
    while (list.len)
        if (bytes_equal_nocase(bytes_trim(bytes_cut(&list, ',')), token)) return true;
    return false;
}

bool fields_have_token(const weft_field *fields, size_t n, const char *name, const char *token)
{
    weft_bytes want = bytes_of(name), item = bytes_of(token);
    for (size_t i = 0; i < n; i++)
        if (bytes_equal_nocase(fields[i].name, want) && list_has(fields[i].value, item))
            return true;
    return false;
}
