/* SPDX-License-Identifier: MIT
 *
 * channel/raw.c - a message is a parcel, which is kept only if it is not published at once: then it is the only one of
 * its connection
 *
 *      may it, by now? (channel/rates.h) -- in a moment -> kept, with a timer -> the same again
 *                            |          '-- in more than HELD_MS -> 1013
 *                       at once, or kept until it is its turn
 *
 * Who waits is the connection itself, however long, because it is not read from; and if it goes, so does what it has
 * said and nobody has taken yet.
 */
#include "channel/raw.h"

#include <inttypes.h>
#include <stdio.h>

#include "channel/hook.h"
#include "channel/pass.h"
#include "channel/rates.h"
#include "channel/store.h"

struct said {
    struct parcel parcel; /* first */
    weft_link link;
    weft_conn *conn; /* NULL: it has gone */
    weft_message *message;
    weft_bytes key;    /* none */
    weft_timer *timer; /* until he may publish again; NULL: he may */
};

enum { HELD_MS = 5000 };

static void said_free(struct said *s)
{
    weft_channels *c = s->parcel.channels;
    weft_timer_free(s->timer);
    weft_message_unref(s->message);
    weft_topic_unref(s->parcel.topic);
    hook_free(c->env, s);
    channels_unref(c);
}

static void on_gone(weft_link *link)
{
    struct said *s = (struct said *)(void *)((char *)link - offsetof(struct said, link));
    s->conn = NULL;
    if (s->timer) said_free(s);
    else store_forsake(&s->parcel);
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

/* NULL: no memory. */
static struct said *keep(weft_channels *channels, weft_topic *t, weft_conn *c, weft_message *m)
{
    struct said *s = hook_realloc(channels->env, NULL, sizeof *s);
    if (!s) return NULL;
    fill_in(s, channels_ref(channels), weft_topic_ref(t), c, weft_message_ref(m));
    weft_conn_link(c, &s->link);
    weft_pause(c);
    return s;
}

static int keep_in_line(weft_channels *channels, weft_topic *t, weft_conn *c, weft_message *m)
{
    struct said *s = keep(channels, t, c, m);
    if (s) store_publish(&s->parcel);
    return s ? 0 : -ENOMEM;
}

/* ---- faster than he may ---------------------------------------------------------------------- */

static uint64_t has_to_wait(weft_channels *channels, weft_conn *c, size_t len)
{
    if (!channels->counts_publishing) return 0;
    const struct publisher p = {.conn = c, .who = pass_who(pass_of_conn(c), NULL)};
    return rates_publish(channels, &p, 1, len);
}

static void close_for_now(weft_conn *c, uint64_t wait_ms)
{
    char why[64];
    snprintf(why, sizeof why, "too fast: come again in %" PRIu64 " ms", wait_ms);
    weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, why);
}

static void on_time(weft_timer *timer, void *user)
{
    struct said *s = user;
    uint64_t wait = has_to_wait(s->parcel.channels, s->conn, weft_message_payload(s->message).len);
    if (wait > HELD_MS) {
        close_for_now(s->conn, wait);
    } else if (wait) {
        weft_timer_start(timer, wait);
    } else {
        weft_timer_free(timer);
        s->timer = NULL;
        store_publish(&s->parcel);
    }
}

static int keep_for_later(weft_channels *channels, weft_topic *t, weft_conn *c, weft_message *m,
                          uint64_t wait_ms)
{
    struct said *s = keep(channels, t, c, m);
    int error = s ? weft_timer_new(&s->timer, weft_conn_loop(c), on_time, s) : -ENOMEM;
    if (!error) weft_timer_start(s->timer, wait_ms);
    if (!error || !s) return error;
    weft_conn_unlink(c, &s->link);
    said_free(s);
    return error;
}

/* ---- in -------------------------------------------------------------------------------------- */

int raw_publish(weft_channels *channels, weft_topic *t, weft_conn *c, weft_opcode op,
                const void *data, size_t len)
{
    struct said s;
    weft_message *m;
    if (weft_conn_find_link(c, channels)) return WEFT_ERR_BACKLOG;
    uint64_t wait = has_to_wait(channels, c, len);
    if (wait > HELD_MS) {
        close_for_now(c, wait);
        return 0;
    }
    int error = weft_message_new(&m, channels->env, op, data, len);
    if (error) return error;
    fill_in(&s, channels, t, c, m);
    if (wait) error = keep_for_later(channels, t, c, m, wait);
    else if (store_publish_at_once(&s.parcel)) error = s.parcel.error;
    else error = keep_in_line(channels, t, c, m);
    weft_message_unref(m);
    return error;
}
