/* SPDX-License-Identifier: MIT
 *
 * net/client/client.h - what a client's connection has that a server's has not
 */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include "http/head.h"
#include "net/net.h"
#include "net/ws/kind.h"
#include <weft/client.h>

struct dial;
struct net;

struct client {
    struct kind kind;
    const char *subprotocol;
    struct dial *dial;    /* until the WebSocket is open, or cannot be opened */
    struct head response; /* of a refusal: what its fields point into */
    struct buf body;
    weft_refusal refusal;
    char *cause; /* of the end, when its words had to be made */
};

/* NULL: there was none. */
const weft_refusal *client_refusal(const struct client *client);
void client_free(const weft_env *env, struct client *client); /* NULL is fine */

/* Give up before the WebSocket is open; on_close follows. */
void dial_cancel(weft_conn *c);
void dial_cancel_all(struct net *n);

#endif
