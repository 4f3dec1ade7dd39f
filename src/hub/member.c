/* SPDX-License-Identifier: MIT
 *
 * hub/member.c - WebSockets as readers: each message of the topic is one of theirs
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/core.h"
#include "hub/hook.h"
#include "hub/reader.h"

static int queue(weft_reader *r, void *message)
{
    int error = weft_send_message(r->carrier, message);
    return error ? error : weft_backlogged(r->carrier);
}

/* Where he was: of an epoch before, if nobody can count what he has lost. */
static weft_position in_front_of(weft_reader *r, const weft_seek *loss)
{
    weft_position had = loss->at;
    weft_topic *t = weft_reader_topic(r);
    if (loss->lost != WEFT_LOST_UNKNOWN) {
        had.offset -= loss->lost;
        return had;
    }
    topic_lock(t);
    memcpy(had.epoch, t->epoch_before, sizeof had.epoch);
    topic_unlock(t);
    had.offset = weft_reader_offset(r);
    return had;
}

/* All that was queued before goes out in front of the Close, so he knows where he is. */
static int lost(weft_reader *r, const weft_seek *seek)
{
    char since[WEFT_POSITION_TEXT], why[WEFT_POSITION_TEXT + 16];
    if (!weft_conn_is_open(r->carrier)) return WEFT_ERR_CLOSED;
    weft_hub *h = weft_topic_hub(weft_reader_topic(r));
    hub_counts(h, WEFT_HUB_LOST, seek->lost == WEFT_LOST_UNKNOWN ? 0 : seek->lost);
    hub_counts(h, WEFT_HUB_ENDED, 1);
    weft_position had = in_front_of(r, seek);
    weft_position_print(&had, since);
    snprintf(why, sizeof why, "lost since=%s", since);
    if (weft_close(r->carrier, WEFT_CLOSE_TRY_AGAIN_LATER, why) < 0) weft_abort(r->carrier);
    return WEFT_ERR_CLOSED;
}

static void end(weft_reader *r, int error)
{
    static const char why[] = "too slow: the send queue is full";
    if (error != WEFT_ERR_BACKLOG ||
        weft_close_now(r->carrier, WEFT_CLOSE_POLICY_VIOLATION, why) < 0)
        weft_abort(r->carrier);
}

static void gone(weft_reader *r)
{
    hook_free(weft_loop_env(weft_conn_loop(r->carrier)), r);
}

static void hang(void *conn, weft_link *link)
{
    weft_conn_link(conn, link);
}

static void take_off(void *conn, weft_link *link)
{
    weft_conn_unlink(conn, link);
}

static const weft_reader_type members = {
    .queue = queue, .lost = lost, .end = end, .gone = gone, .link = hang, .unlink = take_off};

/* In memory of somebody else's. */
static const weft_reader_type lent = {
    .queue = queue, .lost = lost, .end = end, .link = hang, .unlink = take_off};

static bool is_member(const weft_reader *r)
{
    return reader_group(r)->type == &members || reader_group(r)->type == &lent;
}

/* ---- the memberships of a connection --------------------------------------------------------- */

/* The next one in this hub, from that link on. */
static weft_reader *member_from(weft_link *link, const weft_hub *h)
{
    for (; link; link = link->next) {
        weft_reader *r = (weft_reader *)link;
        if (link->type != &reader_link || !is_member(r)) continue;
        if (reader_group(r)->local->topic->hub == h) return r;
    }
    return NULL;
}

static weft_reader *find(const weft_hub *h, const weft_conn *c, weft_bytes topic, size_t *n)
{
    *n = 0;
    for (weft_reader *r = member_from(weft_conn_links(c), h); r;
         r = member_from(r->link.next, h), ++*n) {
        weft_bytes its = weft_topic_name(weft_reader_topic(r));
        if (its.len == topic.len && !memcmp(its.data, topic.data, its.len)) return r;
    }
    return NULL;
}

static weft_bytes bytes_of(const char *topic)
{
    return (weft_bytes){(const uint8_t *)topic, strlen(topic)};
}

static int join(weft_topic *t, weft_conn *c, const weft_since *since, weft_seek *seek)
{
    const weft_env *env = weft_loop_env(weft_conn_loop(c));
    weft_reader *r = hook_realloc(env, NULL, sizeof *r);
    if (!r) return -ENOMEM;
    *r = (weft_reader){.carrier = c};
    int error = weft_reader_begin(r, t, weft_conn_loop(c), &members, since, seek);
    if (error) hook_free(env, r);
    return error;
}

static int may_join(weft_topic *t, const weft_conn *c)
{
    size_t n;
    weft_hub *h = weft_topic_hub(t);
    if (find(h, c, weft_topic_name(t), &n)) return -EEXIST;
    return n >= h->cfg.max_topics_per_conn ? -ENOSPC : 0;
}

int weft_topic_subscribe(weft_topic *t, weft_conn *c, const weft_since *since, weft_seek *seek)
{
    int error = may_join(t, c);
    return error ? error : join(t, c, since, seek);
}

int weft_member_begin(weft_reader *r, weft_topic *t, weft_conn *c, const weft_since *since,
                      weft_seek *seek)
{
    int error = may_join(t, c);
    r->carrier = c;
    return error ? error : weft_reader_begin(r, t, weft_conn_loop(c), &lent, since, seek);
}

int weft_subscribe(weft_hub *h, weft_conn *c, const char *topic)
{
    size_t n;
    weft_topic *t;
    if (find(h, c, bytes_of(topic), &n)) return 0;
    int error = weft_topic_get(&t, h, bytes_of(topic));
    if (error) return error;
    error = weft_topic_subscribe(t, c, NULL, NULL);
    weft_topic_unref(t);
    return error;
}

static void leave(weft_reader *r)
{
    bool is_lent = reader_group(r)->type == &lent;
    weft_reader_end(r);
    if (!is_lent) gone(r);
}

int weft_unsubscribe(weft_hub *h, weft_conn *c, const char *topic)
{
    size_t n;
    weft_reader *r = find(h, c, bytes_of(topic), &n);
    if (!r) return -ENOENT;
    leave(r);
    return 0;
}

void weft_unsubscribe_all(weft_hub *h, weft_conn *c)
{
    weft_reader *r;
    while ((r = member_from(weft_conn_links(c), h))) leave(r);
}
