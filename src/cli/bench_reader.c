/* SPDX-License-Identifier: MIT
 *
 * cli/bench_reader.c - messages are found in what comes by what stands in front of them
 *
 * Envelopes and events are not taken apart, which would measure the generator: a message begins with the time of its
 * sending, behind a few bytes that are always the same.
 */
#include "cli/bench_reader.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* ---- messages -------------------------------------------------------------------------------- */

static void answered(struct bench_conn *c)
{
    const struct bench_workload *workload = c->worker->workload;
    if (workload->on_answer) workload->on_answer(c);
}

static const char *marker_of(enum bench_via via)
{
    switch (via) {
    case BENCH_SSE: return "\ndata: ";
    case BENCH_STREAM:
    case BENCH_LONGPOLL: return "\"data\":\"";
    default: return "";
    }
}

static void begin_again(struct bench_reader *r, uint8_t byte)
{
    r->digits = 0;
    r->matched = r->marker[0] == byte;
}

/* A message of no marker is on a line of its own, and what is left of that is passed over. */
static void step(struct bench_reader *r, uint8_t byte)
{
    struct bench_conn *c = r->conn;
    if (r->digits < BENCH_STAMP && r->marker[r->matched]) {
        if (r->marker[r->matched] == (char)byte) r->matched++;
        else begin_again(r, byte);
        return;
    }
    if (r->digits < BENCH_STAMP && isxdigit(byte)) {
        if (!r->digits) c->stamp = 0;
        c->stamp = c->stamp << 4 | (uint64_t)(isdigit(byte) ? byte - '0' : byte - 'a' + 10);
        if (++r->digits == BENCH_STAMP) answered(c);
        return;
    }
    if (r->digits < BENCH_STAMP || byte == '\n' || *r->marker) begin_again(r, byte);
}

static void on_body(struct http *h, weft_bytes piece)
{
    struct bench_reader *r = h->user;
    for (size_t i = 0; i < piece.len; i++) step(r, piece.data[i]);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void ended(struct http *h, const weft_close_info *info)
{
    static const weft_close_info end = {.code = WEFT_CLOSE_GOING_AWAY,
                                        .error = WEFT_ERR_LOST,
                                        .cause = "the server has ended the stream"};
    struct bench_reader *r = h->user;
    struct outcome_refusal no;
    http_refusal(h, &no);
    bench_closed(r->conn, info ? info : h->status == 200 ? &end : &no.info);
}

static void on_head(struct http *h, const weft_response_head *head)
{
    struct bench_reader *r = h->user;
    http_position(head, r->position, sizeof r->position);
    if (head->status == 200 && !r->conn->open) bench_opened(r->conn);
}

static void on_end(struct http *h, const weft_close_info *info)
{
    ended(h, info);
}

static const struct http_handler streams = {
    .on_head = on_head, .on_body = on_body, .on_end = on_end};

static int poll(struct bench_reader *r);

static void on_polled(struct http *h, const weft_close_info *info)
{
    struct bench_reader *r = h->user;
    begin_again(r, 0);
    if (info || h->status != 200) ended(h, info);
    else if (poll(r) != 0)
        bench_closed(r->conn, &(weft_close_info){.error = WEFT_ERR_LOST, .cause = ""});
}

static int poll(struct bench_reader *r)
{
    static const struct http_handler polls = {
        .on_head = on_head, .on_body = on_body, .on_end = on_polled};
    char more[BENCH_POSITION_ROOM + 32] = "wait=0";
    if (*r->position) snprintf(more, sizeof more, "wait=60&since=%s", r->position);
    r->http.handler = &polls;
    return http_send(&r->http, "GET", more, "", (weft_bytes){0});
}

/* Others say 201, or 202. */
static void on_posted(struct http *h, const weft_close_info *info)
{
    struct bench_reader *r = h->user;
    if (info || h->status < 200 || h->status > 299) ended(h, info);
    else if (!r->conn->open) bench_opened(r->conn);
    else answered(r->conn);
}

static const struct http_handler posts = {.on_end = on_posted};

void bench_reader_post(struct bench_conn *c, weft_bytes message)
{
    c->reader->http.handler = &posts;
    if (http_send(&c->reader->http, "POST", "", "", message) != 0)
        bench_closed(c, &(weft_close_info){.error = WEFT_ERR_LOST, .cause = "it cannot be asked"});
}

/* ---- life ------------------------------------------------------------------------------------ */

bool bench_is_reader(const struct bench_conn *c)
{
    const struct bench_options *o = c->worker->options;
    if (o->kind == BENCH_POST) return true;
    return o->via != BENCH_WS && (o->kind == BENCH_IDLE || c->index >= o->publishers);
}

static int ask_first(struct bench_reader *r)
{
    r->http.handler = &streams;
    switch (r->conn->worker->options->via) {
    case BENCH_SSE:
        return http_send(&r->http, "GET", "stream=sse", "Accept: text/event-stream\r\n",
                         (weft_bytes){0});
    case BENCH_STREAM: return http_send(&r->http, "GET", "stream", "", (weft_bytes){0});
    case BENCH_RAW: return http_send(&r->http, "GET", "stream=raw", "", (weft_bytes){0});
    case BENCH_LONGPOLL: return poll(r);
    case BENCH_WS: break;
    }
    r->http.handler = &posts;
    return http_send(&r->http, "OPTIONS", "", "", (weft_bytes){0});
}

int bench_reader_open(struct bench_conn *c)
{
    struct bench_worker *w = c->worker;
    struct bench_reader *r = c->reader = calloc(1, sizeof *r);
    if (!r) return complain("out of memory");
    r->conn = c;
    r->marker = marker_of(w->options->via);
    r->http = (struct http){.loop = w->loop,
                            .url = &w->options->channels[bench_url_of(c)],
                            .o = &w->options->access,
                            .trace = &w->trace,
                            .user = r};
    if (http_init(&r->http) < 0) return complain("out of memory");
    return ask_first(r);
}

void bench_reader_free(struct bench_conn *c)
{
    if (!c->reader) return;
    http_deinit(&c->reader->http);
    free(c->reader);
    c->reader = NULL;
}
