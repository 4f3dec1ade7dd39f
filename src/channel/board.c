/* SPDX-License-Identifier: MIT
 *
 * channel/board.c - what was told last, and to whom
 *
 * Everything of a board but its place on the desk is its loop's. As long as there is one the desk is, and holds the
 * topic.
 */
#include "channel/board.h"

#include "channel/hook.h"

struct onlooker {
    weft_link link; /* first; its owner: the board */
    struct onlooker *next, **at;
    const struct onlooker_type *type;
    void *carrier;
    bool is_behind; /* he was not told what the others were: the next time he is told all */
};

struct board {
    struct board *next;      /* on the desk */
    weft_channels *channels; /* held */
    weft_topic *topic;
    weft_loop *loop;
    weft_timer *timer;
    struct onlooker *first;
    struct roster told;
};

/* ---- looking at the set ---------------------------------------------------------------------- */

static void take(weft_channels *c, weft_topic *t, const weft_loop *l, struct roster *r)
{
    uint64_t now_ms = weft_loop_now(l) / 1000;
    struct desk *desk = desk_find(&c->desks, t, &now_ms);
    const struct presence nobody = {.env = c->env};
    if (desk) presence_expire(&desk->presence, now_ms);
    roster_take(r, desk ? &desk->presence : &nobody, weft_topic_subscribers(t));
    if (desk) desk_close(&c->desks, desk);
}

void board_look(weft_channels *c, weft_topic *t, const weft_loop *l, struct text *to)
{
    struct roster r = {.is_listed = true};
    if (t) take(c, t, l, &r);
    roster_tell(to, &r);
    roster_free(&r);
}

int weft_channels_presence(weft_channels *c, weft_topic *t, const weft_loop *l, weft_message **out)
{
    struct text text;
    text_init(&text, c->env);
    board_look(c, t, l, &text);
    int error =
        text.failed ? -ENOMEM : weft_message_new(out, c->env, WEFT_TEXT, text.data, text.len);
    text_deinit(&text);
    return error;
}

/* ---- telling --------------------------------------------------------------------------------- */

enum { TYPES = 3 }; /* events, lines, and messages of weft.v1 */

/* Something that is told: as it is, and as those of each type are told it. */
struct telling {
    struct text presence;
    struct made {
        const struct onlooker_type *type;
        void *rendering;
    } made[TYPES];
};

static void *rendering_for(struct telling *t, const struct board *b,
                           const struct onlooker_type *type)
{
    struct made *m = t->made;
    while (m->type && m->type != type) m++;
    m->type = type;
    if (!m->rendering && !t->presence.failed)
        m->rendering =
            type->render(weft_topic_name(b->topic), text_bytes(&t->presence), b->channels->env);
    return m->rendering;
}

static void tell(struct onlooker *o, const struct board *b, struct telling *what)
{
    void *rendering = o->type->is_full(o->carrier) ? NULL : rendering_for(what, b, o->type);
    o->is_behind = !rendering || o->type->queue(o->carrier, rendering) < 0;
}

static void telling_end(struct telling *t)
{
    for (size_t i = 0; i < TYPES; i++)
        if (t->made[i].rendering) t->made[i].type->unref(t->made[i].rendering);
    text_deinit(&t->presence);
}

/* All of it to those who are behind, to others the difference. */
static void tell_all(const struct board *b, const struct roster *now)
{
    struct telling all = {.presence.env = b->channels->env}, news = all;
    bool is_new = roster_differ(&news.presence, &b->told, now);
    for (struct onlooker *o = b->first; o; o = o->next) {
        if (o->is_behind && !all.presence.len) roster_tell(&all.presence, now);
        if (o->is_behind) tell(o, b, &all);
        else if (is_new) tell(o, b, &news);
    }
    telling_end(&all);
    telling_end(&news);
}

static void on_time(weft_timer *timer, void *user)
{
    struct board *b = user;
    struct roster now;
    take(b->channels, b->topic, b->loop, &now);
    tell_all(b, &now);
    roster_free(&b->told);
    b->told = now;
    weft_timer_start(timer, BOARD_MS);
}

/* ---- boards ---------------------------------------------------------------------------------- */

static struct board *find(weft_channels *c, weft_topic *t, const weft_loop *l)
{
    uint64_t now_ms = 0;
    struct desk *desk = desk_find(&c->desks, t, &now_ms);
    struct board *b = desk ? desk->boards : NULL;
    while (b && b->loop != l) b = b->next;
    if (desk) desk_close(&c->desks, desk);
    return b;
}

static int hang_up(struct board *b)
{
    uint64_t now_ms = 0;
    struct desk *desk = desk_open(&b->channels->desks, b->topic, &now_ms);
    if (!desk) return -ENOMEM;
    b->next = desk->boards;
    desk->boards = b;
    desk_close(&b->channels->desks, desk);
    return 0;
}

static void take_down(struct board *b)
{
    uint64_t now_ms = 0;
    struct desk *desk = desk_find(&b->channels->desks, b->topic, &now_ms);
    struct board **at = &desk->boards;
    while (*at != b) at = &(*at)->next;
    *at = b->next;
    desk_close(&b->channels->desks, desk);
}

static void board_free(struct board *b)
{
    weft_channels *c = b->channels;
    roster_free(&b->told);
    weft_timer_free(b->timer);
    hook_free(c->env, b);
    channels_unref(c);
}

static struct board *make(weft_channels *c, weft_topic *t, weft_loop *l)
{
    struct board *b = hook_realloc(c->env, NULL, sizeof *b);
    if (!b) return NULL;
    *b = (struct board){.channels = channels_ref(c), .topic = t, .loop = l};
    if (weft_timer_new(&b->timer, l, on_time, b) < 0 || hang_up(b) < 0) {
        board_free(b);
        return NULL;
    }
    take(c, t, l, &b->told);
    weft_timer_start(b->timer, BOARD_MS);
    return b;
}

static void forget_if_unseen(struct board *b)
{
    if (b->first) return;
    take_down(b);
    board_free(b);
}

/* ---- onlookers ------------------------------------------------------------------------------- */

/* He is off the link already. */
static void onlooker_free(struct onlooker *o)
{
    struct board *b = (struct board *)(uintptr_t)o->link.owner;
    *o->at = o->next;
    if (o->next) o->next->at = o->at;
    hook_free(b->channels->env, o);
    forget_if_unseen(b);
}

static void on_gone(weft_link *link)
{
    onlooker_free((struct onlooker *)link); /* its first member */
}

static const weft_link_type onlooker_link = {.on_gone = on_gone};

/* That of this channel; NULL: none of n. */
static struct onlooker *find_onlooker(const void *carrier, const struct onlooker_type *type,
                                      const weft_topic *t, size_t *n)
{
    *n = 0;
    for (weft_link *link = type->links(carrier); link; link = link->next) {
        const struct board *b = link->owner;
        if (link->type != &onlooker_link) continue;
        if (b->topic == t) return (struct onlooker *)link;
        ++*n;
    }
    return NULL;
}

static struct onlooker *add(struct board *b, void *carrier, const struct onlooker_type *type)
{
    struct onlooker *o = hook_realloc(b->channels->env, NULL, sizeof *o);
    if (!o) return NULL;
    *o = (struct onlooker){.link = {.owner = b, .type = &onlooker_link},
                           .next = b->first,
                           .at = &b->first,
                           .type = type,
                           .carrier = carrier};
    if (o->next) o->next->at = &o->next;
    b->first = o;
    type->link(carrier, &o->link);
    return o;
}

static void tell_first(struct onlooker *o, const struct board *b)
{
    struct telling all = {.presence.env = b->channels->env};
    roster_tell(&all.presence, &b->told);
    tell(o, b, &all);
    telling_end(&all);
}

int board_join(weft_channels *c, weft_topic *t, weft_loop *l, void *carrier,
               const struct onlooker_type *type, struct text *now)
{
    size_t n;
    struct onlooker *o = find_onlooker(carrier, type, t, &n);
    if (!o && n >= ONLOOKING_MAX) return -ENOSPC;
    struct board *b = find(c, t, l);
    if (!b) b = make(c, t, l);
    if (!b) return -ENOMEM;
    if (!o) o = add(b, carrier, type);
    if (!o) {
        forget_if_unseen(b);
        return -ENOMEM;
    }
    if (!now) tell_first(o, b);
    else roster_tell(now, &b->told);
    if (now) o->is_behind = false;
    return 0;
}

void board_each(void *carrier, const struct onlooker_type *type,
                void (*what)(weft_bytes channel, void *user), void *user)
{
    for (weft_link *link = type->links(carrier), *next; link; link = next) {
        const struct board *b = link->owner;
        next = link->next;
        if (link->type == &onlooker_link) what(weft_topic_name(b->topic), user);
    }
}

void board_leave(void *carrier, const struct onlooker_type *type, const weft_topic *t)
{
    size_t n;
    struct onlooker *o = find_onlooker(carrier, type, t, &n);
    if (!o) return;
    type->unlink(carrier, &o->link);
    onlooker_free(o);
}
