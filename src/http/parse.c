/* SPDX-License-Identifier: MIT
 *
 * http/parse.c - heads in one go, in the caller's memory (weft/handshake.h)
 *
 * The same scan and the same checks as of a head that comes in pieces; only nothing is copied. A head that is not
 * complete is scanned anew with more of it, which request_head_max bounds.
 */
#include <weft/handshake.h>

#include "base/limits.h"
#include "http/head.h"
#include "http/head_check.h"

static int too_many(struct head *h)
{
    return head_fail(h, 431, "too many header fields");
}

/* As weft_head_parse, with the results in *h. */
static int parse(struct head *h, weft_span *in, const weft_limits *limits, weft_field *fields,
                 size_t max, bool response)
{
    weft_span rest = *in;
    *h = (struct head){.fields = fields};
    scan_init(&h->scan, limits, response);
    int r = scan_feed(&h->scan, &rest);
    if (r < 0) return head_fail(h, h->scan.status, h->scan.why);
    if (h->scan.lines > max) return too_many(h);
    if (r == 0) return 0;
    r = head_cut(h, (weft_span){rest.data - h->scan.len, h->scan.len});
    if (r == 1) *in = rest;
    return r;
}

int weft_head_parse_sized(weft_span *in, const weft_limits *limits, size_t limits_size,
                          weft_field *fields, size_t max, weft_request_head *head,
                          weft_handshake *out)
{
    struct head h;
    weft_limits own;
    *head = (weft_request_head){0};
    *out = (weft_handshake){.why = ""};
    int r = limits_take(NULL, &own, limits, limits_size);
    if (r) return r;
    r = parse(&h, in, &own, fields, max, false);
    if (r < 0) out->status = h.status, out->why = h.why;
    if (r == 1)
        *head = (weft_request_head){.method = h.method,
                                    .target = h.target,
                                    .version = h.version,
                                    .fields = h.fields,
                                    .n_fields = h.n_fields};
    return r;
}

int weft_response_parse_sized(weft_span *in, const weft_limits *limits, size_t limits_size,
                              weft_field *fields, size_t max, weft_response_head *head)
{
    struct head h;
    weft_limits own;
    *head = (weft_response_head){.why = ""};
    int r = limits_take(NULL, &own, limits, limits_size);
    if (r) return r;
    r = parse(&h, in, &own, fields, max, true);
    if (r < 0) head->why = h.why;
    if (r == 1)
        *head = (weft_response_head){.version = h.version,
                                     .status = h.status,
                                     .reason = h.reason,
                                     .fields = h.fields,
                                     .n_fields = h.n_fields,
                                     .why = ""};
    return r;
}
