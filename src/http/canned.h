/* SPDX-License-Identifier: MIT
 *
 * http/canned.h - a whole answer to who has not been listened to: no request was read, none will be
 */
#ifndef HTTP_CANNED_H
#define HTTP_CANNED_H

#include "base/outq.h"

/* Queues an answer whose body is why and a newline, as text, and which closes the connection. retry_after is in
 * seconds; 0: nothing is said of it. Errors: -ENOMEM (nothing was queued). */
int canned_answer(struct outq *out, const weft_env *env, int status, unsigned retry_after,
                  const char *why);

#endif
