/* SPDX-License-Identifier: MIT
 *
 * cli/search.c - Ctrl-R: the newest line of the history that holds what is typed
 */
#include "cli/search.h"

#include <editline/readline.h>
#include <string.h>

enum { CTRL_G = 7, CTRL_H = 8, CTRL_R = 18, DELETE = 127 };

void search_begin(struct search *s)
{
    *s = (struct search){0};
}

const char *search_found(const struct search *s)
{
    HIST_ENTRY **lines = history_list();
    size_t n = 0, passed = 0;
    while (lines && lines[n]) n++;
    while (s->len && n-- > 0)
        if (strstr(lines[n]->line, s->wanted) && passed++ == s->back) return lines[n]->line;
    return NULL;
}

/* Of UTF-8 the whole character. */
static void drop_last(struct search *s)
{
    while (s->len && ((unsigned char)s->wanted[s->len - 1] & 0xC0) == 0x80) s->len--;
    if (s->len) s->len--;
    s->wanted[s->len] = '\0';
    s->back = 0;
}

static void add(struct search *s, unsigned char key)
{
    if (s->len == SEARCH_MAX) return;
    s->wanted[s->len++] = (char)key;
    s->wanted[s->len] = '\0';
    s->back = 0;
}

/* The oldest stays. */
static void go_back(struct search *s)
{
    s->back++;
    if (!search_found(s)) s->back--;
}

enum search_step search_key(struct search *s, unsigned char key)
{
    switch (key) {
    case '\r':
    case '\n': return search_found(s) ? SEARCH_SEND : SEARCH_DROP;
    case CTRL_R: go_back(s); return SEARCH_GOES_ON;
    case CTRL_G: return SEARCH_DROP;
    case CTRL_H:
    case DELETE: drop_last(s); return SEARCH_GOES_ON;
    default: break;
    }
    if (key < ' ') return search_found(s) ? SEARCH_EDIT : SEARCH_DROP;
    add(s, key);
    return SEARCH_GOES_ON;
}
