/* SPDX-License-Identifier: MIT
 *
 * cli/page.h - the pages of web/ out of the program itself
 *
 *      weft serve, weft demo    /.weft/NAME    what pages load
 *                               /weft.js       what everybody's pages may load
 *                               a channel      channel.html, which the room shows
 *      weft serve               /              welcome.html, or files.html with DIR; missing.html for 404
 *      weft demo                /NAME          all of them; in browsers also "/" and "/chat", without ".html"
 */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include <stdio.h>

#include <weft/http.h>

struct web_file;

/* The file for a path: in a browser "/" is /index.html, "/chat" and "/chat/NAME" are /chat.html, "/race" is /race.html
 * and so on; others are their own; NULL if there is none. */
const struct web_file *page_find(weft_bytes path, bool browser);

enum { PAGE_ETAG = 19 }; /* "\"0123456789abcdef\"" with its NUL */

/* A hash of what is sent, in quotes. */
void page_etag(weft_bytes text, char etag[PAGE_ETAG]);

/* Whether there is one for this path, and it has been answered with. */
bool page_serve(weft_request *r, bool browser);

/* Requests below PAGE_ASSETS; user: none. */
#define PAGE_ASSETS "/.weft/*"
void page_asset(weft_request *r, void *user);

/* js/weft.js, for everybody's pages. user: none. */
#define PAGE_SCRIPT "/weft.js"
void page_script(weft_request *r, void *user);

/* The document of this name ("/channel.html"), which has to be there. */
weft_bytes page_document(const char *name);

/* The same under a base path, to be freed; NULL: no memory. */
char *page_document_under(const char *name, weft_bytes base, size_t *len);

/* What --base-path says, without a slash at its end, as weft_request_base_path does; NULL is fine. */
weft_bytes page_base(const char *base_path);

/* A page, or a piece of one, for who reaches it under a base path ("/ws", or empty): links to "/x" lead to "/ws/x". */
void page_write(FILE *to, weft_bytes text, weft_bytes base);

/* That is the answer: status 200, or why it is another. */
void page_show(weft_request *r, int status, const char *name);

/* The fields that every page has: it loads and reaches nothing but its own server. caching: Cache-Control. */
void page_fields(weft_request *r, const char *caching);

#endif
