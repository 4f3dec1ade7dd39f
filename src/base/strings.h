/* SPDX-License-Identifier: MIT
 *
 * base/strings.h - copies of a string, and of a list of them
 */
#ifndef BASE_STRINGS_H
#define BASE_STRINGS_H

#include <weft/base.h>

/* *to is a copy of a string; NULL as the string is. 0 or -ENOMEM. */
int string_copy(char **to, const weft_env *env, const char *from);

/* *out is a copy of a NULL-terminated list, with its strings, in one piece of memory; NULL as the list is.
 * 0 or -ENOMEM. */
int strings_copy(const char *const **out, const weft_env *env, const char *const *list);

/* Of a copy; NULL is fine. */
void strings_free(const weft_env *env, const char *const *list);

#endif
