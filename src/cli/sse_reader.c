/* SPDX-License-Identifier: MIT
 *
 * cli/sse_reader.c - a line is a field, a comment, or the end of an event
 */
#include "cli/sse_reader.h"

#include <stdlib.h>
#include <string.h>

static bool is(weft_bytes bytes, const char *text)
{
    return bytes.len == strlen(text) && !memcmp(bytes.data, text, bytes.len);
}

/* "" if there is no room. */
static void copy(char *out, size_t size, weft_bytes value)
{
    size_t len = value.len < size ? value.len : 0;
    if (len) memcpy(out, value.data, len);
    out[len] = '\0';
}

static void take_data(struct sse_reader *r, weft_bytes value)
{
    buffer_add(&r->data, value.data, value.len);
    buffer_add(&r->data, "\n", 1);
    r->has_data = true;
}

static void take_field(struct sse_reader *r, weft_bytes name, weft_bytes value)
{
    char number[24];
    if (is(name, "data")) take_data(r, value);
    else if (is(name, "event")) copy(r->event, sizeof r->event, value);
    else if (is(name, "id")) copy(r->id, sizeof r->id, value);
    if (!is(name, "retry")) return;
    copy(number, sizeof number, value);
    r->retry_ms = strtoull(number, NULL, 10);
}

bool sse_line(struct sse_reader *r, weft_bytes line)
{
    if (line.len && line.data[line.len - 1] == '\r') line.len--;
    if (!line.len) {
        if (!r->has_data) sse_next(r);
        return r->has_data;
    }
    const uint8_t *colon = memchr(line.data, ':', line.len);
    size_t name = colon ? (size_t)(colon - line.data) : line.len;
    size_t skip = colon ? name + 1 : name;
    if (skip < line.len && line.data[skip] == ' ') skip++;
    take_field(r, (weft_bytes){line.data, name}, (weft_bytes){line.data + skip, line.len - skip});
    return false;
}

weft_bytes sse_data(const struct sse_reader *r)
{
    return (weft_bytes){r->data.data, r->data.len ? r->data.len - 1 : 0};
}

void sse_next(struct sse_reader *r)
{
    r->event[0] = '\0';
    r->has_data = false;
    buffer_clear(&r->data);
}

void sse_reader_free(struct sse_reader *r)
{
    buffer_free(&r->data);
}
