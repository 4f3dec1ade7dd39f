/* SPDX-License-Identifier: MIT
 *
 * hub/silence.c - one timer, which is started again when it finds that something was told meanwhile
 */
#include "hub/silence.h"

/* Whether it is taken is of no interest: who has no room is not silent. */
static void tell(const struct group *g)
{
    void *made = g->n ? g->type->render_silence(g->local->topic) : NULL;
    if (!made) return;
    for (uint32_t i = 0; i < g->n; i++) (void)g->type->queue(g->readers[i], made);
    g->type->unref(made);
}

static void on_time(weft_timer *timer, void *user)
{
    struct local *l = user;
    uint64_t now = weft_loop_now(l->stand.part->loop), silent = (now - l->told) / 1000;
    uint64_t most = l->topic->hub->cfg.silence_ms;
    if (silent >= most) {
        for (const struct group *g = l->groups; g; g = g->next)
            if (g->type->render_silence) tell(g);
        l->told = now;
        silent = 0;
    }
    weft_timer_start(timer, most - silent);
}

int silence_watch(struct local *l, const weft_reader_type *type)
{
    if (l->silence || !type->render_silence) return 0;
    int error = weft_timer_new(&l->silence, l->stand.part->loop, on_time, l);
    if (error) return error;
    silence_ends(l);
    weft_timer_start(l->silence, l->topic->hub->cfg.silence_ms);
    return 0;
}

void silence_free(struct local *l)
{
    weft_timer_free(l->silence);
    l->silence = NULL;
}
