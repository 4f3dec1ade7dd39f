/* SPDX-License-Identifier: MIT
 *
 * net/web/exchange_answer.h - a whole answer, of the program or of weft
 */
#ifndef NET_WEB_EXCHANGE_ANSWER_H
#define NET_WEB_EXCHANGE_ANSWER_H

#include "net/web/exchange_inside.h"

/* A complete reply with a body; type (may be NULL) is the Content-Type, whatever fields say. Errors: -EINVAL,
 * -ENOMEM. */
int exchange_answer(struct exchange *x, int status, struct field_list *fields, const char *type,
                    const void *body, size_t len);

/* What the route says to pages of other origins, for an answer's fields. 0 or -ENOMEM. */
int exchange_add_cors(const struct exchange *x, struct field_list *to);

/* The request at hand is over, and whoever wants to know is told: with this status, and why if something was wrong. */
void exchange_record(struct exchange *x, int status, const char *cause, uint64_t sent);

#endif
