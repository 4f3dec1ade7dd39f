/* SPDX-License-Identifier: MIT
 *
 * net/client/words.h - what a client says of answers that are refusals, and of URLs
 */
#ifndef NET_CLIENT_WORDS_H
#define NET_CLIENT_WORDS_H

#include "http/head.h"

enum { REFUSAL_WORDS = 96 };

/* "WHO answered 403 Forbidden". The reason is the peer's: cut, and its bytes are printable. */
void refusal_words(const struct head *response, const char *who, char *out, size_t size);

/* A URL as it may be shown, without the user, the password and the query; cut to size. */
void url_words(weft_bytes url, char *out, size_t size);

#endif
