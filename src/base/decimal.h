/* SPDX-License-Identifier: MIT
 *
 * base/decimal.h - a number as text, where printf would cost more than all around it
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

/* Of the longest, 18446744073709551615. */
enum { DECIMAL_MAX = 20 };

/* Without NUL; how long it is. */
static inline size_t decimal_print(uint64_t number, char text[static DECIMAL_MAX])
{
    size_t len = 1;
    for (uint64_t rest = number; rest >= 10; rest /= 10) len++;
    for (size_t i = len; i--; number /= 10) text[i] = (char)('0' + number % 10);
    return len;
}

#endif
