/* SPDX-License-Identifier: MIT
 *
 * channel/session.c - a conversation in weft.v1: it begins with hello, and each command has its answer
 */
#include "channel/session.h"

#include <inttypes.h>
#include <stdio.h>

#include "channel/answer.h"
#include "channel/bytes.h"
#include "channel/hook.h"
#include "channel/pattern.h"

enum { PING_MS = 25000 };

/* ---- out ------------------------------------------------------------------------------------- */

void session_say(struct session *s, struct text *t)
{
    int error = t->failed ? -ENOMEM : 0;
    if (!error) error = weft_send(s->conn, WEFT_TEXT, t->data, t->len);
    text_deinit(t);
    if (error == WEFT_ERR_BACKLOG)
        weft_close_now(s->conn, WEFT_CLOSE_POLICY_VIOLATION, "too slow: the send queue is full");
    else if (error && error != WEFT_ERR_CLOSED) weft_abort(s->conn);
}

void session_refuse(struct session *s, weft_bytes id, const struct refusal *why)
{
    struct text t;
    text_init(&t, s->channels->env);
    answer_error(&t, id, why);
    session_say(s, &t);
}

static void pong(struct session *s, weft_bytes ping)
{
    struct text t;
    text_init(&t, s->channels->env);
    answer_pong(&t, ping);
    session_say(s, &t);
}

/* Who does not read the answers is not asked for more questions. */
void session_flow(struct session *s)
{
    bool too_much = s->unanswered >= UNANSWERED_MAX || s->unanswered_bytes >= UNANSWERED_BYTES_MAX;
    if (too_much || s->asks || weft_backlogged(s->conn)) weft_pause(s->conn);
    else weft_resume(s->conn);
}

void session_has_room(struct session *s)
{
    session_flow(s);
}

/* ---- in -------------------------------------------------------------------------------------- */

void session_obey(struct session *s, const struct command *c)
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
    if (result == COMMAND_READ) session_decide(s, &c, text);
    command_free(&c);
    session_flow(s);
}

void session_hears(struct session *s, weft_opcode op, weft_bytes text)
{
    if (op == WEFT_TEXT) hear(s, text);
    else weft_close(s->conn, WEFT_CLOSE_UNSUPPORTED_DATA, "weft.v1 is text: say \"base64\"");
}

/* ---- life ------------------------------------------------------------------------------------ */

static struct session *make(struct socket *socket, weft_conn *c)
{
    struct session *s = hook_realloc(socket->channels->env, NULL, sizeof *s);
    if (!s) return NULL;
    *s = (struct session){.refs = 1,
                          .socket = socket,
                          .conn = c,
                          .channels = channels_ref(socket->channels),
                          .client = socket->opening->client};
    socket->opening->client = NULL;
    return s;
}

/* The 101 has said where it begins. */
static int read_own(struct session *s, struct subscribed *is)
{
    const struct socket *socket = s->socket;
    const weft_seek *began = &socket->opening->seek;
    const weft_since since = {.position = &began->at};
    weft_seek seek;
    int error = session_read(s, socket->topic, &since, FOR_ITSELF, &seek);
    if (error) return error;
    *is = (struct subscribed){weft_topic_name(socket->topic), *began,
                              weft_topic_settings_of(socket->topic)->policy};
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
    answer_hello(&t, client, s->channels->cfg.max_message, PING_MS, is);
    session_say(s, &t);
}

void session_begin(struct socket *socket, weft_conn *c)
{
    struct subscribed is;
    const struct opening *o = socket->opening;
    struct session *s = make(socket, c);
    socket->session = s;
    if (!s || (o->subscribes && read_own(s, &is) < 0)) {
        weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, NULL);
        return;
    }
    hello(s, o->subscribes ? &is : NULL);
    if (o->looks_on && session_look_on(s, socket->topic, NULL) < 0)
        weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, NULL);
}

void session_leaves(struct session *s, uint64_t return_ms)
{
    struct text t;
    text_init(&t, s->channels->env);
    answer_close(&t, return_ms);
    session_say(s, &t);
}

void session_ends(struct session *s)
{
    s->socket = NULL;
    patterns_end(s);
    session_unref(s);
}

void session_unref(struct session *s)
{
    weft_channels *c = s->channels;
    if (--s->refs) return;
    session_forget_grants(s);
    hook_free(c->env, s->client);
    hook_free(c->env, s);
    channels_unref(c);
}
