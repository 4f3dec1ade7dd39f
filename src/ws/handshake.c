/* SPDX-License-Identifier: MIT
 *
 * ws/handshake.c - the opening handshake, both sides, on header fields alone (RFC 6455, 4)
 *
 * The server's checks are a list in the order in which a person would want to hear of them: is it a
 * GET of HTTP/1.1, is it an upgrade to WebSocket; is the version ours, are subprotocols and extensions in form, which
 * any HTTP would be asked (ws/terms.h); is the key, is there no body.
 */
#include <weft/handshake.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/env.h"
#include "base/fields.h"
#include "base/limits.h"
#include "base/sha1.h"
#include "ws/deflate.h"
#include "ws/extension.h"
#include "ws/extension_list.h"
#include "ws/terms.h"

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

enum { NONCE_LEN = 16, GUID_LEN = sizeof guid - 1 };

/* ---- fields ---------------------------------------------------------------------------------- */

const weft_field *weft_field_find(const weft_field *fields, size_t n, const char *name)
{
    const weft_field *found = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!bytes_is_nocase(fields[i].name, name)) continue;
        if (found) return NULL;
        found = fields + i;
    }
    return found;
}

bool weft_field_has_token(const weft_field *fields, size_t n, const char *name, const char *token)
{
    return fields_have_token(fields, n, name, token);
}

bool weft_token_next(weft_bytes *rest, weft_bytes *token)
{
    struct elements e = {.rest = *rest, .quoted = true};
    bool more = elements_next(&e, token);
    *rest = e.rest;
    if (!more) *token = (weft_bytes){0};
    return more;
}

/* ---- keys ------------------------------------------------------------------------------------ */

void weft_handshake_accept(weft_bytes key, char accept[WEFT_ACCEPT_LEN + 1])
{
    uint8_t text[WEFT_KEY_LEN + GUID_LEN], digest[SHA1_LEN];
    size_t n = key.len < WEFT_KEY_LEN ? key.len : WEFT_KEY_LEN;
    copy(text, key.data, n);
    copy(text + n, guid, GUID_LEN);
    sha1(text, n + GUID_LEN, digest);
    base64_encode(digest, sizeof digest, accept);
}

int weft_handshake_key_sized(const weft_env *env, size_t env_size, char key[WEFT_KEY_LEN + 1])
{
    weft_env copy;
    uint8_t nonce[NONCE_LEN];
    int error = env_take(NULL, &copy, env, env_size);
    if (!error) error = env_random(&copy, nonce, sizeof nonce);
    if (!error) base64_encode(nonce, sizeof nonce, key);
    return error;
}

static bool key_is_valid(weft_bytes key)
{
    uint8_t nonce[WEFT_KEY_LEN / 4 * 3];
    return key.len == WEFT_KEY_LEN && base64_decode(key, nonce, BASE64_ANY) == NONCE_LEN;
}

/* ---- server ---------------------------------------------------------------------------------- */

static size_t head_count(const weft_request_head *h, const char *name)
{
    return fields_count(h->fields, h->n_fields, name);
}

static bool head_has_token(const weft_request_head *h, const char *name, const char *token)
{
    return weft_field_has_token(h->fields, h->n_fields, name, token);
}

static const weft_field *head_field(const weft_request_head *h, const char *name)
{
    return weft_field_find(h->fields, h->n_fields, name);
}

bool weft_handshake_wanted(const weft_request_head *head)
{
    return head_has_token(head, "Upgrade", "websocket");
}

static bool has_body(const weft_request_head *h)
{
    if (head_count(h, "Transfer-Encoding")) return true;
    size_t n = head_count(h, "Content-Length");
    const weft_field *length = head_field(h, "Content-Length");
    return n > 1 || (n == 1 && !bytes_is(length->value, "0"));
}

static int refuse(weft_handshake *out, int status, const char *why)
{
    out->why = why;
    return out->status = status;
}

/* What makes a request an upgrade (RFC 9110, 7.8). The status of the refusal, or 0. */
static int check_upgrade(const weft_request_head *h, weft_handshake *out)
{
    if (!bytes_is(h->method, "GET")) return refuse(out, 405, "a WebSocket is opened with GET");
    if (h->version < 11)
        return refuse(out, 505, "a WebSocket needs HTTP/1.1, of a proxy in front as well");
    if (head_count(h, "Host") != 1) return refuse(out, 400, "there must be one Host");
    if (!weft_handshake_wanted(h))
        return refuse(out, 426, "this is a WebSocket: the request must have Upgrade: websocket");
    if (!head_has_token(h, "Connection", "upgrade"))
        return refuse(
            out, 400,
            "Connection does not have the token Upgrade, which a proxy in front has to pass on");
    return 0;
}

/* What proves that both ends mean a WebSocket, which a stream of HTTP/2 needs not (RFC 8441, 5). */
static int check_key(const weft_request_head *h, weft_handshake *out)
{
    const weft_field *key = head_field(h, "Sec-WebSocket-Key");
    if (!key) return refuse(out, 400, "there must be one Sec-WebSocket-Key");
    if (!key_is_valid(key->value))
        return refuse(out, 400, "Sec-WebSocket-Key is not 16 bytes in base64");
    if (has_body(h)) return refuse(out, 400, "an upgrade request may not have a body");
    weft_handshake_accept(key->value, out->accept);
    return 0;
}

static int check(const weft_request_head *h, const weft_limits *limits, weft_handshake *out)
{
    const char *why;
    int status = check_upgrade(h, out);
    if (!status && (status = terms_fault(h, limits, &why))) refuse(out, status, why);
    if (!status) status = check_key(h, out);
    return status ? status : (out->status = 101);
}

int weft_handshake_check_sized(const weft_request_head *h, const weft_limits *limits,
                               size_t limits_size, weft_handshake *out)
{
    weft_limits copy;
    *out = (weft_handshake){.why = ""};
    int error = limits_take(NULL, &copy, limits, limits_size);
    return error ? error : check(h, &copy, out);
}

#define FIELD(name, value)                              \
    {                                                   \
        {(const uint8_t *)(name), sizeof(name) - 1},    \
        {                                               \
            (const uint8_t *)(value), sizeof(value) - 1 \
        }                                               \
    }

size_t weft_handshake_refusal_fields(int status, const weft_field **out)
{
    static const weft_field upgrade[] = {FIELD("Upgrade", "websocket"),
                                         FIELD("Sec-WebSocket-Version", "13")};
    static const weft_field allow[] = {FIELD("Allow", "GET")};
    *out = status == 405 ? allow : upgrade;
    return status == 426 ? 2 : status == 405 ? 1 : 0;
}

const char *weft_subprotocol_choose(const weft_request_head *head, const char *const *ours)
{
    if (!ours) return NULL;
    struct elements e = elements_of(head->fields, head->n_fields, "Sec-WebSocket-Protocol");
    for (weft_bytes token; elements_next(&e, &token);)
        for (const char *const *p = ours; *p; p++)
            if (bytes_is(token, *p)) return *p;
    return NULL;
}

/* ---- client ---------------------------------------------------------------------------------- */

static const char *upgrade_fault(const weft_field *fields, size_t n, const char *key)
{
    const weft_field *upgrade = weft_field_find(fields, n, "Upgrade");
    const weft_field *accept = weft_field_find(fields, n, "Sec-WebSocket-Accept");
    char expected[WEFT_ACCEPT_LEN + 1];
    weft_handshake_accept(bytes_of(key), expected);
    if (!upgrade || !bytes_is_nocase(upgrade->value, "websocket"))
        return "the 101 does not say Upgrade: websocket";
    if (!weft_field_has_token(fields, n, "Connection", "upgrade"))
        return "the 101 does not say Connection: Upgrade";
    if (!accept) return "the 101 does not have one Sec-WebSocket-Accept";
    if (!bytes_is(accept->value, expected)) return "Sec-WebSocket-Accept does not answer our key";
    return NULL;
}

static const char *find_offered(weft_bytes value, const char *const *offered)
{
    for (; offered && *offered; offered++)
        if (bytes_is(value, *offered)) return *offered;
    return NULL;
}

static const char *subprotocol_fault(const weft_field *fields, size_t n, weft_agreement *a)
{
    a->subprotocol = NULL;
    if (!fields_count(fields, n, "Sec-WebSocket-Protocol")) return NULL;
    const weft_field *chosen = weft_field_find(fields, n, "Sec-WebSocket-Protocol");
    a->subprotocol = chosen ? find_offered(chosen->value, a->subprotocols) : NULL;
    return a->subprotocol ? NULL : "the 101 chooses a subprotocol that was not offered";
}

int weft_handshake_verify_sized(const weft_field *fields, size_t n, weft_agreement *a,
                                size_t offered_size)
{
    weft_deflate copy;
    const weft_deflate *offered = a->offered;
    a->why = "";
    int error = deflate_take_at(NULL, &copy, &offered, offered_size);
    if (error) return error;
    const char *fault = upgrade_fault(fields, n, a->key);
    if (!fault && !extension_list_valid(fields, n))
        fault = "Sec-WebSocket-Extensions in the 101 is no list of extensions";
    if (!fault) fault = extension_verify(fields, n, offered, &a->deflate);
    if (!fault) fault = subprotocol_fault(fields, n, a);
    a->why = fault ? fault : "";
    return fault ? WEFT_ERR_HANDSHAKE : 0;
}
