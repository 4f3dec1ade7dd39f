/* SPDX-License-Identifier: MIT
 *
 * cli/names.c - the names that serve and demo answer to
 */
#include "cli/names.h"

#include <string.h>

static bool is_any(const struct flag_list *hosts)
{
    for (size_t i = 0; i < hosts->n; i++)
        if (!strcmp(hosts->items[i], "any")) return true;
    return false;
}

static bool is_name(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    if (!strncmp(name, "*.", 2)) name += 2;
    return *name && *name != '.' && name[strspn(name, letters)] == '\0';
}

bool names_check(const char *text, char why[FLAG_WHY])
{
    if (is_name(text)) return true;
    snprintf(why, FLAG_WHY,
             "\"%.80s\" is not a name such as example.org, *.example.org or any; "
             "it has no scheme and no port",
             text);
    return false;
}

static void add(struct names *n, size_t *at, const char *name)
{
    n->list[(*at)++] = name;
    n->list[*at] = NULL;
}

const char *const *names_of(struct names *n, const struct listening *l,
                            const struct flag_list *hosts, bool tls)
{
    size_t at = 0;
    if (is_any(hosts) || (!hosts->n && (tls || listening_reach(l) != REACH_HERE))) return NULL;
    add(n, &at, "localhost");
    add(n, &at, "ip");
    add(n, &at, "none");
    add(n, &at, "unix");
    for (size_t i = 0; i < hosts->n; i++) add(n, &at, hosts->items[i]);
    for (size_t i = 0; i < l->addresses.n; i++) {
        (void)reach_of(l->addresses.items[i], n->own[i]);
        if (*n->own[i] && is_name(n->own[i])) add(n, &at, n->own[i]);
    }
    return n->list;
}
