/* SPDX-License-Identifier: MIT
 *
 * net/web/cors.c - who may read what is answered
 *
 * With "*" among the origins that is everybody, and nobody's cookies. Else the origin is named, and Vary says that
 * another one would hear something else. Cookies are for those that the list of origins has: not for other ports of
 * this machine, nor for null.
 */
#include "net/web/cors.h"

#include <errno.h>

#include "base/fields.h"
#include "http/field_list.h"
#include "net/site.h"

#define MAX_AGE "3600" /* s for which a browser does not ask again */

static bool everybody(const struct asker *a)
{
    const char *const *o = lane_site(a->lane)->origins;
    while (o && *o && strcmp(*o, "*") != 0) o++;
    return o && *o;
}

/* Empty: it is not allowed, or no page's. */
static weft_bytes allowed_origin(const struct asker *a, const struct head *h)
{
    weft_bytes origin = {0};
    if (!fields_first(h->fields, h->n_fields, "Origin")) return origin;
    return asker_origin_allowed(a, h, &origin) ? origin : (weft_bytes){0};
}

int cors_begin(struct field_list *to, bool *varies, const struct asker *a, const struct head *h)
{
    const weft_env *env = lane_env(a->lane);
    weft_bytes origin = allowed_origin(a, h);
    const weft_field all = {bytes_of("Access-Control-Allow-Origin"), bytes_of("*")};
    const weft_field one[] = {
        {bytes_of("Access-Control-Allow-Origin"), origin},
        {bytes_of("Access-Control-Allow-Credentials"), bytes_of("true")},
    };
    *varies = !everybody(a);
    if (!*varies) return field_list_add_all(to, env, &all, 1);
    if (!origin.len) return 0;
    return field_list_add_all(to, env, one, asker_origin_named(a, h) ? 2 : 1);
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

int cors_preflight(struct field_list *to, const struct asker *a, const struct head *h,
                   const char *methods)
{
    weft_bytes fields = asked(h, "Access-Control-Request-Headers");
    const weft_field answers[] = {
        {bytes_of("Access-Control-Allow-Methods"),
         methods ? bytes_of(methods) : asked(h, "Access-Control-Request-Method")},
        {bytes_of("Access-Control-Max-Age"), bytes_of(MAX_AGE)},
        {bytes_of("Access-Control-Allow-Headers"), fields},
    };
    if (!allowed_origin(a, h).len && !everybody(a)) return -EACCES;
    return field_list_add_all(to, lane_env(a->lane), answers, fields.len ? 3 : 2);
}
