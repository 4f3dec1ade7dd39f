/* SPDX-License-Identifier: MIT
 *
 * net/links.h - what hangs on a WebSocket or a reply, and is told of room, and when that is gone
 *
 *      links -> newest -> ... -> place -> ... -> oldest
 *                told of room      |      not yet
 *                                  +-- a link of whoever walks, in his stack
 *
 * Who is told of room may hang up and take down links, and free them. So the walk holds no pointer to any: it has a
 * place in the list itself, which stays right whatever is done around it.
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

static inline void links_tell_gone(weft_link **links)
{
    while (*links) {
        weft_link *link = *links;
        *links = link->next;
        link->type->on_gone(link);
    }
}

/* Take a place in front of all. Nobody finds it by an owner, and it is told nothing. */
static inline void links_take_place(weft_link **links, weft_link *place)
{
    static const weft_link_type type = {.on_gone = NULL};
    *place = (weft_link){.owner = place, .type = &type};
    links_add(links, place);
}

/* The next one behind the place is told that there is room; false: all have been. */
static inline bool links_tell_room(weft_link **links, weft_link *place)
{
    weft_link *link = place->next;
    if (!link) return false;
    links_remove(links, place);
    links_add(&link->next, place);
    if (link->type->on_drain) link->type->on_drain(link);
    return true;
}

/* Give the place up. Who has not been told comes first the next time. */
static inline void links_leave_place(weft_link **links, const weft_link *place)
{
    weft_link *told, **at = links;
    while (*at != place) at = &(*at)->next;
    *at = NULL;
    told = *links;
    *links = place->next;
    for (at = links; *at;) at = &(*at)->next;
    *at = told;
}

#endif
