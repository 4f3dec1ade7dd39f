/* SPDX-License-Identifier: MIT
 *
 * base/sized.c - what both sides know is copied, what only we know is zero, what only they know has to be
 */
#include "base/sized.h"

#include <errno.h>
#include <string.h>

static bool is_zero(const unsigned char *p, size_t n)
{
    while (n && !p[n - 1]) n--;
    return !n;
}

int weft_sized_take(void *to, size_t known, size_t oldest, const void *from, size_t size)
{
    if (!from) {
        memset(to, 0, known);
        return 0;
    }
    if (size < oldest || size > WEFT_SIZED_MAX) return -EINVAL;
    size_t common = size < known ? size : known;
    if (!is_zero((const unsigned char *)from + common, size - common)) return -EINVAL;
    memcpy(to, from, common);
    memset((unsigned char *)to + common, 0, known - common);
    return 0;
}
