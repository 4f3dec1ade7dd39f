/* SPDX-License-Identifier: MIT
 *
 * net/client/client.c - from a URL to an open WebSocket
 *
 *      weft_connect -> way (way.c) -> handshake (handshake.c) -> open: the lane becomes the WebSocket's
 *                       ^----- redirect -----+
 *                                            any -> failed: on_close says why
 */
#include "net/client/client.h"

#include <errno.h>
#include <stdio.h>

#include "base/fields.h"
#include "base/limits.h"
#include "net/client/dialers.h"
#include "net/client/words.h"

SIZED_TAKER(config_take, weft_client_config, redirects, 64, redirects)

enum { SHOWN_SIZE = 160 };

static const weft_env *env_of(const struct client *c)
{
    return net_env(c->class.net);
}

/* ---- the outcome ----------------------------------------------------------------------------- */

static struct client *client_of(const struct owner *o)
{
    return container_of(o, struct client, owner);
}

static const weft_refusal *refusal(const struct owner *o)
{
    const struct client *client = client_of(o);
    return client->refusal.status ? &client->refusal : NULL;
}

static void client_free(struct owner *o)
{
    struct client *client = client_of(o);
    const weft_env *env = env_of(client);
    conn_class_deinit(&client->class);
    head_deinit(&client->response);
    buf_deinit(&client->body);
    mem_free(env, client->cause);
    mem_free(env, client);
}

static void let_go_of_lane(struct opening *o)
{
    struct lane *l = o->lane;
    o->lane = NULL;
    outq_clear(&o->out);
    if (l) lane_drop(l, 0, "");
}

static void end_handshake(struct opening *o)
{
    let_go_of_lane(o);
    h1_client_deinit(&o->h1);
    o->h1 = (struct h1_client){0};
}

static void opening_free(struct opening *o)
{
    const weft_env *env = env_of(o->client);
    way_stop(&o->way);
    end_handshake(o);
    options_deinit(&o->options);
    dial_deinit(&o->dial);
    o->client->opening = NULL;
    mem_free(env, o);
}

void opening_fail(struct opening *o, int error, const char *cause)
{
    weft_conn *c = o->client->conn;
    c->by_peer = error == WEFT_ERR_LOST || error == -ECONNRESET;
    opening_free(o);
    conn_end(c, error, cause);
}

static const char *keep_words(struct client *client, int error, const char *words)
{
    size_t size = strlen(words) + 1;
    client->cause = mem_alloc(env_of(client), size);
    return client->cause ? memcpy(client->cause, words, size) : weft_strerror(error);
}

void opening_fail_words(struct opening *o, int error, const char *words)
{
    opening_fail(o, error, keep_words(o->client, error, words));
}

void opening_refused(struct opening *o, struct h1_client *response, int error)
{
    struct client *client = o->client;
    char words[REFUSAL_WORDS];
    client->response = response->head;
    client->body = response->body;
    response->head = (struct head){0};
    response->body = (struct buf){0};
    client->refusal =
        (weft_refusal){client->response.status, client->response.fields, client->response.n_fields,
                       buf_bytes(&client->body), response->whole};
    const char *who = error == WEFT_ERR_PROXY ? "the proxy" : "the server";
    refusal_words(&client->response, who, words, sizeof words);
    opening_fail_words(o, error, words);
}

static void cancel(weft_conn *c)
{
    opening_fail(client_of(c->owner)->opening, WEFT_ERR_CLOSED, lane_aborted);
}

void opening_open(struct opening *o, const weft_agreement *a)
{
    weft_conn *c = o->client->conn;
    struct lane *l = o->lane;
    o->lane = NULL;
    o->client->response = o->h1.head;
    o->h1.head = (struct head){0};
    opening_free(o);
    weft_session_set_deflate(&c->session, &a->deflate);
    c->owner->subprotocol = a->subprotocol ? a->subprotocol : "";
    (void)lane_become(l, LANE_WEBSOCKET, c, NULL);
    lane_talk(l)->ready(l);
}

/* ---- the way --------------------------------------------------------------------------------- */

static void arrived(struct way *w, struct lane *l)
{
    handshake_begin(container_of(w, struct opening, way), l);
}

static void failed(struct way *w, const struct way_end *end)
{
    struct opening *o = container_of(w, struct opening, way);
    if (end->response) opening_refused(o, end->response, end->error);
    else if (end->made) opening_fail_words(o, end->error, end->cause);
    else opening_fail(o, end->error, end->cause);
}

static bool is_redirect(int status)
{
    return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

static bool may_follow(const struct opening *o, const weft_field *to)
{
    return to && o->options.redirects && is_redirect(o->h1.head.status);
}

/* Which URL it was about, and what is wrong with it. */
static void fail_redirect(struct opening *o, int error, weft_bytes location, const char *why)
{
    char shown[SHOWN_SIZE], words[SHOWN_SIZE + 96];
    url_words(location, shown, sizeof shown);
    snprintf(words, sizeof words, "the server redirects to \"%s\": %s", shown, why);
    opening_fail_words(o, error, words);
}

static void follow(struct opening *o, bool to_another_origin)
{
    if (to_another_origin) options_leave_origin(&o->options);
    o->options.redirects--;
    end_handshake(o);
    int error = way_start(&o->way);
    if (error) opening_fail(o, error, weft_strerror(error));
}

bool opening_redirect(struct opening *o)
{
    const char *why;
    const struct head *h = &o->h1.head;
    const weft_field *to = fields_first(h->fields, h->n_fields, "Location");
    int result = may_follow(o, to) ? dial_redirect(&o->dial, to->value, &why) : WEFT_ERR_REFUSED;
    if (result == WEFT_ERR_REFUSED) return false;
    if (result < 0) fail_redirect(o, result, to->value, why);
    else follow(o, result > 0);
    return true;
}

/* ---- the beginning --------------------------------------------------------------------------- */

/* What the user handed in, as we know it. */
struct wanted {
    const char *url;
    weft_client_config cfg;
    weft_dial dial;
    weft_limits limits;
    weft_deflate deflate;
    struct handler_given handler;
};

static int take(const weft_env *env, struct wanted *w, const weft_client_config *cfg,
                size_t cfg_size, size_t dial_size, size_t limits_size, size_t deflate_size)
{
    int error = config_take(env, &w->cfg, cfg, cfg_size);
    if (!error) error = dial_take(env, &w->dial, &w->limits, w->cfg.dial, dial_size, limits_size);
    return error ? error : deflate_take_at(env, &w->deflate, &w->cfg.deflate, deflate_size);
}

static int opening_init(struct opening *o, const char *url, const weft_dial *dial,
                        const weft_client_config *cfg)
{
    const weft_env *env = env_of(o->client);
    int error = dial_init(&o->dial, env, url, dial_websocket_url, dial);
    if (error) return error;
    return options_init(&o->options, env, &o->dial.url, cfg, &o->client->class.handler);
}

static int opening_new(struct client *client, struct dialer *dialer, const struct wanted *want)
{
    struct opening *o = mem_zalloc(env_of(client), sizeof *o);
    if (!o) return -ENOMEM;
    o->client = client;
    o->way.arrived = arrived;
    o->way.failed = failed;
    way_init(&o->way, dialer, &o->dial, &client->class.limits);
    client->opening = o;
    int error = opening_init(o, want->url, &want->dial, &want->cfg);
    if (!error) error = way_start(&o->way);
    if (error) opening_free(o);
    return error;
}

static int client_new(struct client **out, struct net *n, const struct wanted *want)
{
    struct client *client = mem_zalloc(net_env(n), sizeof *client);
    if (!client) return -ENOMEM;
    client->owner = (struct owner){"", cancel, refusal, client_free};
    int error = conn_class_init(&client->class, n, want->dial.limits, &want->handler);
    if (error) {
        mem_free(net_env(n), client);
        return error;
    }
    error = conn_class_offer(&client->class, want->cfg.subprotocols, want->cfg.deflate);
    if (error) client_free(&client->owner);
    else *out = client;
    return error;
}

/* It owns the client. */
static int connect_as(weft_conn **out, struct client *client, struct dialer *dialer,
                      const struct wanted *want, void *user)
{
    weft_conn *c = conn_new(WEFT_CLIENT, &client->class, user);
    if (!c) {
        client_free(&client->owner);
        return -ENOMEM;
    }
    client->conn = c;
    c->owner = &client->owner;
    int error = opening_new(client, dialer, want);
    if (error) conn_discard(c);
    else if (out) *out = c;
    return error;
}

int weft_connect_sized(weft_conn **out, weft_loop *l, const char *url,
                       const weft_client_config *cfg, size_t cfg_size, size_t dial_size,
                       size_t limits_size, const weft_handler *h, size_t h_size,
                       size_t deflate_size, void *user)
{
    struct wanted want = {.url = url, .handler = {h, h_size, limits_size, deflate_size}};
    struct client *client;
    if (out) *out = NULL;
    int error = take(weft_loop_env(l), &want, cfg, cfg_size, dial_size, limits_size, deflate_size);
    if (error) return error;
    struct dialer *dialer = dialer_of(l);
    if (!dialer) return -ENOMEM;
    error = client_new(&client, dialer->net, &want);
    return error ? error : connect_as(out, client, dialer, &want, user);
}

/* ---- asking ---------------------------------------------------------------------------------- */

size_t weft_conn_response(const weft_conn *c, const weft_field **fields)
{
    const struct client *client = c->session.role == WEFT_CLIENT ? client_of(c->owner) : NULL;
    *fields = client ? client->response.fields : NULL;
    return client ? client->response.n_fields : 0;
}
