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
    weft_errand errand;
    weft_channels *channels; /* held */
    weft_request *request;
    weft_position since;
    uint64_t last; /* as weft_since has it; and then since counts only if it was said */
    bool has_since;
    bool origin_allowed; /* of the visit */
    struct guest *guest; /* NULL: he has no name */
};

/* ---- the answer ------------------------------------------------------------------------------ */

/* As a visit, which it was before. */
static void answer_as(visit *v, const struct wait *w)
{
    const weft_since since = {.position = w->has_since ? &w->since : NULL, .last = w->last};
    struct poll p;
    struct text body;
    bool more;
    look_read(&p, v->channels->env, weft_reader_topic(&w->reader), &since, &more);
    text_init(&body, v->channels->env);
    poll_end(&p, more, &body);
    weft_position at = p.at;
    poll_deinit(&p);
    weft_topic_expect(weft_reader_topic(&w->reader), at.offset);
    visit_answer(v, &at, &body);
}

/* Until then the reader holds what it is about. */
static void answer(const struct wait *w)
{
    visit *v = visit_again(w->channels, w->request, ASK_WAIT, w->origin_allowed);
    if (v) answer_as(v, w);
    else weft_respond(w->request, 503, NULL, NULL, 0);
}

static void wait_free(struct wait *w)
{
    weft_channels *c = w->channels;
    weft_reader_end(&w->reader);
    guest_leave(w->guest);
    hook_free(c->env, w);
    channels_uncount(c, WEFT_CHANNELS_POLLS);
    channels_unref(c);
}

static void finish(weft_errand *e)
{
    struct wait *w = (struct wait *)(void *)((char *)e - offsetof(struct wait, errand));
    answer(w);
    wait_free(w);
}

static void wake(struct wait *w)
{
    weft_errand_post(weft_request_loop(w->request), 0, &w->errand);
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

static void on_time(weft_request *r, void *user)
{
    (void)r;
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

/* Not longer than he may. */
static uint64_t patience_ms(const visit *v)
{
    uint64_t wanted = v->wish->params.wait_s * UINT64_C(1000), left = pass_left_ms(v->asks.pass);
    return wanted < left ? wanted : left;
}

/* What was asked is not needed any more: most of what a client who waits would cost. */
static int begin(struct wait *w, const visit *v, weft_topic *t)
{
    static const weft_request_watcher watcher = {
        .on_gone = on_gone, .on_leave = on_leave, .on_time = on_time};
    const struct params *p = &v->wish->params;
    weft_since since;
    weft_seek seek;
    params_since(p, &since);
    int error = weft_request_watch(w->request, &watcher, w);
    if (!error) error = weft_reader_begin(&w->reader, t, visit_loop(v), &readers, &since, &seek);
    if (!error) error = weft_request_forget(&w->request, patience_ms(v));
    if (error) return error;
    remember(w, p, &seek);
    w->guest = guest_come(v->channels, t, weft_request_loop(w->request), visit_who(v), false);
    if (seek.lost || seek.at.offset < seek.head.offset) wake(w);
    return 0;
}

static struct wait *make(visit *v)
{
    struct wait *w = hook_realloc(v->channels->env, NULL, sizeof *w);
    if (!w) return NULL;
    *w = (struct wait){
        .reader.carrier = w,
        .errand.run = finish,
        .channels = channels_ref(v->channels),
        .request = v->request,
        .origin_allowed = v->origin_allowed,
    };
    channels_count(v->channels, WEFT_CHANNELS_POLLS);
    return w;
}

void wait_begin(visit *v)
{
    weft_topic *t = visit_topic(v);
    if (!t) return;
    struct wait *w = make(v);
    bool begun = w && begin(w, v, t) == 0;
    if (begun) {
        visit_free(v);
    } else {
        weft_request_watch(v->request, NULL, NULL);
        if (w) wait_free(w);
        visit_no_memory(v);
    }
    weft_topic_unref(t);
}
