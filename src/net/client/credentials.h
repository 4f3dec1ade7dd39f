/* SPDX-License-Identifier: MIT
 *
 * net/client/credentials.h - "user:password", for basic authentication (RFC 7617)
 */
#ifndef NET_CLIENT_CREDENTIALS_H
#define NET_CLIENT_CREDENTIALS_H

#include "http/field_list.h"
#include "http/url.h"

enum { CREDENTIALS_MAX = 8192 };

/* A URL's, decoded. 0 or -EINVAL. */
int credentials_of_url(const struct url *url, char *text, size_t size);

/* The field of that name: Authorization or Proxy-Authorization. Errors: -EINVAL (too long), -ENOMEM. */
int credentials_add(struct field_list *l, const weft_env *env, const char *name,
                    const char *credentials);

#endif
