/* SPDX-License-Identifier: MIT
 *
 * net/base_path.h - a server that lives under a path: "/ws/chat" is its "/chat"
 *
 *      "/ws"         BASE_PATH_BARE       the way in, without its slash: path is "/"
 *      "/ws/chat"    BASE_PATH_WITHIN     path is "/chat", base "/ws"
 *      "/wsx", "/"   BASE_PATH_OUTSIDE    path is empty, which no route fits
 *
 * What was sent stays in the head's target. A base has only characters that stand for themselves, in URLs, in HTML and
 * in JavaScript: so it is compared as it is, and written where links are, as it is.
 */
#ifndef NET_BASE_PATH_H
#define NET_BASE_PATH_H

#include <weft/base.h>

#include "http/head.h"

enum base_path_is { BASE_PATH_WITHIN, BASE_PATH_BARE, BASE_PATH_OUTSIDE };

/* As weft_server_config has it, NULL included, into *out without a slash at its end; NULL: there is none. Errors:
 * -EINVAL, and env's log is told; -ENOMEM. */
int base_path_new(char **out, const weft_env *env, const char *text);

/* Takes it off the head's path. base may be NULL. */
enum base_path_is base_path_take(struct head *h, const char *base);

#endif
