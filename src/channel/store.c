/* SPDX-License-Identifier: MIT
 *
 * channel/store.c - at once, or when it is one's turn; whichever way it ends, an errand says so
 *
 *      store_publish -> once: the first one with its key publishes, the others wait for what he is told
 *                         |
 *                       store -> store_append -> in line, for a turn: while others are behind
 */
#include "channel/store.h"

#include <string.h>

#include "channel/desk.h"
#include "channel/params.h"
#include "channel/publication.h"

enum { BUSY_RETRY_MS = 1000, ONCE_ROOM = USER_MAX + 2 + ONCE_KEY_MAX };

/* The parcel that this is a member of. */
#define PARCEL_OF(pointer, member) \
    ((struct parcel *)(void *)((char *)(pointer)-offsetof(struct parcel, member)))

static struct desk *open_desk(struct parcel *p, uint64_t *now_ms)
{
    *now_ms = weft_loop_now(p->loop) / 1000;
    return desk_open(&p->channels->desks, p->topic, now_ms);
}

static void close_desk(struct parcel *p, struct desk *desk)
{
    desk_close(&p->channels->desks, desk);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void tell(weft_errand *e)
{
    struct parcel *p = PARCEL_OF(e, errand);
    p->on_done(p);
}

/* In any thread. */
static void send(struct parcel *p, int error)
{
    p->error = error;
    p->errand = (weft_errand){.run = tell};
    weft_errand_post(p->loop, 0, &p->errand);
}

/* What the first one is told those are told who have said the same. */
static void answer_key(struct parcel *p, int error)
{
    uint64_t now_ms;
    struct desk *desk = open_desk(p, &now_ms); /* it is there, for the key's sake */
    struct parcel *waiting = error ? once_fail(&desk->once, p->key) : once_answer(p->key, &p->at);
    close_desk(p, desk);
    for (struct parcel *next; waiting; waiting = next) {
        next = waiting->next;
        waiting->at = p->at;
        send(waiting, error);
    }
}

static void step_in(struct parcel *p)
{
    weft_channels *c = p->channels;
    pthread_mutex_lock(&c->queue_lock);
    p->in_line = true;
    p->after = c->queue;
    p->link = &c->queue;
    if (c->queue) c->queue->link = &p->after;
    c->queue = p;
    pthread_mutex_unlock(&c->queue_lock);
}

static void step_out(struct parcel *p)
{
    pthread_mutex_lock(&p->channels->queue_lock);
    p->in_line = false;
    *p->link = p->after;
    if (p->after) p->after->link = p->link;
    pthread_mutex_unlock(&p->channels->queue_lock);
}

/* Who is patient is not counted, and has no timer. */
static void leave_queue(struct parcel *p)
{
    uint64_t now_ms;
    step_out(p);
    if (!p->timer) return;
    struct desk *desk = open_desk(p, &now_ms); /* it is there, since somebody waits */
    desk->waiting--;
    close_desk(p, desk);
    weft_timer_free(p->timer);
    p->timer = NULL;
}

static void finish(struct parcel *p, int error)
{
    if (p->in_line) leave_queue(p);
    if (p->key) answer_key(p, error);
    send(p, error);
}

/* ---- to publish ------------------------------------------------------------------------------ */

static void tell_all(const struct parcel *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const weft_message *m = p->messages[i];
        channels_tell(p->channels, &(weft_channel_event){.type = WEFT_CHANNEL_PUBLISHED,
                                                         .loop = p->loop,
                                                         .channel = weft_topic_name(p->topic),
                                                         .op = weft_message_opcode(m),
                                                         .len = weft_message_payload(m).len});
    }
}

static int append(struct parcel *p)
{
    int error = p->n == 1 ? weft_topic_publish(p->topic, p->messages[0], p->keys[0], &p->at)
                          : weft_topic_publish_all(p->topic, p->messages, p->keys, p->n, &p->at);
    if (!error) tell_all(p);
    return error;
}

static void on_turn(weft_turn *turn)
{
    struct parcel *p = PARCEL_OF(turn, turn);
    finish(p, append(p));
}

static void give_up(struct parcel *p, int error)
{
    weft_turn_cancel(&p->turn);
    finish(p, error);
}

static void on_time(weft_timer *timer, void *user)
{
    (void)timer;
    give_up(user, WEFT_ERR_BACKLOG);
}

void store_forsake(struct parcel *p)
{
    p->patient = false;
    if (p->in_line) give_up(p, WEFT_ERR_CLOSED);
}

static int join_queue(struct parcel *p)
{
    uint64_t now_ms;
    struct desk *desk = open_desk(p, &now_ms);
    if (!desk) return -ENOMEM;
    int error = desk->waiting >= WAITING_MAX ? WEFT_ERR_BACKLOG : 0;
    if (!error) error = weft_timer_new(&p->timer, p->loop, on_time, p);
    if (!error) desk->waiting++;
    close_desk(p, desk);
    if (!error) weft_timer_start(p->timer, p->channels->cfg.publish_ms);
    return error;
}

static int wait(struct parcel *p)
{
    int error = p->patient ? 0 : join_queue(p);
    if (error) return error;
    step_in(p);
    p->turn = (weft_turn){.on_turn = on_turn};
    return weft_topic_wait(p->topic, p->loop, &p->turn);
}

void store_append(struct parcel *p)
{
    int error = append(p);
    bool waits = error == WEFT_ERR_BACKLOG;
    if (waits) error = wait(p);
    if (!waits || error) finish(p, error);
}

void store_end(weft_channels *c)
{
    while (c->queue) give_up(c->queue, WEFT_ERR_CLOSED);
}

void store_refuse(struct parcel *p, int error)
{
    finish(p, error);
}

static void confirm(const struct store *s, struct parcel *p)
{
    (void)s;
    store_append(p);
}

/* Nothing but the log. */
static const struct store the_log = {.publish = confirm, .at_once = true};

static const struct store *store_of(const struct parcel *p)
{
    return p->channels->store ? p->channels->store : &the_log;
}

static void publish(struct parcel *p)
{
    const struct store *s = store_of(p);
    s->publish(s, p);
}

/* ---- once ------------------------------------------------------------------------------------ */

static uint64_t fingerprint(const struct parcel *p)
{
    uint64_t of = 0;
    for (size_t i = 0; i < p->n; i++) {
        uint8_t op = weft_message_opcode(p->messages[i]) == WEFT_TEXT;
        of = once_fingerprint(of, (weft_bytes){&op, 1});
        of = once_fingerprint(of, p->keys[i]);
        of = once_fingerprint(of, weft_message_payload(p->messages[i]));
    }
    return of;
}

/* The same word of another is another key; a user has nothing in common with who says that he is called so. A name has
 * no NUL in it. */
static weft_bytes key_of(const struct parcel *p, uint8_t room[ONCE_ROOM])
{
    const char *name = p->who.name ? p->who.name : "";
    size_t len = strlen(name) + 2;
    room[0] = p->who.verified;
    memcpy(room + 1, name, len - 1);
    memcpy(room + len, p->once.data, p->once.len);
    return (weft_bytes){room, len + p->once.len};
}

_Static_assert((int)CLIENT_MAX <= (int)USER_MAX, "there is room for either");

/* 1: it is the first, and to be published; 0: it waits; else it is done with. */
static int ask_desk(struct parcel *p, struct desk *desk, uint64_t now_ms)
{
    struct once_key *key;
    uint8_t room[ONCE_ROOM];
    switch (once_begin(&desk->once, key_of(p, room), fingerprint(p), now_ms, &key)) {
    case ONCE_FIRST: p->key = key; return 1;
    case ONCE_UNDER_WAY:
        p->next = key->waiting;
        key->waiting = p;
        return 0;
    case ONCE_ANSWERED: p->at = key->at; return STORE_AGAIN;
    case ONCE_OTHER: return STORE_OTHER;
    case ONCE_FULL: return WEFT_ERR_BACKLOG;
    case ONCE_NO_MEMORY: break;
    }
    return -ENOMEM;
}

static void publish_once(struct parcel *p)
{
    uint64_t now_ms;
    struct desk *desk = open_desk(p, &now_ms);
    int said = desk ? ask_desk(p, desk, now_ms) : -ENOMEM;
    if (desk) close_desk(p, desk);
    if (said == 1) publish(p);
    else if (said) send(p, said == STORE_AGAIN ? 0 : said);
}

void store_publish(struct parcel *p)
{
    if (p->once.len) publish_once(p);
    else publish(p);
}

bool store_publish_at_once(struct parcel *p)
{
    if (p->once.len || !store_of(p)->at_once) return false;
    p->error = append(p);
    return p->error != WEFT_ERR_BACKLOG;
}

int store_refusal(int error, struct refusal *why)
{
    switch (error) {
    case -ENOSPC:
        return refusal_write(why, 409, "the channel has as many keys as it may have: no new ones");
    case STORE_OTHER:
        return refusal_write(why, 422, "another message was published under this idempotency key");
    case -ENOMEM: return refusal_no_memory(why);
    default: break;
    }
    refusal_write(why, 503, "others are publishing here faster than it is read: try again");
    why->retry_ms = BUSY_RETRY_MS;
    return -1;
}
