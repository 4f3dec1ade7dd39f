/* SPDX-License-Identifier: MIT
 *
 * channel/json_read.c - a reader for each kind of value, one calling the others as deep as is allowed
 *
 * A reader moves on to what follows its value, or says false: then the text is broken there, or too deep.
 */
#include "channel/json_read.h"

#include <errno.h>

#include <weft/aux.h>

#include "channel/bytes.h"
#include "channel/json_plain.h"

struct scan {
    const uint8_t *at, *end;
    bool lone, too_deep;
};

static void skip_space(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool take(struct scan *s, uint8_t c)
{
    if (s->at == s->end || *s->at != c) return false;
    s->at++;
    return true;
}

/* ---- strings --------------------------------------------------------------------------------- */

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The four digits behind "\u", or -1. */
static int32_t unit_at(const uint8_t *p, const uint8_t *end)
{
    int32_t unit = 0;
    if (end - p < 4) return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex(p[i]);
        if (digit < 0) return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static bool is_high(int32_t unit)
{
    return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(int32_t unit)
{
    return unit >= 0xdc00 && unit < 0xe000;
}

/* The character that "\u" and its digits, at p, begin; *used counts these digits, and the other half of a pair. Half of
 * a pair is itself; -1: no digits. */
static int32_t character_at(const uint8_t *p, const uint8_t *end, size_t *used)
{
    int32_t unit = unit_at(p, end);
    *used = 4;
    if (!is_high(unit) || end - p < 10 || p[4] != '\\' || p[5] != 'u') return unit;
    int32_t low = unit_at(p + 6, end);
    if (!is_low(low)) return unit;
    *used = 10;
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

/* Behind the backslash. */
static bool read_escape(struct scan *s)
{
    size_t used;
    if (s->at == s->end || !*s->at || !strchr("\"\\/bfnrtu", *s->at)) return false;
    if (*s->at++ != 'u') return true;
    int32_t c = character_at(s->at, s->end, &used);
    if (c < 0) return false;
    s->lone = s->lone || is_high(c) || is_low(c);
    s->at += used;
    return true;
}

static bool read_string(struct scan *s)
{
    if (!take(s, '"')) return false;
    for (;;) {
        s->at += json_plain_run(s->at, (size_t)(s->end - s->at));
        if (s->at == s->end) return false;
        uint8_t c = *s->at++;
        if (c == '"') return true;
        if (c < 0x20 || (c == '\\' && !read_escape(s))) return false;
    }
}

/* ---- numbers and words ----------------------------------------------------------------------- */

static bool read_digits(struct scan *s)
{
    const uint8_t *first = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9') s->at++;
    return s->at > first;
}

static bool read_number(struct scan *s, enum json_kind *kind)
{
    *kind = JSON_INTEGER;
    (void)take(s, '-');
    if (!take(s, '0') && !read_digits(s)) return false;
    if (take(s, '.')) {
        *kind = JSON_NUMBER;
        if (!read_digits(s)) return false;
    }
    if (take(s, 'e') || take(s, 'E')) {
        *kind = JSON_NUMBER;
        if (!take(s, '+')) (void)take(s, '-');
        if (!read_digits(s)) return false;
    }
    return true;
}

static bool read_word(struct scan *s, const char *word)
{
    if (!bytes_begin((weft_bytes){s->at, (size_t)(s->end - s->at)}, word)) return false;
    s->at += strlen(word);
    return true;
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool read_value(struct scan *s, struct json_value *out, unsigned depth);

/* A name and the colon behind it. */
static bool read_name(struct scan *s, struct json_value *name)
{
    *name = (struct json_value){JSON_STRING, {s->at, 0}, true};
    if (!read_string(s)) return false;
    name->raw.len = (size_t)(s->at - name->raw.data);
    skip_space(s);
    return take(s, ':');
}

/* What lies between brackets or braces is checked, and not kept. */
static bool read_inside(struct scan *s, bool named, uint8_t close, unsigned depth)
{
    struct json_value unused;
    s->at++;
    skip_space(s);
    if (take(s, close)) return true;
    do {
        skip_space(s);
        if (named && !read_name(s, &unused)) return false;
        if (!read_value(s, &unused, depth)) return false;
    } while (take(s, ','));
    return take(s, close);
}

/* depth: so many objects and arrays are around it. */
static bool read_bare(struct scan *s, enum json_kind *kind, unsigned depth)
{
    uint8_t c = s->at < s->end ? *s->at : 0;
    bool opens = c == '{' || c == '[';
    s->too_deep = s->too_deep || (opens && depth == JSON_DEPTH_MAX);
    if (s->too_deep) return false;
    *kind = c == '{' ? JSON_OBJECT : c == '[' ? JSON_ARRAY : c == '"' ? JSON_STRING : JSON_BOOLEAN;
    switch (c) {
    case '{': return read_inside(s, true, '}', depth + 1);
    case '[': return read_inside(s, false, ']', depth + 1);
    case '"': return read_string(s);
    case 't': return read_word(s, "true");
    case 'f': return read_word(s, "false");
    case 'n': *kind = JSON_ABSENT; return read_word(s, "null");
    default: return read_number(s, kind);
    }
}

/* A value, and the space around it. */
static bool read_value(struct scan *s, struct json_value *out, unsigned depth)
{
    skip_space(s);
    *out = (struct json_value){JSON_ABSENT, {s->at, 0}, true};
    if (!read_bare(s, &out->kind, depth)) return false;
    out->raw.len = (size_t)(s->at - out->raw.data);
    skip_space(s);
    return true;
}

/* ---- decoding -------------------------------------------------------------------------------- */

static size_t write_utf8(uint8_t *out, int32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    for (size_t i = more; i > 0; i--, c >>= 6) out[i] = (uint8_t)(0x80 | (c & 0x3f));
    out[0] = (uint8_t)(lead[more] | c);
    return more + 1;
}

/* Decodes the escape behind a backslash, at p; *used counts its bytes. Returns how many were written. */
static size_t decode_escape(const uint8_t *p, const uint8_t *end, uint8_t *out, size_t *used)
{
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    const char *letter = strchr(letters, *p);
    *used = 1;
    if (*p == 'u') {
        int32_t c = character_at(p + 1, end, used);
        ++*used;
        return write_utf8(out, c);
    }
    *out = letter ? (uint8_t)meanings[letter - letters] : *p;
    return 1;
}

/* What stands between the quotes, which was read and is in order. Returns the length. */
static size_t decode(weft_bytes inside, uint8_t *out)
{
    const uint8_t *p = inside.data, *end = p + inside.len;
    size_t n = 0, used;
    while (p < end) {
        size_t run = json_plain_run(p, (size_t)(end - p));
        memcpy(out + n, p, run);
        n += run, p += run;
        if (p == end) break;
        if (*p != '\\') {
            out[n++] = *p++;
            continue;
        }
        n += decode_escape(p + 1, end, out + n, &used);
        p += 1 + used;
    }
    return n;
}

static weft_bytes inside_of(weft_bytes raw)
{
    return (weft_bytes){raw.data + 1, raw.len - 2};
}

bool json_text(const struct json_value *string, struct scratch *s, weft_bytes *out)
{
    *out = inside_of(string->raw);
    if (!out->len || !memchr(out->data, '\\', out->len)) return true;
    uint8_t *to = scratch_take(s, out->len);
    if (!to) return false;
    *out = (weft_bytes){to, decode(*out, to)};
    return true;
}

int json_base64(const struct json_value *string, struct scratch *s, weft_bytes *out)
{
    weft_bytes text;
    if (!json_text(string, s, &text)) return -ENOMEM;
    *out = text;
    if (!text.len) return 0;
    bool decoded =
        text.data != string->raw.data + 1; /* it lies in the scratch: in its own place, then */
    uint8_t *to = decoded ? (uint8_t *)(uintptr_t)text.data : scratch_take(s, text.len / 4 * 3);
    if (!to) return -ENOMEM;
    ptrdiff_t n = weft_base64_decode(text, to);
    *out = (weft_bytes){to, n < 0 ? 0 : (size_t)n};
    return n < 0 ? -EINVAL : 0;
}

/* ---- the object ------------------------------------------------------------------------------ */

/* Longer than any name that is asked for, however that is escaped. */
enum { NAME_ROOM = 192 };

static enum json_result keep(const struct json_value *name, const struct json_value *value,
                             const char *const *names, struct json_value *values)
{
    uint8_t decoded[NAME_ROOM];
    weft_bytes inside = inside_of(name->raw);
    if (inside.len > sizeof decoded) return JSON_GOOD;
    weft_bytes called = {decoded, decode(inside, decoded)};
    for (size_t i = 0; names[i]; i++) {
        if (!bytes_are(called, names[i])) continue;
        if (values[i].is_there) return JSON_TWICE;
        values[i] = *value;
    }
    return JSON_GOOD;
}

static bool read_members(struct scan *s, const char *const *names, struct json_value *values,
                         enum json_result *result)
{
    struct json_value name, value;
    if (!take(s, '{')) return false;
    skip_space(s);
    if (take(s, '}')) return true;
    do {
        skip_space(s);
        if (!read_name(s, &name) || !read_value(s, &value, 1)) return false;
        if (keep(&name, &value, names, values) != JSON_GOOD) *result = JSON_TWICE;
    } while (take(s, ','));
    return take(s, '}');
}

enum json_result json_read(weft_bytes text, const char *const *names, struct json_value *values)
{
    enum json_result result = JSON_GOOD;
    struct scan s = {.at = text.data, .end = text.data ? text.data + text.len : NULL};
    struct json_value other;
    for (size_t i = 0; names[i]; i++) values[i] = (struct json_value){0};
    if (!weft_utf8_valid(text.data, text.len)) return JSON_BROKEN;
    skip_space(&s);
    bool is_object = s.at < s.end && *s.at == '{';
    bool whole = is_object ? read_members(&s, names, values, &result) : read_value(&s, &other, 0);
    skip_space(&s);
    if (s.too_deep) return JSON_TOO_DEEP;
    if (!whole || s.at != s.end) return JSON_BROKEN;
    if (!is_object) return JSON_NO_OBJECT;
    return s.lone ? JSON_LONE : result;
}

int json_refuse(enum json_result result, const char *thing, const char *example,
                struct refusal *why)
{
    switch (result) {
    case JSON_GOOD: return 0;
    case JSON_BROKEN:
        return refusal_write(why, 400, "this is not JSON; say for example %s", example);
    case JSON_NO_OBJECT:
        return refusal_write(why, 400, "%s is an object; say for example %s", thing, example);
    case JSON_TOO_DEEP:
        return refusal_write(why, 400, "more than %d objects and arrays in each other",
                             JSON_DEPTH_MAX);
    case JSON_TWICE:
        return refusal_write(why, 400, "a member of the object is there twice: say it once");
    case JSON_LONE: break;
    }
    return refusal_write(why, 400,
                         "a lone surrogate, half of a character: send text in whole characters, "
                         "and other bytes as \"base64\"");
}
