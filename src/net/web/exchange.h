/* SPDX-License-Identifier: MIT
 *
 * net/web/exchange.h - requests on a lane, one after the other, and what answers them
 *
 *      lane bytes -> h1_feed -> H1_HEAD     an upgrade: checked, routed, the user asked (upgrade.c); of a plain request
 *                                           what its route says of methods and pages is answered, and the user is
 *                                           asked if the body streams (request.c)
 *                            -> H1_PIECE    of a body that streams: to the user (request.c)
 *                            -> H1_REQUEST  a plain request: routed to the user (request.c)
 *                            -> H1_DONE     the last reply is made: the lane finishes
 *
 *      exchange_answer    a whole reply                      the exchange goes on with the next request
 *      exchange_begin     the head of one that streams       the lane becomes the reply's (reply.c), until
 *      exchange_go_on                                        it hands it back
 *      exchange_upgrade   101                                the lane becomes a WebSocket's
 *      exchange_upgrade_in_vain   no memory                  the same, and it is dropped
 *      exchange_leave     nothing for long                   the lane becomes the request's (waiting.c), until
 *      exchange_come_back                                    that is answered
 *
 * What is HTTP/1.1's is behind these: who answers knows of a lane, fields and a framing.
 *
 * There is memory for it only while HTTP is spoken: not before the first byte, and not while a reply streams.
 *
 * Deadlines: the head of a request must be complete handshake_timeout after its first byte (or after the lane was
 * ready: then it closes in silence), its body within http_body_timeout and a second more for each http_body_rate
 * bytes that have come (none runs while the user has paused it), an idle connection closes after http_keepalive,
 * and while a reply is being written the peer has to take something of it within write_stall. An upgrade that is
 * held has to be answered within hold_timeout.
 *
 * Limits: those of the server until a head is there; then, until the next one is, those of its route.
 */
#ifndef NET_WEB_EXCHANGE_H
#define NET_WEB_EXCHANGE_H

#include "http/field_list.h"
#include "http/h1.h"
#include "net/lane.h"
#include "net/site.h"
#include "net/web/asker.h"

struct access;

struct exchange {
    struct lane *lane;
    struct h1 h1;
    struct outq out;
    weft_request *request; /* waits for its reply */
    weft_upgrade *upgrade; /* waits for its answer */
    struct asker asker;
    uint16_t limits;        /* site_limits: of the newest request's route */
    struct access *access;  /* of the request at hand; NULL: nobody wants to know, or it is told */
    struct field_list cors; /* what every answer to it says, too */
    bool varies;            /* and that it varies with Origin */
    uint64_t body_since;    /* when the time of the body at hand began, ms */
    uint64_t body_before;   /* how much of it had come then */
    bool receiving;         /* the deadline for a request runs */
    bool in_body;           /* for its body */
    bool full;              /* the next request waits until the client has read more */
};

extern const struct talk exchange_talk;

/* A complete reply with a body; type (may be NULL) is the Content-Type, whatever fields say. Errors: -EINVAL,
 * -ENOMEM. */
int exchange_answer(struct exchange *x, int status, struct field_list *fields, const char *type,
                    const void *body, size_t len);

struct refusal {
    int status;
    const char *why;  /* for us: a constant */
    const char *type; /* of the body; NULL: none, or fields say it */
    weft_bytes body;
    const struct field_list *fields; /* may be NULL */
    unsigned retry_after;            /* seconds; 0: nothing is said of it */
};

/* Refuse the request that is due and close. When memory is short of even that the lane is dropped, and with it the
 * exchange. */
void exchange_refuse_with(struct exchange *x, const struct refusal *r);

/* The same, with a line of text as the body; or with one that says why. */
void exchange_refuse_plainly(struct exchange *x, struct refusal *r, const char *text);
void exchange_refuse(struct exchange *x, int status, const char *why);

/* More of the body is to come: until when depends on how much has. And: it is not read for a while, by the user's
 * will, so that no deadline runs. */
void exchange_await_body(struct exchange *x);
void exchange_body_rests(struct exchange *x);

/* The reply to the current request has been made. */
void exchange_replied(struct exchange *x);

/* What somebody needs who goes on with a reply that has begun. */
struct handed {
    struct lane *lane;
    struct framing framing;
    struct outq out;   /* with the head of the reply at its end */
    uint32_t requests; /* on this connection so far */
    uint16_t limits;   /* site_limits */
    bool last;         /* it ends with this reply */
};

/* The head of a reply whose body follows: *to is the caller's, and the exchange is gone; he sits down on the lane
 * at once. A proxy's client hangs in *links. Errors: -EINVAL, -ENOMEM, and nothing has changed. */
int exchange_begin(struct exchange *x, int status, struct field_list *fields, uint64_t length,
                   weft_link **links, struct handed *to);

/* The lane is an exchange's again, after so many requests, the last of them under these limits. */
void exchange_go_on(struct lane *l, uint32_t requests, uint16_t limits);

/* The request at hand is over, and whoever wants to know is told: with this status, and why if something was wrong. */
void exchange_record(struct exchange *x, int status, const char *cause, uint64_t sent);

/* What has to be known of a request that was taken to answer it without this exchange (waiting.h). */
struct forgotten {
    struct lane *lane;     /* NULL: it has an exchange again, or nobody waits any more */
    struct asker *asker;   /* NULL: what the lane says of him is all */
    struct access *access; /* as the exchange's */
    struct field_list cors;
    struct h1_waiting http;
    uint16_t limits;
    bool varies;
};

void waiting_deinit(struct forgotten *w, const weft_env *env);

/* The lane is of r, the request that waits, and the exchange is gone. Errors: -ENOMEM, and nothing has changed. */
int exchange_leave(struct exchange *x, weft_request *r, struct forgotten *to);

/* The lane has an exchange again, in which r waits for its reply; takes what w has. NULL: no memory, and the lane was
 * dropped. */
struct exchange *exchange_come_back(struct forgotten *w, weft_request *r);

/* Switch protocols, with these fields in the 101: from now on c sits on the lane, and the exchange is gone. Errors:
 * -EINVAL, -ENOMEM: the exchange is still there, to refuse. */
int exchange_upgrade(struct exchange *x, const weft_field *fields, size_t n, weft_conn *c);

/* That could not be done, but the program counts on c: it sits down all the same, and the lane is dropped, so that c's
 * end is told as any other. */
void exchange_upgrade_in_vain(struct exchange *x, weft_conn *c, int error);

#endif
