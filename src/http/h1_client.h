/* SPDX-License-Identifier: MIT
 *
 * http/h1_client.h - the client's side of one exchange: a request out, its response in
 *
 *      request_head(...) into the caller's queue; then
 *
 *      switch (h1_client_feed(c, &in)) {
 *      case H1C_MORE:     read from the socket; c->in_body: it is a refusal, and of its body some is still to come
 *      case H1C_SWITCHED: 101 to the GET, or 2xx to the CONNECT: the rest of in is
 *                         the other protocol
 *      case H1C_REFUSED:  another status: c->head, and c->body up to refusal_body_max
 *      case WEFT_ERR_HTTP: c->why
 *      }
 *
 * A refusal is one whatever its fields are: when they are malformed, or too long, it has none of them, but its status.
 *
 * A few interim responses (1xx but 101) are skipped. After a refusal the connection cannot be used
 * for another request: close it.
 */
#ifndef HTTP_H1_CLIENT_H
#define HTTP_H1_CLIENT_H

#include "http/body.h"
#include "http/head.h"

enum h1_client_result { H1C_MORE, H1C_SWITCHED, H1C_REFUSED };

struct h1_client {
    struct head head; /* with H1C_SWITCHED and H1C_REFUSED */
    struct buf body;  /* with H1C_REFUSED; cut at refusal_body_max */
    const char *why;  /* after an error */

    const weft_env *env;
    const weft_limits *limits;
    struct body decoder;
    uint8_t interim; /* responses skipped */
    bool connect;    /* the request was CONNECT */
    bool in_body;    /* c->head is there, and is a refusal's */
    bool whole;      /* and c->body is all of its body */
};

void h1_client_init(struct h1_client *c, const weft_env *env, const weft_limits *limits,
                    bool connect);
void h1_client_deinit(struct h1_client *c);

/* An enum h1_client_result. Errors: WEFT_ERR_HTTP (why), -ENOMEM. */
int h1_client_feed(struct h1_client *c, weft_span *in);

/* Nothing more will come: whether what is there is a refusal, which then is what there is of it. */
bool h1_client_refused(struct h1_client *c);

/* The server has sent its last byte: H1C_REFUSED if it had refused by then (head or body may be cut short), else
 * WEFT_ERR_LOST. */
int h1_client_eof(struct h1_client *c);

#endif
