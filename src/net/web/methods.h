/* SPDX-License-Identifier: MIT
 *
 * net/web/methods.h - which methods a route of plain requests has
 *
 *      "GET,POST"  --methods_parse-->  "GET, POST, HEAD"  --methods_allow-->  Allow: GET, POST, HEAD, OPTIONS
 *
 * HEAD goes with GET. OPTIONS is answered by weft, unless the user has named it.
 */
#ifndef NET_WEB_METHODS_H
#define NET_WEB_METHODS_H

#include "http/field_list.h"

/* *out is to be freed with mem_free; NULL if methods is. field: where that stands in weft_request_handler, for the log.
 * Errors: -EINVAL (something is no token, or there is none), -ENOMEM. */
int methods_parse(char **out, const weft_env *env, const char *field, const char *methods);

/* NULL has all. */
bool methods_have(const char *methods, weft_bytes method);

/* The field that says so, OPTIONS included. Errors: -ENOMEM. */
int methods_allow(struct field_list *to, const weft_env *env, const char *methods);

#endif
