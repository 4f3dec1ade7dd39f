/* SPDX-License-Identifier: MIT
 *
 * hub/reader.h - a reader's place: in the array of those who keep up, or among the cursors
 */
#ifndef HUB_READER_H
#define HUB_READER_H

#include "hub/local.h"

/* Of weft_reader.state: he is a cursor; he waits for room; he was told that he cannot stay. */
enum { READER_BEHIND = 1, READER_FULL = 2, READER_ENDED = 4 };

extern const weft_link_type reader_link;

static inline struct group *reader_group(const weft_reader *r)
{
    return (struct group *)(uintptr_t)r->link.owner;
}

static inline weft_hub *reader_hub(const weft_reader *r)
{
    return reader_group(r)->local->topic->hub;
}

/* Until his carrier is gone he says that he is closing. */
void reader_cannot_stay(weft_reader *r, int error);

/* What is queued of an entry for readers of the group: shared by all, or with something skipped in front of it made for
 * this time only. NULL: no memory. To be given back. */
void *group_render(const struct group *g, struct entry *e, uint64_t skipped);
void group_give_back(const struct group *g, void *made, uint64_t skipped);

/* Those of that type, made if need be. -ENOMEM. */
int reader_group_of(struct group **out, struct local *l, const weft_reader_type *type);

/* From one array to the other. -ENOMEM: he stays where he is. */
int reader_fall_behind(weft_reader *r, uint64_t next);
int reader_catch_up(weft_reader *r);

#endif
