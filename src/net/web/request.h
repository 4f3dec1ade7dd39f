/* SPDX-License-Identifier: MIT
 *
 * net/web/request.h - the inside of a weft_request, and of a weft_upgrade, which is one that wants more
 *
 * A request owns its head and body from the moment it is complete. It knows its wire until the
 * client leaves; from then on wire is NULL and every call says WEFT_ERR_CLOSED.
 */
#ifndef NET_REQUEST_H
#define NET_REQUEST_H

#include "http/head.h"
#include "net/wire/wire.h"
#include <weft/handshake.h>
#include <weft/server.h>

/* Header fields of a reply, copied. */
struct field_list {
    weft_field *fields;
    size_t n;
};

/* Errors: -EINVAL, -ENOMEM. */
int field_list_add(struct field_list *l, const weft_env *env, weft_bytes name, weft_bytes value);
void field_list_deinit(struct field_list *l, const weft_env *env);

struct weft_request {
    struct wire *wire;
    weft_loop *loop;
    struct head head;
    struct buf body;
    struct field_list fields; /* of the reply */
    void (*on_drain)(weft_request *r, void *user);
    void (*on_gone)(weft_request *r, void *user);
    void *user;
    bool begun, over_soft;
};

struct weft_upgrade {
    weft_request request;
    const weft_handler *handler;
    const struct profile *session; /* of the route's kind */
    void *user;
    const char *subprotocol; /* "" for none */
    char accept[WEFT_ACCEPT_LEN + 1];
    weft_deflate_params deflate;
    char extension[WEFT_DEFLATE_TEXT]; /* what the 101 says about deflate */
    struct buf why;
    bool held; /* on_upgrade said so: it is the user's */
};

weft_request_head request_head_of(const weft_request *r);
void request_init(weft_request *r, struct wire *w);
void request_deinit(weft_request *r);

/* The wire has lost some of its output, or is gone. */
void request_drained(weft_request *r);
void request_gone(weft_request *r);

/* The same as weft_reply_write without a copy: the blob's bytes. */
int request_share(weft_request *r, struct blob *b);

/* web.c: what answers, and how a wire goes on afterwards */

/* A complete reply with a body, written to the wire's h1; type (may be NULL) is added to fields. */
int web_answer(struct wire *w, int status, struct field_list *fields, const char *type,
               const void *body, size_t len);

/* The reply to the current request has ended. */
void web_replied(struct wire *w);

/* Become a WebSocket: 0, or an error and nothing has changed but that the client was refused. */
int web_accept(struct wire *w, weft_upgrade *u);

/* Refuse the request that is due and close: fields may be NULL. */
void web_refuse(struct wire *w, int status, const char *why, const struct field_list *fields);

struct h1 *web_h1(struct wire *w);

/* The wire no longer tells the request that waits for its reply. */
void web_forget(struct wire *w);

/* The upgrade that was held is about to be answered. */
void web_answering(struct wire *w);

/* upgrade.c */
void upgrade_free(weft_upgrade *u);

#endif
