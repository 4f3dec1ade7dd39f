/* SPDX-License-Identifier: MIT
 *
 * channel/seeing.c - whom a session sees: once, or as an onlooker
 */
#include "channel/seeing.h"

#include "channel/answer.h"
#include "channel/board.h"
#include "channel/bytes.h"
#include "channel/envelope.h"
#include "channel/guest.h"

/* ---- as an onlooker -------------------------------------------------------------------------- */

static void *render(weft_bytes channel, weft_bytes presence, const weft_env *env)
{
    struct text text;
    weft_message *m = NULL;
    text_init(&text, env);
    envelope_presence(&text, channel, presence);
    if (text.failed || weft_message_new(&m, env, WEFT_TEXT, text.data, text.len) < 0) m = NULL;
    text_deinit(&text);
    return m;
}

static void unref(void *rendering)
{
    weft_message_unref(rendering);
}

static int queue(void *conn, void *rendering)
{
    return weft_send_message(conn, rendering);
}

static bool is_full(const void *conn)
{
    return weft_backlogged(conn);
}

static void hang(void *conn, weft_link *link)
{
    weft_conn_link(conn, link);
}

static void take_off(void *conn, weft_link *link)
{
    weft_conn_unlink(conn, link);
}

static weft_link *links(const void *conn)
{
    return weft_conn_links(conn);
}

static const struct onlooker_type onlookers = {.render = render,
                                               .unref = unref,
                                               .queue = queue,
                                               .is_full = is_full,
                                               .link = hang,
                                               .unlink = take_off,
                                               .links = links};

int session_look_on(struct session *s, weft_topic *t, struct text *now)
{
    return board_join(s->channels, t, weft_conn_loop(s->conn), s->conn, &onlookers, now);
}

void session_look_away(struct session *s, weft_bytes channel)
{
    weft_topic *t = weft_topic_find(s->channels->hub, channel);
    if (t) board_leave(s->conn, &onlookers, t);
    weft_topic_unref(t);
}

struct each_seen {
    struct session *session;
    void (*what)(struct session *s, weft_bytes name, unsigned right);
};

static void see_one(weft_bytes channel, void *user)
{
    const struct each_seen *e = user;
    e->what(e->session, channel, WEFT_RIGHT_PRESENCE);
}

void session_each_seen(struct session *s,
                       void (*what)(struct session *s, weft_bytes name, unsigned right))
{
    struct each_seen e = {s, what};
    board_each(s->conn, &onlookers, see_one, &e);
}

/* ---- the command ----------------------------------------------------------------------------- */

/* Who is to be told later has a channel that is there; who looks once makes none. */
static int find(struct session *s, const struct command *c, weft_topic **out, struct refusal *why)
{
    if (c->events) return session_find(s, c->channel, out, why);
    *out = weft_topic_find(s->channels->hub, c->channel);
    return 0;
}

static int look(struct session *s, const struct command *c, weft_topic *t, struct text *now,
                struct refusal *why)
{
    int error = 0;
    if (c->events) error = session_look_on(s, t, c->id.len ? now : NULL);
    else board_look(s->channels, t, weft_conn_loop(s->conn), now);
    if (now->failed || (c->has_events && !c->events)) session_look_away(s, c->channel);
    if (error == -ENOSPC)
        return refusal_write(why, 429, "a connection looks on at %d channels at most",
                             ONLOOKING_MAX);
    return error || now->failed ? refusal_no_memory(why) : 0;
}

static int see(struct session *s, const struct command *c, struct text *now, struct refusal *why)
{
    weft_topic *t;
    struct name name = {.len = c->channel.len};
    memcpy(name.text, c->channel.data, c->channel.len);
    if (guest_check(s->channels, name.text, why) < 0 || find(s, c, &t, why) < 0) return -1;
    int result = look(s, c, t, now, why);
    weft_topic_unref(t);
    return result;
}

void session_presence(struct session *s, const struct command *c)
{
    struct text now, t;
    struct refusal why;
    text_init(&now, s->channels->env);
    text_init(&t, s->channels->env);
    int result = see(s, c, &now, &why);
    if (result < 0) session_refuse(s, c->id, &why);
    else if (c->id.len) answer_presence(&t, c->id, c->channel, text_bytes(&now));
    if (result == 0 && c->id.len) session_say(s, &t);
    text_deinit(&now);
    text_deinit(&t);
}
