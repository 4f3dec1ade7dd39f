/* SPDX-License-Identifier: MIT
 *
 * channel/etag.c - a list of tags is walked from quote to quote, for there may be commas in them
 */
#include "channel/etag.h"

#include <stdio.h>

#include "channel/bytes.h"

void etag_print(char out[ETAG_ROOM], const weft_position *p, bool empty)
{
    char position[WEFT_POSITION_TEXT];
    weft_position_print(p, position);
    snprintf(out, ETAG_ROOM, "W/\"%s%s\"", position, empty ? "-0" : "");
}

/* With its quotes, without W/. */
static weft_bytes strong(weft_bytes tag)
{
    return bytes_begin(tag, "W/") ? bytes_behind(tag, 2) : tag;
}

/* Spaces and commas; a list may have empty elements. */
static weft_bytes next_element(weft_bytes list)
{
    while (list.len && strchr(" \t,", list.data[0]) && list.data[0]) list = bytes_behind(list, 1);
    return list;
}

/* The quoted string at the front, quotes included; empty if there is none. */
static weft_bytes quoted(weft_bytes text)
{
    if (text.len < 2 || text.data[0] != '"') return (weft_bytes){0};
    const uint8_t *end = memchr(text.data + 1, '"', text.len - 1);
    return end ? (weft_bytes){text.data, (size_t)(end - text.data) + 1} : (weft_bytes){0};
}

bool etag_matches(weft_bytes if_none_match, const char *etag)
{
    weft_bytes wanted = strong(bytes_of_text(etag)), list = next_element(if_none_match);
    if (bytes_are(bytes_trimmed(if_none_match), "*")) return true;
    while (list.len) {
        list = strong(list);
        weft_bytes tag = quoted(list);
        if (!tag.len) return false;
        if (bytes_same(tag, wanted)) return true;
        list = next_element(bytes_behind(list, tag.len));
    }
    return false;
}
