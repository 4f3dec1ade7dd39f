/* SPDX-License-Identifier: MIT
 *
 * net/ws/backlog.c - how much is queued, and what follows from it: sends are refused, on_drain is due
 *
 * net/backlog.h draws it; what is refused here is whole messages.
 *
 * Where a fragmented message is open, whole messages wait behind its last fragment. They count for what is full, but
 * not for fragments and pings, which go out before them: else they could keep back the fragment that they wait for. And
 * backlogged is about what goes out next, because nothing but that can drain.
 */
#include "net/ws/conn.h"

#include <errno.h>

#include "net/backlog.h"
#include "net/links.h"

size_t weft_buffered(const weft_conn *c)
{
    conn_assert_usable(c);
    return conn_buffered(c);
}

bool weft_backlogged(const weft_conn *c)
{
    conn_assert_usable(c);
    return c->backlogged;
}

/* ---- rising ---------------------------------------------------------------------------------- */

static size_t ahead(const weft_conn *c)
{
    return session_ahead(&c->session) + conn_carried(c);
}

bool conn_is_full_ahead(const weft_conn *c)
{
    return backlog_full_at(conn_limits(c), ahead(c), session_items_ahead(&c->session));
}

void conn_overflows(weft_conn *c)
{
    const struct conn_class *k = conn_class(c);
    bool calm = session_ahead(&c->session) <= k->calm_bytes &&
                session_items_ahead(&c->session) <= k->calm_items;
    c->full = backlog_full_at(conn_limits(c), conn_buffered(c), session_items(&c->session));
    if (!calm) c->backlogged = true;
}

/* ---- who wants to know earlier --------------------------------------------------------------- */

/* There as long as the connection, once it was asked for: c->wants_drain says whether it counts. */
struct wish {
    weft_link link;
    const weft_env *env;
    size_t bytes;
};

static const char owner[] = "net/ws/backlog";

static struct wish *wish_of(const weft_conn *c)
{
    weft_link *link = links_find(c->links, owner);
    return link ? container_of(link, struct wish, link) : NULL;
}

static void wish_gone(weft_link *link)
{
    struct wish *w = container_of(link, struct wish, link);
    mem_free(w->env, w);
}

static const weft_link_type wish_type = {.on_gone = wish_gone};

static struct wish *make_wish(weft_conn *c)
{
    const weft_env *env = net_env(conn_net(c));
    struct wish *w = wish_of(c);
    if (w) return w;
    w = mem_alloc(env, sizeof *w);
    if (!w) return NULL;
    *w = (struct wish){.link = {.owner = owner, .type = &wish_type}, .env = env};
    links_add(&c->links, &w->link);
    return w;
}

int weft_want_drain(weft_conn *c, size_t bytes)
{
    conn_assert_usable(c);
    c->wants_drain = false;
    if (!bytes) return 0;
    if (c->state < CONN_OPENING) return WEFT_ERR_STATE;
    if (!weft_conn_is_open(c)) return WEFT_ERR_CLOSED;
    struct wish *w = make_wish(c);
    if (!w) return -ENOMEM;
    w->bytes = bytes;
    c->wants_drain = true;
    if (conn_buffered(c) < bytes) lane_no_later(c->lane, 0); /* the loop tells, not we */
    return 0;
}

/* ---- falling --------------------------------------------------------------------------------- */

static bool is_calm_again(const weft_conn *c)
{
    return backlog_calm_at(conn_limits(c), ahead(c), session_items_ahead(&c->session));
}

static bool is_open(const weft_conn *c)
{
    return c->state == CONN_OPEN && !c->session.closed;
}

/* Whether there still is room: any of the links may have used it. */
static bool tell_links(weft_conn *c)
{
    weft_link place;
    links_take_place(&c->links, &place);
    while (is_open(c) && !c->backlogged && links_tell_room(&c->links, &place)) continue;
    links_leave_place(&c->links, &place);
    return !c->backlogged;
}

static bool has_fallen(weft_conn *c)
{
    if (!c->backlogged || !is_calm_again(c)) return false;
    c->backlogged = false;
    return tell_links(c);
}

static bool is_fulfilled(weft_conn *c)
{
    if (!c->wants_drain || conn_buffered(c) >= wish_of(c)->bytes) return false;
    c->wants_drain = false;
    return true;
}

/* A wish is looked at behind the links, which may have queued something. */
void conn_tell_if_drained(weft_conn *c)
{
    c->full = backlog_full_at(conn_limits(c), conn_buffered(c), session_items(&c->session));
    bool room = has_fallen(c);
    if (is_fulfilled(c)) room = true;
    if (room && is_open(c) && conn_handler(c)->on_drain) conn_handler(c)->on_drain(c);
}
