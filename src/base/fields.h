/* SPDX-License-Identifier: MIT
 *
 * base/fields.h - looking into a list of header fields
 *
 * Names compare without case. A list of tokens may be spread over several fields of one name
 * (RFC 9110, 5.3).
 */
#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include "base/bytes.h"

/* The first field of that name, or NULL. */
const weft_field *fields_first(const weft_field *fields, size_t n, const char *name);

/* How many fields have that name. */
size_t fields_count(const weft_field *fields, size_t n, const char *name);

/* Whether the comma-separated list of that name has this token, in any case. */
bool fields_have_token(const weft_field *fields, size_t n, const char *name, const char *token);

#endif
