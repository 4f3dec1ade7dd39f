/* SPDX-License-Identifier: MIT
 *
 * base/sized.c - what both sides know is copied, what only we know is zero, what only they know has to be
 */
#include "base/sized.h"

#include <string.h>

#include "base/log.h"

static bool is_zero(const unsigned char *p, size_t n)
{
    while (n && !p[n - 1]) n--;
    return !n;
}

/* A size that no version has. */
static int cannot_be(const weft_env *env, const char *name, size_t oldest, size_t size)
{
    if (size > WEFT_SIZED_MAX)
        return log_wrong(env, "%s cannot have %zu bytes: no version has more than %d", name, size,
                         WEFT_SIZED_MAX);
    return log_wrong(env, "%s cannot have %zu bytes: its first version had %zu", name, size,
                     oldest);
}

int weft_sized_take(const weft_env *env, const char *name, void *to, size_t known, size_t oldest,
                    const void *from, size_t size)
{
    if (!from) {
        memset(to, 0, known);
        return 0;
    }
    if (size < oldest || size > WEFT_SIZED_MAX) return cannot_be(env, name, oldest, size);
    size_t common = size < known ? size : known;
    if (!is_zero((const unsigned char *)from + common, size - common))
        return log_wrong(env,
                         "%s is longer than this library knows (%zu > %zu bytes) and uses what it "
                         "does not have",
                         name, size, known);
    memcpy(to, from, common);
    memset((unsigned char *)to + common, 0, known - common);
    return 0;
}
