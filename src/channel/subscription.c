/* SPDX-License-Identifier: MIT
 *
 * channel/subscription.c - what a session reads: a reader for each channel, whose entries are envelopes
 */
#include "channel/subscription.h"

#include "channel/answer.h"
#include "channel/bytes.h"
#include "channel/envelope.h"
#include "channel/guest.h"
#include "channel/hook.h"
#include "channel/seeing.h"

enum { SUBSCRIPTIONS_MAX = 128 };

/* Held by its session's list as long as it reads; it goes when its connection has. */
struct subscription {
    weft_reader reader; /* first; its carrier: the connection; its yours: FOR_ITSELF, FOR_PATTERN */
    struct session *session; /* held */
    struct subscription *next;
};

/* ---- as a reader ----------------------------------------------------------------------------- */

static void *render(weft_topic *t, const weft_entry *e, uint64_t skipped)
{
    struct text text;
    weft_message *m = NULL;
    text_init(&text, weft_hub_env(weft_topic_hub(t)));
    envelope_message(&text, weft_topic_name(t), weft_topic_epoch(t), e, skipped);
    if (text.failed || weft_message_new(&m, text.env, WEFT_TEXT, text.data, text.len) < 0) m = NULL;
    text_deinit(&text);
    return m;
}

static void unref(void *rendering)
{
    weft_message_unref(rendering);
}

static int queued(const weft_reader *r, int error)
{
    return error ? error : weft_backlogged(r->carrier);
}

static int queue(weft_reader *r, void *rendering)
{
    return queued(r, weft_send_message(r->carrier, rendering));
}

static int lost(weft_reader *r, const weft_seek *seek)
{
    struct text t;
    const struct subscription *s = (struct subscription *)r;
    text_init(&t, s->session->channels->env);
    envelope_lost(&t, weft_topic_name(weft_reader_topic(r)), seek->lost, &seek->at);
    int error = t.failed ? -ENOMEM : weft_send(r->carrier, WEFT_TEXT, t.data, t.len);
    text_deinit(&t);
    return queued(r, error);
}

static void end(weft_reader *r, int error)
{
    static const char why[] = "too slow: the send queue is full";
    if (error != WEFT_ERR_BACKLOG ||
        weft_close_now(r->carrier, WEFT_CLOSE_POLICY_VIOLATION, why) < 0)
        weft_abort(r->carrier);
}

static void take_out(struct subscription *s)
{
    struct subscription **at = &s->session->first;
    while (*at != s) at = &(*at)->next;
    *at = s->next;
}

static void gone(weft_reader *r)
{
    struct subscription *s = (struct subscription *)r;
    struct session *session = s->session;
    take_out(s);
    hook_free(session->channels->env, s);
    session_unref(session);
}

static void hang(void *conn, weft_link *link)
{
    weft_conn_link(conn, link);
}

static void take_off(void *conn, weft_link *link)
{
    weft_conn_unlink(conn, link);
}

static const weft_reader_type readers = {.render = render,
                                         .unref = unref,
                                         .queue = queue,
                                         .lost = lost,
                                         .end = end,
                                         .gone = gone,
                                         .link = hang,
                                         .unlink = take_off};

/* ---- they come and go ------------------------------------------------------------------------ */

static weft_bytes channel_of(const struct subscription *s)
{
    return weft_topic_name(weft_reader_topic(&s->reader));
}

static struct subscription *find(const struct session *s, weft_bytes channel)
{
    struct subscription *at = s->first;
    while (at && !bytes_same(channel_of(at), channel)) at = at->next;
    return at;
}

bool session_has_place(const struct session *s)
{
    size_t n = s->n_joining + s->n_patterns;
    for (const struct subscription *at = s->first; at; at = at->next) n++;
    return n < SUBSCRIPTIONS_MAX;
}

/* He goes on where he is. */
static void seek_there(const struct subscription *s, weft_topic *t, weft_seek *seek)
{
    weft_position head = weft_topic_head(t);
    *seek = (weft_seek){.at = head, .head = head};
    seek->at.offset = weft_reader_offset(&s->reader);
}

bool session_reads(struct session *s, weft_bytes channel, unsigned for_what)
{
    struct subscription *found = find(s, channel);
    if (found) found->reader.yours |= (uint16_t)for_what;
    return found;
}

int session_read(struct session *s, weft_topic *t, const weft_since *since, unsigned for_what,
                 weft_seek *seek)
{
    struct subscription *new = find(s, weft_topic_name(t));
    if (new) {
        new->reader.yours |= (uint16_t)for_what;
        seek_there(new, t, seek);
        return 0;
    }
    if (!session_has_place(s)) return -ENOSPC;
    new = hook_realloc(s->channels->env, NULL, sizeof *new);
    if (!new) return -ENOMEM;
    *new = (struct subscription){.reader = {.carrier = s->conn, .yours = (uint16_t)for_what},
                                 .session = s,
                                 .next = s->first};
    int error = weft_reader_begin(&new->reader, t, weft_conn_loop(s->conn), &readers, since, seek);
    if (error) {
        hook_free(s->channels->env, new);
        return error;
    }
    s->refs++;
    s->first = new;
    guest_on_conn(s->channels, t, s->conn, session_who(s));
    return 0;
}

void session_is_known(struct session *s)
{
    for (const struct subscription *at = s->first; at; at = at->next) {
        weft_topic *t = weft_reader_topic(&at->reader);
        guest_leaves_conn(s->conn, t);
        guest_on_conn(s->channels, t, s->conn, session_who(s));
    }
}

/* What is done to one of them may end that one, and no other. */
void session_each_read(struct session *s,
                       void (*what)(struct session *s, weft_bytes name, unsigned right))
{
    for (struct subscription *at = s->first, *next; at; at = next) {
        next = at->next;
        what(s, channel_of(at), WEFT_RIGHT_READ);
    }
}

/* ---- commands -------------------------------------------------------------------------------- */

int session_refuse_more(struct refusal *why)
{
    return refusal_write(why, 429, "a connection has at most %d subscriptions", SUBSCRIPTIONS_MAX);
}

static int subscribe(struct session *s, const struct command *c, struct subscribed *is,
                     struct refusal *why)
{
    weft_topic *t;
    const weft_since since = {.position = c->has_since ? &c->since : NULL, .last = c->last};
    if (session_find(s, c->channel, &t, why) < 0) return -1;
    int error = session_read(s, t, &since, FOR_ITSELF, &is->seek);
    is->channel = c->channel;
    is->policy = weft_topic_settings_of(t)->policy;
    weft_topic_unref(t);
    if (error == -ENOSPC) return session_refuse_more(why);
    return error ? refusal_no_memory(why) : 0;
}

void session_subscribe(struct session *s, const struct command *c)
{
    struct text t;
    struct refusal why;
    struct subscribed is;
    text_init(&t, s->channels->env);
    bool done = subscribe(s, c, &is, &why) == 0;
    if (!done) session_refuse(s, c->id, &why);
    else if (c->id.len) answer_subscribed(&t, c->id, &is);
    if (done && c->id.len) session_say(s, &t);
    text_deinit(&t);
}

void session_leave(struct session *s, bool (*is_it)(weft_bytes channel, weft_bytes name),
                   weft_bytes name, unsigned for_what)
{
    for (struct subscription *at = s->first, *next; at; at = next) {
        next = at->next;
        if (!(at->reader.yours & for_what) || !is_it(channel_of(at), name)) continue;
        at->reader.yours &= (uint16_t)~for_what;
        if (at->reader.yours) continue;
        guest_leaves_conn(s->conn, weft_reader_topic(&at->reader));
        weft_reader_end(&at->reader);
        gone(&at->reader);
    }
}

void session_unsubscribe(struct session *s, const struct command *c)
{
    struct text t;
    session_leave(s, bytes_same, c->channel, FOR_ITSELF);
    session_look_away(s, c->channel);
    if (!c->id.len) return;
    text_init(&t, s->channels->env);
    answer_done(&t, c->id);
    session_say(s, &t);
}
