/* SPDX-License-Identifier: MIT
 *
 * cli/sentence.h - what a channel says when it refuses, for people
 */
#ifndef CLI_SENTENCE_H
#define CLI_SENTENCE_H

#include <weft/base.h>

/* The message of {"error":{"code":403,"message":"..."}}, to be freed. NULL: body is no such thing. */
char *sentence_of(weft_bytes body);

#endif
