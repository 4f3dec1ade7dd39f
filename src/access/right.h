/* SPDX-License-Identifier: MIT
 *
 * access/right.h - rights by their names: read, write, presence, drop, pattern
 */
#ifndef ACCESS_RIGHT_H
#define ACCESS_RIGHT_H

#include <weft/channel.h>

enum { RIGHTS = 5 };

/* The bit of the right of this index is 1u << index. */
const char *right_name(unsigned index);

/* Its bit, or 0: there is none of this name. */
unsigned right_of(weft_bytes name);

/* The name of the first of them. */
const char *right_first(unsigned rights);

#endif
