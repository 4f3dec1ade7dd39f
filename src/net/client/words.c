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
    for (; *text; text++)
        if (*text < 0x20 || *text == 0x7f) *text = '?';
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
    weft_bytes scheme = {url->data, 0};
    for (size_t i = 0; i + 1 < url->len && !scheme.len; i++)
        if (url->data[i] == '/' && url->data[i + 1] == '/') scheme.len = i + 2;
    *url = bytes_from(*url, scheme.len);
    return scheme;
}

void url_words(weft_bytes url, char *out, size_t size)
{
    weft_bytes scheme = cut_scheme(&url), query = url, shown = bytes_cut(&query, '?');
    weft_bytes path = shown, host = bytes_cut(&path, '/');
    bool secret = host.len && memchr(host.data, '@', host.len);
    size_t authority = host.len, name = bytes_cut_last(&host, '@').len;
    if (secret) shown = bytes_from(shown, authority - name);
    snprintf(out, size, "%.*s%.*s", TEXT(scheme, size), TEXT(shown, size));
    make_printable(out);
}
