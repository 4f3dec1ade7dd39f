/* SPDX-License-Identifier: MIT
 *
 * channel/raw.c - a message is a parcel, which is kept only if it is not published at once: then it is the only one of
 * its connection
 *
 * Who waits is the connection itself, however long, because it is not read from; and if it goes, so does what it has
 * said and nobody has taken yet.
 */
#include "channel/raw.h"

#include "channel/hook.h"
#include "channel/store.h"

struct said {
    struct parcel parcel; /* first */
    weft_link link;
    weft_conn *conn; /* NULL: it has gone */
    weft_message *message;
    weft_bytes key; /* none */
};

static void said_free(struct said *s)
{
    weft_channels *c = s->parcel.channels;
    weft_message_unref(s->message);
    weft_topic_unref(s->parcel.topic);
    hook_free(c->env, s);
    channels_unref(c);
}

static void on_gone(weft_link *link)
{
    struct said *s = (struct said *)(void *)((char *)link - offsetof(struct said, link));
    s->conn = NULL;
    store_forsake(&s->parcel);
}

static const weft_link_type links = {.on_gone = on_gone};

static void on_done(struct parcel *p)
{
    struct said *s = (struct said *)p;
    weft_conn *c = s->conn;
    int error = p->error;
    if (c) weft_conn_unlink(c, &s->link);
    said_free(s);
    if (!c) return;
    if (error) weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, "it could not be published");
    else weft_resume(c);
}

/* References are the caller's. */
static void fill_in(struct said *s, weft_channels *channels, weft_topic *t, weft_conn *c,
                    weft_message *m)
{
    *s = (struct said){.parcel = {.channels = channels,
                                  .topic = t,
                                  .loop = weft_conn_loop(c),
                                  .messages = &s->message,
                                  .keys = &s->key,
                                  .n = 1,
                                  .patient = true,
                                  .on_done = on_done},
                       .link = {.owner = channels, .type = &links},
                       .conn = c,
                       .message = m};
}

static int keep(weft_channels *channels, weft_topic *t, weft_conn *c, weft_message *m)
{
    struct said *s = hook_realloc(channels->env, NULL, sizeof *s);
    if (!s) return -ENOMEM;
    fill_in(s, channels_ref(channels), weft_topic_ref(t), c, weft_message_ref(m));
    weft_conn_link(c, &s->link);
    weft_pause(c);
    store_publish(&s->parcel);
    return 0;
}

int raw_publish(weft_channels *channels, weft_topic *t, weft_conn *c, weft_opcode op,
                const void *data, size_t len)
{
    struct said s;
    weft_message *m;
    if (weft_conn_find_link(c, channels)) return WEFT_ERR_BACKLOG;
    int error = weft_message_new(&m, channels->env, op, data, len);
    if (error) return error;
    fill_in(&s, channels, t, c, m);
    error = store_publish_at_once(&s.parcel) ? s.parcel.error : keep(channels, t, c, m);
    weft_message_unref(m);
    return error;
}
