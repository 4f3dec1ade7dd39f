/* SPDX-License-Identifier: MIT
 *
 * ws/request.c - a client's opening request, as text in the user's memory
 *
 * Everything is checked before the first byte is written; then what does not fit is only counted.
 */
#include <errno.h>
#include <limits.h>

#include "base/bytes.h"
#include "base/reserved.h"
#include "ws/deflate.h"
#include <weft/handshake.h>

/* ---- what may be sent ------------------------------------------------------------------------ */

/* Visible characters, of ASCII. */
static bool is_visible(const char *text)
{
    for (const uint8_t *c = (const uint8_t *)text; *c; c++)
        if (*c <= 0x20 || *c >= 0x7f) return false;
    return *text != 0;
}

static bool fields_valid(const weft_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!bytes_is_token(fields[i].name) || !bytes_is_field_value(fields[i].value) ||
            field_is_reserved(fields[i].name, RESERVED_IN_REQUEST))
            return false;
    return true;
}

static bool subprotocols_valid(const char *const *list)
{
    for (; list && *list; list++)
        if (!bytes_is_token(bytes_of(*list))) return false;
    return true;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct text {
    char *out;
    size_t size, n;
};

static void put(struct text *t, weft_bytes bytes)
{
    if (t->n < t->size && bytes.len < t->size - t->n) copy(t->out + t->n, bytes.data, bytes.len);
    t->n += bytes.len;
}

static void put_text(struct text *t, const char *text)
{
    put(t, bytes_of(text));
}

static void put_field(struct text *t, const char *name, const char *value)
{
    put_text(t, name);
    put_text(t, ": ");
    put_text(t, value);
    put_text(t, "\r\n");
}

static void put_subprotocols(struct text *t, const char *const *list)
{
    if (!list || !*list) return;
    put_text(t, "Sec-WebSocket-Protocol: ");
    for (const char *const *p = list; *p; p++) {
        if (p != list) put_text(t, ", ");
        put_text(t, *p);
    }
    put_text(t, "\r\n");
}

static void put_users(struct text *t, const weft_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put(t, fields[i].name);
        put_text(t, ": ");
        put(t, fields[i].value);
        put_text(t, "\r\n");
    }
    put_text(t, "\r\n");
}

static void put_all(struct text *t, const char *host, const char *target, const weft_agreement *a,
                    const weft_deflate *offered)
{
    char extensions[WEFT_DEFLATE_TEXT] = "";
    put_text(t, "GET ");
    put_text(t, target);
    put_text(t, " HTTP/1.1\r\n");
    put_field(t, "Host", host);
    put_field(t, "Upgrade", "websocket");
    put_field(t, "Connection", "Upgrade");
    put_field(t, "Sec-WebSocket-Key", a->key);
    put_field(t, "Sec-WebSocket-Version", "13");
    put_subprotocols(t, a->subprotocols);
    if (offered) (void)weft_deflate_offer(offered, extensions);
    if (*extensions) put_field(t, "Sec-WebSocket-Extensions", extensions);
}

int weft_handshake_request_sized(char *out, size_t size, const char *host, const char *target,
                                 const weft_agreement *a, const weft_field *fields, size_t n,
                                 size_t offered_size)
{
    struct text t = {out, size, 0};
    weft_deflate copied;
    const weft_deflate *offered = a->offered;
    if (size) *out = 0;
    int error = deflate_take_at(NULL, &copied, &offered, offered_size);
    if (error) return error;
    if (!is_visible(host) || !is_visible(target) || !is_visible(a->key)) return -EINVAL;
    if (!subprotocols_valid(a->subprotocols) || !fields_valid(fields, n)) return -EINVAL;
    put_all(&t, host, target, a, offered);
    put_users(&t, fields, n);
    if (t.n < size && t.n <= INT_MAX) return out[t.n] = 0, (int)t.n;
    if (size) *out = 0;
    return -ENOSPC;
}
