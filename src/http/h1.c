/* SPDX-License-Identifier: MIT
 *
 * http/h1.c - one request at a time: read it, have it answered, read the next
 *
 *  HEAD     -> BODY      the head is complete       [h1_feed: H1_HEAD]
 *  BODY     -> BODY      some of it, if it streams  [h1_feed: H1_PIECE]
 *           -> ANSWER    its body too               [h1_feed: H1_REQUEST]
 *           -> ANSWER    the body is not wanted     [h1_reply_begin, h1_take]
 *  ANSWER   -> HEAD      the next request           [h1_reply_end]
 *           -> DONE      that was the last one      [h1_reply_end]
 *           -> TUNNEL                               [h1_upgrade]
 *           -> HANDED    the reply is another's      [h1_hand_over]
 *  HEAD, BODY -> FAILED  a violation                [fail]
 *  HEAD, BODY, ANSWER -> FAILED                      [h1_refuse]
 *  FAILED   -> ANSWER    the refusal                [h1_reply_begin]
 */
#include "http/h1.h"

#include <errno.h>

#include "base/fields.h"
#include "base/limits.h"
#include "base/reserved.h"
#include "http/reply.h"

enum in { HEAD, BODY, ANSWER, FAILED, TUNNEL, HANDED, DONE };

static void drop_request(struct h1 *h)
{
    h->has_head = false;
    head_deinit(&h->head);
    buf_deinit(&h->body);
}

void h1_init(struct h1 *h, const weft_env *env, const weft_limits *limits, struct outq *out)
{
    *h = (struct h1){.env = env, .limits = limits, .out = out, .in = HEAD};
    head_init_request(&h->head, env, limits);
    buf_init(&h->body, env, (size_t)limit_http_body_max(limits));
}

void h1_deinit(struct h1 *h)
{
    drop_request(h);
}

void h1_continue(struct h1 *h, uint32_t requests)
{
    h->requests = requests;
}

static int fail(struct h1 *h, int error, int status, const char *why)
{
    h->in = FAILED;
    h->last = true;
    h->status = error == -ENOMEM ? 503 : status;
    h->why = error == -ENOMEM ? "out of memory" : why;
    return error;
}

/* ---- requests -------------------------------------------------------------------------------- */

void h1_body_max(struct h1 *h, uint64_t max)
{
    h->body.max = max < SIZE_MAX ? (size_t)max : SIZE_MAX;
}

static int read_head(struct h1 *h, weft_span *in)
{
    int r = head_feed(&h->head, in);
    if (r == 0) return H1_MORE;
    if (r < 0) return fail(h, r, h->head.status, h->head.why);
    h->requests++;
    h->has_head = true;
    h->is_head = bytes_is(h->head.method, "HEAD");
    h->is_http10 = h->head.version == 10;
    h->has_body = h->head.body == BODY_CHUNKED || h->head.length > 0;
    h->last |= !h->head.keep_alive || h->requests >= limit_http_requests(h->limits);
    h->in = BODY;
    h->body_begun = h->streaming = false;
    h->received = 0;
    h1_body_max(h, limit_http_body_max(h->limits));
    return H1_HEAD;
}

static int begin_body(struct h1 *h)
{
    h->body_begun = true;
    int r = body_init(&h->decoder, h->head.body, h->head.length, h->body.max);
    if (r < 0) return fail(h, r, h->decoder.status, h->decoder.why);
    if (!h->head.expect_continue) return 0;
    r = reply_head(h->out, h->env, &(struct reply){.status = 100});
    return r < 0 ? fail(h, r, 0, NULL) : 0;
}

static int read_body(struct h1 *h, weft_span *in)
{
    int r = h->body_begun ? 0 : begin_body(h);
    if (r < 0) return r;
    while ((r = body_read(&h->decoder, in, &h->piece)) == BODY_PIECE) {
        h->received += h->piece.len;
        if (h->streaming) return H1_PIECE;
        buf_append(&h->body, h->piece.data, h->piece.len);
        if (h->body.failed) return fail(h, -ENOMEM, 0, NULL);
    }
    if (r < 0) return fail(h, r, h->decoder.status, h->decoder.why);
    if (r == BODY_MORE) return H1_MORE;
    h->in = ANSWER;
    return H1_REQUEST;
}

int h1_feed(struct h1 *h, weft_span *in)
{
    switch ((enum in)h->in) {
    case HEAD: return read_head(h, in);
    case BODY: return read_body(h, in);
    case ANSWER:
    case HANDED: return H1_WAIT;
    case FAILED: return WEFT_ERR_HTTP;
    case TUNNEL: return H1_TUNNEL;
    case DONE: break;
    }
    return H1_DONE;
}

int h1_eof(struct h1 *h)
{
    h->last = true;
    switch ((enum in)h->in) {
    case HEAD:
        if (head_begun(&h->head)) break;
        h->in = DONE;
        return H1_DONE;
    case BODY: break;
    case ANSWER:
    case HANDED: return H1_WAIT;
    case FAILED: return WEFT_ERR_HTTP;
    case TUNNEL: return H1_TUNNEL;
    case DONE: return H1_DONE;
    }
    return fail(h, WEFT_ERR_HTTP, 400, "the stream ended inside a request");
}

/* From here on the request is answered, whatever of its body has not been read. */
static void stop_reading(struct h1 *h)
{
    if (h->in != ANSWER && (h->in == FAILED || h->has_body)) h->last = true;
    h->in = ANSWER;
}

void h1_take(struct h1 *h, struct head *head, struct buf *body)
{
    stop_reading(h);
    *head = h->head;
    *body = h->body;
    h->has_head = false;
    head_init_request(&h->head, h->env, h->limits);
    buf_init(&h->body, h->env, h->body.max);
}

void h1_stream(struct h1 *h, struct head *head)
{
    h->streaming = true;
    *head = h->head;
    h->has_head = false;
    head_init_request(&h->head, h->env, h->limits);
    h->head.body = head->body; /* begin_body asks for these */
    h->head.length = head->length;
    h->head.expect_continue = head->expect_continue;
}

struct h1_waiting h1_leave(const struct h1 *h)
{
    return (struct h1_waiting){h->requests, h->last, h->is_head, h->is_http10};
}

void h1_come_back(struct h1 *h, const struct h1_waiting *w)
{
    h->requests = w->requests;
    h->last = w->last;
    h->is_head = w->is_head;
    h->is_http10 = w->is_http10;
    h->in = ANSWER;
}

bool h1_has_head(const struct h1 *h)
{
    return h->has_head;
}

bool h1_in_body(const struct h1 *h)
{
    return h->in == BODY;
}

bool h1_idle(const struct h1 *h)
{
    return h->in == HEAD && !head_begun(&h->head);
}

void h1_last(struct h1 *h)
{
    h->last = true;
    if (h1_idle(h)) h->in = DONE;
}

void h1_refuse(struct h1 *h, int status, const char *why)
{
    bool open = h->in == HEAD || h->in == BODY || h->in == ANSWER;
    if (open && !h->replying) (void)fail(h, WEFT_ERR_HTTP, status, why);
}

/* ---- replies --------------------------------------------------------------------------------- */

static bool reply_due(const struct h1 *h)
{
    return !h->replying && (h->in == BODY || h->in == ANSWER || h->in == FAILED);
}

static bool has_reserved(const weft_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (field_is_reserved(fields[i].name, RESERVED_IN_REPLY)) return true;
    return false;
}

static enum body_kind body_kind_of(const struct h1 *h, int status, uint64_t length)
{
    if (status == 204 || status == 304) return BODY_NONE;
    if (length != H1_LENGTH_UNKNOWN) return BODY_LENGTH;
    return h->is_http10 ? BODY_UNTIL_CLOSE : BODY_CHUNKED;
}

/* What the head says of it: a 304 may say how long the body would be that it does not have (RFC 9110, 8.6). */
static enum body_kind said_of(enum body_kind body, int status, uint64_t length)
{
    return status == 304 && length && length != H1_LENGTH_UNKNOWN ? BODY_LENGTH : body;
}

int h1_reply_begin(struct h1 *h, int status, const weft_field *fields, size_t n_fields,
                   const char *date, uint64_t length)
{
    if (!reply_due(h)) return WEFT_ERR_STATE;
    enum body_kind body = body_kind_of(h, status, length);
    bool bodyless = status == 204 && length && length != H1_LENGTH_UNKNOWN;
    if (status < 200 || bodyless || has_reserved(fields, n_fields)) return -EINVAL;
    bool unread = h->in == FAILED || (h->in == BODY && h->has_body);
    struct reply r = {.status = status,
                      .date = fields_count(fields, n_fields, "Date") ? NULL : date,
                      .fields = fields,
                      .n_fields = n_fields,
                      .body = said_of(body, status, length),
                      .length = length,
                      .close = h->last || unread || body == BODY_UNTIL_CLOSE};
    int error = reply_head(h->out, h->env, &r);
    if (error) return error;
    stop_reading(h);
    h->last = r.close;
    h->framing = framing_of(body, length, h->is_head);
    h->replying = true;
    return 0;
}

int h1_reply_write(struct h1 *h, const void *data, size_t len)
{
    if (!h->replying) return WEFT_ERR_STATE;
    return framing_write(&h->framing, h->out, h->env, data, len);
}

int h1_reply_end(struct h1 *h)
{
    if (!h->replying) return WEFT_ERR_STATE;
    int error = framing_end(&h->framing, h->out, h->env);
    h->last |= error != 0;
    h->replying = h->is_head = h->is_http10 = false;
    h->in = h->last ? DONE : HEAD;
    drop_request(h);
    return error;
}

int h1_hand_over(struct h1 *h, struct framing *to)
{
    if (!h->replying) return WEFT_ERR_STATE;
    *to = h->framing;
    h->replying = false;
    h->in = HANDED;
    drop_request(h);
    return 0;
}

bool h1_replying(const struct h1 *h)
{
    return h->replying;
}

int h1_upgrade(struct h1 *h, const weft_field *fields, size_t n_fields)
{
    if (!reply_due(h) || h->in == FAILED || h->has_body || h->is_http10) return WEFT_ERR_STATE;
    struct reply r = {.status = 101, .fields = fields, .n_fields = n_fields};
    int error = reply_head(h->out, h->env, &r);
    if (error) return error;
    h->in = TUNNEL;
    drop_request(h);
    return 0;
}
