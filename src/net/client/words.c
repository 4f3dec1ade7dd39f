/* SPDX-License-Identifier: MIT
 *
 * net/client/words.c - bytes of the peer's, and of the user's, in words that may be shown
 */
#include "net/client/words.h"

#include <stdio.h>

/* Bytes for "%.*s", of which no more than size can be of use. */
#define TEXT(bytes, size)                               \
    (int)((bytes).len < (size) ? (bytes).len : (size)), \
        (bytes).len ? (const char *)(bytes).data : ""

static void make_printable(char *text)
{
    for (uint8_t *c = (uint8_t *)text; *c; c++)
        if (*c < 0x20 || *c >= 0x7f) *c = '?';
}

void refusal_words(const struct head *response, const char *who, char *out, size_t size)
{
    weft_bytes reason = bytes_trim(response->reason);
    snprintf(out, size, "%s answered %d%s%.*s", who, response->status, reason.len ? " " : "",
             TEXT(reason, size));
    make_printable(out);
}

/* Up to the host: "ws://" of "ws://user@host/". */
static weft_bytes cut_scheme(weft_bytes *url)
{
    weft_bytes rest = *url, name = bytes_cut(&rest, ':');
    bool is_one =
        name.len < url->len && rest.len >= 2 && rest.data[0] == '/' && rest.data[1] == '/';
    weft_bytes scheme = {url->data, is_one ? name.len + 3 : 0};
    *url = bytes_from(*url, scheme.len);
    return scheme;
}

/* What stands there for a port is none: it may be of a password with a '/' or a '?' in it. */
static bool port_is_wrong(weft_bytes authority)
{
    weft_bytes host = authority, port = bytes_cut_last(&host, ':');
    bool wrong = false;
    for (size_t i = 0; i < port.len; i++) wrong |= port.data[i] < '0' || port.data[i] > '9';
    return wrong && port.len < authority.len;
}

/* How many bytes in front of the host are somebody's own. */
static size_t length_of_user(weft_bytes url)
{
    weft_bytes query = url, path = bytes_cut(&query, '?'), authority = bytes_cut(&path, '/');
    bool has_one = authority.len && memchr(authority.data, '@', authority.len);
    weft_bytes from = has_one || !port_is_wrong(authority) ? authority : url, user = from;
    return from.len - bytes_cut_last(&user, '@').len;
}

void url_words(weft_bytes url, char *out, size_t size)
{
    weft_bytes scheme = cut_scheme(&url), query = bytes_from(url, length_of_user(url));
    weft_bytes shown = bytes_cut(&query, '?');
    snprintf(out, size, "%.*s%.*s", TEXT(scheme, size), TEXT(shown, size));
    make_printable(out);
}
