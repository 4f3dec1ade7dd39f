/* SPDX-License-Identifier: MIT
 *
 * channel/name.c - decode a path, then doubt every segment
 *
 * What an escape must not hide (a slash, a backslash, a NUL) is looked for before anything is decoded: afterwards
 * nobody could tell.
 */
#include "channel/name.h"

#include <errno.h>
#include <string.h>

#include <weft/aux.h>

#include "channel/bytes.h"

/* ---- segments -------------------------------------------------------------------------------- */

/* The segment behind the slash at the front, taken off with it. */
static weft_bytes take_segment(weft_bytes *rest)
{
    weft_bytes segment = bytes_behind(*rest, 1);
    const uint8_t *slash = segment.len ? memchr(segment.data, '/', segment.len) : NULL;
    if (slash) segment.len = (size_t)(slash - segment.data);
    *rest = bytes_behind(*rest, 1 + segment.len);
    return segment;
}

/* rest is what follows the segment. */
static int check_segment(weft_bytes segment, weft_bytes rest, bool *is_pattern, struct refusal *why)
{
    if (!segment.len)
        return refusal_write(
            why, 400,
            "an empty segment: between two slashes of a channel's name there is something");
    if (bytes_are(segment, ".") || bytes_are(segment, ".."))
        return refusal_write(
            why, 400, "\".\" and \"..\" are no segments of a channel's name: write where it leads");
    if (segment.data[0] == '.')
        return refusal_write(why, 400, "no segment of a channel's name begins with a dot");
    if (bytes_are(segment, "**"))
        return refusal_write(
            why, 400,
            "\"**\" means nothing here: a single star at the end is each channel one level below");
    if (!bytes_are(segment, "*")) return 0;
    if (rest.len)
        return refusal_write(
            why, 400,
            "\"*\" is no segment of a channel's name: it stands only at the end of a pattern");
    if (!is_pattern)
        return refusal_write(
            why, 400,
            "a star is a pattern, which can only be subscribed to, in weft.v1: name one channel");
    *is_pattern = true;
    return 0;
}

/* ---- the whole name -------------------------------------------------------------------------- */

static int check_characters(weft_bytes name, struct refusal *why)
{
    if (!weft_utf8_valid(name.data, name.len))
        return refusal_write(why, 400, "a channel's name is UTF-8, and this one is not");
    if (bytes_have_control(name))
        return refusal_write(why, 400, "a control character has no place in a channel's name");
    if (name.len && memchr(name.data, '\\', name.len))
        return refusal_write(
            why, 400,
            "a backslash has no place in a channel's name: levels are separated by \"/\"");
    if (!name.len || name.data[0] != '/')
        return refusal_write(why, 400, "a channel's name begins with a slash: \"/chat\"");
    if (name.len > CHANNEL_NAME_MAX)
        return refusal_write(why, 400,
                             "a channel's name has at most %d bytes, and this one has %zu",
                             CHANNEL_NAME_MAX, name.len);
    return 0;
}

static bool is_reserved(weft_bytes name)
{
    static const char *const reserved[] = {"/weft.js", "/metrics", "/healthz", "/readyz"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (bytes_are(name, reserved[i])) return true;
    weft_bytes rest = name, first = take_segment(&rest);
    return first.len && first.data[0] == '.' && !bytes_are(first, ".") && !bytes_are(first, "..");
}

int name_check(weft_bytes name, bool *is_pattern, struct refusal *why)
{
    if (is_pattern) *is_pattern = false;
    if (check_characters(name, why) < 0) return -1;
    if (is_reserved(name))
        return refusal_write(why, 404, "\"%.*s\" is reserved, and no channel: take another name",
                             BYTES_TEXT(name));
    for (weft_bytes rest = name; rest.len > 1;) {
        weft_bytes segment = take_segment(&rest);
        if (check_segment(segment, rest, is_pattern, why) < 0) return -1;
        if (bytes_are(rest, "/"))
            return refusal_write(why, 400,
                                 "a channel's name does not end with a slash: this one is \"%.*s\"",
                                 (int)name.len - 1, (const char *)name.data);
    }
    return 0;
}

/* ---- paths ----------------------------------------------------------------------------------- */

static const char *hidden(weft_bytes path)
{
    static const char *const escapes[] = {"%2F", "%5C", "%00"};
    for (const uint8_t *at, *end = path.data + path.len;
         path.len && (at = memchr(path.data, '%', path.len)) && end - at >= 3;
         path = (weft_bytes){at + 1, (size_t)(end - at - 1)})
        for (size_t k = 0; k < sizeof escapes / sizeof *escapes; k++)
            if (!strncasecmp((const char *)at, escapes[k], 3)) return escapes[k];
    return NULL;
}

int name_of_path(struct name *out, weft_bytes path, struct refusal *why)
{
    const char *escape = hidden(path);
    out->text[0] = '\0';
    out->len = 0;
    if (escape)
        return refusal_write(
            why, 400, "%s has no place in a channel's name: levels are separated by \"/\" itself",
            escape);
    int n = weft_percent_decode(path, out->text, sizeof out->text);
    if (n == -ENOSPC)
        return refusal_write(why, 400,
                             "a channel's name has at most %d bytes, and this one has more",
                             CHANNEL_NAME_MAX);
    if (n < 0)
        return refusal_write(
            why, 400,
            "a \"%%\" in a path is followed by two hexadecimal digits; \"%%\" itself is \"%%25\"");
    out->len = (size_t)n;
    return name_check(name_bytes(out), NULL, why);
}

/* ---- patterns -------------------------------------------------------------------------------- */

weft_bytes name_level(weft_bytes name)
{
    while (name.len && name.data[name.len - 1] != '/') name.len--;
    return name;
}

bool name_matches(weft_bytes pattern, weft_bytes name)
{
    weft_bytes level = name_level(name);
    return level.len < name.len && bytes_same(level, name_level(pattern));
}
