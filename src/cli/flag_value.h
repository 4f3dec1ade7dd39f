/* SPDX-License-Identifier: MIT
 *
 * cli/flag_value.h - what a flag may be, by its row: set, looked at, compared, and told
 */
#ifndef CLI_FLAG_VALUE_H
#define CLI_FLAG_VALUE_H

#include "cli/flags.h"

/* text: NULL for a boolean or a count that was named and no more. It is kept as it is, not copied. false: nothing is
 * set, and why says what would be right. */
bool flag_set(const struct flag *f, const char *text, char why[FLAG_WHY]);

/* The same, and nothing is set in any case. */
bool flag_look(const struct flag *f, const char *text, char why[FLAG_WHY]);

void flag_clear(const struct flag *list);

/* Two of one kind have the same value. */
bool flag_same(const struct flag *a, const struct flag *b);

/* What it may be, in few words: "1B to 1G", "auto, each or ring"; "" if that is said by its help. */
void flag_range(const struct flag *f, char *text, size_t size);

static inline bool flag_ends(const struct flag *f)
{
    return !f->name && !f->brief;
}

/* on, off and the like. */
bool flag_bool(const char *text, bool *out);

#endif
