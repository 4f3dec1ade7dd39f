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

#include "base/fields.h"
#include "base/limits.h"
#include "net/wire/carry.h"

SIZED_TAKER(config_take, weft_client_config, tls, 56, tls)

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

static void let_go_of_lane(struct dial *d)
{
    struct lane *l = d->lane;
    d->lane = NULL;
    outq_clear(&d->out);
    if (l) lane_drop(l, 0, "");
}

static void end_handshake(struct dial *d)
{
    let_go_of_lane(d);
    h1_client_deinit(&d->h1);
    d->h1 = (struct h1_client){0};
}

static void dial_free(struct dial *d)
{
    const weft_env *env = env_of(d->client);
    way_stop(&d->way);
    end_handshake(d);
    options_deinit(&d->options);
    list_remove(&d->link);
    d->client->dial = NULL;
    mem_free(env, d);
}

void dial_fail(struct dial *d, int error, const char *cause)
{
    weft_conn *c = d->client->conn;
    c->by_peer = error == WEFT_ERR_LOST || error == -ECONNRESET;
    dial_free(d);
    conn_end(c, error, cause);
}

void dial_refused(struct dial *d, struct h1_client *response, int error)
{
    struct client *client = d->client;
    client->response = response->head;
    client->body = response->body;
    response->head = (struct head){0};
    response->body = (struct buf){0};
    client->refusal = (weft_refusal){client->response.status, client->response.fields,
                                     client->response.n_fields, buf_bytes(&client->body)};
    dial_fail(d, error, weft_strerror(error));
}

static const char *keep_words(struct client *client, int error, const char *words)
{
    size_t size = strlen(words) + 1;
    client->cause = mem_alloc(env_of(client), size);
    return client->cause ? memcpy(client->cause, words, size) : weft_strerror(error);
}

static void cancel(weft_conn *c)
{
    dial_fail(client_of(c->owner)->dial, 0, "");
}

void dial_open(struct dial *d, const weft_agreement *a)
{
    weft_conn *c = d->client->conn;
    struct lane *l = d->lane;
    d->lane = NULL;
    dial_free(d);
    weft_session_set_deflate(&c->session, &a->deflate);
    c->owner->subprotocol = a->subprotocol ? a->subprotocol : "";
    (void)lane_become(l, LANE_WEBSOCKET, c, NULL);
    lane_talk(l)->ready(l);
}

/* ---- the way --------------------------------------------------------------------------------- */

static void arrived(struct way *w, struct lane *l)
{
    handshake_begin(container_of(w, struct dial, way), l);
}

static void failed(struct way *w, const struct way_end *end)
{
    struct dial *d = container_of(w, struct dial, way);
    const char *cause = end->made ? keep_words(d->client, end->error, end->cause) : end->cause;
    if (end->response) dial_refused(d, end->response, end->error);
    else dial_fail(d, end->error, cause);
}

static bool is_redirect(int status)
{
    return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

bool dial_redirect(struct dial *d)
{
    const struct head *h = &d->h1.head;
    const weft_field *to = fields_first(h->fields, h->n_fields, "Location");
    if (!d->options.redirects || !is_redirect(h->status) || !to) return false;
    d->options.redirects--;
    int error = options_redirect(&d->options, to->value);
    end_handshake(d);
    if (!error) error = way_start(&d->way);
    if (error) dial_fail(d, error, weft_strerror(error));
    return true;
}

/* ---- the dialer ------------------------------------------------------------------------------ */

static const struct talk *const talks[LANE_TALKS] = {
    [LANE_FREE] = &lane_nobody,
    [LANE_WAY] = &way_talk,
    [LANE_HANDSHAKE] = &handshake_talk,
    [LANE_WEBSOCKET] = &conn_talk,
};

static void cancel_all(struct attachment *a)
{
    struct dialer *r = container_of(a, struct dialer, attachment);
    while (!list_empty(&r->dials)) dial_fail(container_of(r->dials.next, struct dial, link), 0, "");
}

static void dialer_free(struct attachment *a)
{
    struct dialer *r = container_of(a, struct dialer, attachment);
    weft_tls_unref(r->tls);
    mem_free(net_env(r->net), r);
}

struct dialer *dialer_of(weft_loop *l)
{
    struct net *n = net_of(l);
    if (!n || n->dying) return NULL;
    if (n->client) return container_of(n->client, struct dialer, attachment);
    struct dialer *r = mem_zalloc(net_env(n), sizeof *r);
    if (!r) return NULL;
    r->attachment = (struct attachment){.leave = cancel_all, .free = dialer_free};
    r->net = n;
    carry_class_init(&r->lane_class, talks, n, NULL);
    list_init(&r->dials);
    n->client = &r->attachment;
    return r;
}

/* ---- the beginning --------------------------------------------------------------------------- */

static int dial_new(struct client *client, struct dialer *dialer, const char *url,
                    const weft_client_config *cfg)
{
    const weft_env *env = env_of(client);
    struct dial *d = mem_zalloc(env, sizeof *d);
    if (!d) return -ENOMEM;
    d->client = client;
    d->way.arrived = arrived;
    d->way.failed = failed;
    way_init(&d->way, dialer, &d->options, &client->class.limits);
    list_append(&dialer->dials, &d->link);
    client->dial = d;
    int error = options_init(&d->options, env, url, cfg, &client->class.handler);
    if (!error) error = way_start(&d->way);
    if (error) dial_free(d);
    return error;
}

static int client_new(struct client **out, struct net *n, const weft_limits *limits,
                      const struct handler_given *given)
{
    struct client *client = mem_zalloc(net_env(n), sizeof *client);
    if (!client) return -ENOMEM;
    int error = conn_class_init(&client->class, n, limits, given);
    client->owner = (struct owner){"", cancel, refusal, client_free};
    if (error) mem_free(net_env(n), client);
    else *out = client;
    return error;
}

/* It owns the client. */
static int connect_as(weft_conn **out, struct client *client, struct dialer *dialer,
                      const char *url, const weft_client_config *cfg, void *user)
{
    weft_conn *c = conn_new(WEFT_CLIENT, &client->class, user);
    if (!c) {
        client_free(&client->owner);
        return -ENOMEM;
    }
    client->conn = c;
    c->owner = &client->owner;
    int error = dial_new(client, dialer, url, cfg);
    if (error) conn_discard(c);
    else if (out) *out = c;
    return error;
}

int weft_connect_sized(weft_conn **out, weft_loop *l, const char *url,
                       const weft_client_config *cfg, size_t cfg_size, size_t limits_size,
                       const weft_handler *h, size_t h_size, size_t deflate_size, void *user)
{
    weft_client_config taken;
    weft_limits limits;
    struct client *client;
    int error = config_take(&taken, cfg, cfg_size);
    if (!error) error = limits_take_at(&limits, &taken.limits, limits_size);
    if (error) return error;
    struct dialer *dialer = dialer_of(l);
    if (!dialer) return -ENOMEM;
    struct handler_given given = {h, h_size, limits_size, deflate_size};
    error = client_new(&client, dialer->net, taken.limits, &given);
    return error ? error : connect_as(out, client, dialer, url, &taken, user);
}
