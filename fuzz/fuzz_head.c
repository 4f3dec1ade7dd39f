/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_head.c - a head gives the same answer however it is split
 *
 * The first byte chooses request or response and where the rest is cut in two. In one go, in the caller's memory,
 * (weft_head_parse, weft_response_parse) it is the same once more.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "http/head.h"
#include <weft/handshake.h>

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

/* More fields than the limit: the array is no limit here. */
enum { FIELDS = 1000 };

static void same_fields(const struct head *h, const weft_field *fields, size_t n)
{
    check(n == h->n_fields);
    for (size_t i = 0; i < n; i++)
        check(same(fields[i].name, h->fields[i].name) && same(fields[i].value, h->fields[i].value));
}

static void request_at_once(const struct head *h, int want, weft_span text, size_t behind)
{
    weft_field fields[FIELDS];
    weft_request_head head;
    weft_handshake answer;
    size_t all = text.len;
    check(weft_head_parse(&text, NULL, fields, FIELDS, &head, &answer) == want);
    check(text.len == (want == 1 ? behind : all));
    check(answer.status == (want < 0 ? h->status : 0));
    if (want < 0) check(answer.why == h->why);
    if (want != 1) return;
    check(same(head.method, h->method) && same(head.target, h->target) &&
          head.version == h->version);
    same_fields(h, head.fields, head.n_fields);
}

static void response_at_once(const struct head *h, int want, weft_span text, size_t behind)
{
    weft_field fields[FIELDS];
    weft_response_head head;
    size_t all = text.len;
    check(weft_response_parse(&text, NULL, fields, FIELDS, &head) == want);
    check(text.len == (want == 1 ? behind : all));
    if (want < 0) check(head.why == h->why);
    if (want != 1) return;
    check(head.status == h->status && same(head.reason, h->reason) && head.version == h->version);
    same_fields(h, head.fields, head.n_fields);
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
    if (response) response_at_once(&whole, r, (weft_span){text, len}, all.len);
    else request_at_once(&whole, r, (weft_span){text, len}, all.len);
    head_deinit(&whole);
    head_deinit(&split);
    free(text);
    return 0;
}
