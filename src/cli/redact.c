/* SPDX-License-Identifier: MIT
 *
 * cli/redact.c - pairs of a query, names of a list
 */
#include "cli/redact.h"

#include <string.h>

#include <weft/aux.h>
#include <weft/handshake.h>

#include "cli/escape.h"

enum { NAME_MAX_LEN = 16 };

static weft_bytes until(weft_bytes text, char c)
{
    const uint8_t *at = text.len ? memchr(text.data, c, text.len) : NULL;
    return (weft_bytes){text.data, at ? (size_t)(at - text.data) : text.len};
}

static weft_bytes behind(weft_bytes text, size_t n)
{
    return (weft_bytes){text.data ? text.data + n : NULL, text.len - n};
}

/* As it is looked for: decoded. */
static bool is_secret(weft_bytes name)
{
    char decoded[NAME_MAX_LEN];
    return weft_form_decode(name, decoded, sizeof decoded) > 0 &&
           (!strcmp(decoded, "token") || !strcmp(decoded, "signed"));
}

static void add_pair(FILE *to, weft_bytes pair)
{
    weft_bytes name = until(pair, '=');
    if (name.len == pair.len || !is_secret(name)) return escape_terminal(to, pair, " ");
    escape_terminal(to, name, " ");
    fputs("=...", to);
}

void redact_target(FILE *to, weft_bytes target)
{
    weft_bytes path = until(target, '?');
    escape_terminal(to, path, " ");
    const char *before = "?";
    for (weft_bytes rest = behind(target, path.len); rest.len; before = "&") {
        rest = behind(rest, 1);
        weft_bytes pair = until(rest, '&');
        fputs(before, to);
        add_pair(to, pair);
        rest = behind(rest, pair.len);
    }
}

void redact_subprotocols(FILE *to, weft_bytes list)
{
    static const char prefix[] = "weft.token.";
    const char *before = "";
    for (weft_bytes one; weft_token_next(&list, &one); before = ", ") {
        bool is_token =
            one.len >= sizeof prefix - 1 && !memcmp(one.data, prefix, sizeof prefix - 1);
        fputs(before, to);
        if (is_token) fputs("weft.token....", to);
        else escape_terminal(to, one, " ");
    }
}
