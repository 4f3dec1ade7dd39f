/* SPDX-License-Identifier: MIT
 *
 * net/client/client.c - from a URL to an open WebSocket
 *
 *      RESOLVING -> CONNECTING -> (PROXY) -> (SECURING) -> HANDSHAKE -> open: the wire becomes the
 *                                                                       weft_conn's
 *
 *      RESOLVING  -> CONNECTING  [resolved]         each address in turn, a share of the time each
 *      CONNECTING -> CONNECTING  [dial_lost]        the next address
 *      CONNECTING -> PROXY       [dial_connected]   CONNECT host:port
 *      PROXY      -> HANDSHAKE   [switched]
 *      SECURING   -> HANDSHAKE   [dial_secured]     the TLS handshake, after either of the two above
 *      HANDSHAKE  -> RESOLVING   [redirect]
 *      HANDSHAKE  -> open        [verify]
 *      any        -> failed      [fail]             on_close says why
 */
#include "net/client/client.h"

#include <errno.h>

#include "base/fields.h"
#include "base/limits.h"
#include "http/h1_client.h"
#include "io/resolve.h"
#include "net/client/options.h"
#include "net/wire/tls_context.h"
#include "net/ws/conn.h"

SIZED_TAKER(config_take, weft_client_config, key_file, 72, key_file)

enum stage { RESOLVING, CONNECTING, PROXY, SECURING, HANDSHAKE };

struct dial {
    struct list link; /* net's dials */
    weft_conn *conn;
    struct net *net;
    struct wire *wire; /* from CONNECTING on */
    struct options options;
    struct timer timer;
    struct lookup lookup;
    struct sock_addr addresses[LOOKUP_MAX];
    size_t n, next;    /* addresses, and which one to try */
    uint64_t deadline; /* of RESOLVING and CONNECTING together, ms */
    int error;         /* of the last address */
    struct h1_client h1;
    enum stage stage;
    char key[WEFT_KEY_LEN + 1];
};

static const weft_env *env_of(const struct dial *d)
{
    return weft_loop_env(d->net->loop);
}

const weft_limits *dial_limits(const struct dial *d)
{
    return &d->conn->client->kind.limits;
}

/* ---- the outcome ----------------------------------------------------------------------------- */

const weft_refusal *client_refusal(const struct client *client)
{
    return client->refusal.status ? &client->refusal : NULL;
}

void client_free(const weft_env *env, struct client *client)
{
    if (!client) return;
    kind_deinit(&client->kind);
    head_deinit(&client->response);
    buf_deinit(&client->body);
    mem_free(env, client->cause);
    mem_free(env, client);
}

static void dial_free(struct dial *d)
{
    const weft_env *env = env_of(d);
    lookup_cancel(&d->lookup);
    loop_timer_stop(d->net->loop, &d->timer);
    if (d->stage >= PROXY) h1_client_deinit(&d->h1);
    options_deinit(&d->options);
    list_remove(&d->link);
    d->conn->client->dial = NULL;
    mem_free(env, d);
}

static void let_go_of_wire(struct dial *d)
{
    struct wire *w = d->wire;
    d->wire = NULL;
    if (!w) return;
    w->dial = NULL;
    wire_drop(w, 0, "");
}

static void fail(struct dial *d, int error, const char *cause)
{
    weft_conn *c = d->conn;
    c->by_peer = error == WEFT_ERR_LOST || error == -ECONNRESET;
    let_go_of_wire(d);
    dial_free(d);
    conn_end(c, error, cause);
}

void dial_cancel(weft_conn *c)
{
    fail(c->client->dial, 0, "");
}

/* The response is the user's to read in on_close. */
static void fail_refused(struct dial *d, int error)
{
    struct client *client = d->conn->client;
    client->response = d->h1.head;
    client->body = d->h1.body;
    d->h1.head = (struct head){0};
    d->h1.body = (struct buf){0};
    client->refusal = (weft_refusal){client->response.status, client->response.fields,
                                     client->response.n_fields, buf_bytes(&client->body)};
    fail(d, error, weft_strerror(error));
}

/* In words of the moment. */
static void fail_words(struct dial *d, int error, const char *words)
{
    struct client *client = d->conn->client;
    size_t size = strlen(words) + 1;
    client->cause = mem_alloc(env_of(d), size);
    if (client->cause) memcpy(client->cause, words, size);
    fail(d, error, client->cause ? client->cause : weft_strerror(error));
}

static void fail_plain(struct dial *d, int error)
{
    fail(d, error, weft_strerror(error));
}

void dial_cancel_all(struct net *n)
{
    while (!list_empty(&n->dials)) fail(container_of(n->dials.next, struct dial, link), 0, "");
}

/* ---- connecting ------------------------------------------------------------------------------ */

static uint64_t time_left(const struct dial *d)
{
    uint64_t now = net_now(d->net);
    return d->deadline > now ? d->deadline - now : 0;
}

/* Each address that is left gets its share of the time that is left. */
static void start_attempt_timer(struct dial *d)
{
    if (d->deadline == WEFT_NEVER) return;
    loop_timer_start(d->net->loop, &d->timer, time_left(d) / (d->n - d->next + 1));
}

static void try_next(struct dial *d)
{
    while (d->next < d->n) {
        int fd = sock_connect(loop_sys(d->net->loop), &d->addresses[d->next++]);
        d->wire = fd < 0 ? NULL : wire_connect(d->net, fd, d);
        d->error = fd < 0 ? fd : -ENOMEM;
        if (!d->wire) continue;
        start_attempt_timer(d);
        return;
    }
    fail_plain(d, d->error);
}

static void resolved(struct lookup *k, int error, const struct sock_addr *addresses, size_t n)
{
    struct dial *d = container_of(k, struct dial, lookup);
    if (error) {
        fail_plain(d, error);
        return;
    }
    memcpy(d->addresses, addresses, n * sizeof *addresses);
    d->n = n;
    d->next = 0;
    d->stage = CONNECTING;
    try_next(d);
}

static bool has_proxy(const struct dial *d)
{
    return d->options.proxy_text != NULL;
}

static int start_lookup(struct dial *d)
{
    const struct url *to = has_proxy(d) ? &d->options.proxy : &d->options.url;
    char host[256];
    if (to->host.len >= sizeof host) return WEFT_ERR_RESOLVE;
    memcpy(host, to->host.data, to->host.len);
    host[to->host.len] = 0;
    return lookup_start(&d->lookup, d->net->loop, host, to->port, resolved);
}

/* A Unix socket needs no resolver, but the answer comes from the loop all the same. */
static int start_unix(struct dial *d)
{
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    weft_bytes socket = d->options.url.socket;
    if (socket.len >= sizeof path) return WEFT_ERR_URL;
    memcpy(path, socket.data, socket.len);
    path[socket.len] = 0;
    int error = sock_unix(&d->addresses[0], path);
    d->n = 1;
    d->next = 0;
    d->stage = CONNECTING;
    if (!error) loop_timer_start(d->net->loop, &d->timer, 0);
    return error;
}

static int start(struct dial *d)
{
    uint64_t timeout = limit_connect_timeout(dial_limits(d));
    d->stage = RESOLVING;
    d->deadline = timeout == WEFT_NEVER ? timeout : net_now(d->net) + timeout;
    if (d->options.url.scheme == URL_WS_UNIX) return start_unix(d);
    if (timeout != WEFT_NEVER) loop_timer_start(d->net->loop, &d->timer, timeout);
    return start_lookup(d);
}

/* ---- the handshake --------------------------------------------------------------------------- */

static int send_request(struct dial *d)
{
    bool proxy = d->stage == PROXY;
    h1_client_init(&d->h1, env_of(d), dial_limits(d), proxy);
    wire_dirty(d->wire);
    if (proxy) return options_write_connect(&d->options, &d->wire->gear->out);
    int error = weft_handshake_key(env_of(d), d->key);
    return error ? error : options_write_upgrade(&d->options, d->key, &d->wire->gear->out);
}

static void start_timer(struct dial *d, uint64_t timeout)
{
    loop_timer_stop(d->net->loop, &d->timer);
    if (timeout != WEFT_NEVER) loop_timer_start(d->net->loop, &d->timer, timeout);
}

static void ask(struct dial *d, enum stage stage)
{
    d->stage = stage;
    int error = send_request(d);
    if (error) fail_plain(d, error);
}

/* From here on the wire has a box, with our first words in it. */
static void begin_tls(struct dial *d)
{
    char text[512] = "";
    struct words why = {text, sizeof text};
    struct tls_context *context;
    d->stage = SECURING;
    start_timer(d, limit_tls_handshake_timeout(dial_limits(d)));
    int error =
        tls_context_client(&context, env_of(d), &d->net->tls_contexts, &d->options.tls, &why);
    if (error) {
        fail_words(d, error, text[0] ? text : weft_strerror(error));
        return;
    }
    d->wire->gear->tls = tls_connect(env_of(d), context, d->options.url.host, d->options.url.port,
                                     &d->net->tls_sessions);
    tls_context_unref(context);
    if (d->wire->gear->tls) wire_dirty(d->wire);
    else fail_plain(d, -ENOMEM);
}

/* There is a way to the server itself. */
static void arrived(struct dial *d)
{
    if (d->options.url.secure) begin_tls(d);
    else ask(d, HANDSHAKE);
}

void dial_connected(struct wire *w)
{
    struct dial *d = w->dial;
    start_timer(d, limit_handshake_timeout(dial_limits(d)));
    if (has_proxy(d)) ask(d, PROXY);
    else arrived(d);
}

void dial_secured(struct wire *w)
{
    struct dial *d = w->dial;
    start_timer(d, limit_handshake_timeout(dial_limits(d)));
    ask(d, HANDSHAKE);
}

static bool is_redirect(int status)
{
    return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

/* Whether the refusal leads somewhere else, and we went there. */
static bool redirect(struct dial *d)
{
    const struct head *h = &d->h1.head;
    const weft_field *to = fields_first(h->fields, h->n_fields, "Location");
    if (!d->options.redirects || !is_redirect(h->status) || !to) return false;
    d->options.redirects--;
    int error = options_redirect(&d->options, to->value);
    let_go_of_wire(d);
    h1_client_deinit(&d->h1);
    if (!error) error = start(d);
    d->stage = d->stage == HANDSHAKE ? RESOLVING : d->stage;
    if (error) fail_plain(d, error);
    return true;
}

static void refused(struct dial *d)
{
    if (d->stage == PROXY) fail_refused(d, WEFT_ERR_PROXY);
    else if (!redirect(d)) fail_refused(d, WEFT_ERR_REFUSED);
}

/* Everything in the 101 is as it must be: from here on it is a WebSocket. */
static void verify(struct dial *d)
{
    const struct head *h = &d->h1.head;
    weft_agreement a = {
        .key = d->key, .subprotocols = d->options.subprotocols, .offered = d->options.deflate};
    if (h->version < 11) {
        fail(d, WEFT_ERR_HANDSHAKE, "the 101 is not of HTTP/1.1");
        return;
    }
    if (weft_handshake_verify(h->fields, h->n_fields, &a) < 0) {
        fail(d, WEFT_ERR_HANDSHAKE, a.why);
        return;
    }
    weft_conn *c = d->conn;
    struct wire *w = d->wire;
    dial_free(d);
    weft_session_set_deflate(&c->session, &a.deflate);
    c->client->subprotocol = a.subprotocol ? a.subprotocol : "";
    conn_open(c, w);
}

/* What a proxy lets us have before the server could know of us is not the server's. */
static void switched(struct dial *d, bool more)
{
    if (d->stage == HANDSHAKE) {
        verify(d);
    } else if (more && d->options.url.secure) {
        fail(d, WEFT_ERR_PROXY, "the proxy sent something that is not the server's");
    } else {
        h1_client_deinit(&d->h1);
        arrived(d);
    }
}

static void take_response(struct dial *d, int result, bool more)
{
    switch (result) {
    case H1C_SWITCHED: switched(d, more); break;
    case H1C_REFUSED: refused(d); break;
    default: fail(d, result, d->h1.why); break;
    }
}

void dial_feed(struct wire *w, weft_span *in)
{
    while (w->phase == WIRE_DIAL && in->len) {
        int result = h1_client_feed(&w->dial->h1, in);
        if (result == H1C_MORE) return;
        take_response(w->dial, result, in->len > 0);
    }
}

void dial_eof(struct wire *w)
{
    struct dial *d = w->dial;
    if (d->stage == SECURING)
        fail(d, WEFT_ERR_TLS, "TLS: the server ended the connection during the handshake");
    else take_response(d, h1_client_eof(&d->h1), false);
}

void dial_lost(struct wire *w, int error, const char *cause)
{
    struct dial *d = w->dial;
    if (!d) return;
    d->wire = NULL;
    d->error = error;
    if (d->stage == CONNECTING) try_next(d);
    else fail(d, error, cause);
}

/* ---- time, and the beginning ----------------------------------------------------------------- */

static const char *const too_late[] = {
    [RESOLVING] = "the host name was not resolved in time",
    [CONNECTING] = "the server did not accept the connection in time",
    [PROXY] = "the proxy did not answer in time",
    [SECURING] = "the server did not complete the TLS handshake in time",
    [HANDSHAKE] = "the server did not answer the opening handshake in time",
};

static void on_time(struct timer *t)
{
    struct dial *d = container_of(t, struct dial, timer);
    bool more = d->stage == CONNECTING && d->next < d->n && time_left(d);
    if (d->stage == CONNECTING && !d->wire) more = true; /* a Unix socket's turn */
    if (!more) {
        fail(d, WEFT_ERR_TIMEOUT, too_late[d->stage]);
        return;
    }
    let_go_of_wire(d);
    try_next(d);
}

static int dial_new(weft_conn *c, const char *url, const weft_client_config *cfg)
{
    const weft_env *env = weft_loop_env(conn_net(c)->loop);
    struct dial *d = mem_zalloc(env, sizeof *d);
    if (!d) return -ENOMEM;
    d->conn = c;
    d->net = conn_net(c);
    timer_init(&d->timer, on_time);
    list_append(&conn_net(c)->dials, &d->link);
    c->client->dial = d;
    int error = options_init(&d->options, env, url, cfg, conn_handler(c));
    if (!error) error = start(d);
    if (error) dial_free(d);
    return error;
}

static int client_new(struct client **out, struct net *n, const weft_limits *limits,
                      const weft_handler *h, size_t h_size, size_t deflate_size)
{
    const weft_env *env = weft_loop_env(n->loop);
    struct client *client = mem_zalloc(env, sizeof *client);
    if (!client) return -ENOMEM;
    int error = kind_init(&client->kind, n, limits, h, h_size, deflate_size);
    if (error) client_free(env, client);
    else *out = client;
    return error;
}

/* It owns the client. */
static int connect_as(weft_conn **out, struct client *client, const char *url,
                      const weft_client_config *cfg, void *user)
{
    weft_conn *c = conn_new(WEFT_CLIENT, &client->kind.profile, user);
    if (!c) {
        client_free(client->kind.profile.env, client);
        return -ENOMEM;
    }
    c->client = client;
    int error = dial_new(c, url, cfg);
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
    struct net *n = net_of(l);
    if (!n || n->dying) return -ENOMEM;
    error = client_new(&client, n, taken.limits, h, h_size, deflate_size);
    return error ? error : connect_as(out, client, url, &taken, user);
}
