/* SPDX-License-Identifier: MIT
 *
 * hub/pace.c - the bucket and the line
 */
#include "hub/pace.h"

/* As many as time has brought whole; for the rest of it they come the next time. */
void pace_refill(struct pace *p, const weft_topic_settings *s, uint64_t now_us)
{
    int64_t lacking = pace_burst(s) - p->tokens;
    uint64_t passed = now_us > p->since ? now_us - p->since : 0;
    if (s->pace == WEFT_NEVER || !passed) return;
    double more = (double)s->pace * (double)passed / 1e6;
    if (more >= (double)lacking) {
        p->tokens += lacking;
        p->since = now_us;
        return;
    }
    p->tokens += (int64_t)more;
    p->since += (uint64_t)((double)(int64_t)more * 1e6 / (double)s->pace);
}

void pace_spend(struct pace *p, const weft_topic_settings *s, uint64_t cost)
{
    int64_t least = -pace_burst(s);
    p->tokens = cost < (uint64_t)(p->tokens - least) ? p->tokens - (int64_t)cost : least;
}

void pace_stand(struct pace *p, weft_turn *turn)
{
    turn->next = NULL;
    turn->previous = p->last;
    *(p->last ? &p->last->next : &p->first) = turn;
    p->last = turn;
}

void pace_leave(struct pace *p, const weft_turn *turn)
{
    *(turn->previous ? &turn->previous->next : &p->first) = turn->next;
    *(turn->next ? &turn->next->previous : &p->last) = turn->previous;
}
