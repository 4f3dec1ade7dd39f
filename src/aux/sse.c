/* SPDX-License-Identifier: MIT
 *
 * aux/sse.c - events for EventSource (WHATWG HTML, 9.2)
 *
 *      event: price        its type, if it has one
 *      id: 17              where the client is from now on, if it is said
 *      data: {"ACME":      a line each, however the lines of the data end
 *      data: 100}
 *                          an empty line ends the event
 *
 * One function walks over an event; given no buffer it only counts. So a whole event is made in one go, and a reply
 * never has half of one.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <weft/aux.h>

#include "aux/hook.h"

enum { ON_STACK = 2048 };

/* Where the text goes: what fits is written, all of it is counted. */
struct sink {
    char *out;
    size_t size, len;
};

static void add(struct sink *s, const void *data, size_t n)
{
    if (n && s->len < s->size && n <= s->size - s->len) memcpy(s->out + s->len, data, n);
    s->len += n;
}

static void add_line(struct sink *s, const char *name, const void *value, size_t n)
{
    add(s, name, strlen(name));
    add(s, value, n);
    add(s, "\n", 1);
}

/* The first line of data, without its end; *used counts that, too. *used == len without an end: it is the last. */
static size_t line_of(const char *data, size_t len, size_t *used)
{
    size_t n = 0;
    while (n < len && data[n] != '\r' && data[n] != '\n') n++;
    *used = n;
    if (n < len) *used += data[n] == '\r' && len - n > 1 && data[n + 1] == '\n' ? 2 : 1;
    return n;
}

static void add_data(struct sink *s, const char *data, size_t len)
{
    for (bool more = true; more;) {
        size_t used, n = line_of(data, len, &used);
        add_line(s, "data: ", data, n);
        more = used > n; /* what ends a line begins another */
        data += used;
        len -= used;
    }
}

static void add_event(struct sink *s, const char *event, const char *id, const void *data,
                      size_t len)
{
    if (event) add_line(s, "event: ", event, strlen(event));
    if (id) add_line(s, "id: ", id, strlen(id));
    if (data) add_data(s, data, len);
    add(s, "\n", 1);
}

static bool is_one_line(const char *text)
{
    return !text || !text[strcspn(text, "\r\n")];
}

int weft_sse_format(char *out, size_t size, const char *event, const char *id, const void *data,
                    size_t len)
{
    struct sink count = {0}, text = {.out = out, .size = size};
    if (!is_one_line(event) || !is_one_line(id)) return -EINVAL;
    add_event(&count, event, id, data, len);
    if (count.len > INT_MAX) return -EINVAL;
    if (count.len <= size) add_event(&text, event, id, data, len);
    return (int)count.len;
}

/* ---- for replies ----------------------------------------------------------------------------- */

int weft_sse_begin_sized(weft_reply **out, weft_request *r, const weft_reply_handler *h,
                         size_t h_size, void *user)
{
    *out = NULL;
    int error = weft_reply_field(r, "Cache-Control", "no-store");
    if (!error) error = weft_reply_field(r, "X-Accel-Buffering", "no");
    if (!error)
        return weft_reply_begin_sized(out, r, 200, "text/event-stream", WEFT_LENGTH_UNKNOWN, h,
                                      h_size, user);
    (void)weft_respond(r, 500, NULL, NULL, 0);
    return error;
}

/* An event as a text that is handed on, and gone. */
struct text {
    const weft_env *env;
    char on_stack[ON_STACK], *data;
    int len; /* or an error */
};

static int make(struct text *t, const weft_env *env, const char *event, const char *id,
                const void *data, size_t len)
{
    t->env = env;
    t->data = t->on_stack;
    t->len = weft_sse_format(t->data, sizeof t->on_stack, event, id, data, len);
    if (t->len <= (int)sizeof t->on_stack) return t->len;
    t->data = hook_alloc(env, (size_t)t->len);
    return t->data ? weft_sse_format(t->data, (size_t)t->len, event, id, data, len) : -ENOMEM;
}

static void drop(struct text *t)
{
    if (t->data != t->on_stack) hook_free(t->env, t->data);
}

/* The env's first version had all that is used here. */
static int env_of(weft_env *to, const weft_env *from, size_t size)
{
    size_t oldest = offsetof(weft_env, random) + sizeof to->random;
    return weft_sized_take(NULL, "weft_env", to, sizeof *to, oldest, from, size);
}

int weft_sse_piece_sized(weft_piece **out, const weft_env *env, size_t env_size, const char *event,
                         const char *id, const void *data, size_t len)
{
    weft_env own;
    struct text t;
    *out = NULL;
    int error = env_of(&own, env, env_size);
    if (error) return error;
    int n = make(&t, &own, event, id, data, len);
    if (n < 0) return n;
    error = weft_piece_new(out, &own, t.data, (size_t)n);
    drop(&t);
    return error;
}

int weft_sse_write(weft_reply *r, const char *event, const char *id, const void *data, size_t len)
{
    struct text t;
    int n = make(&t, weft_loop_env(weft_reply_loop(r)), event, id, data, len);
    if (n < 0) return n;
    int error = weft_reply_write(r, t.data, (size_t)n);
    drop(&t);
    return error;
}

void weft_sse_leave(weft_reply *r, uint64_t return_ms)
{
    char text[40];
    int n = snprintf(text, sizeof text, "retry: %" PRIu64 "\n\n", return_ms);
    if (weft_reply_write(r, text, (size_t)n) < 0 || weft_reply_end(r) < 0) weft_reply_abort(r);
}
