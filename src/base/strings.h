/* SPDX-License-Identifier: MIT
 *
 * base/strings.h - a copy of a list of strings
 */
#ifndef BASE_STRINGS_H
#define BASE_STRINGS_H

#include <weft/base.h>

/* *out is a copy of a NULL-terminated list, with its strings, in one piece of memory; NULL as the list is.
 * 0 or -ENOMEM. */
int strings_copy(const char *const **out, const weft_env *env, const char *const *list);

/* Of a copy; NULL is fine. */
void strings_free(const weft_env *env, const char *const *list);

#endif
