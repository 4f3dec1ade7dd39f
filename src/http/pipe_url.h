/* SPDX-License-Identifier: MIT
 *
 * http/pipe_url.h - where a pipe leads: tcp://host:port, tls://host:port, unix:/path, unix:@name
 */
#ifndef HTTP_PIPE_URL_H
#define HTTP_PIPE_URL_H

#include "http/url.h"

/* Into host, ipv6, port and secure, or socket; there is neither user nor path. 0 or WEFT_ERR_URL; *why (may be NULL)
 * then says what is wrong, a constant. */
int pipe_url_parse(struct url *u, weft_bytes text, const char **why);

#endif
