/* SPDX-License-Identifier: MIT
 *
 * base/strings.c - pointers first, and what they point to behind them
 */
#include "base/strings.h"

#include <errno.h>

#include "base/alloc.h"

int string_copy(char **to, const weft_env *env, const char *from)
{
    *to = NULL;
    if (!from) return 0;
    size_t size = strlen(from) + 1;
    *to = mem_alloc(env, size);
    if (!*to) return -ENOMEM;
    memcpy(*to, from, size);
    return 0;
}

static size_t length_of(const char *const *list, size_t *bytes)
{
    size_t n = 0;
    for (*bytes = 0; list[n]; n++) *bytes += strlen(list[n]) + 1;
    return n;
}

int strings_copy(const char *const **out, const weft_env *env, const char *const *list)
{
    *out = NULL;
    if (!list) return 0;
    size_t bytes, n = length_of(list, &bytes);
    const char **copy = mem_alloc(env, (n + 1) * sizeof *copy + bytes);
    if (!copy) return -ENOMEM;
    char *text = (char *)(copy + n + 1);
    for (size_t i = 0; i < n; i++) {
        size_t size = strlen(list[i]) + 1;
        copy[i] = memcpy(text, list[i], size);
        text += size;
    }
    copy[n] = NULL;
    *out = copy;
    return 0;
}

void strings_free(const weft_env *env, const char *const *list)
{
    mem_free(env, (void *)(uintptr_t)list);
}
