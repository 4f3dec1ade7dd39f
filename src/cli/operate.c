/* SPDX-License-Identifier: MIT
 *
 * cli/operate.c - questions and orders
 */
#include "cli/operate.h"

#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aux.h>

#include "cli/values.h"

enum { NAME_ROOM = 1024, LISTED_MAX = 1000, CLOSE_FORBIDDEN = 3003 };

/* ---- answers --------------------------------------------------------------------------------- */

/* A reference to j is taken over; NULL: no memory. */
static void say(weft_request *r, int status, json_t *j)
{
    char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
    weft_reply_field(r, "Cache-Control", "no-store");
    if (text) weft_respond(r, status, "application/json", text, strlen(text));
    else weft_respond(r, 503, NULL, NULL, 0);
    free(text);
    json_decref(j);
}

static void refuse(weft_request *r, int status, const char *why)
{
    say(r, status, json_pack("{s:{s:i,s:s}}", "error", "code", status, "message", why));
}

/* Browsers say of pages where they come from; whoever runs this has none. */
static bool is_from_page(const weft_request *r)
{
    return weft_request_field(r, "Origin").len || weft_request_field(r, "Sec-Fetch-Site").len;
}

static bool take_name(weft_request *r, const char *parameter, char name[NAME_ROOM])
{
    return weft_query_get(weft_request_query(r), parameter, name, NAME_ROOM) > 0;
}

static json_t *text_of(weft_bytes text)
{
    return json_stringn((const char *)text.data, text.len);
}

/* ---- channels -------------------------------------------------------------------------------- */

static json_t *describe(weft_topic *t)
{
    char at[WEFT_POSITION_TEXT];
    uint64_t messages, bytes;
    weft_position head = weft_topic_head(t);
    weft_position_print(&head, at);
    weft_topic_kept(t, &messages, &bytes);
    return json_pack("{s:o,s:s,s:I,s:I,s:I}", "channel", text_of(weft_topic_name(t)), "position",
                     at, "readers", (json_int_t)weft_topic_subscribers(t), "messages",
                     (json_int_t)messages, "bytes", (json_int_t)bytes);
}

static bool list(weft_topic *t, void *to)
{
    json_array_append_new(to, describe(t));
    return json_array_size(to) <= LISTED_MAX;
}

static void on_channels(weft_request *r, void *user)
{
    const struct operate *o = user;
    char prefix[NAME_ROOM] = "";
    (void)take_name(r, "prefix", prefix);
    json_t *all = json_array();
    int error = weft_topic_walk(weft_channels_hub(o->channels->them),
                                (weft_bytes){(const uint8_t *)prefix, strlen(prefix)}, list, all);
    bool more = json_array_size(all) > LISTED_MAX;
    if (more) json_array_remove(all, LISTED_MAX);
    if (error < 0) json_decref(all);
    say(r, 200, error < 0 ? NULL : json_pack("{s:o,s:b}", "channels", all, "more", more));
}

/* NULL, after the answer: there is none, or none was named. */
static weft_topic *find(const struct operate *o, weft_request *r)
{
    char name[NAME_ROOM];
    weft_topic *t = NULL;
    if (!take_name(r, "channel", name)) {
        refuse(r, 400, "which channel? Say channel=/chat");
        return NULL;
    }
    t = weft_topic_find(weft_channels_hub(o->channels->them),
                        (weft_bytes){(const uint8_t *)name, strlen(name)});
    if (!t) refuse(r, 404, "there is no such channel");
    return t;
}

static void on_purge(weft_request *r, void *user)
{
    uint64_t messages, bytes;
    if (is_from_page(r)) return refuse(r, 403, "this is not for pages");
    weft_topic *t = find(user, r);
    if (!t) return;
    weft_topic_kept(t, &messages, &bytes);
    weft_topic_clear(t);
    weft_topic_unref(t);
    say(r, 200, json_pack("{s:I}", "purged", (json_int_t)messages));
}

/* ---- what is about connections --------------------------------------------------------------- */

struct job {
    weft_errand errand;
    const struct operate *of;
    weft_request *request;
    struct channels_kick kick;
    pthread_mutex_t lock;
    char name[NAME_ROOM];
    json_t *listed;
    weft_id id;
    int kicked;
};

/* NULL, after the answer. */
static struct job *begin(const struct operate *o, weft_request *r)
{
    struct job *j = calloc(1, sizeof *j);
    if (!j) {
        say(r, 503, NULL);
        return NULL;
    }
    j->of = o;
    j->request = r;
    pthread_mutex_init(&j->lock, NULL);
    return j;
}

static void end(struct job *j, json_t *said)
{
    say(j->request, 200, said);
    json_decref(j->listed);
    pthread_mutex_destroy(&j->lock);
    free(j);
}

/* ---- who ------------------------------------------------------------------------------------- */

static json_t *describe_conn(weft_conn *c, const weft_channel_who *who)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRIu64, weft_conn_id(c));
    return json_pack("{s:s,s:s,s:s?,s:s,s:I}", "connection", id, "address",
                     weft_peer_address(weft_conn_peer(c)), "user", who->user, "subprotocol",
                     weft_conn_subprotocol(c), "queued", (json_int_t)weft_buffered(c));
}

static void look(weft_conn *c, void *arg)
{
    struct job *j = arg;
    weft_bytes channel;
    weft_channel_who who;
    if (!weft_channels_conn(j->of->channels->them, c, &channel, &who)) return;
    if (channel.len != strlen(j->name) || memcmp(channel.data, j->name, channel.len) != 0) return;
    pthread_mutex_lock(&j->lock);
    if (json_array_size(j->listed) < LISTED_MAX)
        json_array_append_new(j->listed, describe_conn(c, &who));
    pthread_mutex_unlock(&j->lock);
}

/* {"count":..., "members":[...]}, as the room says it. */
static json_t *presence_of(const struct operate *o, weft_topic *t)
{
    weft_message *m;
    if (weft_channels_presence(o->channels->them, t, o->first, &m) < 0) return NULL;
    weft_bytes text = weft_message_payload(m);
    json_t *is = json_loadb((const char *)text.data, text.len, 0, NULL);
    weft_message_unref(m);
    return is;
}

static void tell_who(void *arg)
{
    struct job *j = arg;
    weft_channels *channels = j->of->channels->them;
    weft_bytes name = {(const uint8_t *)j->name, strlen(j->name)};
    weft_topic *t = channels ? weft_topic_find(weft_channels_hub(channels), name) : NULL;
    json_t *is = t ? presence_of(j->of, t) : json_object();
    if (t) weft_topic_unref(t);
    json_object_set_new(is, "channel", json_string(j->name));
    json_object_set(is, "connections", j->listed);
    end(j, is);
}

static void on_who(weft_request *r, void *user)
{
    const struct operate *o = user;
    weft_topic *t = find(o, r);
    struct job *j = t ? begin(o, r) : NULL;
    weft_topic_unref(t);
    if (!j) return;
    (void)take_name(r, "channel", j->name);
    j->listed = json_array();
    if (!*o->server || weft_server_each(*o->server, look, tell_who, j) < 0) tell_who(j);
}

/* ---- kick ------------------------------------------------------------------------------------ */

static void nothing(weft_conn *c, void *arg)
{
    (void)c, (void)arg;
}

static void tell_kicked(void *arg)
{
    struct job *j = arg;
    channels_unkick(j->of->channels, &j->kick);
    end(j, json_pack("{s:i}", "kicked", (int)j->kick.n));
}

/* All loops have looked when they have looked at their WebSockets, which each is asked behind. */
static void kick_user(struct job *j)
{
    const struct operate *o = j->of;
    j->kick.user = j->name;
    channels_kick(o->channels, &j->kick);
    if (!*o->server || weft_server_each(*o->server, nothing, tell_kicked, j) < 0) tell_kicked(j);
}

static void tell_one(weft_errand *e)
{
    struct job *j = (struct job *)(void *)((char *)e - offsetof(struct job, errand));
    if (j->kicked) return end(j, json_pack("{s:i}", "kicked", 1));
    weft_request *r = j->request;
    pthread_mutex_destroy(&j->lock);
    free(j);
    refuse(r, 404, "there is no such connection");
}

static void go_back(struct job *j)
{
    j->errand.run = tell_one;
    (void)weft_errand_post(j->of->first, 0, &j->errand);
}

static void cut_reply(weft_reply *reply, void *arg)
{
    struct job *j = arg;
    j->kicked = reply != NULL;
    if (reply) weft_reply_cut(reply);
    go_back(j);
}

static void close_conn(weft_conn *c, void *arg)
{
    struct job *j = arg;
    j->kicked = c != NULL;
    if (c && weft_close(c, CLOSE_FORBIDDEN, "kicked") < 0) weft_abort(c);
    if (c || weft_reply_call(j->of->first, j->id, cut_reply, j) < 0) go_back(j);
}

static void on_kick(weft_request *r, void *user)
{
    char id[NAME_ROOM];
    if (is_from_page(r)) return refuse(r, 403, "this is not for pages");
    struct job *j = begin(user, r);
    if (!j) return;
    if (take_name(r, "user", j->name)) return kick_user(j);
    bool named = take_name(r, "connection", id) && value_number(id, &j->id);
    if (named && weft_conn_call(j->of->first, j->id, close_conn, j) == 0) return;
    pthread_mutex_destroy(&j->lock);
    free(j);
    refuse(r, 400, "whom? Say user=ann, or connection=17, a number of /who");
}

/* ---- settings -------------------------------------------------------------------------------- */

static void on_reload(weft_request *r, void *user)
{
    const struct operate *o = user;
    if (is_from_page(r)) return refuse(r, 403, "this is not for pages");
    if (o->reload(o->user)) say(r, 200, json_pack("{s:b}", "reloaded", 1));
    else
        refuse(r, 409,
               "something is wrong with the settings, which stay as they are; the log says what");
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void on_other(weft_request *r, void *user)
{
    (void)user;
    refuse(r, 404, "there are /channels, /who, /kick, /purge, /reload and /metrics");
}

int operate_route(const struct operate *o, weft_server *at)
{
    static const struct {
        const char *path, *methods;
        void (*on_request)(weft_request *r, void *user);
    } routes[] = {
        {"/channels", "GET", on_channels}, {"/who", "GET", on_who},
        {"/kick", "POST", on_kick},        {"/purge", "POST", on_purge},
        {"/reload", "POST", on_reload},    {"/*", NULL, on_other},
    };
    int error = 0;
    for (size_t i = 0; i < sizeof routes / sizeof *routes && !error; i++) {
        const weft_request_handler handler = {.on_request = routes[i].on_request,
                                              .methods = routes[i].methods};
        error = weft_server_on_request(at, routes[i].path, &handler, (void *)o);
    }
    return error;
}
