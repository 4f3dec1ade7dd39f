/* SPDX-License-Identifier: MIT
 *
 * net/web/methods.c - one list of tokens, made once and asked often
 */
#include "net/web/methods.h"

#include <errno.h>

#include "base/buf.h"
#include "base/fields.h"
#include "base/log.h"
#include "base/strings.h"

enum { LONGEST = 1024 };

/* The list as if it stood in a field. */
static weft_field field_of(const char *methods)
{
    return (weft_field){bytes_of("Allow"), bytes_of(methods)};
}

bool methods_have(const char *methods, weft_bytes method)
{
    if (!methods) return true;
    const weft_field field = field_of(methods);
    struct elements e = elements_of(&field, 1, "Allow");
    for (weft_bytes token; elements_next(&e, &token);)
        if (bytes_equal(token, method)) return true;
    return false;
}

static void add(struct buf *to, weft_bytes method)
{
    if (to->len) buf_text(to, ", ");
    buf_append(to, method.data, method.len);
}

/* How many there are; -EINVAL. */
static int add_all(struct buf *to, const char *methods)
{
    const weft_field field = field_of(methods);
    struct elements e = elements_of(&field, 1, "Allow");
    int n = 0;
    for (weft_bytes token; elements_next(&e, &token); n++) {
        if (!bytes_is_token(token)) return -EINVAL;
        add(to, token);
    }
    return n;
}

static int wrong(const weft_env *env, const char *field, const char *methods)
{
    return log_wrong(env,
                     "weft_request_handler.%s: \"%.80s\" is no list of methods: say \"GET, POST\"",
                     field, methods);
}

int methods_parse(char **out, const weft_env *env, const char *field, const char *methods)
{
    struct buf all;
    *out = NULL;
    if (!methods) return 0;
    if (strlen(methods) > LONGEST) return wrong(env, field, methods);
    buf_init(&all, env, 4 * LONGEST);
    int n = add_all(&all, methods);
    if (methods_have(methods, bytes_of("GET")) && !methods_have(methods, bytes_of("HEAD")))
        add(&all, bytes_of("HEAD"));
    buf_append(&all, "", 1);
    int error = n <= 0 ? wrong(env, field, methods) : all.failed ? -ENOMEM : 0;
    if (!error) error = string_copy(out, env, (const char *)all.data);
    buf_deinit(&all);
    return error;
}

int methods_allow(struct field_list *to, const weft_env *env, const char *methods)
{
    struct buf all;
    buf_init(&all, env, 8 * LONGEST);
    buf_text(&all, methods);
    if (!methods_have(methods, bytes_of("OPTIONS"))) add(&all, bytes_of("OPTIONS"));
    int error = all.failed ? -ENOMEM : field_list_add(to, env, bytes_of("Allow"), buf_bytes(&all));
    buf_deinit(&all);
    return error;
}
