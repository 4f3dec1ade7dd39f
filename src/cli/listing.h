/* SPDX-License-Identifier: MIT
 *
 * cli/listing.h - what / shows of a directory that has no index.html
 */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include <dirent.h>

#include <weft/server.h>

struct listing {
    DIR *dir; /* NULL: none */
};

/* Errors: -errno. */
int listing_open(struct listing *l, const char *dir);
void listing_close(struct listing *l);

/* Answers. Any thread. */
void listing_serve(const struct listing *l, weft_request *r);

#endif
