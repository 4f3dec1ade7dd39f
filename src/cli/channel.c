/* SPDX-License-Identifier: MIT
 *
 * cli/channel.c - channels: what is sent on a path goes to everyone on it, the sender included
 *
 *      a message of a member -> weft_publish(topic = the path) -> every member's queue
 *
 * A member lives from on_upgrade, where the path is known, to on_close. Who says much is read from as fast as the
 * others on the path read, and waits for each of them a second at most (audience.h); who is slower than that is closed
 * by the hub (1008) when its queue is full.
 *
 * Where another thread is behind with its members (WEFT_ERR_BACKLOG), whoever says more is read from more
 * slowly, too: the message hangs on the connection, which is paused, until it fits.
 */
#include "cli/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct member {
    struct traced traced; /* its place: the topic */
    struct channels *channels;
    struct listener listener;
    char topic[]; /* the path as it was sent, without query */
};

/* A message that is to be published as soon as the other threads have caught up. */
struct waiting {
    weft_link link;
    weft_conn *conn;
    weft_timer *timer;
    weft_message *message;
};

enum { TOPIC_MAX = 255 /* the hub's */, CHANNEL_MESSAGE_MAX = 64 << 10, RETRY_MS = 1 };

static int on_upgrade(weft_upgrade *u)
{
    weft_bytes path = weft_request_path(weft_upgrade_request(u));
    if (path.len > TOPIC_MAX) {
        static const char why[] = "the path of a channel has at most 255 bytes\n";
        weft_upgrade_body(u, "text/plain; charset=utf-8", why, sizeof why - 1);
        return 414;
    }
    struct member *m = malloc(sizeof *m + path.len + 1);
    if (!m) return 503;
    m->channels = weft_upgrade_user(u);
    m->listener = (struct listener){0};
    memcpy(m->topic, path.data, path.len);
    m->topic[path.len] = '\0';
    m->traced = (struct traced){.trace = &m->channels->service->trace, .place = m->topic};
    weft_upgrade_set_user(u, m);
    trace_handshake(u, &m->traced);
    return 0;
}

static void on_open(weft_conn *c)
{
    struct member *m = weft_conn_user(c);
    const struct service *s = m->channels->service;
    trace_open(c);
    int r = audience_join(&m->channels->audiences, &m->listener, c, m->topic);
    if (r == 0) r = weft_subscribe(s->hub, c, m->topic);
    if (r < 0) weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, weft_strerror(r));
}

/* ---- messages -------------------------------------------------------------------------------- */

static void forget(struct waiting *w)
{
    weft_timer_free(w->timer);
    weft_message_unref(w->message);
    free(w);
}

static void on_gone(weft_link *link)
{
    forget((struct waiting *)link); /* its first member */
}

static const weft_link_type waiting_type = {.on_gone = on_gone};

static void published(weft_conn *c, weft_opcode op, size_t len, int n)
{
    struct member *m = weft_conn_user(c);
    if (n < 0) {
        weft_close(c, WEFT_CLOSE_INTERNAL_ERROR, weft_strerror(n));
        return;
    }
    service_trace_published(m->channels->service, m->topic, op, len, n);
    audience_said(&m->listener, len);
}

/* It is paused for a message that waits, for a question to its audience, or for both. */
static void resume(weft_conn *c)
{
    const struct member *m = weft_conn_user(c);
    if (!m->listener.question && !weft_conn_find_link(c, m)) weft_resume(c);
}

static void again(weft_timer *t, void *user)
{
    struct waiting *w = user;
    weft_conn *c = w->conn;
    const struct member *m = weft_conn_user(c);
    int n = weft_publish_message(m->channels->service->hub, m->topic, w->message, NULL);
    if (n == WEFT_ERR_BACKLOG) {
        weft_timer_start(t, RETRY_MS);
        return;
    }
    weft_conn_unlink(c, &w->link);
    published(c, weft_message_opcode(w->message), weft_message_payload(w->message).len, n);
    forget(w);
    resume(c);
}

static int keep(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    const struct member *m = weft_conn_user(c);
    struct waiting *w = calloc(1, sizeof *w);
    if (!w) return -ENOMEM;
    *w = (struct waiting){.link = {.owner = m, .type = &waiting_type}, .conn = c};
    int r = weft_message_new(&w->message, NULL, op, data, len);
    if (r == 0) r = weft_timer_new(&w->timer, weft_conn_loop(c), again, w);
    if (r < 0) {
        forget(w);
        return r;
    }
    weft_conn_link(c, &w->link);
    weft_timer_start(w->timer, RETRY_MS);
    weft_pause(c);
    return 0;
}

/* Who is being closed is read from although it is paused. What comes then is too late. */
static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    const struct member *m = weft_conn_user(c);
    const struct service *s = m->channels->service;
    trace_received(c, op, len);
    if (weft_conn_find_link(c, m)) return;
    int n = weft_publish(s->hub, m->topic, op, data, len);
    int r = n == WEFT_ERR_BACKLOG ? keep(c, op, data, len) : n;
    if (n != WEFT_ERR_BACKLOG || r < 0) published(c, op, len, r);
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    struct member *m = weft_conn_user(c);
    trace_close(c, info);
    audience_leave(&m->listener);
    free(m);
}

static void on_drain(weft_conn *c)
{
    struct member *m = weft_conn_user(c);
    audience_drained(&m->listener);
}

static struct listener *listener_of(weft_conn *c)
{
    struct member *m = weft_conn_user(c);
    return &m->listener;
}

static void go_on(struct listener *l)
{
    resume(l->conn);
}

int channels_add(struct channels *c, struct service *s, const char *route)
{
    const weft_limits limits = {
        .max_message = s->options->max_message ? s->options->max_message : CHANNEL_MESSAGE_MAX,
        .send_queue_items = AUDIENCE_QUEUE_ITEMS,
    };
    const weft_handler handler = {
        .on_upgrade = on_upgrade,
        .on_open = on_open,
        .on_message = on_message,
        .on_drain = on_drain,
        .on_ping = traced_on_ping,
        .on_pong = traced_on_pong,
        .on_close = on_close,
        .subprotocols = s->options->subprotocols.items,
        .deflate = s->deflate,
        .limits = &limits,
    };
    *c = (struct channels){
        .service = s,
        .audiences = {.listener_of = listener_of, .go_on = go_on},
    };
    audiences_init(&c->audiences);
    return weft_server_route(s->server, route, &handler, c);
}

void channels_deinit(struct channels *c)
{
    if (c->service) audiences_deinit(&c->audiences);
}
