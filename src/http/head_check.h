/* SPDX-License-Identifier: MIT
 *
 * http/head_check.h - what a well-formed head means, and whether it may mean that (for head.c)
 */
#ifndef HTTP_HEAD_CHECK_H
#define HTTP_HEAD_CHECK_H

#include "http/head.h"

/* The one place where a head fails: sets status and why, returns WEFT_ERR_HTTP. */
int head_fail(struct head *h, int status, const char *why);

/* First line and fields are cut apart; fill in the other results. 1, or WEFT_ERR_HTTP. */
int head_check_request(struct head *h);
int head_check_response(struct head *h);

/* Of a response, not to HEAD and not to CONNECT: body and length. When its fields do not say how it ends: BODY_NONE and
 * WEFT_ERR_HTTP with why. */
int head_check_response_body(struct head *h);

#endif
