/* SPDX-License-Identifier: MIT
 *
 * examples/reverse_proxy.c - every request goes to a server behind this one, and its answer comes back as it comes
 *
 *      reverse_proxy [ADDRESS [BEHIND]]        127.0.0.1:8080 and tcp://127.0.0.1:8000 unless said otherwise
 *
 *      weft_request --> head and body --> weft_pipe
 *      weft_reply <-- weft_body_read <-- weft_response_parse <-- on_bytes
 *
 * Who reads slowly is sent slowly: where the reply is backlogged the pipe is paused, until on_drain. Whoever leaves,
 * the other side is told: a client that is gone ends the pipe; a server that breaks off ends the reply, so that nobody
 * takes half of an answer for the whole. One before its head is a 502.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <weft/handshake.h>
#include <weft/weft.h>

enum { HEAD_MAX = 16384, FIELDS_MAX = 100, LINE_MAX_BYTES = 256 };

/* One request. It goes when all three are gone. */
struct passing {
    weft_request *request; /* NULL: it was answered, or a reply has begun */
    weft_reply *reply;
    weft_pipe *pipe;
    weft_body body;
    bool is_head, ended;
    size_t have;
    uint8_t head[HEAD_MAX]; /* of the answer, until it is whole */
};

static const char *behind = "tcp://127.0.0.1:8000";

static bool is(weft_bytes name, const char *other)
{
    return name.len == strlen(other) && !strncasecmp((const char *)name.data, other, name.len);
}

static void drop_if_over(struct passing *x)
{
    if (!x->request && !x->reply && !x->pipe) free(x);
}

static void answer(struct passing *x, int status, const char *why)
{
    weft_request *r = x->request;
    x->request = NULL;
    if (r) (void)weft_respond(r, status, "text/plain", why, strlen(why));
}

/* Nothing more is wanted of the server behind. */
static void hang_up(struct passing *x)
{
    if (x->pipe) weft_pipe_abort(x->pipe);
}

/* ---- to the client --------------------------------------------------------------------------- */

static void resume_pipe(weft_reply *r)
{
    struct passing *x = weft_reply_user(r);
    if (x->pipe) weft_pipe_resume(x->pipe);
}

static void reply_over(weft_reply *r, int error, const char *cause)
{
    struct passing *x = weft_reply_user(r);
    (void)error, (void)cause;
    x->reply = NULL;
    hang_up(x);
    drop_if_over(x);
}

static const weft_reply_handler to_client = {.on_drain = resume_pipe, .on_close = reply_over};

static void end_reply(struct passing *x, bool whole)
{
    if (x->ended || !x->reply) return;
    x->ended = true;
    if (!whole) weft_reply_abort(x->reply);
    else if (weft_reply_end(x->reply) < 0) hang_up(x); /* on_close follows anyhow */
}

static uint64_t length_of(const weft_response_head *head)
{
    const weft_field *field = weft_field_find(head->fields, head->n_fields, "Content-Length");
    uint64_t n = 0;
    for (size_t i = 0; field && i < field->value.len; i++)
        n = n * 10 + (field->value.data[i] - '0');
    return field ? n : WEFT_LENGTH_UNKNOWN;
}

/* What is for this connection only stays here. */
static int pass_fields(weft_request *r, const weft_response_head *head)
{
    weft_field kept[FIELDS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < head->n_fields; i++) {
        const weft_field *f = &head->fields[i];
        if (is(f->name, "Content-Length")) continue; /* is said by the length */
        if (!weft_field_is_hop(head->fields, head->n_fields, f->name)) kept[n++] = *f;
    }
    return weft_reply_fields(r, kept, n);
}

/* The answer's head is there. */
static int begin_reply(struct passing *x, const weft_response_head *head)
{
    weft_request *r = x->request;
    int kind = weft_body_begin(&x->body, head, x->is_head ? "HEAD" : "GET");
    if (kind < 0) return kind;
    uint64_t length = kind == WEFT_BODY_NONE && !x->is_head ? 0 : length_of(head);
    int error = pass_fields(r, head);
    if (error < 0) return error;
    x->request = NULL;
    return weft_reply_begin(&x->reply, r, head->status, NULL, length, &to_client, x);
}

static void pass_body(struct passing *x, weft_span in)
{
    weft_bytes piece;
    int got;
    while (x->reply && (got = weft_body_read(&x->body, &in, &piece)) == WEFT_BODY_PIECE)
        if (weft_reply_write(x->reply, piece.data, piece.len) < 0)
            got = WEFT_ERR_CLOSED, in.len = 0;
    if (!x->reply || x->ended) return;
    if (got < 0) end_reply(x, false);
    else if (got == WEFT_BODY_END) end_reply(x, true);
    else if (weft_reply_backlogged(x->reply)) weft_pipe_pause(x->pipe);
}

/* ---- from the server behind ------------------------------------------------------------------ */

/* 1: the head was there, and *in is what stands behind it; 0: not yet; else an error. */
static int take_head(struct passing *x, weft_span *in)
{
    weft_field fields[FIELDS_MAX];
    weft_response_head head;
    int got;
    do got = weft_response_parse(in, NULL, fields, FIELDS_MAX, &head);
    while (got == 1 && head.status < 200 && head.status != 101);
    if (got == 0 && x->have == HEAD_MAX) return WEFT_ERR_HTTP;
    if (got <= 0) return got;
    int error = head.status == 101 ? WEFT_ERR_UNSUPPORTED : begin_reply(x, &head);
    return error < 0 ? error : 1;
}

static void collect_head(struct passing *x, const uint8_t *data, size_t len)
{
    size_t n = len < HEAD_MAX - x->have ? len : HEAD_MAX - x->have;
    memcpy(x->head + x->have, data, n);
    x->have += n;
    weft_span in = {x->head, x->have};
    int got = take_head(x, &in);
    if (got < 0) {
        answer(x, 502, "the server behind does not speak HTTP\n");
        hang_up(x);
    } else if (got > 0) {
        pass_body(x, in);
        if (n < len && x->reply) {
            uint8_t *rest = (uint8_t *)(uintptr_t)data + n; /* is only read */
            pass_body(x, (weft_span){rest, len - n});
        }
    }
}

static void from_behind(weft_pipe *p, const void *data, size_t len)
{
    struct passing *x = weft_pipe_user(p);
    if (x->request) collect_head(x, data, len);
    else if (!x->ended) pass_body(x, (weft_span){(uint8_t *)(uintptr_t)data, len});
}

static void pipe_over(weft_pipe *p, int error, const char *cause)
{
    struct passing *x = weft_pipe_user(p);
    char why[LINE_MAX_BYTES];
    snprintf(why, sizeof why, "no answer from behind: %s\n", error ? cause : "it has hung up");
    x->pipe = NULL;
    answer(x, 502, why);
    end_reply(x, x->reply && weft_body_eof(&x->body) == WEFT_BODY_END);
    drop_if_over(x);
}

static const weft_pipe_handler to_behind = {.on_bytes = from_behind, .on_close = pipe_over};

/* ---- from the client ------------------------------------------------------------------------- */

static void say(struct passing *x, int *error, weft_bytes bytes)
{
    if (!*error) *error = weft_pipe_write(x->pipe, bytes.data, bytes.len);
}

static weft_bytes text(const char *s)
{
    return (weft_bytes){(const uint8_t *)s, strlen(s)};
}

/* The body has come as a whole, in whichever way, and goes on with its length. */
static int pass_request(struct passing *x, weft_request *r)
{
    const weft_field *fields;
    size_t n = weft_request_fields(r, &fields);
    weft_bytes body = weft_request_body(r);
    char length[64];
    int error = 0;
    snprintf(length, sizeof length, "Content-Length: %zu\r\n", body.len);
    say(x, &error, weft_request_method(r));
    say(x, &error, text(" "));
    say(x, &error, weft_request_target(r));
    say(x, &error, text(" HTTP/1.1\r\nConnection: close\r\n"));
    for (size_t i = 0; i < n; i++) {
        weft_bytes name = fields[i].name;
        if (weft_field_is_hop(fields, n, name) || is(name, "Content-Length")) continue;
        say(x, &error, fields[i].name);
        say(x, &error, text(": "));
        say(x, &error, fields[i].value);
        say(x, &error, text("\r\n"));
    }
    if (body.len || weft_request_is(r, "POST") || weft_request_is(r, "PUT"))
        say(x, &error, text(length));
    say(x, &error, text("\r\n"));
    say(x, &error, body);
    return error;
}

static void client_gone(weft_request *r, void *user)
{
    (void)r;
    hang_up(user); /* pipe_over answers it, to nobody */
}

static void pass(weft_request *r, void *user)
{
    static const weft_request_watcher watcher = {.on_gone = client_gone};
    struct passing *x = calloc(1, sizeof *x);
    (void)user;
    if (!x) {
        weft_request_abort(r);
        return;
    }
    x->request = r;
    x->is_head = weft_request_is(r, "HEAD");
    int error = weft_pipe_connect(&x->pipe, weft_request_loop(r), behind, NULL, &to_behind, x);
    if (!error) error = weft_request_watch(r, &watcher, x);
    if (!error) error = pass_request(x, r);
    if (!error) return;
    answer(x, 502, weft_strerror(error));
    hang_up(x);
    drop_if_over(x);
}

int main(int argc, char **argv)
{
    static const weft_request_handler handler = {.on_request = pass};
    weft_loop *loop;
    weft_server *server;
    char address[64];
    int error;

    if (argc > 2) behind = argv[2];
    if ((error = weft_loop_new(&loop, NULL)) < 0 ||
        (error = weft_server_new(&server, loop, NULL)) < 0 ||
        (error = weft_server_on_request(server, "/*", &handler, NULL)) < 0 ||
        (error = weft_server_listen(server, argc > 1 ? argv[1] : "127.0.0.1:8080", NULL)) < 0) {
        fprintf(stderr, "reverse_proxy: %s\n", weft_strerror(error));
        return 1;
    }
    weft_server_address(server, 0, address, sizeof address);
    printf("http://%s/\n", address);
    fflush(stdout);
    return weft_loop_run(loop) < 0;
}
