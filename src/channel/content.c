/* SPDX-License-Identifier: MIT
 *
 * channel/content.c - the type, without its parameters, and then the bytes themselves
 */
#include "channel/content.h"

#include "channel/bytes.h"

static weft_bytes without_parameters(weft_bytes type)
{
    const uint8_t *end = type.len ? memchr(type.data, ';', type.len) : NULL;
    if (end) type.len = (size_t)(end - type.data);
    return bytes_trimmed(type);
}

static bool is_multipart(weft_bytes type)
{
    static const char multipart[] = "multipart/";
    weft_bytes head = {type.data, sizeof multipart - 1};
    return type.len > head.len && bytes_are_nocase(head, multipart);
}

int content_of(enum content *out, weft_bytes type, weft_bytes body, struct refusal *why)
{
    type = without_parameters(type);
    *out = weft_utf8_valid(body.data, body.len) ? CONTENT_TEXT : CONTENT_BINARY;
    if (bytes_are_nocase(type, "application/octet-stream")) *out = CONTENT_BINARY;
    if (bytes_are_nocase(type, "application/x-ndjson")) *out = CONTENT_BATCH;
    if (!is_multipart(type)) return 0;
    return refusal_write(
        why, 415,
        "a form with parts is no message: send the message alone as the body, with curl by "
        "-d or --data-binary in place of -F");
}
