/* SPDX-License-Identifier: MIT
 *
 * channel/pass.c - passes, and the loops' lists of those that are on something
 */
#include "channel/pass.h"

#include <errno.h>
#include <string.h>

#include "channel/bytes.h"
#include "channel/hook.h"

/* Of the registry of WebSocket close codes: Unauthorized, Forbidden. */
enum { CLOSE_UNAUTHORIZED = 3000, CLOSE_FORBIDDEN = 3003 };

enum { WARN_MS = 30000 };

struct pass {
    weft_link link; /* first; its owner: what links of its kind have, so that it is found */
    weft_channels *channels; /* held */
    weft_loop *loop;
    weft_timer *timer; /* NULL: it holds for good, or is on nothing yet */
    uint64_t until_us; /* of the loop's clock; WEFT_NEVER: for good */
    bool warned, ended;
    void *identity;
    weft_conn *conn;                                 /* that it is on; or */
    void (*warn)(weft_conn *conn, uint64_t left_ms); /* NULL: he is not told */
    weft_reply *reply;
    void (*end)(weft_reply *reply);
    struct passes *here; /* NULL: it is on nothing */
    struct pass *next, *previous;
    size_t name_at; /* in texts, where the user is first; 0: none */
    bool has_user;
    char texts[];
};

/* Those of a loop. */
struct passes {
    struct passes *next;
    weft_loop *loop;
    struct pass *first;
};

/* ---- a loop's; others change the list, too, but only their own ------------------------------- */

static struct passes *find(weft_channels *c, const weft_loop *l)
{
    pthread_mutex_lock(&c->passes_lock);
    struct passes *at = c->passes;
    while (at && at->loop != l) at = at->next;
    pthread_mutex_unlock(&c->passes_lock);
    return at;
}

static struct passes *make(weft_channels *c, weft_loop *l)
{
    struct passes *new = hook_realloc(c->env, NULL, sizeof *new);
    if (!new) return NULL;
    *new = (struct passes){.loop = l};
    pthread_mutex_lock(&c->passes_lock);
    new->next = c->passes;
    c->passes = new;
    pthread_mutex_unlock(&c->passes_lock);
    return new;
}

static void end_list(weft_channels *c, struct passes *of)
{
    pthread_mutex_lock(&c->passes_lock);
    struct passes **at = &c->passes;
    while (*at != of) at = &(*at)->next;
    *at = of->next;
    pthread_mutex_unlock(&c->passes_lock);
    hook_free(c->env, of);
}

static void take_out(struct pass *p)
{
    struct passes *of = p->here;
    if (!of) return;
    if (p->next) p->next->previous = p->previous;
    *(p->previous ? &p->previous->next : &of->first) = p->next;
    p->here = NULL;
    if (!of->first) end_list(p->channels, of);
}

static bool put_in(struct pass *p)
{
    struct passes *to = find(p->channels, p->loop);
    if (!to) to = make(p->channels, p->loop);
    if (!to) return false;
    p->here = to;
    p->next = to->first;
    if (to->first) to->first->previous = p;
    to->first = p;
    return true;
}

/* ---- life ------------------------------------------------------------------------------------ */

bool pass_is_needed(const weft_channel_grant *g)
{
    return g->user || g->lasts_ms || g->identity;
}

static void forget(const weft_channels *c, void *identity)
{
    if (identity && c->cfg.on_forget) c->cfg.on_forget(identity, c->cfg.user);
}

static void keep_texts(struct pass *p, const weft_channel_grant *g)
{
    if (!g->user) return;
    size_t user = strlen(g->user) + 1;
    p->has_user = true;
    memcpy(p->texts, g->user, user);
    if (!g->name) return;
    p->name_at = user;
    strcpy(p->texts + user, g->name);
}

struct pass *pass_new(weft_channels *c, weft_loop *l, const weft_channel_grant *g)
{
    size_t user = g->user ? strlen(g->user) + 1 : 0, name = g->name ? strlen(g->name) + 1 : 0;
    struct pass *p = hook_realloc(c->env, NULL, sizeof *p + user + name);
    if (!p) {
        forget(c, g->identity);
        return NULL;
    }
    *p = (struct pass){
        .channels = channels_ref(c), .loop = l, .until_us = WEFT_NEVER, .identity = g->identity};
    if (g->lasts_ms && g->lasts_ms < (WEFT_NEVER - weft_loop_now(l)) / 1000)
        p->until_us = weft_loop_now(l) + g->lasts_ms * 1000;
    keep_texts(p, g);
    return p;
}

void pass_free(struct pass *p)
{
    if (!p) return;
    weft_channels *c = p->channels;
    take_out(p);
    weft_timer_free(p->timer);
    forget(c, p->identity);
    hook_free(c->env, p);
    channels_unref(c);
}

/* ---- what it says ---------------------------------------------------------------------------- */

struct who pass_who(const struct pass *p, const char *client)
{
    if (!p || !p->has_user) return (struct who){.name = client};
    return (struct who){p->texts, p->name_at ? p->texts + p->name_at : NULL, true};
}

weft_channel_who pass_tell(const struct pass *p)
{
    return (weft_channel_who){.identity = p->identity,
                              .user = p->has_user ? p->texts : NULL,
                              .conn = p->conn,
                              .reply = p->reply};
}

void *pass_identity(const struct pass *p)
{
    return p ? p->identity : NULL;
}

uint64_t pass_left_ms(const struct pass *p)
{
    if (!p || p->until_us == WEFT_NEVER) return WEFT_NEVER;
    uint64_t now = weft_loop_now(p->loop);
    return now < p->until_us ? (p->until_us - now) / 1000 : 0;
}

/* ---- its end --------------------------------------------------------------------------------- */

static void end_it(struct pass *p, uint16_t code, const char *why)
{
    if (p->ended) return;
    p->ended = true;
    if (p->timer) weft_timer_stop(p->timer);
    if (p->reply) p->end(p->reply);
    else if (weft_close(p->conn, code, why) < 0) weft_abort(p->conn);
}

static void give_warning(struct pass *p)
{
    p->warned = true;
    if (p->warn) p->warn(p->conn, pass_left_ms(p));
}

/* What is left is less than a warning needs: half of it. */
static uint64_t warned_us(const struct pass *p)
{
    uint64_t left = p->until_us - weft_loop_now(p->loop);
    return p->until_us - (left < UINT64_C(2000) * WARN_MS ? left / 2 : UINT64_C(1000) * WARN_MS);
}

static void on_time(weft_timer *t, void *user)
{
    struct pass *p = user;
    if (!p->warned && weft_loop_now(p->loop) < p->until_us) {
        give_warning(p);
        weft_timer_at(t, p->until_us);
        return;
    }
    end_it(p, CLOSE_UNAUTHORIZED, "what allowed this has expired: come again with a new token");
}

/* ---- on something ---------------------------------------------------------------------------- */

static void on_gone(weft_link *link)
{
    pass_free((struct pass *)link); /* its first member */
}

static const weft_link_type links = {.on_gone = on_gone};

struct pass *pass_of_conn(const weft_conn *conn)
{
    return (struct pass *)weft_conn_find_link(conn, &links);
}

/* One that cannot be watched over does not hold. */
static void watch(struct pass *p)
{
    bool limited = p->until_us != WEFT_NEVER;
    p->link = (weft_link){.owner = &links, .type = &links};
    if (!put_in(p) || (limited && weft_timer_new(&p->timer, p->loop, on_time, p) < 0))
        end_it(p, WEFT_CLOSE_TRY_AGAIN_LATER, "out of memory");
    else if (limited)
        weft_timer_at(p->timer, p->until_us > weft_loop_now(p->loop) ? warned_us(p) : p->until_us);
}

void pass_on_conn(struct pass *p, weft_conn *conn, void (*warn)(weft_conn *conn, uint64_t left_ms))
{
    if (!p) return;
    p->conn = conn;
    p->warn = warn;
    watch(p);
    weft_conn_link(conn, &p->link);
}

void pass_leaves_conn(weft_conn *conn)
{
    struct pass *p = pass_of_conn(conn);
    if (p) weft_conn_unlink(conn, &p->link);
    pass_free(p);
}

void pass_on_reply(struct pass *p, weft_reply *reply, void (*end)(weft_reply *reply))
{
    if (!p) return;
    p->reply = reply;
    p->end = end;
    watch(p);
    weft_reply_link(reply, &p->link);
}

/* ---- to look at all of them ------------------------------------------------------------------ */

struct review {
    weft_errand errand;      /* first */
    weft_channels *channels; /* held */
};

static void look_at(struct pass *p)
{
    const weft_channels_config *cfg = &p->channels->cfg;
    const weft_channel_who who = pass_tell(p);
    const char *why = cfg->may_stay(&who, cfg->user);
    if (why) end_it(p, CLOSE_FORBIDDEN, why);
}

static void review(weft_errand *e)
{
    struct review *r = (struct review *)e;
    weft_channels *c = r->channels;
    struct passes *here = find(c, e->loop);
    for (struct pass *p = here ? here->first : NULL, *next; p; p = next) {
        next = p->next;
        look_at(p);
    }
    hook_free(c->env, r);
    channels_unref(c);
}

static int review_on(weft_channels *c, weft_loop *l)
{
    struct review *r = hook_realloc(c->env, NULL, sizeof *r);
    if (!r) return -ENOMEM;
    *r = (struct review){.errand.run = review, .channels = channels_ref(c)};
    weft_errand_post(l, 0, &r->errand);
    return 0;
}

int weft_channels_review(weft_channels *c)
{
    int error = 0;
    if (!c->cfg.may_stay) return 0;
    pthread_mutex_lock(&c->passes_lock);
    for (const struct passes *at = c->passes; at; at = at->next) {
        int one = review_on(c, at->loop);
        if (one) error = one;
    }
    pthread_mutex_unlock(&c->passes_lock);
    return error;
}
