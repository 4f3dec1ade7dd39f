/* SPDX-License-Identifier: MIT
 *
 * cli/publisher_post.c - by POST: what has been read meanwhile is the next batch
 *
 *      HEAD -> publisher_is_ready -> POST -> publisher_confirmed -> POST ...
 *
 * HEAD says in which epoch the channel is. A batch has one idempotency key, so one that is sent again has the same
 * messages in it: in_flight says how many.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/publisher.h"

enum { BATCH_LINES = 1000, BATCH_BYTES = 48 << 10 };

/* ---- what is sent ---------------------------------------------------------------------------- */

static void add_line(struct buffer *body, const struct publication *one)
{
    buffer_add_text(body, "{");
    buffer_add(body, one->members, one->len);
    buffer_add_text(body, "}\n");
}

/* As many as were sent the last time, or as many as there may be. */
static bool takes_one(const struct publisher *p, const struct buffer *body, size_t n)
{
    if (!p->pending.unsent) return false;
    if (p->in_flight) return n < p->in_flight;
    return !n || (n < BATCH_LINES && body->len + p->pending.unsent->len < BATCH_BYTES);
}

static void post(struct publisher *p, const struct buffer *body, uint64_t first)
{
    char fields[160];
    snprintf(fields, sizeof fields,
             "Content-Type: application/x-ndjson\r\nIdempotency-Key: %s-%" PRIu64 "\r\n", p->once,
             first);
    int r = http_send(&p->http, "POST", "", fields, buffer_bytes(body));
    if (r) publisher_give_up(p, r);
}

static void send_batch(struct publisher *p)
{
    struct buffer body = {0};
    size_t n = 0;
    if (p->http.state != HTTP_IDLE || !p->pending.unsent) return;
    uint64_t first = p->pending.unsent->number;
    for (; takes_one(p, &body, n); n++) {
        add_line(&body, p->pending.unsent);
        pending_is_sent(&p->pending);
    }
    p->in_flight = n;
    if (body.failed) publisher_give_up(p, complain("out of memory"));
    else post(p, &body, first);
    buffer_free(&body);
}

/* ---- what is answered ------------------------------------------------------------------------ */

static void on_head(struct http *h, const weft_response_head *head)
{
    struct publisher *p = h->user;
    p->retry_ms = http_retry_after(head);
    http_position(head, p->position, sizeof p->position);
}

static int report(struct publisher *p, const weft_close_info *info)
{
    return connect_report(&p->access, info, false, true);
}

/* In ms where the body says it, which is JSON; Retry-After has seconds. */
static uint64_t retry_of(const struct publisher *p)
{
    weft_bytes body = buffer_bytes(&p->http.gathered);
    json_t *said = json_loadb((const char *)body.data, body.len, 0, NULL);
    json_int_t ms = json_integer_value(json_object_get(json_object_get(said, "error"), "retry"));
    json_decref(said);
    return ms > 0 ? (uint64_t)ms : p->retry_ms;
}

static void take_refusal(struct publisher *p)
{
    struct outcome_refusal no;
    http_refusal(&p->http, &no);
    if (again_may_help(&p->again, &no.info, false) || !p->ready) {
        publisher_gone(p, &no.info, false, retry_of(p), report);
        return;
    }
    if (!p->o->message && !p->o->whole)
        complain("lines %" PRIu64 " to %" PRIu64 " of the input were refused, all of them",
                 p->pending.first->number, p->pending.first->number + p->in_flight - 1);
    connect_report(&p->access, &no.info, false, true);
    size_t n = p->in_flight;
    p->in_flight = 0;
    publisher_refused(p, n);
}

static void take_answer(struct publisher *p)
{
    weft_bytes body = buffer_bytes(&p->http.gathered);
    json_t *said = json_loadb((const char *)body.data, body.len, 0, NULL);
    const char *position = json_string_value(json_object_get(said, "position"));
    size_t n = p->in_flight;
    p->in_flight = 0;
    if (position) publisher_confirmed(p, n, position);
    else {
        complain("%s: that is no server of channels", p->url->shown);
        publisher_give_up(p, EXIT_PROTOCOL);
    }
    json_decref(said);
}

static void on_end(struct http *h, const weft_close_info *info)
{
    struct publisher *p = h->user;
    if (info) publisher_gone(p, info, false, 0, report);
    else if (!p->ready && h->status >= 500) take_refusal(p);
    else if (!p->ready && publisher_is_at(p, p->position)) publisher_is_ready(p);
    else if (p->ready && h->status / 100 == 2) take_answer(p);
    else if (p->ready) take_refusal(p);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int begin(struct publisher *p)
{
    static const struct http_handler handler = {.on_head = on_head, .on_end = on_end};
    if (!p->http.loop) {
        p->access = p->o->access;
        p->access.shown = p->url->shown;
        p->http = (struct http){.loop = p->loop,
                                .url = p->url,
                                .o = &p->access,
                                .trace = &p->trace,
                                .handler = &handler,
                                .user = p,
                                .silence_ms = p->o->wait};
        if (http_init(&p->http) < 0) return complain("out of memory");
    }
    return http_send(&p->http, "HEAD", "", "", (weft_bytes){0});
}

static void leave(struct publisher *p)
{
    http_stop(&p->http);
    weft_loop_stop(p->loop);
}

static void drop(struct publisher *p)
{
    if (p->http.loop) http_stop(&p->http);
}

const struct outlet publisher_by_post = {begin, send_batch, leave, drop};
