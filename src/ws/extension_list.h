/* SPDX-License-Identifier: MIT
 *
 * ws/extension_list.h - the grammar of Sec-WebSocket-Extensions (RFC 6455, 9.1)
 *
 *      x; a; b=c, permessage-deflate; server_max_window_bits="1\5"
 *
 * A list, perhaps over several fields, of names with parameters. A value is a token, also in quotes. Elements between
 * commas may be empty; a list without any is as none. What is not in this form fails the connection (9.1), in either
 * direction, whether or not somebody wants the extension.
 */
#ifndef WS_EXTENSION_LIST_H
#define WS_EXTENSION_LIST_H

#include "base/fields.h"

/* Walks over the extensions, each with its parameters. */
struct elements extension_list(const weft_field *fields, size_t n);

bool extension_list_valid(const weft_field *fields, size_t n);

/* What stands before the first c outside of quotes, which is cut off rest; true: c was there. */
bool extension_cut(weft_bytes *rest, char c, weft_bytes *before);

/* A parameter's value as a token. Its length, of which at most max bytes are in to; 0: it is none. */
size_t extension_value(weft_bytes value, uint8_t *to, size_t max);

#endif
