/* SPDX-License-Identifier: MIT
 *
 * channel/raw.c - one parcel at a time for each connection; without a store the hub does all of that
 */
#include "channel/raw.h"

#include "channel/hook.h"
#include "channel/store.h"

struct said {
    struct parcel parcel; /* first */
    weft_link link;
    weft_conn *conn; /* NULL: it has gone */
    weft_message *message;
    weft_bytes key;
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
    ((struct said *)(void *)((char *)link - offsetof(struct said, link)))->conn = NULL;
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

static struct said *make(weft_channels *channels, weft_topic *t, weft_conn *c, weft_message *m)
{
    struct said *s = hook_realloc(channels->env, NULL, sizeof *s);
    if (!s) return NULL;
    *s = (struct said){.parcel = {.channels = channels_ref(channels),
                                  .topic = weft_topic_ref(t),
                                  .loop = weft_conn_loop(c),
                                  .n = 1,
                                  .on_done = on_done},
                       .link = {.owner = channels, .type = &links},
                       .conn = c,
                       .message = weft_message_ref(m)};
    s->parcel.messages = &s->message;
    s->parcel.keys = &s->key;
    return s;
}

static int hand_in(weft_channels *channels, weft_topic *t, weft_conn *c, weft_message *m)
{
    struct said *s = make(channels, t, c, m);
    if (!s) return -ENOMEM;
    weft_conn_link(c, &s->link);
    weft_pause(c);
    store_publish(&s->parcel);
    return 0;
}

int raw_publish(weft_channels *channels, weft_topic *t, weft_conn *c, weft_opcode op,
                const void *data, size_t len)
{
    weft_message *m;
    const char *name = (const char *)weft_topic_name(t).data;
    if (!channels->store) return weft_publish_from(channels->hub, c, name, op, data, len);
    if (weft_conn_find_link(c, channels)) return WEFT_ERR_BACKLOG;
    int error = weft_message_new(&m, channels->env, op, data, len);
    if (error) return error;
    error = hand_in(channels, t, c, m);
    weft_message_unref(m);
    return error;
}
