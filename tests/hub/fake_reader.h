/* SPDX-License-Identifier: MIT
 *
 * tests/hub/fake_reader.h - a hub on a loop without network, and readers who take as much as the test says
 *
 *      world: env (memory that is counted, time that stands) -> loop -> hub -> topic
 *      fake: room for so many; what he was told is written down, an event each
 */
#ifndef FAKE_READER_H
#define FAKE_READER_H

#include <stdatomic.h>
#include <string.h>

#include <weft/weft.h>

#include "hub/faulty_env.h"
#include "hub/unit.h"

/* Of all worlds, in all threads: renderings that are there, and that were made. */
static atomic_long renderings, rendered;

/* ---- the world ------------------------------------------------------------------------------- */

struct world {
    struct faulty faulty;
    uint64_t now; /* us; it stands */
    weft_loop *loop;
    weft_hub *hub;
    weft_topic *topic;
};

static inline uint64_t world_now(void *ctx)
{
    struct world *w = ctx; /* its first member */
    return w->now;
}

static inline weft_bytes bytes_of(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

/* Its topic is "t". s: NULL, or kept. */
static inline void world_init(struct world *w, const weft_topic_settings *s)
{
    *w = (struct world){.now = 1000000};
    faulty_init(&w->faulty);
    w->faulty.env.ctx = w;
    w->faulty.env.now_us = world_now;
    const weft_loop_config cfg = {.env = &w->faulty.env, .batch = WEFT_BATCH_EACH};
    assert_int_equal(weft_loop_new(&w->loop, &cfg), 0);
    assert_int_equal(weft_hub_new(&w->hub, w->loop, &(weft_hub_config){.settings = s}), 0);
    assert_int_equal(weft_topic_get(&w->topic, w->hub, bytes_of("t")), 0);
}

static inline void world_free(struct world *w)
{
    weft_topic_unref(w->topic);
    weft_hub_free(w->hub);
    weft_loop_free(w->loop);
    assert_int_equal(atomic_load(&renderings), 0);
    assert_int_equal(w->faulty.live, 0);
}

static inline void world_turn(const struct world *w, int turns)
{
    while (turns--) assert_int_equal(weft_loop_turn(w->loop, 0), 0);
}

/* What publishing says. key may be NULL. */
static inline int world_try(struct world *w, const char *text, const char *key)
{
    weft_message *m;
    assert_int_equal(weft_message_new(&m, NULL, WEFT_TEXT, text, strlen(text)), 0);
    int error = weft_topic_publish(w->topic, m, key ? bytes_of(key) : (weft_bytes){0}, NULL);
    weft_message_unref(m);
    return error;
}

static inline void world_publish(struct world *w, int n)
{
    while (n--) assert_int_equal(world_try(w, "text", NULL), 0);
}

static inline uint64_t world_head(const struct world *w)
{
    return weft_topic_head(w->topic).offset;
}

static inline weft_position world_position(const struct world *w, uint64_t offset)
{
    weft_position p = weft_topic_head(w->topic);
    p.offset = offset;
    return p;
}

/* ---- readers --------------------------------------------------------------------------------- */

enum { TOLD = 'm', LOST = 'l', ENDED = 'e', EVENTS_MAX = 1000 };

struct event {
    int kind;
    uint64_t offset;
    int64_t n; /* skipped in front of it; lost; the error */
};

struct fake {
    weft_reader reader; /* first */
    weft_link *hung;
    int room; /* so many more; 0: full; below 0: without end */
    int says; /* if not 0: instead of taking anything */
    bool gone;
    unsigned n, seen; /* events, and those that the test has looked at */
    struct event events[EVENTS_MAX];
};

struct made {
    uint64_t offset, skipped;
};

static inline void *fake_render(weft_topic *t, const weft_entry *e, uint64_t skipped)
{
    (void)t;
    struct made *made = malloc(sizeof *made);
    *made = (struct made){e->offset, skipped};
    atomic_fetch_add(&renderings, 1);
    atomic_fetch_add(&rendered, 1);
    return made;
}

static inline void fake_unref(void *made)
{
    free(made);
    atomic_fetch_sub(&renderings, 1);
}

/* He has room for one more event, which is that one. */
static inline int fake_takes(struct fake *f, int kind, uint64_t offset, int64_t n)
{
    if (f->says) return f->says;
    if (f->room == 0) return WEFT_ERR_BACKLOG;
    if (f->n == EVENTS_MAX) abort();
    f->events[f->n++] = (struct event){kind, offset, n};
    f->room -= f->room > 0;
    return f->room == 0;
}

static inline int fake_queue(weft_reader *r, void *rendering)
{
    const struct made *made = rendering;
    assert_int_equal(weft_reader_offset(r),
                     made->offset - made->skipped - 1); /* he has not had it yet */
    return fake_takes(r->carrier, TOLD, made->offset, (int64_t)made->skipped);
}

static inline int fake_lost(weft_reader *r, const weft_seek *seek)
{
    if (seek->lost != WEFT_LOST_UNKNOWN)
        assert_int_equal(weft_reader_offset(r), seek->at.offset - seek->lost);
    return fake_takes(r->carrier, LOST, seek->at.offset, (int64_t)seek->lost);
}

/* From then on he says that he is leaving. */
static inline void fake_end(weft_reader *r, int error)
{
    struct fake *f = r->carrier;
    f->events[f->n++] = (struct event){ENDED, 0, error};
    f->says = WEFT_ERR_CLOSED;
}

static inline void fake_gone(weft_reader *r)
{
    ((struct fake *)r->carrier)->gone = true;
}

static inline void fake_link(void *carrier, weft_link *link)
{
    ((struct fake *)carrier)->hung = link;
}

static inline void fake_unlink(void *carrier, weft_link *link)
{
    struct fake *f = carrier;
    assert_ptr_equal(f->hung, link);
    f->hung = NULL;
}

static const weft_reader_type fakes = {.render = fake_render,
                                       .unref = fake_unref,
                                       .queue = fake_queue,
                                       .lost = fake_lost,
                                       .end = fake_end,
                                       .gone = fake_gone,
                                       .link = fake_link,
                                       .unlink = fake_unlink};

static inline struct fake *fake_new(int room)
{
    struct fake *f = calloc(1, sizeof *f);
    f->reader.carrier = f;
    f->room = room;
    return f;
}

/* As weft_reader_begin. */
static inline int fake_try(struct fake *f, struct world *w, const weft_since *since,
                           weft_seek *seek)
{
    return weft_reader_begin(&f->reader, w->topic, w->loop, &fakes, since, seek);
}

/* One who begins at the head. */
static inline struct fake *fake_begin(struct world *w, int room)
{
    struct fake *f = fake_new(room);
    assert_int_equal(fake_try(f, w, NULL, NULL), 0);
    return f;
}

/* One who begins after that offset. */
static inline struct fake *fake_after(struct world *w, int room, uint64_t offset)
{
    struct fake *f = fake_new(room);
    const weft_position p = world_position(w, offset);
    assert_int_equal(fake_try(f, w, &(weft_since){.position = &p}, NULL), 0);
    return f;
}

static inline void fake_free(struct fake *f)
{
    weft_reader_end(&f->reader);
    assert_null(f->hung);
    assert_int_equal(f->seen, f->n); /* nothing that the test did not ask for */
    free(f);
}

/* What was queued has drained; now there is so much room. */
static inline void fake_drain(struct fake *f, int room)
{
    f->room = room;
    f->hung->type->on_drain(f->hung);
}

/* The next one is this. */
static inline void expect(struct fake *f, int kind, uint64_t offset, int64_t n)
{
    assert_true(f->seen < f->n);
    const struct event *e = &f->events[f->seen++];
    assert_int_equal(e->kind, kind);
    assert_int_equal(e->offset, offset);
    assert_int_equal(e->n, n);
}

/* The messages of these offsets, and nothing is left out. */
static inline void expect_told(struct fake *f, uint64_t from, uint64_t to)
{
    for (; from <= to; from++) expect(f, TOLD, from, 0);
}

static inline void expect_no_more(const struct fake *f)
{
    assert_int_equal(f->seen, f->n);
}

#endif
