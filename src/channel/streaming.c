/* SPDX-License-Identifier: MIT
 *
 * channel/streaming.c - a reader whose carrier is a reply
 *
 *      streaming_begin -> reply, reader, begin -> queue, lost ... -> end, leave, or the client goes -> gone
 *
 * It lives as long as its reply: what ends it ends the reply, and gone frees it.
 */
#include "channel/streaming.h"

#include "channel/board.h"
#include "channel/form.h"
#include "channel/guest.h"
#include "channel/hook.h"
#include "channel/pass.h"

struct stream {
    weft_reader reader; /* its carrier: the reply */
    const struct form *form;
    weft_channels *channels;
};

/* ---- out ------------------------------------------------------------------------------------- */

static weft_reply *reply_of(const struct stream *s)
{
    return s->reader.carrier;
}

/* As weft_reader_type.queue has it. */
static int queued(const weft_reader *r, int error)
{
    return error ? error : weft_reply_backlogged(r->carrier);
}

/* Frees the text. What has no memory is dropped, so that the client notices. */
static int write_text(struct stream *s, struct text *t)
{
    int error = t->failed ? -ENOMEM : 0;
    if (!error && t->len) error = weft_reply_write(reply_of(s), t->data, t->len);
    text_deinit(t);
    return queued(&s->reader, error);
}

static void leave(struct stream *s, uint64_t retry_ms)
{
    struct text t;
    text_init(&t, s->channels->env);
    if (s->form->end) s->form->end(&t, retry_ms);
    int error = s->form->end ? write_text(s, &t) : -EPIPE;
    if (error < 0 || weft_reply_end(reply_of(s)) < 0) weft_reply_cut(reply_of(s));
}

/* ---- as a reader ----------------------------------------------------------------------------- */

static int queue(weft_reader *r, void *rendering)
{
    if (rendering == &form_nothing) return 0;
    return queued(r, weft_reply_write_piece(r->carrier, rendering));
}

static int lost(weft_reader *r, const weft_seek *seek)
{
    struct stream *s = (struct stream *)r; /* its first member */
    struct text t;
    if (!s->form->lost) {
        weft_reply_cut(r->carrier);
        return WEFT_ERR_CLOSED;
    }
    text_init(&t, s->channels->env);
    s->form->lost(&t, weft_reader_topic(r), seek);
    return write_text(s, &t);
}

static void end(weft_reader *r, int error)
{
    struct stream *s = (struct stream *)r;
    if (error == -ENOMEM) weft_reply_abort(r->carrier);
    else leave(s, channels_retry_ms(weft_reply_loop(r->carrier)));
}

static weft_channels_counter counted_as(const struct stream *s)
{
    return s->form == form_of(ASK_SSE) ? WEFT_CHANNELS_EVENT_STREAMS : WEFT_CHANNELS_STREAMS;
}

static void gone(weft_reader *r)
{
    struct stream *s = (struct stream *)r;
    weft_channels *c = s->channels;
    channels_uncount(c, counted_as(s));
    hook_free(c->env, s);
    channels_unref(c);
}

static void hang(void *reply, weft_link *link)
{
    weft_reply_link(reply, link);
}

static void take_off(void *reply, weft_link *link)
{
    weft_reply_unlink(reply, link);
}

#define READERS(how, silence)                                                           \
    {                                                                                   \
        .render = (how), .unref = form_unref, .queue = queue, .lost = lost, .end = end, \
        .gone = gone, .link = hang, .unlink = take_off, .render_silence = (silence)     \
    }

static const weft_reader_type *readers_of(enum ask ask)
{
    static const weft_reader_type events = READERS(form_render_event, form_render_comment);
    static const weft_reader_type lines = READERS(form_render_line, form_render_empty_line);
    static const weft_reader_type raw = READERS(form_render_raw, NULL);
    return ask == ASK_SSE ? &events : ask == ASK_STREAM ? &lines : &raw;
}

/* ---- as an onlooker -------------------------------------------------------------------------- */

static int queue_presence(void *reply, void *rendering)
{
    return queued(weft_reply_user(reply), weft_reply_write_piece(reply, rendering));
}

static bool is_full(const void *reply)
{
    return weft_reply_backlogged(reply);
}

static weft_link *links(const void *reply)
{
    return weft_reply_links(reply);
}

#define ONLOOKERS(how)                                                                     \
    {                                                                                      \
        .render = (how), .unref = form_unref, .queue = queue_presence, .is_full = is_full, \
        .link = hang, .unlink = take_off, .links = links                                   \
    }

static const struct onlooker_type *onlookers_of(enum ask ask)
{
    static const struct onlooker_type events = ONLOOKERS(form_render_presence_event);
    static const struct onlooker_type lines = ONLOOKERS(form_render_presence_line);
    return ask == ASK_SSE ? &events : &lines;
}

/* ---- to begin -------------------------------------------------------------------------------- */

static void on_leave(weft_reply *reply, uint64_t return_ms)
{
    struct stream *s = weft_reply_user(reply);
    if (s) leave(s, return_ms);
}

/* Who comes back is asked who he is. */
static void expire(weft_reply *reply)
{
    leave(weft_reply_user(reply), channels_retry_ms(weft_reply_loop(reply)));
}

static const weft_reply_handler replies = {.on_leave = on_leave};

static struct stream *make(visit *v)
{
    weft_channels *c = v->channels;
    struct stream *s = hook_realloc(c->env, NULL, sizeof *s);
    if (!s) return NULL;
    *s = (struct stream){.form = form_of(v->ask), .channels = c};
    channels_ref(c);
    channels_count(c, counted_as(s));
    return s;
}

static void say_begin(struct stream *s, const weft_since *since, const weft_seek *seek)
{
    struct text t;
    weft_loop *l = weft_reply_loop(reply_of(s));
    text_init(&t, s->channels->env);
    if (s->form->begin)
        s->form->begin(&t, weft_reader_topic(&s->reader), since, seek, channels_retry_ms(l));
    if (write_text(s, &t) < 0) weft_reply_abort(reply_of(s));
}

/* What was asked for, and what its head says of it. Meanwhile the log may have moved on. */
struct beginning {
    weft_since since;
    weft_seek seek;
};

static int begin_reader(struct stream *s, weft_topic *t, const weft_reader_type *type,
                        weft_seek *seek)
{
    const weft_since since = {.position = &seek->at};
    weft_seek then;
    int error = weft_reader_begin(&s->reader, t, weft_reply_loop(reply_of(s)), type, &since, &then);
    if (error < 0) return error;
    if (seek->lost != WEFT_LOST_UNKNOWN) seek->lost += then.lost;
    seek->at = then.at;
    seek->head = then.head;
    return 0;
}

/* A pipe cannot be told of a loss: it has the head of the answer, and no clean end. false: it has ended. */
static bool read_from(struct stream *s, weft_topic *t, const weft_reader_type *type,
                      struct beginning *b)
{
    weft_reply *reply = reply_of(s);
    if (begin_reader(s, t, type, &b->seek) < 0) {
        weft_reply_set_user(reply, NULL);
        weft_reply_abort(reply);
        gone(&s->reader);
        return false;
    }
    say_begin(s, &b->since, &b->seek);
    if (!b->seek.lost || s->form->lost) return true;
    weft_reply_cut(reply);
    return false;
}

/* He says who he is, and wants to see who else is there: both if he likes. */
static void welcome(const struct stream *s, weft_topic *t, const struct params *p,
                    const struct onlooker_type *type, struct pass *pass)
{
    weft_reply *reply = reply_of(s);
    weft_loop *l = weft_reply_loop(reply);
    guest_on_reply(s->channels, t, reply, pass_who(pass, p->client));
    pass_on_reply(pass, reply, expire);
    if (p->presence_events && board_join(s->channels, t, l, reply, type, NULL) < 0)
        weft_reply_abort(reply);
}

void streaming_begin(visit *v)
{
    struct params params = v->wish->params;
    struct beginning b;
    const weft_reader_type *type = readers_of(v->ask);
    const struct onlooker_type *looks = onlookers_of(v->ask);
    weft_topic *t = visit_topic(v);
    if (!t) return;
    params_since(&params, &b.since);
    weft_topic_seek(t, &b.since, &b.seek);
    struct stream *s = make(v);
    struct pass *pass = s ? visit_take_pass(v) : NULL;
    if (s) s->reader.carrier = visit_begin(v, s->form->type, &b.seek.at, &replies, s);
    else visit_no_memory(v);
    if (s && !s->reader.carrier) gone(&s->reader);
    else if (s && read_from(s, t, type, &b)) welcome(s, t, &params, looks, pass), pass = NULL;
    pass_free(pass);
    weft_topic_unref(t);
}
