/* SPDX-License-Identifier: MIT
 *
 * http/file.c - the pure half of static files
 */
#include "http/file.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/chars.h"
#include "base/fields.h"

/* ---- path ------------------------------------------------------------------------------------ */

/* The next character of a path, its escape decoded; -1 if it may not stand in one. */
static int next_char(weft_bytes *in)
{
    int c = in->data[0];
    bool escaped = c == '%';
    if (escaped) {
        int high = in->len > 2 ? char_hex(in->data[1]) : -1;
        int low = in->len > 2 ? char_hex(in->data[2]) : -1;
        if (high < 0 || low < 0) return -1;
        c = high << 4 | low;
    }
    *in = bytes_from(*in, escaped ? 3 : 1);
    bool bad = c < 0x20 || c == 0x7f || c == '\\' || (escaped && c == '/');
    return bad ? -1 : c;
}

/* No empty segment, and none that begins with a dot: that covers "..", too. */
static bool segments_safe(const char *path)
{
    char before = '/';
    for (; *path; before = *path++)
        if (before == '/' && (*path == '/' || *path == '.')) return false;
    return true;
}

int file_path(weft_bytes path, char *out, size_t size)
{
    static const char index[] = "index.html";
    if (!path.len || path.data[0] != '/') return 400;
    size_t n = 0;
    for (weft_bytes in = bytes_from(path, 1); in.len;) {
        int c = next_char(&in);
        if (c < 0) return 400;
        if (n + sizeof index >= size) return 414;
        out[n++] = (char)c;
    }
    if (sizeof index > size) return 414;
    if (!weft_utf8_valid(out, n)) return 400;
    if (n == 0 || out[n - 1] == '/') {
        memcpy(out + n, index, sizeof index - 1);
        n += sizeof index - 1;
    }
    out[n] = '\0';
    return segments_safe(out) ? 0 : 404;
}

/* ---- type ------------------------------------------------------------------------------------ */

const char *file_type(const char *name)
{
    static const char *const types[][2] = {
        {"html", "text/html; charset=utf-8"},
        {"htm", "text/html; charset=utf-8"},
        {"css", "text/css; charset=utf-8"},
        {"js", "text/javascript; charset=utf-8"},
        {"mjs", "text/javascript; charset=utf-8"},
        {"json", "application/json"},
        {"map", "application/json"},
        {"webmanifest", "application/manifest+json"},
        {"txt", "text/plain; charset=utf-8"},
        {"md", "text/markdown; charset=utf-8"},
        {"csv", "text/csv; charset=utf-8"},
        {"xml", "text/xml; charset=utf-8"},
        {"pdf", "application/pdf"},
        {"wasm", "application/wasm"},
        {"zip", "application/zip"},
        {"gz", "application/gzip"},
        {"svg", "image/svg+xml"},
        {"png", "image/png"},
        {"jpg", "image/jpeg"},
        {"jpeg", "image/jpeg"},
        {"gif", "image/gif"},
        {"webp", "image/webp"},
        {"avif", "image/avif"},
        {"ico", "image/x-icon"},
        {"woff", "font/woff"},
        {"woff2", "font/woff2"},
        {"ttf", "font/ttf"},
        {"otf", "font/otf"},
        {"mp4", "video/mp4"},
        {"webm", "video/webm"},
        {"mp3", "audio/mpeg"},
        {"ogg", "audio/ogg"},
        {"wav", "audio/wav"},
    };
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (bytes_is_nocase(bytes_of(dot + 1), types[i][0])) return types[i][1];
    return "application/octet-stream";
}

/* ---- conditions (RFC 9110, 13) --------------------------------------------------------------- */

struct request {
    const weft_field *fields;
    size_t n;
    const struct file_info *info;
    struct file_answer *out;
};

static const weft_field *field(const struct request *r, const char *name)
{
    return fields_first(r->fields, r->n, name);
}

/* One entity tag off the front of a list. false: malformed, or the end. A tag is no quoted-string: a
 * backslash in it is a backslash (RFC 9110, 8.8.3). */
static bool next_etag(weft_bytes *list, bool *weak, weft_bytes *tag)
{
    while (list->len && (list->data[0] == ',' || list->data[0] == ' ' || list->data[0] == '\t'))
        *list = bytes_from(*list, 1);
    *weak = list->len > 1 && list->data[0] == 'W' && list->data[1] == '/';
    weft_bytes rest = bytes_from(*list, *weak ? 2 : 0);
    const uint8_t *end =
        rest.len > 1 && rest.data[0] == '"' ? memchr(rest.data + 1, '"', rest.len - 1) : NULL;
    if (!end) return false;
    *tag = (weft_bytes){rest.data, (size_t)(end - rest.data) + 1};
    *list = bytes_from(rest, tag->len);
    return true;
}

/* Ours is strong; a weak one in the list matches in the weak comparison only. */
static bool list_matches(weft_bytes list, const char *etag, bool weakly)
{
    if (bytes_is(list, "*")) return true;
    bool weak;
    weft_bytes tag;
    while (next_etag(&list, &weak, &tag))
        if ((weakly || !weak) && bytes_is(tag, etag)) return true;
    return false;
}

/* All fields of that name together. */
static bool any_matches(const struct request *r, const char *name, bool weakly)
{
    weft_bytes want = bytes_of(name);
    for (size_t i = 0; i < r->n; i++)
        if (bytes_equal_nocase(r->fields[i].name, want) &&
            list_matches(r->fields[i].value, r->out->etag, weakly))
            return true;
    return false;
}

static bool precondition_holds(const struct request *r)
{
    if (field(r, "If-Match")) return any_matches(r, "If-Match", false);
    const weft_field *f = field(r, "If-Unmodified-Since");
    int64_t since;
    return !f || !date_parse(f->value, &since) || r->info->mtime <= since;
}

static bool not_modified(const struct request *r)
{
    if (field(r, "If-None-Match")) return any_matches(r, "If-None-Match", true);
    const weft_field *f = field(r, "If-Modified-Since");
    int64_t since;
    return f && date_parse(f->value, &since) && r->info->mtime <= since;
}

/* The range is only meant for the file that the client already has a part of. */
static bool if_range_holds(const struct request *r)
{
    const weft_field *f = field(r, "If-Range");
    if (!f) return true;
    bool tag = f->value.len && (f->value.data[0] == '"' || f->value.data[0] == 'W');
    return bytes_is(f->value, tag ? r->out->etag : r->out->modified);
}

/* ---- range (RFC 9110, 14) -------------------------------------------------------------------- */

/* Digits; a number beyond 64 bits is as large as can be. false if anything else is among them. */
static bool number(weft_bytes text, uint64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c < '0' || c > '9') return false;
        bool fits = n <= (UINT64_MAX - (uint64_t)(c - '0')) / 10;
        n = fits ? n * 10 + (uint64_t)(c - '0') : UINT64_MAX;
    }
    *out = n;
    return true;
}

/* "bytes=a-b", "bytes=a-", "bytes=-n": as first and last (inclusive) of size bytes; first >= size
 * is unsatisfiable. false: malformed or several. */
static bool parse_range(weft_bytes text, uint64_t size, uint64_t *first, uint64_t *last)
{
    weft_bytes unit = bytes_cut(&text, '='), to = text, from = bytes_cut(&to, '-');
    if (from.len == text.len || !bytes_is_nocase(unit, "bytes")) return false;
    if (!number(from, first) || !number(to, last)) return false;
    if (!from.len && !to.len) return false;
    if (!from.len) { /* the last n */
        *first = *last == 0 ? size : *last < size ? size - *last : 0;
        *last = UINT64_MAX;
    }
    if (!to.len) *last = UINT64_MAX;
    if (*last < *first && from.len) return false;
    return true;
}

static void apply_range(struct request *r)
{
    const weft_field *f = field(r, "Range");
    uint64_t size = r->info->size, first, last;
    if (!f || fields_count(r->fields, r->n, "Range") > 1 || !if_range_holds(r) ||
        !parse_range(f->value, size, &first, &last))
        return;
    struct file_answer *out = r->out;
    if (first >= size) {
        out->status = 416;
        out->length = 0;
        snprintf(out->range, sizeof out->range, "bytes */%" PRIu64, size);
        return;
    }
    if (last >= size) last = size - 1;
    out->status = 206;
    out->first = first;
    out->length = last - first + 1;
    snprintf(out->range, sizeof out->range, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first, last,
             size);
}

void file_evaluate(const struct file_info *info, const weft_field *fields, size_t n_fields,
                   struct file_answer *out)
{
    *out = (struct file_answer){.status = 200, .length = info->size};
    snprintf(out->etag, sizeof out->etag, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"", info->inode,
             info->size, (uint64_t)info->mtime * 1000000000u + info->mtime_ns);
    date_format(info->mtime, out->modified);
    struct request r = {fields, n_fields, info, out};
    if (!precondition_holds(&r)) out->status = 412;
    else if (not_modified(&r)) out->status = 304;
    else apply_range(&r);
    if (out->status == 412 || out->status == 304) out->length = 0;
}
