/* SPDX-License-Identifier: MIT
 *
 * cli/page.h - the pages of web/ out of the program itself
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

#endif
