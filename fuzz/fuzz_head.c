/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_head.c - a head gives the same answer however it is split
 *
 * The first byte chooses request or response and where the rest is cut in two.
 */
#include <stdlib.h>

#include "http/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) abort();
}

static bool same(weft_bytes a, weft_bytes b)
{
    return bytes_equal(a, b);
}

static void compare(const struct head *a, const struct head *b)
{
    check(same(a->method, b->method) && same(a->target, b->target) && same(a->path, b->path));
    check(same(a->query, b->query) && same(a->host, b->host) && same(a->reason, b->reason));
    check(a->n_fields == b->n_fields && a->body == b->body && a->length == b->length);
    for (size_t i = 0; i < a->n_fields; i++) {
        check(bytes_is_token(a->fields[i].name) && bytes_is_field_value(a->fields[i].value));
        check(same(a->fields[i].name, b->fields[i].name));
        check(same(a->fields[i].value, b->fields[i].value));
    }
}

static void init(struct head *h, bool response)
{
    if (response) head_init_response(h, NULL, NULL);
    else head_init_request(h, NULL, NULL);
}

static int feed(struct head *h, weft_span *in)
{
    size_t before = in->len;
    int r = head_feed(h, in);
    check(in->len <= before && (r != 0 || in->len == 0));
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    bool response = data[0] & 1;
    uint8_t *text = malloc(size);
    memcpy(text, data + 1, size - 1);
    size_t len = size - 1, cut = len * (data[0] >> 1) / 127;

    struct head whole, split;
    init(&whole, response);
    init(&split, response);
    weft_span all = {text, len}, first = {text, cut}, second = {text + cut, len - cut};
    int r = feed(&whole, &all), s = feed(&split, &first);
    if (s == 0) s = feed(&split, &second);
    check(r == s && whole.status == split.status && whole.why == split.why);
    if (r == 1) compare(&whole, &split);
    head_deinit(&whole);
    head_deinit(&split);
    free(text);
    return 0;
}
