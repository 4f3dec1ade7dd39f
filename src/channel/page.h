/* SPDX-License-Identifier: MIT
 *
 * channel/page.h - what people are shown of a channel: a document of the program's, which is the same for all of them
 *
 * A copy, and the tag that tells its versions apart.
 */
#ifndef CHANNEL_PAGE_H
#define CHANNEL_PAGE_H

#include <weft/base.h>

enum { PAGE_ETAG_ROOM = 19 }; /* "\"0123456789abcdef\"" with its NUL */

struct page {
    weft_bytes html; /* empty: there is none */
    char etag[PAGE_ETAG_ROOM];
};

/* -ENOMEM: then it is none. */
int page_init(struct page *p, const weft_env *env, weft_bytes html);
void page_deinit(struct page *p, const weft_env *env);

#endif
