/* SPDX-License-Identifier: MIT
 *
 * net/client/client.h - who dialed a WebSocket: the way to its server, the opening handshake, how that went
 */
#ifndef NET_CLIENT_CLIENT_H
#define NET_CLIENT_CLIENT_H

#include "net/client/options.h"
#include "net/client/way.h"
#include "net/ws/conn.h"
#include <weft/client.h>

/* Until the WebSocket is open, or cannot be opened. */
struct opening {
    struct client *client;
    struct dial dial;
    struct options options;
    struct way way;
    struct lane *lane; /* in the handshake */
    struct outq out;   /* the request */
    struct h1_client h1;
    char key[WEFT_KEY_LEN + 1];
};

/* As long as the weft_conn. */
struct client {
    struct owner owner; /* the conn's */
    weft_conn *conn;
    struct conn_class class;
    struct opening *opening; /* NULL: it is over */
    struct head response;    /* the 101, or a refusal: fields, and what they point into */
    struct buf body;
    weft_refusal refusal;
    char *cause; /* of the end, when its words had to be made */
};

extern const struct talk handshake_talk;

/* The lane leads to the server: ask for a WebSocket. */
void handshake_begin(struct opening *o, struct lane *l);

/* ---- what came of it (client.c) -------------------------------------------------------------- */

/* The WebSocket sits down on the lane; there is no opening any more. */
void opening_open(struct opening *o, const weft_agreement *a);

/* Go to where the response leads, if it does and we may. */
bool opening_redirect(struct opening *o);

/* on_close says why. The response, when there is one, is the user's to read there. */
void opening_fail(struct opening *o, int error, const char *cause);
void opening_fail_words(struct opening *o, int error, const char *words); /* which are copied */
void opening_refused(struct opening *o, struct h1_client *response, int error);

#endif
