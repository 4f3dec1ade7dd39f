/* SPDX-License-Identifier: MIT
 *
 * net/links.h - what hangs on a WebSocket or a reply, and is told when that is gone
 */
#ifndef NET_LINKS_H
#define NET_LINKS_H

#include <weft/base.h>

static inline void links_add(weft_link **links, weft_link *link)
{
    link->next = *links;
    *links = link;
}

static inline void links_remove(weft_link **links, const weft_link *link)
{
    while (*links && *links != link) links = &(*links)->next;
    if (*links) *links = link->next;
}

/* NULL: the owner has none there. */
static inline weft_link *links_find(weft_link *links, const void *owner)
{
    while (links && links->owner != owner) links = links->next;
    return links;
}

static inline void links_tell_all(weft_link **links)
{
    while (*links) {
        weft_link *link = *links;
        *links = link->next;
        link->on_gone(link);
    }
}

#endif
