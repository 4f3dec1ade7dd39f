/* SPDX-License-Identifier: MIT
 *
 * tests/hub/two_loops.h - a hub, and connections of two loops, whose threads the test plays one after the other
 *
 * "on(w, 1)" is: from here on the calling thread is that of loop 1; on(w, LOOPS): one that has no loop.
 */
#ifndef TWO_LOOPS_H
#define TWO_LOOPS_H

#include <stdlib.h>

#include "hub/fake_conn.h"
#include "hub/faulty_env.h"
#include "hub/unit.h"

enum { LOOPS = 2, CONNS = 8 };

struct world {
    struct faulty faulty;
    weft_loop loops[LOOPS];
    weft_conn all[LOOPS][CONNS];
    weft_conn *conns; /* of loop 0 */
    weft_hub *hub;
};

static inline void on(struct world *w, size_t loop)
{
    for (size_t i = 0; i < LOOPS; i++) w->loops[i].elsewhere = i != loop;
}

static inline struct world *new_world(const weft_hub_config *cfg)
{
    struct world *w = calloc(1, sizeof *w);
    faulty_init(&w->faulty);
    w->conns = w->all[0];
    for (size_t i = 0; i < LOOPS; i++) {
        w->loops[i].env = &w->faulty.env;
        pthread_mutex_init(&w->loops[i].lock, NULL);
        for (size_t c = 0; c < CONNS; c++)
            w->all[i][c] = (weft_conn){.loop = &w->loops[i], .room = 1000};
    }
    on(w, 0);
    assert_int_equal(weft_hub_new(&w->hub, &w->loops[0], cfg), 0);
    return w;
}

static inline struct world *new_world_of(const weft_topic_settings *settings)
{
    return new_world(&(weft_hub_config){.settings = settings});
}

static inline void turn(struct world *w, size_t loop)
{
    on(w, loop);
    fake_turns(&w->loops[loop]);
}

static inline void turn_all(struct world *w)
{
    for (size_t i = LOOPS; i--;) turn(w, i);
}

static inline void pass_time(struct world *w, uint64_t ms)
{
    w->faulty.now_us += ms * 1000;
}

/* Whatever was done: with the hub, the loops and the connections gone nothing is left. */
static inline void free_world(struct world *w)
{
    on(w, 0);
    weft_hub_free(w->hub);
    for (size_t i = 0; i < LOOPS; i++) {
        turn(w, i);
        assert_null(w->loops[i].timers);
        for (size_t c = 0; c < CONNS; c++) {
            assert_null(w->all[i][c].links);
            fake_gone(&w->all[i][c]);
        }
        pthread_mutex_destroy(&w->loops[i].lock);
    }
    assert_int_equal(w->faulty.live, 0);
    free(w);
}

static inline void subscribe(struct world *w, weft_conn *c, const char *topic)
{
    on(w, (size_t)(c->loop - w->loops));
    assert_int_equal(weft_subscribe(w->hub, c, topic), 0);
}

static inline int publish(struct world *w, const char *topic, const char *text)
{
    return weft_publish(w->hub, topic, WEFT_TEXT, text, strlen(text));
}

static inline weft_bytes bytes(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

#endif
