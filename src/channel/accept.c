/* SPDX-License-Identifier: MIT
 *
 * channel/accept.c - ranges between commas, and their weights behind semicolons
 *
 *      text/html, application/xml;q=0.9, text/event-stream;x="a, b";q=0
 */
#include "channel/accept.h"

#include "channel/bytes.h"

/* What stands in front of the separator, which is taken off with it; in quotes it is none. */
static weft_bytes cut(weft_bytes *rest, uint8_t separator)
{
    size_t n = 0;
    for (bool quoted = false; n < rest->len && (quoted || rest->data[n] != separator); n++) {
        if (quoted && rest->data[n] == '\\' && n + 1 < rest->len) n++;
        else if (rest->data[n] == '"') quoted = !quoted;
    }
    weft_bytes head = {rest->data, n};
    *rest = bytes_behind(*rest, n < rest->len ? n + 1 : n);
    return bytes_trimmed(head);
}

/* "q=0", "q=0.", "q=0.000" */
static bool is_nothing(weft_bytes parameter)
{
    weft_bytes value = parameter;
    weft_bytes name = cut(&value, '=');
    value = bytes_trimmed(value);
    if (!bytes_are_nocase(name, "q") || !value.len || value.data[0] != '0') return false;
    for (size_t i = 1; i < value.len; i++)
        if (value.data[i] != '.' && value.data[i] != '0') return false;
    return true;
}

static bool is_wanted(weft_bytes parameters)
{
    while (parameters.len)
        if (is_nothing(cut(&parameters, ';'))) return false;
    return true;
}

bool accept_names(weft_bytes accept, const char *type)
{
    while (accept.len) {
        weft_bytes parameters = cut(&accept, ',');
        weft_bytes range = cut(&parameters, ';');
        if (bytes_are_nocase(range, type) && is_wanted(parameters)) return true;
    }
    return false;
}
