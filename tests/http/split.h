/* SPDX-License-Identifier: MIT
 *
 * tests/http/split.h - the same bytes in every way they can arrive
 *
 *      for (struct split s = split_of(text, len); split_next(&s);)
 *          while (split_part(&s, &span)) feed(&span);
 *
 * First whole, then byte by byte, then cut in two at every place. Each part lies in memory of
 * exactly its size, so that the sanitizer sees a read beyond it.
 */
#ifndef TESTS_HTTP_SPLIT_H
#define TESTS_HTTP_SPLIT_H

#include <stdlib.h>
#include <string.h>

#include <weft/base.h>

struct split {
    const char *text;
    size_t len;
    size_t way; /* 0 not begun, 1 whole, 2 byte by byte, then cut at way - 2 */
    size_t at;
    uint8_t *part;
};

static inline struct split split_of(const char *text, size_t len)
{
    return (struct split){.text = text, .len = len};
}

static inline bool split_next(struct split *s)
{
    s->way++;
    s->at = 0;
    free(s->part);
    s->part = NULL;
    return s->way <= 2 || s->way - 2 < s->len;
}

static inline bool split_part(struct split *s, weft_span *out)
{
    if (s->at == s->len) return false;
    size_t n = s->way == 2 ? 1 : s->len - s->at;
    if (s->way > 2 && s->at == 0) n = s->way - 2;
    free(s->part);
    s->part = malloc(n);
    memcpy(s->part, s->text + s->at, n);
    *out = (weft_span){s->part, n};
    s->at += n;
    return true;
}

#endif
