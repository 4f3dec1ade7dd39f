/* SPDX-License-Identifier: MIT
 *
 * channel/session.c - what all parts of a conversation need of it
 */
#include "channel/session.h"

#include "channel/answer.h"
#include "channel/bytes.h"
#include "channel/find.h"
#include "channel/hook.h"
#include "channel/pass.h"

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

void session_warn(weft_conn *c, uint64_t left_ms)
{
    struct text t;
    text_init(&t, weft_loop_env(weft_conn_loop(c)));
    answer_expires(&t, left_ms);
    int error = t.failed ? -ENOMEM : weft_send(c, WEFT_TEXT, t.data, t.len);
    (void)error; /* whoever takes no more has other cares */
    text_deinit(&t);
}

/* Who does not read the answers is not asked for more questions. */
void session_flow(struct session *s)
{
    bool too_much = s->unanswered >= UNANSWERED_MAX || s->unanswered_bytes >= UNANSWERED_BYTES_MAX;
    if (too_much || s->asks || weft_backlogged(s->conn)) weft_pause(s->conn);
    else weft_resume(s->conn);
}

struct who session_who(const struct session *s)
{
    return pass_who(pass_of_conn(s->conn), s->client);
}

unsigned session_rights_on(const struct session *s, weft_bytes channel)
{
    bool is_own = bytes_same(channel, weft_topic_name(s->topic));
    return (is_own ? s->rights : 0) | grants_on(s->grants, channel);
}

int session_find(const struct session *s, weft_bytes channel, weft_topic **out, struct refusal *why)
{
    return find_topic(out, s->channels, channel, (struct asker){.conn = s->conn}, why);
}

void session_unref(struct session *s)
{
    weft_channels *c = s->channels;
    if (--s->refs) return;
    grants_forget(&s->grants, c->env);
    weft_topic_unref(s->topic);
    hook_free(c->env, s->client);
    hook_free(c->env, s);
    channels_unref(c);
}
