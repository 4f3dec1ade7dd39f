/* SPDX-License-Identifier: MIT
 *
 * channel/guest.c - a member of the set on his channel's desk, and the link by which he hangs on what carries him
 *
 * As long as he is there the desk is, and holds the topic.
 */
#include "channel/guest.h"

#include "channel/bytes.h"
#include "channel/hook.h"

struct guest {
    weft_link link;          /* first */
    weft_channels *channels; /* held */
    weft_topic *topic;
    weft_loop *loop;
    struct member *member;
    bool reads;
};

static bool has_presence(const weft_channels *c, const char *channel)
{
    const weft_channels_config *cfg = &c->cfg;
    return !cfg->has_presence || cfg->has_presence(channel, cfg->user);
}

int guest_check(const weft_channels *c, const char *channel, struct refusal *why)
{
    if (has_presence(c, channel)) return 0;
    return refusal_write(why, 403, "who is on %s is not told to anybody", channel);
}

/* ---- in the set ------------------------------------------------------------------------------ */

static struct member *join(const struct guest *g, struct who who)
{
    struct desks *desks = &g->channels->desks;
    uint64_t now_ms = weft_loop_now(g->loop) / 1000;
    struct desk *desk = desk_open(desks, g->topic, &now_ms);
    if (!desk) return NULL;
    struct member *m = presence_join(&desk->presence, who, g->reads, now_ms);
    desk_close(desks, desk);
    return m;
}

static void leave(const struct guest *g)
{
    struct desks *desks = &g->channels->desks;
    uint64_t now_ms = weft_loop_now(g->loop) / 1000;
    struct desk *desk = desk_find(desks, g->topic, &now_ms);
    presence_leave(&desk->presence, g->member, g->reads, now_ms);
    desk_close(desks, desk);
}

static void guest_free(struct guest *g)
{
    weft_channels *c = g->channels;
    hook_free(c->env, g);
    channels_unref(c);
}

struct guest *guest_come(weft_channels *c, weft_topic *t, weft_loop *l, struct who who, bool reads)
{
    if (!who_has_name(&who) || !has_presence(c, (const char *)weft_topic_name(t).data)) return NULL;
    struct guest *g = hook_realloc(c->env, NULL, sizeof *g);
    if (!g) return NULL;
    *g = (struct guest){.channels = channels_ref(c), .topic = t, .loop = l, .reads = reads};
    g->member = join(g, who);
    if (g->member) return g;
    guest_free(g);
    return NULL;
}

void guest_leave(struct guest *g)
{
    if (!g) return;
    leave(g);
    guest_free(g);
}

void guest_passes(weft_channels *c, weft_topic *t, weft_loop *l, struct who who)
{
    guest_leave(guest_come(c, t, l, who, false));
}

/* ---- on what carries him --------------------------------------------------------------------- */

static void on_gone(weft_link *link)
{
    guest_leave((struct guest *)link); /* its first member */
}

static const weft_link_type guest_link = {.on_gone = on_gone};

void guest_on_conn(weft_channels *c, weft_topic *t, weft_conn *conn, struct who who)
{
    struct guest *g = guest_come(c, t, weft_conn_loop(conn), who, true);
    if (!g) return;
    g->link = (weft_link){.owner = g, .type = &guest_link};
    weft_conn_link(conn, &g->link);
}

void guest_on_reply(weft_channels *c, weft_topic *t, weft_reply *reply, struct who who)
{
    struct guest *g = guest_come(c, t, weft_reply_loop(reply), who, true);
    if (!g) return;
    g->link = (weft_link){.owner = g, .type = &guest_link};
    weft_reply_link(reply, &g->link);
}

void guest_leaves_conn(weft_conn *conn, const weft_topic *t)
{
    for (weft_link *link = weft_conn_links(conn); link; link = link->next) {
        struct guest *g = (struct guest *)link;
        if (link->type != &guest_link || g->topic != t) continue;
        weft_conn_unlink(conn, link);
        guest_leave(g);
        return;
    }
}
