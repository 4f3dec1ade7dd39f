/* SPDX-License-Identifier: MIT
 *
 * cli/page.c - the pages of web/ out of the program itself
 *
 * They may change with every release, so browsers ask each time (no-cache) and mostly get a 304. The
 * policy lets a page load and reach nothing but its own server.
 */
#include "cli/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/web_files.h"

static bool is(weft_bytes text, const char *word)
{
    return text.len == strlen(word) && !memcmp(text.data, word, text.len);
}

static bool below(weft_bytes path, const char *folder)
{
    size_t len = strlen(folder);
    return path.len > len && !memcmp(path.data, folder, len);
}

static const char *page_of(weft_bytes path)
{
    if (is(path, "/")) return "/index.html";
    if (is(path, "/chat") || below(path, "/chat/")) return "/chat.html";
    if (is(path, "/quotes")) return "/quotes.html";
    return NULL;
}

const struct web_file *page_find(weft_bytes path, bool browser)
{
    const char *page = browser ? page_of(path) : NULL;
    if (page) path = (weft_bytes){(const uint8_t *)page, strlen(page)};
    for (size_t i = 0; i < n_web_files; i++)
        if (is(path, web_files[i].path)) return &web_files[i];
    return NULL;
}

/* FNV-1a: it tells versions of a page apart, and defends against nobody. */
void page_etag(const struct web_file *file, char etag[PAGE_ETAG])
{
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < file->len; i++) hash = (hash ^ file->data[i]) * 0x100000001b3;
    snprintf(etag, PAGE_ETAG, "\"%016" PRIx64 "\"", hash);
}

/* If-None-Match is a list of tags, or a star (RFC 9110, 13.1.2). The quotes keep a tag from being
 * found inside another. */
static bool is_known(const weft_request *r, const char *etag)
{
    weft_bytes tags = weft_request_field(r, "If-None-Match");
    return is(tags, "*") || (tags.len && memmem(tags.data, tags.len, etag, strlen(etag)));
}

static void add_fields(weft_request *r, const char *etag)
{
    static const char policy[] = "default-src 'self'; connect-src 'self' ws: wss:; "
                                 "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    weft_reply_field(r, "ETag", etag);
    weft_reply_field(r, "Cache-Control", "no-cache");
    weft_reply_field(r, "Content-Security-Policy", policy);
    weft_reply_field(r, "X-Content-Type-Options", "nosniff");
}

bool page_serve(weft_request *r, bool browser)
{
    char etag[PAGE_ETAG];
    const struct web_file *file = page_find(weft_request_path(r), browser);
    if (!file) return false;
    page_etag(file, etag);
    add_fields(r, etag);
    if (is_known(r, etag)) weft_respond(r, 304, NULL, NULL, 0);
    else weft_respond(r, 200, file->type, file->data, file->len);
    return true;
}
