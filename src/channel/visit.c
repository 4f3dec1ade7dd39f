/* SPDX-License-Identifier: MIT
 *
 * channel/visit.c - the answers of a visit: a head that follows from what was asked for, and a body
 */
#include "channel/visit.h"

#include <inttypes.h>
#include <stdio.h>

#include "channel/answer.h"
#include "channel/bytes.h"
#include "channel/etag.h"
#include "channel/find.h"
#include "channel/headers.h"
#include "channel/hook.h"
#include "channel/sse.h"

static const char json[] = "application/json", html[] = "text/html; charset=utf-8";

visit *visit_new(weft_channels *c, weft_request *r, weft_upgrade *u)
{
    visit *v = hook_realloc(c->env, NULL, sizeof *v);
    struct wish *wish = v ? hook_realloc(c->env, NULL, sizeof *wish) : NULL;
    if (!wish) {
        hook_free(c->env, v);
        return NULL;
    }
    *wish = (struct wish){0};
    *v = (visit){
        .channels = channels_ref(c), .request = r, .upgrade = u, .ask = ASK_LOOK, .wish = wish};
    v->origin_allowed = weft_request_field(r, "Origin").len && weft_request_allowed(r);
    return v;
}

visit *visit_again(weft_channels *c, weft_request *r, enum ask ask, bool origin_allowed)
{
    visit *v = hook_realloc(c->env, NULL, sizeof *v);
    if (!v) return NULL;
    *v = (visit){
        .channels = channels_ref(c), .request = r, .ask = ask, .origin_allowed = origin_allowed};
    return v;
}

struct pass *visit_take_pass(visit *v)
{
    struct pass *p = v->asks.pass;
    v->asks.pass = NULL;
    return p;
}

struct who visit_who(const visit *v)
{
    return pass_who(v->asks.pass, v->wish->params.client);
}

void visit_free(visit *v)
{
    weft_channels *c = v->channels;
    pass_free(v->asks.pass);
    hook_free(c->env, v->wish);
    hook_free(c->env, v);
    channels_unref(c);
}

weft_loop *visit_loop(const visit *v)
{
    return weft_request_loop(v->request);
}

/* ---- heads ----------------------------------------------------------------------------------- */

static int add_field(visit *v, const char *name, const char *value)
{
    return v->upgrade ? weft_upgrade_field(v->upgrade, name, value)
                      : weft_reply_field(v->request, name, value);
}

static int add_fields(visit *v, bool is_error)
{
    struct header fields[HEADERS_MAX];
    size_t n = headers_of(fields, v->ask, is_error, v->origin_allowed);
    int error = 0;
    for (size_t i = 0; i < n && !error; i++) error = add_field(v, fields[i].name, fields[i].value);
    return error;
}

static bool is_cached(enum ask ask)
{
    return ask == ASK_POLL || ask == ASK_LOOK || ask == ASK_POSITION;
}

static int add_position(visit *v, const weft_position *at)
{
    char text[WEFT_POSITION_TEXT], etag[ETAG_ROOM];
    if (!at) return 0;
    if (is_cached(v->ask)) {
        etag_print(etag, at, v->empty);
        int error = add_field(v, "ETag", etag);
        if (error) return error;
    }
    weft_position_print(at, text);
    return add_field(v, "Weft-Position", text);
}

static int add_retry(visit *v, uint64_t ms)
{
    char seconds[24];
    if (!ms) return 0;
    snprintf(seconds, sizeof seconds, "%" PRIu64, (ms + 999) / 1000);
    return add_field(v, "Retry-After", seconds);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The body may be what there was no memory for: then there is none. */
static void answer(visit *v, int status, const char *type, struct text *body)
{
    bool none = body->failed;
    if (v->upgrade)
        weft_upgrade_refuse(v->upgrade, none ? 503 : status, type, none ? NULL : body->data,
                            none ? 0 : body->len);
    else
        weft_respond(v->request, none ? 503 : status, type, none ? NULL : body->data,
                     none ? 0 : body->len);
    text_deinit(body);
    visit_free(v);
}

/* An EventSource takes every status but 200 for the end. What passes by itself is not that. */
static bool is_told_to_come_again(const visit *v, const struct refusal *why)
{
    return v->ask == ASK_SSE && (why->code == 503 || why->code == 429);
}

static void come_again(visit *v)
{
    struct text body;
    text_init(&body, v->channels->env);
    sse_end(&body, channels_retry_ms(visit_loop(v)));
    body.failed |= add_fields(v, false) < 0;
    answer(v, 200, "text/event-stream", &body);
}

static void say_why(visit *v, const struct refusal *why)
{
    struct text body;
    text_init(&body, v->channels->env);
    answer_error_body(&body, why);
    text_add(&body, "\n", 1);
    body.failed |= add_fields(v, true) < 0 || add_retry(v, why->retry_ms) < 0;
    if (why->code == 405) body.failed |= add_field(v, "Allow", ASK_METHODS) < 0;
    answer(v, why->code, json, &body);
}

/* status 304: without the page. */
static void answer_page(visit *v, int status, bool is_error)
{
    weft_bytes page = status == 304 ? (weft_bytes){0} : v->channels->page.html;
    bool none = add_fields(v, is_error) < 0;
    if (!none && !is_error) none = add_field(v, "ETag", v->channels->page.etag) < 0;
    if (none) weft_respond(v->request, 503, NULL, NULL, 0);
    else weft_respond(v->request, status, page.len ? html : NULL, page.data, page.len);
    visit_free(v);
}

bool visit_has_page(const visit *v)
{
    return v->ask == ASK_PAGE && v->channels->page.html.len;
}

void visit_show(visit *v)
{
    weft_bytes asked = weft_request_field(v->request, "If-None-Match");
    bool is_known = asked.len && etag_matches(asked, v->channels->page.etag);
    answer_page(v, is_known ? 304 : 200, false);
}

void visit_refuse(visit *v, const struct refusal *why)
{
    if (is_told_to_come_again(v, why)) come_again(v);
    else if (visit_has_page(v)) answer_page(v, why->code, true);
    else say_why(v, why);
}

void visit_no_memory(visit *v)
{
    struct refusal why;
    refusal_no_memory(&why);
    visit_refuse(v, &why);
}

void visit_answer(visit *v, const weft_position *at, struct text *body)
{
    text_add(body, "\n", 1);
    body->failed |= add_fields(v, false) < 0 || add_position(v, at) < 0;
    answer(v, 200, json, body);
}

void visit_methods(visit *v)
{
    struct text none;
    text_init(&none, v->channels->env);
    none.failed = add_fields(v, false) < 0 || add_field(v, "Allow", ASK_METHODS) < 0;
    answer(v, 204, NULL, &none);
}

bool visit_is_known(visit *v, const weft_position *at)
{
    struct text none;
    char etag[ETAG_ROOM];
    etag_print(etag, at, v->empty);
    weft_bytes asked = weft_request_field(v->request, "If-None-Match");
    if (!is_cached(v->ask) || !asked.len || !etag_matches(asked, etag)) return false;
    text_init(&none, v->channels->env);
    none.failed = add_fields(v, false) < 0 || add_position(v, at) < 0;
    answer(v, 304, NULL, &none);
    return true;
}

weft_reply *visit_begin(visit *v, const char *type, const weft_position *at,
                        const weft_reply_handler *h, void *user)
{
    weft_reply *reply;
    if (add_fields(v, false) < 0 || add_position(v, at) < 0) {
        visit_no_memory(v);
        return NULL;
    }
    if (weft_reply_begin(&reply, v->request, 200, type, WEFT_LENGTH_UNKNOWN, h, user) < 0)
        reply = NULL;
    visit_free(v);
    return reply;
}

/* ---- its channel ----------------------------------------------------------------------------- */

int visit_find(const visit *v, weft_topic **out, struct refusal *why)
{
    return find_topic(out, v->channels, name_bytes(&v->wish->name),
                      (struct asker){.request = v->request}, why);
}

weft_topic *visit_topic(visit *v)
{
    weft_topic *t;
    struct refusal why;
    if (visit_find(v, &t, &why) == 0) return t;
    visit_refuse(v, &why);
    return NULL;
}
