/* SPDX-License-Identifier: MIT
 *
 * channel/page.c - copied once, and then only read, by all threads
 */
#include "channel/page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "channel/hook.h"
#include "channel/once.h"

int page_init(struct page *p, const weft_env *env, weft_bytes html)
{
    *p = (struct page){0};
    if (!html.len) return 0;
    uint8_t *copy = hook_realloc(env, NULL, html.len);
    if (!copy) return -ENOMEM;
    memcpy(copy, html.data, html.len);
    p->html = (weft_bytes){copy, html.len};
    snprintf(p->etag, sizeof p->etag, "\"%016" PRIx64 "\"", once_fingerprint(0, html));
    return 0;
}

void page_deinit(struct page *p, const weft_env *env)
{
    hook_free(env, (void *)p->html.data);
    *p = (struct page){0};
}
