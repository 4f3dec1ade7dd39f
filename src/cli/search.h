/* SPDX-License-Identifier: MIT
 *
 * cli/search.h - Ctrl-R: the newest line of the history that holds what is typed
 *
 * libedit has that, too, but reads keys by itself until it is done, and the loop would stand still.
 */
#ifndef CLI_SEARCH_H
#define CLI_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

enum { SEARCH_MAX = 200 };

struct search {
    char wanted[SEARCH_MAX + 1];
    size_t len;
    size_t back; /* how many lines before the newest, of those that hold it */
};

/* What a key leads to. */
enum search_step {
    SEARCH_GOES_ON,
    SEARCH_SEND, /* Enter: the line that was found is as if typed */
    SEARCH_EDIT, /* it can be changed */
    SEARCH_DROP  /* what was there before comes back */
};

void search_begin(struct search *s);
enum search_step search_key(struct search *s, unsigned char key);

/* The line; NULL if there is none, or nothing is wanted yet. Good until a line is added to the history. */
const char *search_found(const struct search *s);

#endif
