/* SPDX-License-Identifier: MIT
 *
 * channel/grants.h - what a session may do with other channels than its URL's, as far as that was decided
 */
#ifndef CHANNEL_GRANTS_H
#define CHANNEL_GRANTS_H

#include "channel/name.h"

struct grant {
    struct grant *next;
    unsigned rights;
    struct name name;
};

/* 0: it was not asked about, or not of late. */
unsigned grants_on(const struct grant *first, weft_bytes channel);

/* Where there is no memory for it, or too many have come since, it is asked about again. */
void grants_keep(struct grant **first, const weft_env *env, const struct name *name,
                 unsigned rights);
void grants_forget(struct grant **first, const weft_env *env);

#endif
