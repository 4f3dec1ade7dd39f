/* SPDX-License-Identifier: MIT
 *
 * base/fields.h - looking into a list of header fields
 *
 * Names compare without case. A list, its elements between commas, may be spread over several fields of
 * one name; empty elements do not count (RFC 9110, 5.3 and 5.6.1).
 */
#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include "base/bytes.h"

/* The first field of that name, or NULL. */
const weft_field *fields_first(const weft_field *fields, size_t n, const char *name);

/* How many fields have that name. */
size_t fields_count(const weft_field *fields, size_t n, const char *name);

/* Walks over the elements of the list of that name. */
struct elements {
    const weft_field *fields; /* those that come, and how many */
    size_t n;
    weft_bytes name;
    bool quoted;     /* the grammar has quoted-strings, whose commas do not separate */
    weft_bytes rest; /* of the field that we are in */
};

/* A list of tokens; for one with quoted-strings set quoted. */
static inline struct elements elements_of(const weft_field *fields, size_t n, const char *name)
{
    return (struct elements){.fields = fields, .n = n, .name = bytes_of(name)};
}

/* false: there is no further one. */
bool elements_next(struct elements *e, weft_bytes *out);

/* Whether the comma-separated list of that name has this token, in any case. */
bool fields_have_token(const weft_field *fields, size_t n, const char *name, const char *token);

#endif
