/* SPDX-License-Identifier: MIT
 *
 * cli/listing.h - what / shows of a directory that has no index.html
 */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include <dirent.h>

#include <weft/server.h>

struct listing {
    DIR *dir; /* NULL: there is an index.html */
};

/* Errors: as weft_server_on_request. */
int listing_add(struct listing *l, weft_server *s, const char *dir);
void listing_deinit(struct listing *l);

#endif
