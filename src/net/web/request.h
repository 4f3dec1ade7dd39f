/* SPDX-License-Identifier: MIT
 *
 * net/web/request.h - the inside of a weft_request
 *
 * A request owns its head and body from the moment it is complete; one whose body streams owns its head from then on
 * that this is, and never a body. It knows its exchange until the
 * client leaves; from then on exchange is NULL and every call says WEFT_ERR_CLOSED.
 *
 * Whoever answers consumes it, whatever comes of the answer.
 */
#ifndef NET_WEB_REQUEST_H
#define NET_WEB_REQUEST_H

#include <assert.h>

#include "base/reserved.h"
#include "io/loop.h"
#include "net/web/exchange.h"
#include <weft/handshake.h>

/* Any other number: it has been answered, and is not what it was. */
enum { REQUEST_WAITS = 0x72657175, UPGRADE_WAITS = 0x75706772 };

struct weft_request {
    uint32_t mark;
    bool forgot; /* what was asked, by the user's will: it is shorter */
    struct exchange *exchange;
    weft_loop *loop;
    struct field_list fields; /* of the reply */
    weft_peer *peer;          /* NULL: nobody has asked */
    weft_request_watcher watcher;
    void *watching; /* the watcher's */
    void *user;
    void (*on_body)(weft_request *r, const void *data, size_t len, void *user); /* or NULL */
    bool paused;       /* reading of the body is, by the user */
    bool asked;        /* the watcher, to come to an end */
    struct timer gone; /* who watched only after the client had left is told soon */

    union { /* last */
        struct {
            struct head head;
            struct buf body;
        };
        struct forgotten waiting; /* forgot */
    };
};

/* So much of it is there then. */
enum { REQUEST_FORGOTTEN = offsetof(weft_request, waiting) + sizeof(struct forgotten) };

/* Used after the answer, or in a thread that is not the loop's: the program's mistake. */
static inline void request_assert_waits(const weft_request *r)
{
    assert((r->mark == REQUEST_WAITS || r->mark == UPGRADE_WAITS) && "answered before");
    net_assert_usable(r->loop);
}

/* Nor is it an upgrade's. */
static inline void request_assert_plain(const weft_request *r)
{
    request_assert_waits(r);
    assert(r->mark == REQUEST_WAITS && "upgrades have answers of their own");
}

void request_init(weft_request *r, struct exchange *x, uint32_t mark);
void request_deinit(weft_request *r);

/* It is a copy of one that is over, and has forgotten. */
void request_forgotten(weft_request *r);

/* The block of a request, or of what it lies in, which has been deinited. */
void request_spend(weft_loop *l, void *block);

/* The head of a request is there: its route's limits hold from now on, and what needs no more than the head is
 * answered. The exchange may be gone afterwards. */
void request_expect(struct exchange *x);

/* What is being refused is the route's to answer: struct route. */
bool request_refuse(struct exchange *x, const struct route *route, struct field_list *fields,
                    int status, const char *words);

/* A complete request: to the route, or refused. The exchange may be gone afterwards. */
void request_dispatch(struct exchange *x);

/* Of a body that streams: h1.piece, and that it is complete. The exchange may be gone afterwards. */
void request_piece(struct exchange *x);
void request_complete(struct exchange *x);

/* It is being answered: what is left of the body is not for the user any more. */
void request_unpause(weft_request *r);

/* It has no exchange any more, and remembers whose it was; he who watches is told then that the client has left. */
void request_leave(weft_request *r);
void request_gone(weft_request *r);

/* The server leaves, and who watches is told once. Whether somebody was. */
bool request_server_leaves(weft_request *r, uint64_t return_ms);

/* Fields of the reply, all of them or none. Errors: -EINVAL, -ENOMEM. */
int request_add_fields(weft_request *r, const weft_field *fields, size_t n, enum reserved_in in);

/* It has been answered by result, or with an error that is not 0, could not be: then the client hears so. The request
 * goes, the exchange goes on. Returns result. */
int request_finish(weft_request *r, int result);
int request_fail(weft_request *r, int error);

#endif
