/* SPDX-License-Identifier: MIT
 *
 * net/lane.c - what all lanes have in common, whoever carries them
 */
#include "net/lane.h"

/* ---- nobody sits there ----------------------------------------------------------------------- */

static void ignore_bytes(struct lane *l, weft_span *in)
{
    (void)l;
    span_skip(in, in->len);
}

void lane_ignore(struct lane *l)
{
    (void)l;
}

static struct outq *nothing(struct lane *l)
{
    (void)l;
    return NULL;
}

static bool nothing_sent(struct lane *l, size_t n)
{
    (void)l;
    (void)n;
    return false;
}

bool lane_stays(struct lane *l, const struct leaving *how)
{
    (void)l;
    (void)how;
    return false;
}

uint64_t lane_return_ms(const struct lane *l, const struct leaving *how)
{
    return 1000 + slot_spread(l->slot, how->spread);
}

static void ignore_loss(struct lane *l, int error, const char *cause)
{
    (void)l;
    (void)error;
    (void)cause;
}

const struct talk lane_nobody = {
    .feed = ignore_bytes,
    .eof = lane_ignore,
    .pull = nothing,
    .sent = nothing_sent,
    .written = lane_ignore,
    .full = lane_ignore,
    .late = lane_ignore,
    .leave = lane_stays,
    .lost = ignore_loss,
};

/* ---- coming and going ------------------------------------------------------------------------ */

static void on_time(struct timer *t)
{
    struct lane *l = container_of(t, struct lane, timer);
    const struct carrier *c = lane_class(l)->carrier;
    if (c->late) c->late(l);
    else lane_talk(l)->late(l);
}

int lane_init(struct lane *l, struct net *n)
{
    int error = slots_add(&n->slots, net_env(n), SLOT_LANE, l, &l->slot);
    if (error) return error;
    n->slots.table[l->slot].since = (uint32_t)(net_now(n) / SLOT_TIME) & SLOT_AGE_MAX;
    timer_init(&l->timer, on_time);
    return 0;
}

void lane_close(struct lane *l)
{
    slots_remove(&lane_net(l)->slots, l->slot);
}

void lane_renew_id(struct lane *l)
{
    slots_renew(&lane_net(l)->slots, l->slot);
}

/* ---- without a socket ------------------------------------------------------------------------ */

static struct lane *lane_of(struct duplex *d)
{
    return container_of(d, struct lane, duplex);
}

static int on_pull(struct duplex *d, struct iovec *iov, int max)
{
    (void)iov;
    (void)max;
    lane_class(lane_of(d))->carrier->flush(lane_of(d));
    return 0;
}

static void on_again(struct duplex *d)
{
    lane_class(lane_of(d))->carrier->again(lane_of(d));
}

void lane_class_init(struct lane_class *k, const struct carrier *carrier,
                     const struct talk *const *talks, struct net *n, struct site *site)
{
    *k = (struct lane_class){
        .duplex = {.loop = n->loop, .on_pull = on_pull, .on_again = on_again},
        .carrier = carrier,
        .net = n,
        .site = site,
    };
    memcpy(k->talks, talks, sizeof k->talks);
}

int lane_open(struct lane *l, const struct lane_class *k)
{
    *l = (struct lane){0};
    duplex_init_bare(&l->duplex, &k->duplex);
    return lane_init(l, k->net);
}

/* ---- who sits there -------------------------------------------------------------------------- */

static void seat(struct lane *l, enum lane_talk talk, void *talker)
{
    l->talk = (uint8_t)talk;
    l->talker = talker;
    l->paused = l->in_place = l->unending = false;
    l->light = lane_talk(l)->light;
    loop_timer_stop(lane_loop(l), &l->timer);
}

static int say(struct lane *l, struct outq *q)
{
    return q && !outq_empty(q) ? lane_class(l)->carrier->say(l, q) : 0;
}

int lane_become(struct lane *l, enum lane_talk talk, void *talker, struct outq *said)
{
    assert(!l->gone && lane_class(l)->talks[talk]);
    int error = say(l, said);
    if (!error) seat(l, talk, talker);
    return error;
}

void lane_feed(struct lane *l, weft_span *in)
{
    uint8_t talk;
    assert(!l->gone && !l->feeding);
    l->feeding = true;
    do {
        talk = l->talk;
        lane_talk(l)->feed(l, in);
    } while (l->talk != talk && l->talk != LANE_FREE);
    l->feeding = false;
}

void lane_lost(struct lane *l, int error, const char *cause)
{
    lane_talk(l)->lost(l, error, cause);
    l->talk = LANE_FREE;
    l->talker = NULL;
    l->light = false;
}

void lane_finish(struct lane *l, struct outq *rest)
{
    assert(!l->gone);
    seat(l, LANE_FREE, NULL);
    int error = say(l, rest);
    if (error) lane_drop(l, error, "out of memory");
    else lane_class(l)->carrier->finish(l);
}

static void drop(struct lane *l, bool reset, int error, const char *cause)
{
    if (l->gone) return;
    l->gone = true;
    loop_timer_stop(lane_loop(l), &l->timer);
    lane_class(l)->carrier->drop(l, reset || l->unending);
    duplex_close(&l->duplex);
    lane_lost(l, error, cause);
    loop_bury(lane_loop(l), &l->dead, lane_class(l)->carrier->bury); /* behind who sat there */
}

void lane_drop(struct lane *l, int error, const char *cause)
{
    drop(l, false, error, cause);
}

void lane_reset(struct lane *l, int error, const char *cause)
{
    drop(l, true, error, cause);
}

const char lane_aborted[] = "dropped by the program";

void lane_abort(struct lane *l)
{
    lane_reset(l, WEFT_ERR_CLOSED, lane_aborted);
}

/* ---- time ------------------------------------------------------------------------------------ */

void lane_deadline(struct lane *l, uint64_t ms)
{
    assert(!l->gone);
    if (ms != WEFT_NEVER) loop_timer_start(lane_loop(l), &l->timer, ms);
    else if (timer_running(&l->timer)) loop_timer_stop(lane_loop(l), &l->timer);
}

void lane_no_later(struct lane *l, uint64_t ms)
{
    assert(!l->gone);
    if (ms == WEFT_NEVER) return;
    if (timer_running(&l->timer) && l->timer.deadline <= net_now(lane_net(l)) + ms) return;
    loop_timer_start(lane_loop(l), &l->timer, ms);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* NULL: none that is to be told. */
static struct lane *lane_at(const struct net *n, uint32_t slot, const struct site *site)
{
    struct lane *l = slots_at(&n->slots, slot, SLOT_LANE);
    if (!l || l->gone || l->carried) return NULL;
    return !site || lane_site(l) == site ? l : NULL;
}

static bool leave(struct lane *l, const struct leaving *how)
{
    const struct carrier *c = lane_class(l)->carrier;
    return c->leave ? c->leave(l, how) : lane_talk(l)->leave(l, how);
}

size_t lanes_leave(struct net *n, const struct site *site, const struct leaving *how, size_t max)
{
    size_t left = max;
    for (uint32_t i = 0; left && i < n->slots.n; i++) {
        struct lane *l = lane_at(n, i, site);
        if (l && leave(l, how)) left--;
    }
    return max - left;
}

static bool would_stay(const struct lane *l)
{
    return l->talk == LANE_WEBSOCKET || l->talk == LANE_REPLY || l->talk == LANE_WAITING;
}

size_t lanes_that_stay(const struct net *n, const struct site *site)
{
    size_t all = 0;
    for (uint32_t i = 0; i < n->slots.n; i++) {
        const struct lane *l = lane_at(n, i, site);
        if (l && would_stay(l)) all++;
    }
    return all;
}

size_t lanes_ask(struct net *n, const struct site *site, const struct leaving *how, uint32_t *slot,
                 size_t max)
{
    size_t left = max;
    for (; *slot < n->slots.n; ++*slot) {
        struct lane *l = lane_at(n, *slot, site);
        if (l && !left && would_stay(l)) break;
        if (l && leave(l, how) && left) left--;
    }
    return max - left;
}

/* How old it is, in units of SLOT_TIME. */
static uint32_t age_of(const struct net *n, uint32_t slot)
{
    return ((uint32_t)(net_now(n) / SLOT_TIME) - n->slots.table[slot].since) & SLOT_AGE_MAX;
}

/* Less than spread; slots that follow each other are far apart, however small it is (Fibonacci hashing). */
static uint32_t age_spread(uint32_t slot, uint32_t spread)
{
    return (uint32_t)((uint64_t)(uint32_t)(slot * UINT64_C(2654435761)) * spread >> 32);
}

void lanes_age(struct net *n, const struct site *site, const struct leaving *how, uint32_t most,
               uint32_t passed)
{
    for (uint32_t i = 0; i < n->slots.n; i++) {
        struct lane *l = lane_at(n, i, site);
        uint32_t age = age_of(n, i), its = most - age_spread(i, most / 10 + 1);
        if (l && age >= its && (age - its) % most < passed) (void)leave(l, how);
    }
}

void lanes_drop(struct net *n, const struct site *site, int error, const char *cause)
{
    for (uint32_t i = 0; i < n->slots.n; i++) {
        struct lane *l = lane_at(n, i, site);
        if (l) lane_drop(l, error, cause);
    }
}
