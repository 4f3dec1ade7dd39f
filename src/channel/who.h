/* SPDX-License-Identifier: MIT
 *
 * channel/who.h - who somebody is: as the program knows it, or as he says himself
 *
 * A user and a client of the same name are two. Texts are borrowed.
 */
#ifndef CHANNEL_WHO_H
#define CHANNEL_WHO_H

#include <stdbool.h>

enum { USER_MAX = 256 /* bytes */ };

struct who {
    const char *name;  /* "" or NULL: he says none */
    const char *shown; /* besides name; NULL: nothing */
    bool verified;     /* it is a user */
};

static inline bool who_has_name(const struct who *w)
{
    return w->name && *w->name;
}

#endif
