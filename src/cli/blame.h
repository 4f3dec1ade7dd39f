/* SPDX-License-Identifier: MIT
 *
 * cli/blame.h - what went wrong, by cause, and how often
 */
#ifndef CLI_BLAME_H
#define CLI_BLAME_H

#include <weft/conn.h>

enum { BLAME_MAX = 32 }; /* the rest is "others" */

struct blame_entry {
    char cause[48];  /* for programs: "ECONNREFUSED", "status 403", "close 1008", "wrong reply" */
    char words[160]; /* for people: of the first one. What peers said is in it, as they said it */
    uint64_t count;
    int exit; /* what the program may end with */
};

/* All zero is empty. */
struct blame {
    size_t n;
    struct blame_entry entries[BLAME_MAX];
};

void blame_add(struct blame *b, const char *cause, const char *words, int exit);

/* How a connection ended, when it should not have. opened: whether on_open was called. */
void blame_close(struct blame *b, const weft_close_info *info, bool opened);

/* weft_connect said so. */
void blame_error(struct blame *b, int error);

void blame_merge(struct blame *into, const struct blame *from);
uint64_t blame_total(const struct blame *b);

#endif
