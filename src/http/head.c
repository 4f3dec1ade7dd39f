/* SPDX-License-Identifier: MIT
 *
 * http/head.c - a head's bytes are copied into text as scan.c has found them in form, and cut apart once
 *
 * At the blank line text holds nothing but well-formed lines; head_cut then needs no further doubt, and head_check.c
 * says what they mean. A head that lies whole in somebody's memory is cut apart there (parse.c).
 */
#include "http/head.h"

#include <errno.h>

#include "base/limits.h"
#include "http/head_check.h"

/* max: of the head, so that nobody has to ask limits again, which may be gone before the head is. */
static void init(struct head *h, const weft_env *env, const weft_limits *limits, size_t max,
                 bool response)
{
    *h = (struct head){0};
    scan_init(&h->scan, limits, response);
    buf_init(&h->text, env, max);
}

void head_init_request(struct head *h, const weft_env *env, const weft_limits *limits)
{
    init(h, env, limits, (size_t)limit_request_head_max(limits), false);
}

void head_init_response(struct head *h, const weft_env *env, const weft_limits *limits)
{
    init(h, env, limits, (size_t)limit_response_head_max(limits), true);
}

void head_deinit(struct head *h)
{
    mem_free(h->text.env, h->fields);
    buf_deinit(&h->text);
    init(h, h->text.env, h->scan.limits, h->text.max, h->scan.response);
}

/* ---- cutting it apart ------------------------------------------------------------------------ */

static weft_bytes cut_line(weft_bytes *rest)
{
    weft_bytes line = bytes_cut(rest, '\n');
    line.len--; /* its CR */
    return line;
}

static void split_request_line(struct head *h, weft_bytes line)
{
    h->method = bytes_cut(&line, ' ');
    h->target = bytes_cut(&line, ' ');
    h->version = line.data[line.len - 1] == '0' ? 10 : 11;
}

/* "HTTP/1.1 200 OK" */
static void split_status_line(struct head *h, weft_bytes line)
{
    h->version = line.data[7] == '0' ? 10 : 11;
    h->status = (line.data[9] - '0') * 100 + (line.data[10] - '0') * 10 + (line.data[11] - '0');
    if (line.len > 13) h->reason = bytes_from(line, 13);
}

/* A line that begins with white space goes on with the one before (RFC 9112, 5.2). Requests have none. */
static void unfold(weft_span text)
{
    for (size_t i = 2; i < text.len; i++) {
        bool folded = text.data[i - 1] == '\n' && (text.data[i] == ' ' || text.data[i] == '\t');
        if (folded) text.data[i - 2] = text.data[i - 1] = ' ';
    }
}

bool head_only_status(struct head *h)
{
    weft_bytes text = buf_bytes(&h->text);
    if (!h->scan.response || !h->scan.line || text.len < h->scan.line) return false;
    mem_free(h->text.env, h->fields);
    h->fields = NULL;
    h->n_fields = 0;
    h->body = BODY_NONE;
    split_status_line(h, cut_line(&text));
    return h->status >= 100 && h->status <= 599;
}

int head_cut(struct head *h, weft_span whole)
{
    if (h->scan.folded) unfold(whole);
    weft_bytes text = {whole.data, whole.len}, line = cut_line(&text);
    if (h->scan.response) split_status_line(h, line);
    else split_request_line(h, line);
    for (; h->n_fields < h->scan.lines; h->n_fields++) {
        weft_field *f = &h->fields[h->n_fields];
        f->value = cut_line(&text);
        f->name = bytes_cut(&f->value, ':');
        f->value = bytes_trim(f->value);
    }
    return h->scan.response ? head_check_response(h) : head_check_request(h);
}

/* ---- taking it in ---------------------------------------------------------------------------- */

static int complete(struct head *h)
{
    size_t n = h->scan.lines;
    if (n) h->fields = mem_alloc(h->text.env, n * sizeof *h->fields);
    return n && !h->fields ? -ENOMEM : head_cut(h, (weft_span){h->text.data, h->text.len});
}

/* One allocation when the whole head is there; never more than was sent. */
int head_feed(struct head *h, weft_span *in)
{
    int r = scan_feed(&h->scan, in);
    size_t n = h->scan.len - h->text.len;
    if (n) buf_append(&h->text, in->data - n, n);
    if (r < 0) return head_fail(h, h->scan.status, h->scan.why);
    if (h->text.failed) return -ENOMEM;
    return r == 1 ? complete(h) : 0;
}
