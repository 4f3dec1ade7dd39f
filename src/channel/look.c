/* SPDX-License-Identifier: MIT
 *
 * channel/look.c - one hold of the topic's lock gives what there is, and everything else is done without
 */
#include "channel/look.h"

#include "channel/answer.h"
#include "channel/board.h"
#include "channel/envelope.h"
#include "channel/guest.h"

static void add_all(struct poll *p, const weft_entry *const *entries, size_t n)
{
    bool fits = true;
    for (size_t i = 0; i < n; i++) {
        fits = fits && poll_add(p, entries[i], entries[i]->offset - p->at.offset - 1);
        weft_entry_unref(entries[i]);
    }
}

void look_read(struct poll *p, const weft_env *env, weft_topic *t, const weft_since *since,
               bool *more)
{
    const weft_entry *entries[POLL_MESSAGES_MAX];
    weft_seek seek;
    uint64_t next;
    size_t n = weft_topic_read(t, since, entries, POLL_MESSAGES_MAX, &seek, &next);
    poll_init(p, env, weft_topic_name(t), &seek);
    add_all(p, entries, n);
    *more = next != seek.head.offset;
}

/* Where the channel is, and whether it is empty behind what it had: to who asks from nowhere all up to what is kept is
 * gone. */
static weft_position look_at(visit *v, weft_topic *t)
{
    static const weft_position nowhere;
    weft_seek seek;
    weft_topic_seek(t, &(weft_since){.position = &nowhere}, &seek);
    v->empty = seek.head.offset && seek.at.offset == seek.head.offset;
    return seek.head;
}

/* ---- polls ----------------------------------------------------------------------------------- */

static void say(visit *v, weft_topic *t, const weft_since *since)
{
    struct poll p;
    struct text body;
    bool more;
    look_read(&p, v->channels->env, t, since, &more);
    text_init(&body, v->channels->env);
    poll_end(&p, more, &body);
    weft_position at = p.at;
    v->empty = v->empty && !p.n;
    poll_deinit(&p);
    visit_answer(v, &at, &body);
}

void look_answer(visit *v)
{
    weft_since since;
    weft_topic *t = visit_topic(v);
    if (!t) return;
    weft_position head = look_at(v, t);
    params_since(&v->wish->params, &since);
    if (v->ask != ASK_POLL) since.last = WEFT_NEVER;
    guest_passes(v->channels, t, visit_loop(v), visit_who(v));
    if (!visit_is_known(v, &head)) say(v, t, &since);
    weft_topic_unref(t);
}

/* ---- who is there ---------------------------------------------------------------------------- */

/* For this no channel is made. */
void look_presence(visit *v)
{
    weft_channels *c = v->channels;
    weft_bytes name = name_bytes(&v->wish->name);
    weft_topic *t = weft_topic_find(c->hub, name);
    struct text who, body;
    text_init(&who, c->env);
    text_init(&body, c->env);
    board_look(c, t, visit_loop(v), &who);
    envelope_presence(&body, name, text_bytes(&who));
    body.failed |= who.failed;
    text_deinit(&who);
    weft_topic_unref(t);
    visit_answer(v, NULL, &body);
}

/* ---- where it is ----------------------------------------------------------------------------- */

static void say_position(visit *v, weft_topic *t)
{
    struct text body;
    weft_position head = look_at(v, t);
    if (visit_is_known(v, &head)) return;
    text_init(&body, v->channels->env);
    answer_position(&body, &head);
    visit_answer(v, &head, &body);
}

void look_position(visit *v)
{
    weft_topic *t = visit_topic(v);
    if (!t) return;
    say_position(v, t);
    weft_topic_unref(t);
}

void look_drop(visit *v)
{
    weft_topic *t = visit_topic(v);
    if (!t) return;
    weft_topic_clear(t);
    say_position(v, t);
    weft_topic_unref(t);
}
