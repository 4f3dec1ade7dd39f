/* SPDX-License-Identifier: MIT
 *
 * cli/page.c - the pages of web/ out of the program itself
 *
 * They may change with every release, so browsers ask each time (no-cache) and mostly get a 304.
 *
 * The files of web/ are written as if they were at the root of a server. Under a base path their links are written anew
 * for each answer, and weft.js is told of it; what scripts ask for they find by themselves (web/parts.js).
 */
#include "cli/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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
void page_etag(weft_bytes text, char etag[PAGE_ETAG])
{
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < text.len; i++) hash = (hash ^ text.data[i]) * 0x100000001b3;
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

/* ---- under a base path ----------------------------------------------------------------------- */

weft_bytes page_base(const char *base_path)
{
    size_t len = base_path ? strlen(base_path) : 0;
    len -= len && base_path[len - 1] == '/';
    return (weft_bytes){(const uint8_t *)base_path, len};
}

/* Behind the quote of the next attribute that leads to a path; NULL: there is none. */
static const uint8_t *next_link(weft_bytes text)
{
    static const char *const attributes[] = {" href=\"/", " src=\"/"};
    const uint8_t *first = NULL;
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        size_t len = strlen(attributes[i]);
        const uint8_t *at = memmem(text.data, text.len, attributes[i], len);
        if (at && (!first || at + len - 1 < first)) first = at + len - 1;
    }
    return first;
}

void page_write(FILE *to, weft_bytes text, weft_bytes base)
{
    const uint8_t *at;
    while (base.len && (at = next_link(text))) {
        size_t n = (size_t)(at - text.data);
        fwrite(text.data, 1, n, to);
        fwrite(base.data, 1, base.len, to);
        text = (weft_bytes){at, text.len - n};
    }
    fwrite(text.data, 1, text.len, to);
}

/* NULL: no memory. */
static char *text_under(const struct web_file *file, weft_bytes base, size_t *len)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, len);
    if (!to) return NULL;
    page_write(to, (weft_bytes){file->data, file->len}, base);
    if (!strcmp(file->path, PAGE_SCRIPT))
        fprintf(to, "Weft.base = \"%.*s\";\n", (int)base.len, (const char *)base.data);
    if (fclose(to) == 0) return text;
    free(text);
    return NULL;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void answer_with(weft_request *r, const char *type, weft_bytes text)
{
    char etag[PAGE_ETAG];
    page_etag(text, etag);
    page_fields(r, "no-cache");
    weft_reply_field(r, "ETag", etag);
    if (is_known(r, etag)) weft_respond(r, 304, NULL, NULL, 0);
    else weft_respond(r, 200, type, text.data, text.len);
}

static void refuse(weft_request *r, int status, const char *type, weft_bytes text)
{
    page_fields(r, "no-store");
    weft_respond(r, status, type, text.data, text.len);
}

/* status 200: it may be kept. */
static void answer(weft_request *r, int status, const struct web_file *file)
{
    weft_bytes text = {file->data, file->len}, base = weft_request_base_path(r);
    char *under = NULL;
    if (base.len) {
        under = text_under(file, base, &text.len);
        text.data = (const uint8_t *)under;
    }
    if (base.len && !under) weft_respond(r, 503, "text/plain", "out of memory\n", 14);
    else if (status == 200) answer_with(r, file->type, text);
    else refuse(r, status, file->type, text);
    free(under);
}

bool page_serve(weft_request *r, bool browser)
{
    const struct web_file *file = page_find(weft_request_path(r), browser);
    if (file) answer(r, 200, file);
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
    if (file) answer(r, 200, file);
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

char *page_document_under(const char *name, weft_bytes base, size_t *len)
{
    return text_under(document(name), base, len);
}

void page_show(weft_request *r, int status, const char *name)
{
    answer(r, status, document(name));
}
