/* SPDX-License-Identifier: MIT
 *
 * base/reserved.c - one table of what is reserved where
 */
#include "base/reserved.h"

#include "base/bytes.h"

enum { WEBSOCKET = RESERVED_IN_UPGRADE | RESERVED_IN_REQUEST, ALL = RESERVED_IN_REPLY | WEBSOCKET };

#define NAMED(name)                               \
    {                                             \
        (const uint8_t *)(name), sizeof(name) - 1 \
    }

static const struct {
    weft_bytes name; /* a '-' at its end: all that begin so */
    unsigned in;
} table[] = {
    {NAMED("Connection"), ALL},        {NAMED("Content-Length"), ALL},
    {NAMED("Transfer-Encoding"), ALL}, {NAMED("Host"), RESERVED_IN_REQUEST},
    {NAMED("Upgrade"), WEBSOCKET},     {NAMED("Sec-WebSocket-"), WEBSOCKET},
};

static bool is_named(weft_bytes field, weft_bytes name)
{
    if (name.data[name.len - 1] == '-' && field.len > name.len) field.len = name.len;
    return bytes_equal_nocase(field, name);
}

bool field_is_reserved(weft_bytes name, enum reserved_in in)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if ((table[i].in & in) && is_named(name, table[i].name)) return true;
    return false;
}
