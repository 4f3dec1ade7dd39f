/* SPDX-License-Identifier: MIT
 *
 * http/head_check.c - target, Host, body framing, persistence: one interpretation or none
 *
 * Whatever two programs could read in two ways (two lengths, two hosts, a length and chunks) is
 * refused: that is what request smuggling lives on.
 */
#include "http/head_check.h"

#include "base/fields.h"
#include "http/url.h"

int head_fail(struct head *h, int status, const char *why)
{
    h->status = status;
    h->why = why;
    return WEFT_ERR_HTTP;
}

static const weft_field *first(const struct head *h, const char *name)
{
    return fields_first(h->fields, h->n_fields, name);
}

static size_t count(const struct head *h, const char *name)
{
    return fields_count(h->fields, h->n_fields, name);
}

/* ---- target and Host (RFC 9112, 3.2) --------------------------------------------------------- */

static void split_path(struct head *h, weft_bytes rest)
{
    h->path = bytes_cut(&rest, '?');
    h->query = rest;
    if (!h->path.len) h->path = bytes_of("/");
}

/* Behind "http://" and the like: the authority, or empty if the target is of another form. */
static weft_bytes behind_scheme(weft_bytes target)
{
    weft_bytes rest = target, scheme = bytes_cut(&rest, ':');
    bool known = bytes_is_nocase(scheme, "http") || bytes_is_nocase(scheme, "https") ||
                 bytes_is_nocase(scheme, "ws") || bytes_is_nocase(scheme, "wss");
    if (!known || rest.len < 2 || rest.data[0] != '/' || rest.data[1] != '/')
        return (weft_bytes){0};
    return bytes_from(rest, 2);
}

static int absolute_form(struct head *h)
{
    weft_bytes rest = behind_scheme(h->target);
    if (!rest.len) return head_fail(h, 400, "the target is neither a path nor an absolute URL");
    size_t n = 0;
    while (n < rest.len && rest.data[n] != '/' && rest.data[n] != '?') n++;
    h->host = (weft_bytes){rest.data, n};
    split_path(h, bytes_from(rest, n));
    return url_host_valid(h->host) ? 0
                                   : head_fail(h, 400, "the target's host or port is not valid");
}

static int check_target(struct head *h)
{
    if (bytes_is(h->method, "CONNECT"))
        return head_fail(h, 405, "CONNECT: this server is not a proxy");
    if (bytes_is(h->target, "*")) {
        h->path = h->target;
        return bytes_is(h->method, "OPTIONS")
                   ? 0
                   : head_fail(h, 400, "the target * is for OPTIONS only");
    }
    if (h->target.data[0] != '/') return absolute_form(h);
    split_path(h, h->target);
    return 0;
}

/* The authority of an absolute-form target replaces the field (RFC 9112, 3.2.2). */
static int check_host(struct head *h)
{
    size_t n = count(h, "Host");
    if (n > 1) return head_fail(h, 400, "more than one Host");
    if (n == 0) return h->version == 10 ? 0 : head_fail(h, 400, "no Host");
    for (size_t i = 0; i < h->n_fields; i++) {
        weft_field *f = &h->fields[i];
        if (!bytes_is_nocase(f->name, "Host")) continue;
        if (!url_host_valid(f->value)) return head_fail(h, 400, "Host is not a valid host");
        if (h->host.len) f->value = h->host;
        else h->host = f->value;
    }
    return 0;
}

/* ---- the body (RFC 9112, 6.3) ---------------------------------------------------------------- */

static bool parse_length(weft_bytes text, uint64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c < '0' || c > '9' || n > (UINT64_MAX - (uint64_t)(c - '0')) / 10) return false;
        n = n * 10 + (uint64_t)(c - '0');
    }
    *out = n;
    return text.len > 0;
}

static int check_body(struct head *h)
{
    size_t lengths = count(h, "Content-Length"), codings = count(h, "Transfer-Encoding");
    if (lengths && codings) return head_fail(h, 400, "both Content-Length and Transfer-Encoding");
    if (codings) {
        if (h->version == 10) return head_fail(h, 400, "Transfer-Encoding in HTTP/1.0");
        if (!h->scan.response && fields_have_token(h->fields, h->n_fields, "Upgrade", "websocket"))
            return head_fail(h, 400, "a request for an upgrade may not have a body");
        if (codings > 1 || !bytes_is_nocase(first(h, "Transfer-Encoding")->value, "chunked"))
            return head_fail(h, 501, "a Transfer-Encoding other than chunked");
        h->body = BODY_CHUNKED;
        return 0;
    }
    if (!lengths) return 0;
    if (lengths > 1) return head_fail(h, 400, "more than one Content-Length");
    if (!parse_length(first(h, "Content-Length")->value, &h->length))
        return head_fail(h, 400, "Content-Length is not a number");
    h->body = BODY_LENGTH;
    return 0;
}

static int check_expect(struct head *h)
{
    const weft_field *expect = first(h, "Expect");
    if (!expect || h->version == 10) return 0;
    if (!bytes_is_nocase(expect->value, "100-continue"))
        return head_fail(h, 417, "Expect is not 100-continue");
    h->expect_continue = h->body == BODY_CHUNKED || h->length > 0;
    return 0;
}

static void note_keep_alive(struct head *h)
{
    h->keep_alive =
        h->version == 11 && !fields_have_token(h->fields, h->n_fields, "Connection", "close");
}

int head_check_request(struct head *h)
{
    int error = check_target(h);
    if (!error) error = check_host(h);
    if (!error) error = check_body(h);
    if (!error) error = check_expect(h);
    if (error) return error;
    note_keep_alive(h);
    return 1;
}

/* Behind these there is none, whatever the fields say. */
static bool has_no_body(const struct head *h)
{
    return h->status < 200 || h->status == 204 || h->status == 304;
}

int head_check_response_body(struct head *h)
{
    int status = h->status;
    h->body = BODY_NONE, h->length = 0;
    if (has_no_body(h)) return 0;
    int error = check_body(h);
    if (error) h->body = BODY_NONE, h->length = 0;
    else if (h->body == BODY_NONE) h->body = BODY_UNTIL_CLOSE;
    h->status = status;
    return error;
}

/* What the answer is can be understood without its body, and no body of ours is read behind it. */
int head_check_response(struct head *h)
{
    int status = h->status;
    if (status < 100 || status > 599) return head_fail(h, status, "the status is not 100 to 599");
    (void)head_check_response_body(h);
    note_keep_alive(h);
    return 1;
}
