/* SPDX-License-Identifier: MIT
 *
 * cli/listing.h - what is shown of a directory that has no index.html
 */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include <dirent.h>

#include <weft/server.h>

struct listing {
    DIR *dir; /* NULL: there is none */
};

/* -errno: it cannot be opened. */
int listing_open(struct listing *l, const char *dir);
void listing_close(struct listing *l);

/* Whether its path, with a slash at its end, is a directory's, and it has been answered with that: page: for people,
 * else a name a line. */
bool listing_serve(const struct listing *l, weft_request *r, bool page);

#endif
