/* SPDX-License-Identifier: MIT
 *
 * cli/page.h - the pages of web/ out of the program itself
 *
 *      weft serve, weft demo    /.weft/NAME    what pages load
 *                               /weft.js       what everybody's pages may load
 *                               a channel      channel.html, which the room shows
 *      weft serve               /              welcome.html, or files.html with DIR; missing.html for 404
 *      weft demo                /NAME          all of them; in browsers also "/", "/chat", "/quotes"
 */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include <weft/http.h>

struct web_file;

/* The file for a path: in a browser "/" is /index.html, "/chat" and "/chat/NAME" are /chat.html, "/quotes" is
 * /quotes.html; others are their own; NULL if there is none. */
const struct web_file *page_find(weft_bytes path, bool browser);

enum { PAGE_ETAG = 19 }; /* "\"0123456789abcdef\"" with its NUL */

/* A hash of the content, in quotes. */
void page_etag(const struct web_file *file, char etag[PAGE_ETAG]);

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

/* That is the answer: status 200, or why it is another. */
void page_show(weft_request *r, int status, const char *name);

/* The fields that every page has: it loads and reaches nothing but its own server. caching: Cache-Control. */
void page_fields(weft_request *r, const char *caching);

#endif
