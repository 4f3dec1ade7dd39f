/* SPDX-License-Identifier: MIT
 *
 * net/peer.h - making a weft_peer: facts are gathered, and become one block
 *
 *      lane's address, or forwarded ---> facts --> weft_peer
 *      carrier->identify (TLS) --------->
 *
 * It hangs, as a link, on the WebSocket or the reply whose peer it is: so there is nothing of it where nobody asked. An
 * exchange has one for its requests.
 */
#ifndef NET_PEER_H
#define NET_PEER_H

#include "base/buf.h"
#include "net/lane.h"
#include <weft/peer.h>

struct forwarded;

/* ---- facts ----------------------------------------------------------------------------------- */

enum fact {
    FACT_ADDRESS,
    FACT_HOST,
    FACT_SERVER_NAME,
    FACT_PROTOCOL,
    FACT_CIPHER,
    FACT_SUBJECT,
    FACT_FINGERPRINT,
    FACT_PEM,
    FACT_ALT_NAME, /* as many as there are */
};

struct facts {
    struct buf text;            /* one after the other, each with its NUL; the first is "" */
    uint32_t at[FACT_ALT_NAME]; /* where each begins; 0: it was not said */
    struct buf alt_names;       /* the same, of each of them, as uint32_t */
    bool secure;
};

void facts_init(struct facts *f, const weft_env *env);
void facts_deinit(struct facts *f);

/* What is written to text between them is the fact; without NUL. */
struct buf *facts_begin(struct facts *f, enum fact what);
void facts_end(struct facts *f);

/* A fact whose text is somebody else's choice: escaped. */
void facts_say(struct facts *f, enum fact what, weft_bytes text);

/* Two digits for each byte. And: only for what is not printable ASCII, and a backslash, behind a backslash. */
void facts_hex(struct buf *to, const uint8_t *data, size_t len);
void facts_escape(struct buf *to, weft_bytes text);

/* ---- peers: one reference is the caller's; NULL: no memory -------------------------------------- */

weft_peer *peer_new(const weft_env *env, const struct facts *f);

/* Who is at the other end of the lane, or (f, which may be NULL) of the proxy there. */
weft_peer *peer_of(const struct lane *l, const struct forwarded *f);

/* It hangs there from now on, with the reference. At most once for each weft_peer at a time. */
void peer_hang(weft_peer *p, weft_link **links);

/* The one that hangs there; it is made, and hung up, if there is none. Borrowed. l may be NULL: then none is made. */
weft_peer *peer_there(weft_link **links, const struct lane *l);

#endif
