/* SPDX-License-Identifier: MIT
 *
 * access/right.c - the names of weft_right
 */
#include "access/right.h"

#include "access/text.h"

_Static_assert(WEFT_RIGHT_PATTERN == 1 << (RIGHTS - 1), "a right is a bit");

const char *right_name(unsigned index)
{
    static const char *const names[RIGHTS] = {"read", "write", "presence", "drop", "pattern"};
    return names[index];
}

unsigned right_of(weft_bytes name)
{
    for (unsigned i = 0; i < RIGHTS; i++)
        if (text_is(name, right_name(i))) return 1u << i;
    return 0;
}

const char *right_first(unsigned rights)
{
    unsigned i = 0;
    while (i < RIGHTS - 1 && !(rights & 1u << i)) i++;
    return right_name(i);
}
