/* SPDX-License-Identifier: MIT
 *
 * net/client/way_race.c - several addresses of one server: who answers first (RFC 8305)
 *
 *      the first -----------------------------------> connected: the others are dropped
 *      250 ms, or sooner if it fails -> the second ->
 *                             250 ms -> the third -->
 *
 * An address that nobody answers from costs its 250 ms, and not the time that there is to connect. Of the errors of all
 * of them the most telling one is told.
 */
#include <errno.h>

#include "base/limits.h"
#include "net/client/way.h"
#include "net/wire/carry.h"

enum { DELAY_MS = 250 };

/* ---- which error ----------------------------------------------------------------------------- */

/* Somebody was there and said no; nobody was; we could not even ask. */
static int weight(int error)
{
    switch (error) {
    case 0: return 0;
    case -EADDRNOTAVAIL:
    case -EAFNOSUPPORT: return 1;
    case -ENETUNREACH:
    case -ENETDOWN:
    case -EHOSTUNREACH:
    case -EHOSTDOWN: return 2;
    case -ECONNREFUSED:
    case -ECONNRESET: return 4;
    default: return 3;
    }
}

static void note(struct way *w, int error)
{
    if (weight(error) >= weight(w->error)) w->error = error;
}

/* ---- in which order -------------------------------------------------------------------------- */

/* The first one from i on that is of this family, or not; n: none is. */
static size_t find(const struct sock_addr *a, size_t n, size_t i, sa_family_t family, bool same)
{
    while (i < n && (a[i].sa.sa_family == family) != same) i++;
    return i;
}

/* Families take turns, each in the resolver's order, so that one which leads nowhere does not hold up all. */
static void interleave(struct sock_addr *to, const struct sock_addr *from, size_t n)
{
    size_t next[2] = {find(from, n, 0, from->sa.sa_family, true),
                      find(from, n, 0, from->sa.sa_family, false)};
    for (size_t i = 0, turn = 0; i < n; i++, turn ^= 1) {
        if (next[turn] == n) turn ^= 1;
        to[i] = from[next[turn]];
        next[turn] = find(from, n, next[turn] + 1, from->sa.sa_family, turn == 0);
    }
}

/* ---- the race -------------------------------------------------------------------------------- */

void way_ride(struct way *w, int fd)
{
    sock_limit(loop_sys(w->dialer->net->loop), fd, limit_unsent_max(w->limits),
               limit_write_stall(w->limits));
    struct lane *l = carry_connect(&w->dialer->lane_class, fd, w->limits, LANE_WAY, w);
    if (l) w->racers[w->n_racers++] = l;
    else note(w, -ENOMEM);
}

static void run(struct way *w)
{
    const struct sock_addr *source = w->dial->source.len ? &w->dial->source : NULL;
    const struct sys *sys = loop_sys(w->dialer->net->loop);
    int fd = sock_connect(sys, &w->addresses[w->next++], source);
    if (fd < 0) note(w, fd);
    else way_ride(w, fd);
}

void way_race_on(struct way *w)
{
    size_t before = w->n_racers;
    while (w->next < w->n && w->n_racers == before) run(w);
    if (w->n_racers) way_wait(w, w->next < w->n ? DELAY_MS : WEFT_NEVER);
    else way_fail_plain(w, w->error);
}

void way_race(struct way *w, const struct sock_addr *addresses, size_t n)
{
    interleave(w->addresses, addresses, n);
    w->n = n;
    w->next = 0;
    w->error = 0;
    w->stage = WAY_CONNECTING;
    way_race_on(w);
}

static bool leave(struct way *w, const struct lane *l)
{
    size_t i = 0;
    while (i < w->n_racers && w->racers[i] != l) i++;
    if (i == w->n_racers) return false;
    w->racers[i] = w->racers[--w->n_racers];
    return true;
}

void way_race_stop(struct way *w)
{
    while (w->n_racers) lane_drop(w->racers[--w->n_racers], 0, "");
}

void way_race_won(struct way *w, struct lane *l)
{
    if (!leave(w, l)) return;
    way_race_stop(w);
    w->lane = l;
}

void way_race_lost(struct way *w, struct lane *l, int error)
{
    if (!leave(w, l)) return;
    note(w, error);
    if (w->next < w->n || !w->n_racers) way_race_on(w);
}
