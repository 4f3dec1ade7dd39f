/* SPDX-License-Identifier: MIT
 *
 * access/why.h - why something is not taken, in a sentence
 *
 * It says what is wrong and what would be right, and never holds a token, a key, or a part of one.
 */
#ifndef ACCESS_WHY_H
#define ACCESS_WHY_H

#include <stdbool.h>

struct why {
    char text[240];
};

/* false, so that it can be returned. */
bool why_say(struct why *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
