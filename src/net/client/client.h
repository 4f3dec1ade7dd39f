/* SPDX-License-Identifier: MIT
 *
 * net/client/client.h - who dialed a WebSocket: the way to its server, the opening handshake, how that went
 */
#ifndef NET_CLIENT_CLIENT_H
#define NET_CLIENT_CLIENT_H

#include "net/client/way.h"
#include "net/ws/conn.h"
#include <weft/client.h>

/* Until the WebSocket is open, or cannot be opened. */
struct dial {
    struct list link; /* the dialer's dials */
    struct client *client;
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
    struct dial *dial;    /* NULL: it is over */
    struct head response; /* of a refusal: what its fields point into */
    struct buf body;
    weft_refusal refusal;
    char *cause; /* of the end, when its words had to be made */
};

extern const struct talk handshake_talk;

/* The lane leads to the server: ask for a WebSocket. */
void handshake_begin(struct dial *d, struct lane *l);

/* ---- what came of it (client.c) -------------------------------------------------------------- */

/* The WebSocket sits down on the lane; there is no dial any more. */
void dial_open(struct dial *d, const weft_agreement *a);

/* Go to where the response leads, if it does and we may. */
bool dial_redirect(struct dial *d);

/* on_close says why. The response, when there is one, is the user's to read there. */
void dial_fail(struct dial *d, int error, const char *cause);
void dial_refused(struct dial *d, struct h1_client *response, int error);

#endif
