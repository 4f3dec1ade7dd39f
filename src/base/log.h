/* SPDX-License-Identifier: MIT
 *
 * base/log.h - one line to the env's log hook
 *
 * What a peer sent may stand in it: control characters and non-ASCII are escaped (\x1b), and the line
 * is cut at 256 bytes. Nothing is formatted when nobody listens.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <weft/base.h>

void log_line(const weft_env *env, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a user handed in cannot be used: the same at WEFT_LOG_ERROR, which says where ("weft_dial.proxy"), what, and
 * what would be right. Returns -EINVAL. */
int log_wrong(const weft_env *env, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

#endif
