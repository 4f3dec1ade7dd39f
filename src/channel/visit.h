/* SPDX-License-Identifier: MIT
 *
 * channel/visit.h - a request or an upgrade, from the door to its answer
 *
 *      visit_new -> what it asks for -> who may -> a transport, which consumes it
 *                          |               |
 *                          +---------------+--> visit_refuse
 *
 * It is allocated, because the decision who may what may come later. A transport takes from it what it needs longer.
 */
#ifndef CHANNEL_VISIT_H
#define CHANNEL_VISIT_H

#include "channel/ask.h"
#include "channel/name.h"
#include "channel/rights.h"
#include "channel/text.h"

/* What it is about, as far as the URL says: large, and only needed to begin with. */
struct wish {
    struct name name;
    struct params params;
};

typedef struct visit {
    weft_channel_ask asks;   /* first */
    weft_channels *channels; /* held */
    weft_request *request;   /* of an upgrade the one behind it */
    weft_upgrade *upgrade;   /* NULL: it is a plain request */
    enum ask ask;
    unsigned rights;     /* of weft_right: what he may do */
    bool origin_allowed; /* it has an Origin, and that is allowed */
    bool empty;          /* of what its channel had nothing is kept: another ETag */
    struct wish *wish;
} visit;

/* NULL: no memory. */
visit *visit_new(weft_channels *c, weft_request *r, weft_upgrade *u);

/* The same for who has waited for long, and done without one meanwhile; it has no wish. */
visit *visit_again(weft_channels *c, weft_request *r, enum ask ask, bool origin_allowed);

/* What he was granted besides rights, which becomes the caller's; NULL: nothing. */
struct pass *visit_take_pass(visit *v);

/* Who he is, as long as the visit has that. */
struct who visit_who(const visit *v);

/* What was taken is taken; the request is no longer the visit's. */
void visit_free(visit *v);

weft_loop *visit_loop(const visit *v);

/* The channel's topic, which becomes the caller's. 0; or -1, and why. */
int visit_find(const visit *v, weft_topic **out, struct refusal *why);

/* The same. NULL: it was refused, and v is consumed. */
weft_topic *visit_topic(visit *v);

/* ---- answers; all consume v ------------------------------------------------------------------ */

/* As a status, or for those who take every other status for the end, as an end that asks them to come again; who came
 * for the page has it with the status, and it asks why by itself. */
void visit_refuse(visit *v, const struct refusal *why);
void visit_no_memory(visit *v);

/* 200 with a body, which is freed. at: Weft-Position, and ETag where caches may ask; NULL: none of them. */
void visit_answer(visit *v, const weft_position *at, struct text *body);

/* 204: the methods that there are. */
void visit_methods(visit *v);

/* Whether he is to be shown the page, and that. */
bool visit_has_page(const visit *v);
void visit_show(visit *v);

/* 304, if the client has what is there up to this position. Whether that was it. */
bool visit_is_known(visit *v, const weft_position *at);

/* A reply that goes on; NULL: it could not be begun. */
weft_reply *visit_begin(visit *v, const char *type, const weft_position *at,
                        const weft_reply_handler *h, void *user);

#endif
