/* SPDX-License-Identifier: MIT
 *
 * net/client/way.c - names, addresses, a proxy and TLS, one after the other
 */
#include "net/client/way.h"

#include <errno.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/client/user_lookup.h"
#include "net/wire/carry.h"

enum { HOST_SIZE = 256, WORDS_SIZE = 128 };

/* Posted, and so not to be taken back: it may find that the way is gone. */
struct setting_out {
    weft_errand post;
    struct way *way; /* NULL: it has been stopped */
};

/* ---- the end --------------------------------------------------------------------------------- */

static void let_go_of_lane(struct way *w)
{
    struct lane *l = w->lane;
    w->lane = NULL;
    if (l) lane_drop(l, 0, "");
}

void way_stop(struct way *w)
{
    if (w->stage == WAY_NOWHERE) return;
    if (w->stage == WAY_PROXY) h1_client_deinit(&w->h1);
    w->stage = WAY_NOWHERE;
    if (w->stopped) *w->stopped = true;
    w->stopped = NULL;
    list_remove(&w->link);
    lookup_cancel(&w->lookup);
    if (w->setting_out) w->setting_out->way = NULL;
    w->setting_out = NULL;
    user_lookup_cancel(w->asked);
    w->asked = NULL;
    loop_timer_stop(w->dialer->net->loop, &w->timer);
    outq_clear(&w->out);
    way_race_stop(w);
    let_go_of_lane(w);
}

void way_give_up(struct way *w, int error, const char *cause)
{
    way_stop(w);
    w->failed(w, &(struct way_end){.error = error, .cause = cause});
}

void way_fail_plain(struct way *w, int error)
{
    way_give_up(w, error, weft_strerror(error));
}

void way_fail_words(struct way *w, int error, const char *words)
{
    way_stop(w);
    w->failed(w, &(struct way_end){.error = error, .cause = words, .made = true});
}

void way_wait(struct way *w, uint64_t ms)
{
    weft_loop *l = w->dialer->net->loop;
    uint64_t left = patience_left(&w->patience);
    if (ms > left) ms = left;
    loop_timer_stop(l, &w->timer);
    if (ms != WEFT_NEVER) loop_timer_start_fresh(l, &w->timer, ms);
}

void way_start_timer(struct way *w, uint64_t ms, const char *limit)
{
    (void)patience_stage(&w->patience, ms, limit);
    way_wait(w, WEFT_NEVER);
}

/* ---- where to -------------------------------------------------------------------------------- */

static void resolved(struct lookup *k, int error, const struct sock_addr *addresses, size_t n)
{
    struct way *w = container_of(k, struct way, lookup);
    if (error) way_fail_plain(w, error);
    else way_race(w, addresses, n);
}

static void answered(void *asker, int error, const struct sock_addr *addresses, size_t n)
{
    struct way *w = asker;
    w->asked = NULL;
    if (error) way_fail_plain(w, error);
    else way_race(w, addresses, n);
}

/* false: too long for a name. */
static bool write_host(const struct way *w, char host[HOST_SIZE])
{
    weft_bytes name = dial_next_hop(w->dial)->host;
    if (name.len >= HOST_SIZE) return false;
    copy(host, name.data, name.len);
    host[name.len] = 0;
    return true;
}

static int look_up(struct way *w)
{
    char host[HOST_SIZE];
    if (!write_host(w, host)) return WEFT_ERR_RESOLVE;
    uint16_t port = dial_next_hop(w->dial)->port;
    return lookup_start(&w->lookup, w->dialer->net->loop, host, port, resolved);
}

/* He may answer before he returns, or end everything: then the lookup is all that is left. */
static void ask_user(struct way *w)
{
    const struct dial *d = w->dial;
    char host[HOST_SIZE];
    weft_lookup *k = user_lookup_new(w->dialer->net->loop, dial_next_hop(d)->port, w, answered);
    if (!k || !write_host(w, host)) {
        if (k) (void)user_lookup_refused(k);
        way_fail_plain(w, k ? WEFT_ERR_RESOLVE : -ENOMEM);
        return;
    }
    w->asked = k;
    w->stage = WAY_RESOLVING;
    int error = d->lookup(k, host, d->user);
    if (error >= 0) return;
    w = user_lookup_refused(k);
    if (!w) return;
    w->asked = NULL;
    way_fail_plain(w, error);
}

/* The user's socket, as if we had connected it: there is no other to try. 0 or an error. */
static int adopt(struct way *w, int fd)
{
    w->stage = WAY_CONNECTING;
    w->n = w->next = 0;
    w->error = fd < 0 ? fd : sock_adopt(loop_sys(w->dialer->net->loop), fd);
    if (w->error && fd >= 0) close(fd);
    if (!w->error) way_ride(w, fd);
    return w->error;
}

static void open_by_user(struct way *w)
{
    bool stopped = false;
    w->stopped = &stopped;
    int fd = w->dial->open(w->dial->user);
    if (stopped) {
        if (fd >= 0) close(fd);
        return;
    }
    w->stopped = NULL;
    int error = adopt(w, fd);
    if (error) way_fail_plain(w, error);
}

/* What the user is called for is done from the loop. */
static void begin(struct way *w)
{
    struct sock_addr to;
    if (w->dial->open) open_by_user(w);
    else if (dial_fixed(w->dial, &to)) way_race(w, &to, 1);
    else ask_user(w);
}

static bool needs_lookup(const struct way *w)
{
    struct sock_addr to;
    return !w->dial->open && !w->dial->lookup && !dial_fixed(w->dial, &to);
}

static void come_to_it(weft_errand *p)
{
    struct setting_out *s = container_of(p, struct setting_out, post);
    struct way *w = s->way;
    mem_free(weft_loop_env(p->loop), s);
    if (!w) return;
    w->setting_out = NULL;
    begin(w);
}

static int begin_from_the_loop(struct way *w)
{
    weft_loop *l = w->dialer->net->loop;
    struct setting_out *s = mem_alloc(weft_loop_env(l), sizeof *s);
    if (!s) return -ENOMEM;
    *s = (struct setting_out){.post.run = come_to_it, .way = w};
    w->setting_out = s;
    w->stage = WAY_BEGINNING;
    loop_post(l, &s->post);
    return 0;
}

static int set_out(struct way *w)
{
    w->stage = WAY_RESOLVING;
    way_start_timer(w, limit_connect_timeout(w->limits), "connect_timeout");
    return needs_lookup(w) ? look_up(w) : begin_from_the_loop(w);
}

int way_start(struct way *w)
{
    list_append(&w->dialer->ways, &w->link);
    int error = set_out(w);
    if (error) way_stop(w);
    return error;
}

/* ---- time, and the beginning ----------------------------------------------------------------- */

static const char *const undone[] = {
    [WAY_BEGINNING] = "the attempt did not begin",
    [WAY_RESOLVING] = "the host name was not resolved",
    [WAY_CONNECTING] = "the server did not accept the connection",
    [WAY_PROXY] = "the proxy did not answer",
    [WAY_SECURING] = "the server did not complete the TLS handshake",
};

static void fail_late(struct way *w)
{
    char words[WORDS_SIZE];
    patience_words(&w->patience, undone[w->stage], words, sizeof words);
    way_fail_words(w, WEFT_ERR_TIMEOUT, words);
}

static void on_time(struct timer *t)
{
    struct way *w = container_of(t, struct way, timer);
    bool in_time = patience_left(&w->patience) > 0;
    if (in_time && w->stage == WAY_CONNECTING && w->next < w->n) way_race_on(w);
    else if (w->stage == WAY_PROXY && h1_client_refused(&w->h1)) way_fail_refused(w);
    else fail_late(w);
}

void way_init(struct way *w, struct dialer *dialer, const struct dial *dial,
              const weft_limits *limits)
{
    w->dialer = dialer;
    list_init(&w->link);
    w->dial = dial;
    w->limits = limits;
    timer_init(&w->timer, on_time);
    patience_begin(&w->patience, net_env(dialer->net), limit_open_timeout(limits));
}
