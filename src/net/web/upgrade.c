/* SPDX-License-Identifier: MIT
 *
 * net/web/upgrade.c - an opening handshake that the user decides on, at once or later
 *
 *      head -> weft_handshake_check -> route -> origin -> on_upgrade -> accept   the route's opener makes a WebSocket,
 *                                                                                exchange_upgrade sits it down
 *                                                                       refuse
 *                                                                       hold     until the user calls
 */
#include "net/web/upgrade.h"

#include <errno.h>

#include "http/reserved.h"

static void upgrade_free(weft_upgrade *u)
{
    const weft_env *env = weft_loop_env(u->request.loop);
    request_deinit(&u->request);
    buf_deinit(&u->why);
    mem_free(env, u);
}

/* ---- accepting ------------------------------------------------------------------------------- */

enum { HANDSHAKE_FIELDS = 5 };

static size_t handshake_fields(const weft_upgrade *u, weft_field out[HANDSHAKE_FIELDS])
{
    size_t n = 0;
    out[n++] = (weft_field){bytes_of("Upgrade"), bytes_of("websocket")};
    out[n++] = (weft_field){bytes_of("Connection"), bytes_of("Upgrade")};
    out[n++] = (weft_field){bytes_of("Sec-WebSocket-Accept"), bytes_of(u->accept)};
    if (u->terms.subprotocol[0])
        out[n++] = (weft_field){bytes_of("Sec-WebSocket-Protocol"), bytes_of(u->terms.subprotocol)};
    if (u->terms.deflate.on)
        out[n++] = (weft_field){bytes_of("Sec-WebSocket-Extensions"), bytes_of(u->extension)};
    return n;
}

static int switch_protocols(struct exchange *x, weft_upgrade *u, weft_conn *c)
{
    const weft_env *env = lane_env(x->lane);
    weft_field ours[HANDSHAKE_FIELDS];
    struct field_list all = {0};
    int error = field_list_add_all(&all, env, ours, handshake_fields(u, ours));
    if (!error)
        error = field_list_add_all(&all, env, u->request.fields.fields, u->request.fields.n);
    if (!error) error = exchange_upgrade(x, all.fields, all.n, c);
    field_list_deinit(&all, env);
    return error;
}

/* The WebSocket is made before the 101 is. */
static int accept_as_agreed(struct exchange *x, weft_upgrade *u)
{
    const struct opener *o = &u->opener;
    int error = exchange_client(x, &u->terms.peer);
    weft_conn *c = error ? NULL : o->make(o->endpoint, &u->terms);
    error = c ? switch_protocols(x, u, c) : -ENOMEM;
    if (!error) return 0;
    if (c) o->discard(c);
    exchange_refuse(x, 503, "out of memory", NULL);
    return error;
}

/* ---- deciding -------------------------------------------------------------------------------- */

/* The answer that on_upgrade gave: whoever holds u keeps it. */
static void decide(struct exchange *x, weft_upgrade *u, int answer)
{
    if (answer == WEFT_HOLD) {
        u->held = true;
        x->upgrade = u;
        lane_deadline(x->lane, WEFT_NEVER);
        return;
    }
    if (answer >= 400 && answer < 600) {
        buf_append(&u->why, "", 1);
        const char *why = u->why.len > 1 && !u->why.failed ? (char *)u->why.data : "refused";
        exchange_refuse(x, answer, why, &u->request.fields);
    } else if (answer) {
        exchange_refuse(x, 500, "the server's on_upgrade gave an answer that is none", NULL);
    } else {
        (void)accept_as_agreed(x, u);
    }
    upgrade_free(u);
}

static void ask_user(struct exchange *x, const struct route *route, const weft_handshake *ok)
{
    const weft_env *env = lane_env(x->lane);
    const weft_handler *h = route->opener.handler;
    weft_upgrade *u = mem_zalloc(env, sizeof *u);
    if (!u) {
        exchange_refuse(x, 503, "out of memory", NULL);
        return;
    }
    request_init(&u->request, x);
    u->opener = route->opener;
    u->terms.user = route->user;
    buf_init(&u->why, env, 1024);
    memcpy(u->accept, ok->accept, sizeof u->accept);
    weft_request_head head = request_head_of(&u->request);
    const char *subprotocol = weft_subprotocol_choose(&head, h->subprotocols);
    u->terms.subprotocol = subprotocol ? subprotocol : "";
    weft_deflate_choose(&head, h->deflate, &u->terms.deflate, u->extension);
    decide(x, u, h->on_upgrade ? h->on_upgrade(u) : 0);
}

static void refuse_origin(struct exchange *x, weft_bytes origin)
{
    struct buf why;
    int len = (int)(origin.len < 300 ? origin.len : 300);
    buf_init(&why, lane_env(x->lane), 1024);
    buf_printf(&why,
               "the origin %.*s may not open a WebSocket here; to allow it, add it to the server's "
               "origins (--origin %.*s)",
               len, origin.data, len, origin.data);
    buf_append(&why, "", 1);
    exchange_refuse(
        x, 403, why.failed ? "this origin may not open a WebSocket here" : (char *)why.data, NULL);
    buf_deinit(&why);
}

void upgrade_begin(struct exchange *x)
{
    const struct site *site = lane_site(x->lane);
    const struct head *h = &x->h1.head;
    weft_request_head head = {h->method, h->target, h->version, h->fields, h->n_fields};
    weft_handshake result;
    weft_bytes origin;
    if (weft_handshake_check(&head, &site->limits, &result) != 101) {
        exchange_refuse(x, result.status, result.why, NULL);
        return;
    }
    const struct route *route = route_find(&site->routes.websockets, h->path);
    if (!route) exchange_refuse(x, 404, "there is no WebSocket at this path", NULL);
    else if (site->closing) exchange_refuse(x, 503, "the server is shutting down", NULL);
    else if (!weft_origin_check(&head, site->origins, exchange_secure(x), site->all_loopback,
                                &origin))
        refuse_origin(x, origin);
    else ask_user(x, route, &result);
}

/* ---- what the user asks and says ------------------------------------------------------------- */

weft_request *weft_upgrade_request(weft_upgrade *u)
{
    return &u->request;
}

void *weft_upgrade_user(const weft_upgrade *u)
{
    return u->terms.user;
}

void weft_upgrade_set_user(weft_upgrade *u, void *user)
{
    u->terms.user = user;
}

const char *weft_upgrade_subprotocol(const weft_upgrade *u)
{
    return u->request.exchange ? u->terms.subprotocol
                               : ""; /* else its server may be gone, with the handler */
}

int weft_upgrade_set_subprotocol(weft_upgrade *u, const char *subprotocol)
{
    const char *const only[] = {subprotocol, NULL};
    weft_request_head head = request_head_of(&u->request);
    if (subprotocol[0] && !weft_subprotocol_choose(&head, only)) return WEFT_ERR_STATE;
    u->terms.subprotocol = subprotocol;
    return 0;
}

int weft_upgrade_field(weft_upgrade *u, const char *name, const char *value)
{
    if (field_is_reserved(bytes_of(name), RESERVED_IN_UPGRADE)) return -EINVAL;
    return weft_reply_field(&u->request, name, value);
}

int weft_upgrade_why(weft_upgrade *u, const char *why)
{
    u->why.len = 0;
    buf_text(&u->why, why);
    return u->why.failed ? -ENOMEM : 0;
}

/* ---- one that was held ----------------------------------------------------------------------- */

/* NULL: the client has left. */
static struct exchange *take_exchange(weft_upgrade *u)
{
    struct exchange *x = u->request.exchange;
    if (x) x->upgrade = NULL;
    return x;
}

/* What is left of the input goes on from the loop, to whom it concerns now. */
static int answered(weft_upgrade *u, struct lane *l, int result)
{
    upgrade_free(u);
    if (!l->gone) lane_again(l);
    return result;
}

static int client_left(weft_upgrade *u)
{
    upgrade_free(u);
    return WEFT_ERR_CLOSED;
}

int weft_upgrade_accept(weft_upgrade *u)
{
    if (!u->held) return WEFT_ERR_STATE;
    struct exchange *x = take_exchange(u);
    if (!x) return client_left(u);
    struct lane *l = x->lane;
    return answered(u, l, accept_as_agreed(x, u));
}

int weft_upgrade_refuse(weft_upgrade *u, int status, const char *why)
{
    if (!u->held) return WEFT_ERR_STATE;
    struct exchange *x = take_exchange(u);
    if (!x) return client_left(u);
    struct lane *l = x->lane;
    bool valid = status >= 400 && status < 600;
    exchange_refuse(x, valid ? status : 500, why ? why : "refused", &u->request.fields);
    return answered(u, l, valid ? 0 : -EINVAL);
}
