/* SPDX-License-Identifier: MIT
 *
 * channel/conversation.c - a conversation in weft.v1: it begins with hello, and each command has its answer
 */
#include "channel/conversation.h"

#include <inttypes.h>
#include <stdio.h>

#include "channel/answer.h"
#include "channel/bytes.h"
#include "channel/deciding.h"
#include "channel/hook.h"
#include "channel/pass.h"
#include "channel/pattern.h"
#include "channel/publishing.h"
#include "channel/renewal.h"
#include "channel/seeing.h"
#include "channel/subscription.h"

/* ---- in -------------------------------------------------------------------------------------- */

static void pong(struct session *s, weft_bytes ping)
{
    struct text t;
    text_init(&t, s->channels->env);
    answer_pong(&t, ping);
    session_say(s, &t);
}

static void obey(struct session *s, const struct command *c)
{
    switch (c->verb) {
    case VERB_SUBSCRIBE:
        if (c->is_pattern) pattern_subscribe(s, c);
        else session_subscribe(s, c);
        return;
    case VERB_UNSUBSCRIBE:
        if (c->is_pattern) pattern_unsubscribe(s, c);
        else session_unsubscribe(s, c);
        return;
    case VERB_PUBLISH: session_publish(s, c); return;
    case VERB_PING: pong(s, c->ping); return;
    case VERB_PRESENCE: session_presence(s, c); return;
    case VERB_TOKEN: session_renew(s, c); return;
    }
}

static void not_json(struct session *s, const struct command *c, const struct refusal *why)
{
    session_refuse(s, c->id, why);
    if (s->was_no_json) weft_close(s->conn, WEFT_CLOSE_INVALID_PAYLOAD, why->words);
    s->was_no_json = true;
}

static void hear(struct session *s, weft_bytes text)
{
    struct command c;
    struct refusal why;
    const weft_channels *channels = s->channels;
    enum command_result result =
        command_read(&c, channels->env, text, channels->cfg.max_message, &why);
    if (result == COMMAND_NO_JSON) not_json(s, &c, &why);
    else s->was_no_json = false;
    if (result == COMMAND_REFUSED) session_refuse(s, c.id, &why);
    if (result == COMMAND_READ) session_decide(s, &c, text, obey);
    command_free(&c);
    session_flow(s);
}

void conversation_hears(struct session *s, weft_opcode op, weft_bytes text)
{
    if (op == WEFT_TEXT) hear(s, text);
    else weft_close(s->conn, WEFT_CLOSE_UNSUPPORTED_DATA, "weft.v1 is text: say \"base64\"");
}

/* ---- life ------------------------------------------------------------------------------------ */

static struct session *make(const struct socket *socket, weft_conn *c)
{
    struct session *s = hook_realloc(socket->channels->env, NULL, sizeof *s);
    if (!s) return NULL;
    *s = (struct session){.refs = 1,
                          .conn = c,
                          .channels = channels_ref(socket->channels),
                          .topic = weft_topic_ref(socket->opening->topic),
                          .rights = (uint8_t)socket_rights(socket),
                          .client = socket->opening->client};
    socket->opening->client = NULL;
    return s;
}

/* The 101 has said where it begins. */
static int read_own(struct session *s, const weft_seek *began, struct subscribed *is)
{
    const weft_since since = {.position = &began->at};
    weft_seek seek;
    int error = session_read(s, s->topic, &since, FOR_ITSELF, &seek);
    if (error) return error;
    *is = (struct subscribed){weft_topic_name(s->topic), *began,
                              weft_topic_settings_of(s->topic)->policy};
    is->seek.at = seek.at;
    if (is->seek.lost != WEFT_LOST_UNKNOWN) is->seek.lost += seek.lost;
    return 0;
}

static void hello(struct session *s, const struct subscribed *is)
{
    struct text t;
    char client[24];
    snprintf(client, sizeof client, "c%" PRIu64, weft_conn_id(s->conn));
    text_init(&t, s->channels->env);
    answer_hello(&t, client, weft_topic_name(s->topic), s->channels->cfg.max_message,
                 weft_conn_ping_interval(s->conn), pass_left_ms(pass_of_conn(s->conn)), is);
    session_say(s, &t);
}

struct session *conversation_begin(struct socket *socket, weft_conn *c)
{
    struct subscribed is;
    const struct opening *o = socket->opening;
    struct session *s = make(socket, c);
    if (!s || (o->subscribes && read_own(s, &o->seek, &is) < 0)) {
        weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, NULL);
        return s;
    }
    hello(s, o->subscribes ? &is : NULL);
    if (o->looks_on && session_look_on(s, s->topic, NULL) < 0)
        weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, NULL);
    return s;
}

void conversation_leaves(struct session *s, uint64_t return_ms)
{
    struct text t;
    text_init(&t, s->channels->env);
    answer_close(&t, return_ms);
    session_say(s, &t);
}

void conversation_ends(struct session *s)
{
    s->conn = NULL;
    patterns_end(s);
    session_unref(s);
}
