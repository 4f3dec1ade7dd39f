/* SPDX-License-Identifier: MIT
 *
 * base/reserved.c - one table of what is reserved where
 */
#include "base/reserved.h"

#include "base/bytes.h"

enum { WEBSOCKET = RESERVED_IN_UPGRADE | RESERVED_IN_REQUEST, ALL = RESERVED_IN_REPLY | WEBSOCKET };

static const struct {
    const char *name; /* a '-' at its end: all that begin so */
    unsigned in;
} table[] = {
    {"Connection", ALL},           {"Content-Length", ALL}, {"Transfer-Encoding", ALL},
    {"Host", RESERVED_IN_REQUEST}, {"Upgrade", WEBSOCKET},  {"Sec-WebSocket-", WEBSOCKET},
};

static bool is_named(weft_bytes field, weft_bytes name)
{
    if (name.data[name.len - 1] == '-' && field.len > name.len) field.len = name.len;
    return bytes_equal_nocase(field, name);
}

bool field_is_reserved(weft_bytes name, enum reserved_in in)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if ((table[i].in & in) && is_named(name, bytes_of(table[i].name))) return true;
    return false;
}
