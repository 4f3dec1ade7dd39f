/* SPDX-License-Identifier: MIT
 *
 * cli/pending.h - what is to be published, until it is known to be
 *
 *      first                unsent              last
 *        |  sent, unconfirmed  |  not sent        |
 *        v                     v                  v
 *      [17] [18] [19] ... [40] [41] ...         [55]        pending_add at the right, pending_take at the left
 *
 * After a connection is lost all that is here is sent again (pending_rewind), with the same numbers.
 */
#ifndef CLI_PENDING_H
#define CLI_PENDING_H

#include <jansson.h>

#include <weft/base.h>

struct publication {
    struct publication *next;
    uint64_t number; /* from 1: the line of the input */
    size_t len;
    char *members; /* JSON: "data":"hi","key":"ACME" */
};

/* All zero is an empty one. */
struct pending {
    struct publication *first, *last;
    struct publication *unsent;
    size_t n, bytes;           /* of all */
    size_t n_sent, bytes_sent; /* of those in front of unsent */
    uint64_t number;           /* of the newest there ever was */
};

/* Takes the object's reference. Errors: -ENOMEM. */
int pending_add(struct pending *p, json_t *object);
void pending_is_sent(struct pending *p); /* the first that is not */
void pending_take(struct pending *p);    /* the first of all */
void pending_rewind(struct pending *p);
void pending_drop_unsent(struct pending *p);
void pending_free(struct pending *p);

#endif
