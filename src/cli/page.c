/* SPDX-License-Identifier: MIT
 *
 * cli/page.c - the pages of web/ out of the program itself
 *
 * They may change with every release, so browsers ask each time (no-cache) and mostly get a 304.
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
    static const struct {
        const char *path, *page;
    } pages[] = {
        {"/", "/index.html"},
        {"/race", "/race.html"},
        {"/handshake", "/handshake.html"},
        {"/frames", "/frames.html"},
        {"/heartbeat", "/heartbeat.html"},
        {"/chat", "/chat.html"},
        {"/quotes", "/quotes.html"},
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (is(path, pages[i].path)) return pages[i].page;
    return below(path, "/chat/") ? "/chat.html" : NULL;
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

void page_fields(weft_request *r, const char *caching)
{
    static const char policy[] = "default-src 'self'; connect-src 'self' ws: wss:; "
                                 "base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
    weft_reply_field(r, "Cache-Control", caching);
    weft_reply_field(r, "Content-Security-Policy", policy);
    weft_reply_field(r, "X-Content-Type-Options", "nosniff");
    weft_reply_field(r, "Referrer-Policy", "no-referrer");
    weft_reply_field(r, "Vary", "Accept");
}

static void answer(weft_request *r, const struct web_file *file)
{
    char etag[PAGE_ETAG];
    page_etag(file, etag);
    page_fields(r, "no-cache");
    weft_reply_field(r, "ETag", etag);
    if (is_known(r, etag)) weft_respond(r, 304, NULL, NULL, 0);
    else weft_respond(r, 200, file->type, file->data, file->len);
}

bool page_serve(weft_request *r, bool browser)
{
    const struct web_file *file = page_find(weft_request_path(r), browser);
    if (file) answer(r, file);
    return file;
}

void page_asset(weft_request *r, void *user)
{
    static const char why[] = "there is no such file\n";
    size_t folder = sizeof PAGE_ASSETS - sizeof "/*";
    weft_bytes path = weft_request_path(r);
    const struct web_file *file =
        page_find((weft_bytes){path.data + folder, path.len - folder}, false);
    (void)user;
    if (file) answer(r, file);
    else weft_respond(r, 404, "text/plain; charset=utf-8", why, sizeof why - 1);
}

void page_script(weft_request *r, void *user)
{
    (void)user;
    (void)page_serve(r, false); /* it is there */
}

/* ---- documents ------------------------------------------------------------------------------- */

static const struct web_file *document(const char *name)
{
    return page_find((weft_bytes){(const uint8_t *)name, strlen(name)}, false);
}

weft_bytes page_document(const char *name)
{
    const struct web_file *file = document(name);
    return (weft_bytes){file->data, file->len};
}

void page_show(weft_request *r, int status, const char *name)
{
    const struct web_file *file = document(name);
    if (status == 200) {
        answer(r, file);
        return;
    }
    page_fields(r, "no-store");
    weft_respond(r, status, file->type, file->data, file->len);
}
