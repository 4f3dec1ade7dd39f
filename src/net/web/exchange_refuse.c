/* SPDX-License-Identifier: MIT
 *
 * net/web/exchange_refuse.c - an answer that says why not, and is the last one
 */
#include "net/web/exchange_refuse.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "net/access.h"
#include "net/web/exchange_answer.h"
#include <weft/handshake.h>

/* The first line of the body says most; the log cuts it, and escapes it. */
static void log_refusal(const struct exchange *x, const struct refusal *r)
{
    char peer[SOCK_TEXT] = "";
    struct sock_addr address;
    weft_bytes rest = r->body, line = bytes_cut(&rest, '\n');
    if (!exchange_env(x) || !exchange_env(x)->log) return;
    if (!line.len) line = bytes_of(r->why);
    if (forwarded_peer(&x->asker.forwarded, x->lane, &address) == 0)
        (void)sock_who(&address, peer, sizeof peer);
    log_line(exchange_env(x), WEFT_LOG_INFO, "%s: refused with %d: %.*s", peer, r->status,
             line.len < 256 ? (int)line.len : 256, (const char *)line.data);
}

/* The refusal's own, and what its status needs besides. */
static void refusal_fields(const struct refusal *r, const weft_env *env, struct field_list *to)
{
    const weft_field *needed;
    size_t n = weft_handshake_refusal_fields(r->status, &needed);
    if (r->fields) (void)field_list_add_all(to, env, r->fields->fields, r->fields->n);
    for (size_t i = 0; i < n; i++)
        if (!field_list_has(to, needed[i].name)) (void)field_list_add_all(to, env, needed + i, 1);
}

/* A user who says it in his way says that, too. */
static void say_when(const struct refusal *r, const weft_env *env, struct field_list *to)
{
    char seconds[16];
    if (!r->retry_after) return;
    snprintf(seconds, sizeof seconds, "%u", r->retry_after);
    (void)field_list_add(to, env, bytes_of("Retry-After"), bytes_of(seconds));
}

/* Whoever wants to know of it is told, and nothing follows it. */
static void note(struct exchange *x, const struct refusal *r)
{
    site_refused(lane_site(x->lane), r->status);
    log_refusal(x, r);
    if (!x->access) (void)access_begin(&x->access, x->lane, WEFT_ACCESS_REQUEST, NULL);
    if (x->access) x->access->seen.cause = r->why;
    exchange_pass(x, 0);
    h1_refuse(&x->h1, r->status, r->why);
    h1_last(&x->h1);
}

/* A proper response even when memory is short of more. */
static void answer(struct exchange *x, const struct refusal *r, struct field_list *fields)
{
    struct lane *l = x->lane;
    if (h1_replying(&x->h1) ||
        exchange_answer(x, r->status, fields, r->type, r->body.data, r->body.len) < 0)
        lane_drop(l, -ENOMEM, "out of memory");
}

void exchange_refuse_with(struct exchange *x, const struct refusal *r)
{
    const weft_env *env = exchange_env(x);
    struct field_list all = {0};
    note(x, r);
    refusal_fields(r, env, &all);
    say_when(r, env, &all);
    answer(x, r, &all);
    field_list_deinit(&all, env);
}

/* The user has it said as he likes, at a route that wants that, once the head is there. Whether he does. */
static bool is_said_by_user(struct exchange *x, struct field_list *fields, int status,
                            const char *text)
{
    if (!h1_has_head(&x->h1)) return false;
    const struct route *r = route_find(&lane_site(x->lane)->routes.requests, x->h1.head.path);
    return r && r->refuse && r->refuse(x, r, fields, status, text);
}

void exchange_refuse_plainly(struct exchange *x, struct refusal *r, const char *text)
{
    const weft_env *env = exchange_env(x);
    struct field_list all = {0};
    struct buf body;
    buf_init(&body, env, 2048);
    buf_printf(&body, "%s\n", text);
    r->type = "text/plain; charset=utf-8";
    r->body = buf_bytes(&body);
    note(x, r);
    refusal_fields(r, env, &all);
    if (!is_said_by_user(x, &all, r->status, text)) {
        say_when(r, env, &all);
        answer(x, r, &all);
    }
    field_list_deinit(&all, env);
    buf_deinit(&body);
}

void exchange_refuse(struct exchange *x, int status, const char *why)
{
    exchange_refuse_plainly(x, &(struct refusal){.status = status, .why = why}, why);
}

void exchange_refuse_for_now(struct exchange *x, unsigned retry_s)
{
    static const char why[] = "the server is about to leave, and lets nobody in: try again later";
    exchange_refuse_plainly(x, &(struct refusal){.status = 503, .why = why, .retry_after = retry_s},
                            why);
}
