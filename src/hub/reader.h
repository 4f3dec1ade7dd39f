/* SPDX-License-Identifier: MIT
 *
 * hub/reader.h - a reader's place: in the array of those who keep up, or among the cursors
 */
#ifndef HUB_READER_H
#define HUB_READER_H

#include "hub/local.h"

/* Of weft_reader.state. Who is leaving needs nothing any more. */
enum { READER_BEHIND = 1, READER_FULL = 2, READER_LEAVING = 4 };

extern const weft_link_type reader_link;

static inline struct group *reader_group(const weft_reader *r)
{
    return (struct group *)(uintptr_t)r->link.owner;
}

/* Those of that type, made if need be. -ENOMEM. */
int reader_group_of(struct group **out, struct local *l, const weft_reader_type *type);

/* From one array to the other. -ENOMEM: he stays where he is. */
int reader_fall_behind(weft_reader *r, uint64_t next);
int reader_catch_up(weft_reader *r);

#endif
