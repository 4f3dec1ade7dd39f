/* SPDX-License-Identifier: MIT
 *
 * channel/socket.c - a WebSocket opens where its 101 said, publishes, and closes
 */
#include "channel/socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "channel/bytes.h"
#include "channel/conversation.h"
#include "channel/guest.h"
#include "channel/hook.h"
#include "channel/pass.h"
#include "channel/raw.h"

static const char V1_ROUTE[] = "/.weft/v1";

/* ---- the answer ------------------------------------------------------------------------------ */

/* Raw from now on. */
static void has_begun(struct socket *s)
{
    struct opening *o = s->opening;
    const weft_env *env = s->channels->env;
    socket_set(s, SOCKET_RAW, socket_rights(s));
    s->topic = o->topic;
    weft_timer_free(o->closing);
    pass_free(o->pass);
    hook_free(env, o->client);
    hook_free(env, o);
}

static void socket_free(struct socket *s)
{
    weft_channels *c = s->channels;
    weft_reader_end(&s->reader);
    if (socket_is(s) == SOCKET_OPENS) has_begun(s);
    if (socket_is(s) == SOCKET_RAW) weft_topic_unref(s->topic);
    else conversation_ends(s->session);
    hook_free(c->env, s);
    channels_unref(c);
}

/* NULL: he has none, or there is no memory. */
static char *name_of(const weft_env *env, const char *client)
{
    size_t room = strlen(client) + 1;
    char *name = *client ? hook_realloc(env, NULL, room) : NULL;
    return name ? memcpy(name, client, room) : NULL;
}

static struct opening *make_opening(const weft_env *env, const struct params *p, weft_topic *t)
{
    weft_since since;
    struct opening *o = hook_realloc(env, NULL, sizeof *o);
    if (!o) return NULL;
    *o = (struct opening){
        .topic = weft_topic_ref(t),
        .since = p->since,
        .subscribes = !p->subscribe_no,
        .takes_loss = p->said & PARAM_LAST,
        .looks_on = p->presence_events,
        .client = name_of(env, p->client),
    };
    params_since(p, &since);
    weft_topic_seek(t, &since, &o->seek);
    return o;
}

static struct socket *make(visit *v, weft_topic *t)
{
    const weft_env *env = v->channels->env;
    struct opening *o = make_opening(env, &v->wish->params, t);
    struct socket *s = o ? hook_realloc(env, NULL, sizeof *s) : NULL;
    if (!s) {
        if (o) weft_topic_unref(o->topic);
        if (o) hook_free(env, o->client);
        hook_free(env, o);
        return NULL;
    }
    o->pass = visit_take_pass(v);
    *s = (struct socket){
        .channels = channels_ref(v->channels),
        .opening = o,
    };
    socket_set(s, SOCKET_OPENS, v->rights);
    return s;
}

static int say_position(visit *v, const weft_position *p)
{
    char at[WEFT_POSITION_TEXT];
    weft_position_print(p, at);
    return weft_upgrade_field(v->upgrade, "Weft-Position", at);
}

static void accept(visit *v, weft_topic *t)
{
    struct socket *s = make(v, t);
    if (!s || say_position(v, &s->opening->seek.at) < 0) {
        if (s) socket_free(s);
        visit_no_memory(v);
        return;
    }
    if (v->ask == ASK_SOCKET_V1) (void)weft_upgrade_as(v->upgrade, V1_ROUTE); /* it is there */
    weft_upgrade_set_user(v->upgrade, s);
    if (weft_upgrade_accept(v->upgrade) < 0) socket_free(s);
    visit_free(v);
}

void socket_accept(visit *v)
{
    weft_topic *t = visit_topic(v);
    if (!t) return;
    accept(v, t);
    weft_topic_unref(t);
}

enum { LOSS_MIN_MS = 1000, LOSS_MAX_MS = 3000 };

/* ---- losses ---------------------------------------------------------------------------------- */

static void close_lost(weft_conn *c, const weft_position *at)
{
    char since[WEFT_POSITION_TEXT], why[WEFT_POSITION_TEXT + 16];
    weft_position_print(at, since);
    snprintf(why, sizeof why, "lost since=%s", since);
    if (weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, why) < 0) weft_abort(c);
}

static void on_time(weft_timer *timer, void *user)
{
    weft_conn *c = user;
    const struct socket *s = weft_conn_user(c);
    (void)timer;
    close_lost(c, &s->opening->since);
}

/* Not at once: a naive page would come again at once. */
static void close_soon(struct opening *o, weft_conn *c)
{
    weft_loop *l = weft_conn_loop(c);
    if (weft_timer_new(&o->closing, l, on_time, c) < 0) close_lost(c, &o->since);
    else weft_timer_start(o->closing, channels_random_ms(l, LOSS_MIN_MS, LOSS_MAX_MS));
}

/* ---- who wants to know ----------------------------------------------------------------------- */

static weft_topic *topic_of(const struct socket *s)
{
    switch (socket_is(s)) {
    case SOCKET_OPENS: return s->opening->topic;
    case SOCKET_RAW: return s->topic;
    case SOCKET_V1: break;
    }
    return s->session->topic;
}

static void tell(weft_conn *c, weft_channel_event *e)
{
    const struct socket *s = weft_conn_user(c);
    if (!s->channels->cfg.on_event) return;
    e->conn = c;
    e->loop = weft_conn_loop(c);
    e->channel = weft_topic_name(topic_of(s));
    channels_tell(s->channels, e);
}

static void on_ping(weft_conn *c, const void *data, size_t len)
{
    (void)data;
    tell(c, &(weft_channel_event){.type = WEFT_CHANNEL_PING, .len = len});
}

static void on_pong(weft_conn *c, const void *data, size_t len, uint64_t rtt_us)
{
    (void)data, (void)len;
    tell(c, &(weft_channel_event){.type = WEFT_CHANNEL_PONG, .rtt_us = rtt_us});
}

/* ---- life ------------------------------------------------------------------------------------ */

bool socket_speaks_v1(const char *subprotocol)
{
    return strcmp(subprotocol, "weft.v1") == 0;
}

static void subscribe(struct socket *s, weft_conn *c)
{
    const weft_position *at = &s->opening->seek.at;
    const weft_since since = {.position = at};
    weft_seek seek;
    int error = weft_member_begin(&s->reader, s->opening->topic, c, &since, &seek);
    if (error) weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, weft_strerror(error));
    else if (seek.lost) close_lost(c, at);
    else
        guest_on_conn(s->channels, s->opening->topic, c,
                      pass_who(pass_of_conn(c), s->opening->client));
}

static void on_open(weft_conn *c)
{
    struct socket *s = weft_conn_user(c);
    struct opening *o = s->opening;
    struct session *session = NULL;
    bool speaks_v1 = socket_speaks_v1(weft_conn_subprotocol(c));
    pass_on_conn(o->pass, c, speaks_v1 ? session_warn : NULL);
    o->pass = NULL;
    tell(c, &(weft_channel_event){.type = WEFT_CHANNEL_OPEN});
    if (speaks_v1) session = conversation_begin(s, c);
    else if (o->subscribes && o->seek.lost && !o->takes_loss) close_soon(o, c);
    else if (o->subscribes) subscribe(s, c);
    if (!o->closing) has_begun(s);
    if (!session) return;
    weft_topic_unref(s->topic); /* the session has its own */
    socket_set(s, SOCKET_V1, 0);
    s->session = session;
}

static void publish(const struct socket *s, weft_conn *c, weft_opcode op, const void *data,
                    size_t len)
{
    int error = raw_publish(s->channels, topic_of(s), c, op, data, len);
    if (error && error != WEFT_ERR_BACKLOG) /* that: it is closing, and too late */
        weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, weft_strerror(error));
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    const struct socket *s = weft_conn_user(c);
    tell(c, &(weft_channel_event){.type = WEFT_CHANNEL_MESSAGE, .op = op, .len = len});
    if (socket_is(s) == SOCKET_V1) conversation_hears(s->session, op, (weft_bytes){data, len});
    else if (!(socket_rights(s) & WEFT_RIGHT_WRITE))
        weft_close(c, WEFT_CLOSE_POLICY_VIOLATION, "you may not publish on this channel");
    else publish(s, c, op, data, len);
}

static void on_drain(weft_conn *c)
{
    const struct socket *s = weft_conn_user(c);
    if (socket_is(s) == SOCKET_V1) session_flow(s->session);
}

static void on_leave(weft_conn *c, uint64_t return_ms)
{
    const struct socket *s = weft_conn_user(c);
    if (socket_is(s) == SOCKET_V1) conversation_leaves(s->session, return_ms);
    weft_close(c, weft_conn_leaving_code(c), NULL);
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    tell(c, &(weft_channel_event){.type = WEFT_CHANNEL_CLOSED, .close = info});
    socket_free(weft_conn_user(c));
}

bool weft_channels_conn(const weft_channels *c, weft_conn *conn, weft_bytes *channel,
                        weft_channel_who *who)
{
    if (!weft_conn_is_of(conn, on_close)) return false;
    const struct socket *s = weft_conn_user(conn);
    const struct pass *pass = pass_of_conn(conn);
    if (s->channels != c) return false;
    *channel = weft_topic_name(topic_of(s));
    *who = pass ? pass_tell(pass) : (weft_channel_who){.conn = conn};
    return true;
}

/* Where no request is let in: connections of weft.v1, whose messages may be longer, are opened as this route's. */
static int refuse(weft_upgrade *u)
{
    (void)u;
    return 404;
}

/* As JSON a byte may be six, and there is something around it. */
enum { ESCAPED = 6, AROUND = 4 << 10 };

/* weft.v1, and what the program agrees to: raw. */
static int list_subprotocols(const weft_channels *c, const char ***out)
{
    const char *const *others = c->cfg.subprotocols;
    size_t n = 0;
    while (others && others[n]) n++;
    const char **list = hook_realloc(c->env, NULL, (n + 2) * sizeof *list);
    *out = list;
    if (!list) return -ENOMEM;
    list[0] = "weft.v1";
    for (size_t i = 0; i < n; i++) list[i + 1] = others[i];
    list[n + 1] = NULL;
    return 0;
}

int socket_route(weft_channels *c, weft_server *s, const char *path,
                 int (*on_upgrade)(weft_upgrade *u))
{
    const char **subprotocols;
    weft_limits limits = {.max_message = c->cfg.max_message};
    int error = list_subprotocols(c, &subprotocols);
    if (error) return error;
    weft_handler handler = {
        .on_upgrade = on_upgrade,
        .on_open = on_open,
        .on_message = on_message,
        .on_drain = on_drain,
        .on_ping = on_ping,
        .on_pong = on_pong,
        .on_leave = on_leave,
        .on_close = on_close,
        .subprotocols = subprotocols,
        .deflate = c->cfg.deflate,
        .limits = &limits,
    };
    error = weft_server_route(s, path, &handler, c);
    hook_free(c->env, subprotocols);
    if (error) return error;
    handler.on_upgrade = refuse;
    handler.subprotocols = NULL;
    limits.max_message = ESCAPED * c->cfg.max_message + AROUND;
    return weft_server_route(s, V1_ROUTE, &handler, c);
}
