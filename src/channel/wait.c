/* SPDX-License-Identifier: MIT
 *
 * channel/wait.c - a reader that takes nothing: it only has to be woken
 */
#include "channel/wait.h"

#include "channel/guest.h"
#include "channel/hook.h"
#include "channel/look.h"

struct wait {
    weft_reader reader; /* first */
    visit *visit;
    weft_topic *topic; /* held */
    weft_position since;
    uint64_t last; /* as weft_since has it; and then since counts only if it was said */
    bool has_since;
    weft_timer *timer;
    weft_errand errand;
    struct guest *guest; /* NULL: he has no name */
};

/* ---- the answer ------------------------------------------------------------------------------ */

/* Until then the reader holds what it is about. */
static void answer(struct wait *w)
{
    visit *v = w->visit;
    const weft_since since = {.position = w->has_since ? &w->since : NULL, .last = w->last};
    struct poll p;
    struct text body;
    bool more;
    look_read(&p, v->channels->env, w->topic, &since, &more);
    text_init(&body, v->channels->env);
    poll_end(&p, more, &body);
    weft_position at = p.at;
    poll_deinit(&p);
    weft_topic_expect(w->topic, at.offset);
    visit_answer(v, &at, &body);
}

static void wait_free(struct wait *w, const weft_env *env)
{
    weft_reader_end(&w->reader);
    weft_timer_free(w->timer);
    guest_leave(w->guest);
    weft_topic_unref(w->topic);
    hook_free(env, w);
}

static void finish(weft_errand *e)
{
    struct wait *w = (struct wait *)(void *)((char *)e - offsetof(struct wait, errand));
    weft_channels *c = channels_ref(w->visit->channels);
    answer(w);
    wait_free(w, c->env);
    channels_unref(c);
}

static void wake(struct wait *w)
{
    weft_errand_post(visit_loop(w->visit), 0, &w->errand);
}

/* ---- what wakes it --------------------------------------------------------------------------- */

static int queue(weft_reader *r, void *rendering)
{
    (void)rendering;
    wake((struct wait *)r);
    return WEFT_ERR_BACKLOG;
}

static int lost(weft_reader *r, const weft_seek *seek)
{
    (void)seek;
    wake((struct wait *)r);
    return WEFT_ERR_BACKLOG;
}

static void end(weft_reader *r, int error)
{
    (void)error;
    wake((struct wait *)r);
}

static void on_time(weft_timer *timer, void *user)
{
    (void)timer;
    wake(user);
}

static void on_gone(weft_request *r, void *user)
{
    (void)r;
    wake(user);
}

static void on_leave(weft_request *r, uint64_t return_ms, void *user)
{
    (void)r;
    (void)return_ms;
    wake(user);
}

/* Nothing is carried: there is nothing to be told of. */
static void hang(void *carrier, weft_link *link)
{
    (void)carrier;
    (void)link;
}

static const weft_reader_type readers = {
    .queue = queue, .lost = lost, .end = end, .link = hang, .unlink = hang, .passes = true};

/* ---- to begin -------------------------------------------------------------------------------- */

/* From now on, unless it was said since when: the place is what the answer begins at. */
static void remember(struct wait *w, const struct params *p, const weft_seek *seek)
{
    w->has_since = p->said & PARAM_SINCE || !p->last;
    w->since = p->said & PARAM_SINCE ? p->since : seek->at;
    w->last = p->last;
}

static int begin(struct wait *w)
{
    static const weft_request_watcher watcher = {.on_gone = on_gone, .on_leave = on_leave};
    visit *v = w->visit;
    weft_loop *l = visit_loop(v);
    weft_since since;
    weft_seek seek;
    params_since(&v->wish->params, &since);
    int error = weft_timer_new(&w->timer, l, on_time, w);
    if (!error) error = weft_request_watch(v->request, &watcher, w);
    if (!error) error = weft_reader_begin(&w->reader, w->topic, l, &readers, &since, &seek);
    if (error) return error;
    remember(w, &v->wish->params, &seek);
    if (seek.lost || seek.at.offset < seek.head.offset) wake(w);
    else weft_timer_start(w->timer, v->wish->params.wait_s * UINT64_C(1000));
    w->guest = guest_come(v->channels, w->topic, l, v->wish->params.client, false);
    visit_forget(v);
    return 0;
}

void wait_begin(visit *v)
{
    weft_topic *t = visit_topic(v);
    if (!t) return;
    struct wait *w = hook_realloc(v->channels->env, NULL, sizeof *w);
    if (w) *w = (struct wait){.reader.carrier = w, .visit = v, .topic = t, .errand.run = finish};
    else weft_topic_unref(t);
    if (w && begin(w) == 0) return;
    weft_request_watch(v->request, NULL, NULL);
    if (w) wait_free(w, v->channels->env);
    visit_no_memory(v);
}
