/* SPDX-License-Identifier: MIT
 *
 * channel/store.c - at once, or when it is one's turn; whichever way it ends, an errand says so
 */
#include "channel/store.h"

enum { BUSY_RETRY_MS = 1000 };

/* The parcel that this is a member of. */
#define PARCEL_OF(pointer, member) \
    ((struct parcel *)(void *)((char *)(pointer) - offsetof(struct parcel, member)))

static void tell(weft_errand *e)
{
    struct parcel *p = PARCEL_OF(e, errand);
    p->on_done(p);
}

static void finish(struct parcel *p, int error)
{
    weft_timer_free(p->timer);
    p->timer = NULL;
    p->error = error;
    p->errand = (weft_errand){.run = tell};
    weft_errand_post(p->loop, 0, &p->errand);
}

static int publish(struct parcel *p)
{
    if (p->n == 1) return weft_topic_publish(p->topic, p->messages[0], p->keys[0], &p->at);
    return weft_topic_publish_all(p->topic, p->messages, p->keys, p->n, &p->at);
}

static void on_turn(weft_turn *turn)
{
    struct parcel *p = PARCEL_OF(turn, turn);
    finish(p, publish(p));
}

static void on_time(weft_timer *timer, void *user)
{
    struct parcel *p = user;
    (void)timer;
    weft_turn_cancel(&p->turn);
    finish(p, WEFT_ERR_BACKLOG);
}

static int wait(struct parcel *p)
{
    int error = weft_timer_new(&p->timer, p->loop, on_time, p);
    if (error) return error;
    weft_timer_start(p->timer, p->channels->cfg.publish_ms);
    p->turn = (weft_turn){.on_turn = on_turn};
    return weft_topic_wait(p->topic, p->loop, &p->turn);
}

void store_publish(struct parcel *p)
{
    int error = publish(p);
    if (error == WEFT_ERR_BACKLOG) error = wait(p);
    else if (!error) finish(p, 0);
    if (error) finish(p, error);
}

int store_refusal(int error, struct refusal *why)
{
    switch (error) {
    case -ENOSPC:
        return refusal_write(why, 409, "the channel has as many keys as it may have: no new ones");
    case -ENOMEM: return refusal_no_memory(why);
    case -EINVAL: return refusal_write(why, 400, "that key is too long");
    default: break;
    }
    refusal_write(why, 503, "others are publishing here faster than it is read: try again");
    why->retry_ms = BUSY_RETRY_MS;
    return -1;
}
