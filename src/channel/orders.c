/* SPDX-License-Identifier: MIT
 *
 * channel/orders.c - one lookout for many patterns
 */
#include "channel/orders.h"

#include <string.h>

#include "channel/hook.h"

struct orders {
    struct orders *next;
    weft_channels *channels;
    weft_loop *loop;
    weft_lookout *lookout;
    struct pattern *first;
};

static void on_topic(weft_topic *t, void *user)
{
    struct orders *o = user;
    weft_position first = {.offset = 0};
    strcpy(first.epoch, weft_topic_epoch(t));
    for (struct pattern *p = o->first, *next; p; p = next) {
        next = p->next_here;
        pattern_meets(p, t, &first);
    }
}

/* ---- a loop's; others change the list, too, but only their own ------------------------------- */

static struct orders *find(weft_channels *c, const weft_loop *l)
{
    pthread_mutex_lock(&c->orders_lock);
    struct orders *o = c->orders;
    while (o && o->loop != l) o = o->next;
    pthread_mutex_unlock(&c->orders_lock);
    return o;
}

static int make(struct orders **out, weft_channels *c, weft_loop *l)
{
    struct orders *o = hook_realloc(c->env, NULL, sizeof *o);
    if (!o) return -ENOMEM;
    *o = (struct orders){.channels = c, .loop = l};
    int error = weft_lookout_new(&o->lookout, c->hub, l, on_topic, o);
    if (error) {
        hook_free(c->env, o);
        return error;
    }
    pthread_mutex_lock(&c->orders_lock);
    o->next = c->orders;
    c->orders = o;
    pthread_mutex_unlock(&c->orders_lock);
    *out = o;
    return 0;
}

static void end(struct orders *o)
{
    weft_channels *c = o->channels;
    pthread_mutex_lock(&c->orders_lock);
    struct orders **at = &c->orders;
    while (*at != o) at = &(*at)->next;
    *at = o->next;
    pthread_mutex_unlock(&c->orders_lock);
    weft_lookout_free(o->lookout);
    hook_free(c->env, o);
}

/* ---- patterns -------------------------------------------------------------------------------- */

int orders_add(struct pattern *p)
{
    weft_channels *c = p->session->channels;
    weft_loop *l = weft_conn_loop(p->session->conn);
    struct orders *o = find(c, l);
    int error = o ? 0 : make(&o, c, l);
    if (error) return error;
    p->orders = o;
    p->next_here = o->first;
    if (o->first) o->first->previous_here = p;
    o->first = p;
    return 0;
}

void orders_remove(struct pattern *p)
{
    struct orders *o = p->orders;
    if (p->next_here) p->next_here->previous_here = p->previous_here;
    *(p->previous_here ? &p->previous_here->next_here : &o->first) = p->next_here;
    if (!o->first) end(o);
}
