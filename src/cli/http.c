/* SPDX-License-Identifier: MIT
 *
 * cli/http.c - a request goes out whole; an answer comes in by pieces
 *
 *      HTTP_IDLE -> HTTP_HEAD -> HTTP_BODY -> HTTP_IDLE
 *         [http_send]  [take_head]    [take_body]        interim heads (1xx) are passed over
 */
#include "cli/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aux.h>

#include "cli/cli.h"
#include "cli/outcome.h"

enum { FIELDS = 100, GATHERED_MAX = 64 << 20, PROXY_MAX = 8192 };

/* ---- the end --------------------------------------------------------------------------------- */

static void detach(struct http *h)
{
    weft_timer_stop(h->silence);
    if (h->pipe) {
        weft_pipe_set_user(h->pipe, NULL);
        weft_pipe_abort(h->pipe);
    }
    h->pipe = NULL;
    h->state = HTTP_IDLE;
    buffer_clear(&h->input);
}

static void fail(struct http *h, int error, const char *cause)
{
    weft_close_info info = {.code = WEFT_CLOSE_ABNORMAL, .error = error, .cause = cause};
    bool told = h->state != HTTP_IDLE;
    detach(h);
    if (told) h->handler->on_end(h, &info);
}

static void end(struct http *h)
{
    h->state = HTTP_IDLE;
    weft_timer_stop(h->silence);
    if (!h->keeps) detach(h);
    h->handler->on_end(h, NULL);
}

static void on_silence(weft_timer *t, void *user)
{
    (void)t;
    fail(user, WEFT_ERR_TIMEOUT, "the server has said nothing for too long");
}

static void await(struct http *h)
{
    if (h->silence_ms) weft_timer_start(h->silence, h->silence_ms);
}

/* ---- what comes ------------------------------------------------------------------------------ */

/* Each returns whether there may be more to do with what is left of in. */
static bool take_body(struct http *h, weft_span *in)
{
    weft_bytes piece;
    int r = weft_body_read(&h->body, in, &piece);
    if (r < 0) fail(h, r, h->body.why);
    else if (r == WEFT_BODY_END) end(h);
    else if (r == WEFT_BODY_PIECE && h->status == 200 && h->handler->on_body)
        h->handler->on_body(h, piece);
    else if (r == WEFT_BODY_PIECE) buffer_add(&h->gathered, piece.data, piece.len);
    if (h->state == HTTP_BODY && h->gathered.len > GATHERED_MAX)
        fail(h, WEFT_ERR_TOO_BIG, "an answer without end");
    return r == WEFT_BODY_PIECE && h->state == HTTP_BODY;
}

static void begin_body(struct http *h, const weft_response_head *head)
{
    bool closes = weft_field_has_token(head->fields, head->n_fields, "Connection", "close");
    int kind = weft_body_begin(&h->body, head, h->is_head ? "HEAD" : "GET");
    h->keeps = head->version == 11 && !closes && kind != WEFT_BODY_UNTIL_CLOSE;
    h->state = HTTP_BODY;
    h->status = head->status;
    buffer_clear(&h->gathered);
    trace_line(h->trace, "<- HTTP/1.1 %d", head->status);
    trace_fields(h->trace, "<- ", head->fields, head->n_fields);
    if (kind < 0) fail(h, kind, h->body.why);
    else if (h->handler->on_head) h->handler->on_head(h, head);
}

static bool take_head(struct http *h, weft_span *in)
{
    weft_field fields[FIELDS];
    weft_response_head head;
    int r = weft_response_parse(in, NULL, fields, FIELDS, &head);
    if (r < 0) fail(h, r, head.why);
    if (r <= 0) return false;
    if (head.status >= 200 || head.status == 101) begin_body(h, &head);
    return true;
}

static void on_bytes(weft_pipe *p, void *data, size_t len)
{
    struct http *h = weft_pipe_user(p);
    if (!h) return;
    if (h->state == HTTP_IDLE) {
        detach(h); /* nobody has asked */
        return;
    }
    await(h);
    struct buffer head = h->input; /* what was not whole the last time */
    h->input = (struct buffer){0};
    if (head.len) buffer_add(&head, data, len);
    weft_span in = head.len ? (weft_span){head.data, head.len} : (weft_span){data, len};
    bool more = !head.failed;
    while (more && h->pipe == p && h->state == HTTP_HEAD) more = take_head(h, &in);
    while (more && h->pipe == p && h->state == HTTP_BODY) more = take_body(h, &in);
    if (h->pipe == p && h->state == HTTP_HEAD) buffer_add(&h->input, in.data, in.len);
    if (head.failed || h->input.failed) fail(h, -ENOMEM, "out of memory");
    buffer_free(&head);
}

static void on_close(weft_pipe *p, int error, const char *cause)
{
    struct http *h = weft_pipe_user(p);
    if (!h) return;
    h->pipe = NULL;
    trace_line(h->trace, "the connection has ended%s%s", error ? ": " : "", cause);
    if (h->state == HTTP_BODY && !error && weft_body_eof(&h->body) == WEFT_BODY_END) end(h);
    else fail(h, error ? error : WEFT_ERR_LOST, error ? cause : "the server went in the middle");
}

/* ---- what is asked --------------------------------------------------------------------------- */

int http_init(struct http *h)
{
    return weft_timer_new(&h->silence, h->loop, on_silence, h);
}

void http_deinit(struct http *h)
{
    if (!h->loop) return;
    detach(h);
    weft_timer_free(h->silence);
    buffer_free(&h->input);
    buffer_free(&h->gathered);
}

static void add_credentials(FILE *to, const char *credentials)
{
    size_t len = strlen(credentials);
    char *text = len ? malloc(WEFT_BASE64_LEN(len)) : NULL;
    if (!text) return;
    weft_base64_encode((weft_bytes){(const uint8_t *)credentials, len}, text);
    fprintf(to, "Authorization: Basic %.*s\r\n", (int)WEFT_BASE64_LEN(len), text);
    free(text);
}

static void write_request(FILE *to, const struct http *h, const char *method, const char *target,
                          const char *fields, weft_bytes body)
{
    fprintf(to, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, target,
            h->url->is_unix ? "localhost" : h->url->server);
    for (size_t i = 0; i < h->o->headers.n; i++) fprintf(to, "%s\r\n", h->o->headers.items[i]);
    add_credentials(to, h->o->credentials ? h->o->credentials : h->url->credentials);
    fputs(fields, to);
    if (body.data) fprintf(to, "Content-Length: %zu\r\n", body.len);
    fputs("\r\n", to);
    if (body.len) fwrite(body.data, 1, body.len, to);
}

static int dial(struct http *h)
{
    static const weft_pipe_handler handler = {.on_bytes = on_bytes, .on_close = on_close};
    char url[CHANNEL_URL_MAX + 16], proxy[PROXY_MAX];
    const uint64_t patience = h->o->patience;
    weft_limits limits = {.connect_timeout = patience,
                          .tls_handshake_timeout = patience,
                          .handshake_timeout = patience,
                          .send_queue_max = WEFT_NEVER};
    weft_dial way = {.limits = &limits, .proxy = connect_proxy(h->o->proxy, proxy, sizeof proxy)};
    int r = channel_url_pipe(h->url, url, sizeof url);
    if (!r) r = connect_trust(&way.tls, &h->o->trust);
    if (r) return r;
    r = weft_pipe_connect(&h->pipe, h->loop, url, &way, &handler, h);
    weft_tls_unref(way.tls);
    if (r == WEFT_ERR_URL) complain("%s: the URL names no server", h->url->shown);
    else if (r < 0) complain("%s: %s", h->url->shown, connect_words(r));
    return r < 0 ? outcome_exit_connect(r) : 0;
}

int http_send(struct http *h, const char *method, const char *more, const char *fields,
              weft_bytes body)
{
    char target[CHANNEL_URL_MAX], *text = NULL;
    size_t len;
    int r = channel_url_target(h->url, more, target, sizeof target);
    if (!r && !h->pipe) r = dial(h);
    if (r) return r;
    trace_line(h->trace, "-> %s %.400s HTTP/1.1", method, target);
    FILE *to = open_memstream(&text, &len);
    if (!to) return complain("out of memory");
    write_request(to, h, method, target, fields, body);
    bool good = fclose(to) == 0 && weft_pipe_write(h->pipe, text, len) == 0;
    free(text);
    h->state = HTTP_HEAD;
    h->is_head = !strcmp(method, "HEAD");
    if (!good) weft_pipe_abort(h->pipe);
    await(h);
    return 0;
}

void http_stop(struct http *h)
{
    detach(h);
}

void http_pause(struct http *h, bool paused)
{
    if (!h->pipe) return;
    if (paused) weft_timer_stop(h->silence);
    else if (h->state != HTTP_IDLE) await(h);
    if (paused) weft_pipe_pause(h->pipe);
    else weft_pipe_resume(h->pipe);
}

/* ---- what it means --------------------------------------------------------------------------- */

void http_refusal(const struct http *h, struct outcome_refusal *out)
{
    outcome_refuse(out, h->status, buffer_bytes(&h->gathered));
}

/* A field's value with a NUL behind it; "" if it is not there, or too long. */
static void copy_field(const weft_response_head *head, const char *name, char *out, size_t size)
{
    const weft_field *f = weft_field_find(head->fields, head->n_fields, name);
    size_t len = f && f->value.len < size ? f->value.len : 0;
    if (len) memcpy(out, f->value.data, len);
    out[len] = '\0';
}

uint64_t http_retry_after(const weft_response_head *head)
{
    char text[16];
    copy_field(head, "Retry-After", text, sizeof text);
    return strtoull(text, NULL, 10) * 1000;
}

void http_position(const weft_response_head *head, char *out, size_t size)
{
    copy_field(head, "Weft-Position", out, size);
}
