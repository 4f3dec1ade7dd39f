/* SPDX-License-Identifier: MIT
 *
 * net/client/credentials.c - basic authentication
 */
#include "net/client/credentials.h"

#include <errno.h>

#include "base/base64.h"

int credentials_of_url(const struct url *url, char *text, size_t size)
{
    int n = url_decode(url->user, text, size / 2);
    if (n < 0) return -EINVAL;
    text[n++] = ':';
    return url_decode(url->password, text + n, size - (size_t)n) < 0 ? -EINVAL : 0;
}

int credentials_add(struct field_list *l, const weft_env *env, const char *name,
                    const char *credentials)
{
    char value[6 + WEFT_BASE64_LEN(CREDENTIALS_MAX) + 1] = "Basic ";
    size_t len = strlen(credentials);
    if (len > CREDENTIALS_MAX) return -EINVAL;
    base64_encode(credentials, len, value + 6);
    return field_list_add(l, env, bytes_of(name), bytes_of(value));
}
