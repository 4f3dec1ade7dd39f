/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_body.c - a chunked body gives the same bytes however it is split
 *
 * The first byte says where the rest is cut in two.
 */
#include <stdlib.h>

#include "http/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 300 };

static void check(bool holds)
{
    if (!holds) abort();
}

struct gathered {
    uint8_t data[ROOM];
    size_t len;
};

static int read_all(struct body *b, weft_span *in, struct gathered *to)
{
    weft_bytes piece;
    int r;
    while ((r = body_read(b, in, &piece)) == BODY_PIECE) {
        check(piece.len > 0 && piece.len <= ROOM - to->len);
        copy(to->data + to->len, piece.data, piece.len);
        to->len += piece.len;
    }
    check(r != BODY_MORE || in->len == 0);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    uint8_t *text = malloc(size);
    memcpy(text, data + 1, size - 1);
    size_t len = size - 1, cut = len * data[0] / 255;

    struct body whole, split;
    struct gathered a = {.len = 0}, b = {.len = 0};
    body_init(&whole, BODY_CHUNKED, 0, ROOM);
    body_init(&split, BODY_CHUNKED, 0, ROOM);
    weft_span all = {text, len}, first = {text, cut}, second = {text + cut, len - cut};
    int r = read_all(&whole, &all, &a), s = read_all(&split, &first, &b);
    if (s == BODY_MORE) s = read_all(&split, &second, &b);
    check(r == s && whole.status == split.status && whole.why == split.why);
    check(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
    free(text);
    return 0;
}
