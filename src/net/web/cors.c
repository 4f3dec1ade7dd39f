/* SPDX-License-Identifier: MIT
 *
 * net/web/cors.c - who may read what is answered
 *
 * With "*" among the origins that is everybody, and nobody's cookies. Else the origin is named, and Vary says that
 * another one would hear something else.
 */
#include "net/web/cors.h"

#include <stdio.h>

#include "base/fields.h"

#define MAX_AGE "3600" /* s for which a browser does not ask again */

static bool everybody(const struct exchange *x)
{
    const char *const *o = lane_site(x->lane)->origins;
    while (o && *o && strcmp(*o, "*") != 0) o++;
    return o && *o;
}

/* Empty: it is not allowed, or no page's. */
static weft_bytes allowed_origin(const struct exchange *x)
{
    const struct head *h = &x->h1.head;
    weft_bytes origin = {0};
    if (!fields_first(h->fields, h->n_fields, "Origin")) return origin;
    return asker_origin_allowed(&x->asker, h, &origin) ? origin : (weft_bytes){0};
}

int cors_begin(struct exchange *x)
{
    const weft_env *env = lane_env(x->lane);
    struct field_list *to = &x->cors;
    weft_bytes origin = allowed_origin(x);
    const weft_field all = {bytes_of("Access-Control-Allow-Origin"), bytes_of("*")};
    const weft_field one[] = {
        {bytes_of("Access-Control-Allow-Origin"), origin},
        {bytes_of("Access-Control-Allow-Credentials"), bytes_of("true")},
    };
    x->varies = !everybody(x);
    if (!x->varies) return field_list_add_all(to, env, &all, 1);
    return field_list_add_all(to, env, one, origin.len ? 2 : 0);
}

static weft_bytes asked(const struct head *h, const char *name)
{
    const weft_field *f = fields_first(h->fields, h->n_fields, name);
    return f ? f->value : (weft_bytes){0};
}

bool cors_is_preflight(const struct head *h)
{
    return bytes_is(h->method, "OPTIONS") && asked(h, "Origin").len &&
           asked(h, "Access-Control-Request-Method").len;
}

static void refuse(struct exchange *x)
{
    char text[768];
    weft_bytes origin = asked(&x->h1.head, "Origin");
    int len = (int)(origin.len < 300 ? origin.len : 300);
    snprintf(text, sizeof text,
             "pages of %.*s may not read what is answered here; to let them, add it to the "
             "server's origins",
             len, (const char *)origin.data);
    struct refusal r = {.status = 403, .why = "pages of this origin may not read answers here"};
    exchange_refuse_plainly(x, &r, text);
}

void cors_preflight(struct exchange *x, const char *methods)
{
    const weft_env *env = lane_env(x->lane);
    const struct head *h = &x->h1.head;
    weft_bytes fields = asked(h, "Access-Control-Request-Headers");
    const weft_field answers[] = {
        {bytes_of("Access-Control-Allow-Methods"),
         methods ? bytes_of(methods) : asked(h, "Access-Control-Request-Method")},
        {bytes_of("Access-Control-Max-Age"), bytes_of(MAX_AGE)},
        {bytes_of("Access-Control-Allow-Headers"), fields},
    };
    struct field_list list = {0};
    if (!allowed_origin(x).len && !everybody(x)) {
        refuse(x);
        return;
    }
    tally_add(&lane_site(x->lane)->tally->requests);
    int error = field_list_add_all(&list, env, answers, fields.len ? 3 : 2);
    if (!error) error = exchange_answer(x, 204, &list, NULL, NULL, 0);
    if (error) exchange_refuse(x, 503, "out of memory");
    field_list_deinit(&list, env);
}
