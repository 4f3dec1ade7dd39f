/* SPDX-License-Identifier: MIT
 *
 * net/web/upgrade.c - an opening handshake that the user decides on, at once or later
 */
#include <errno.h>

#include "net/web/request.h"

void upgrade_free(weft_upgrade *u)
{
    const weft_env *env = weft_loop_env(u->request.loop);
    request_deinit(&u->request);
    buf_deinit(&u->why);
    mem_free(env, u);
}

const weft_request *weft_upgrade_request(const weft_upgrade *u)
{
    return &u->request;
}

void *weft_upgrade_user(const weft_upgrade *u)
{
    return u->user;
}

void weft_upgrade_set_user(weft_upgrade *u, void *user)
{
    u->user = user;
}

const char *weft_upgrade_subprotocol(const weft_upgrade *u)
{
    return u->request.wire ? u->subprotocol
                           : ""; /* else its server may be gone, with the handler */
}

int weft_upgrade_set_subprotocol(weft_upgrade *u, const char *subprotocol)
{
    const char *const only[] = {subprotocol, NULL};
    weft_request_head head = request_head_of(&u->request);
    if (subprotocol[0] && !weft_subprotocol_choose(&head, only)) return WEFT_ERR_STATE;
    u->subprotocol = subprotocol;
    return 0;
}

/* What the 101 says itself. */
static bool is_ours(weft_bytes name)
{
    static const char ours[] = "Sec-WebSocket-";
    size_t len = sizeof ours - 1;
    if (bytes_is_nocase(name, "Upgrade")) return true;
    return name.len > len && bytes_is_nocase((weft_bytes){name.data, len}, ours);
}

int weft_upgrade_field(weft_upgrade *u, const char *name, const char *value)
{
    if (is_ours(bytes_of(name))) return -EINVAL;
    return weft_reply_field(&u->request, name, value);
}

int weft_upgrade_why(weft_upgrade *u, const char *why)
{
    u->why.len = 0;
    buf_text(&u->why, why);
    return u->why.failed ? -ENOMEM : 0;
}

/* The answer to one that was held. The wire goes on from the loop. */
static int answered(weft_upgrade *u, struct wire *w, int result)
{
    upgrade_free(u);
    if (w) wire_again(w);
    return result;
}

static struct wire *take_wire(weft_upgrade *u)
{
    struct wire *w = u->request.wire;
    if (w) web_answering(w);
    return w;
}

int weft_upgrade_accept(weft_upgrade *u)
{
    if (!u->held) return WEFT_ERR_STATE;
    struct wire *w = take_wire(u);
    return answered(u, w, w ? web_accept(w, u) : WEFT_ERR_CLOSED);
}

int weft_upgrade_refuse(weft_upgrade *u, int status, const char *why)
{
    if (!u->held) return WEFT_ERR_STATE;
    struct wire *w = take_wire(u);
    if (!w) return answered(u, NULL, WEFT_ERR_CLOSED);
    bool valid = status >= 400 && status < 600;
    web_refuse(w, valid ? status : 500, why ? why : "refused", &u->request.fields);
    return answered(u, w, valid ? 0 : -EINVAL);
}
