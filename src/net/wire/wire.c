/* SPDX-License-Identifier: MIT
 *
 * net/wire/wire.c - a wire's birth, its deadlines, its ends
 *
 * Bytes come and go in in.c and out.c.
 */
#include "net/wire/wire.h"

#include <errno.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/wire/carry.h"
#include "net/wire/wire_tls.h"

/* ---- extra ----------------------------------------------------------------------------------- */

static void extra_free(const weft_env *env, struct wire_extra *e)
{
    if (!e) return;
    outq_clear(&e->out);
    tls_free(e->tls);
    mem_free(env, e->proxy_header);
    mem_free(env, e->unread);
    mem_free(env, e);
}

bool wire_need_extra(struct wire *w)
{
    if (!w->extra) w->extra = mem_zalloc(wire_env(w), sizeof *w->extra);
    return w->extra;
}

void wire_shed(struct wire *w)
{
    struct wire_extra *e = w->extra;
    if (!outq_empty(&e->out) || e->tls || e->proxy_header || e->unread) return;
    mem_free(wire_env(w), e);
    w->extra = NULL;
}

/* ---- what is asked --------------------------------------------------------------------------- */

static int say(struct lane *l, struct outq *q)
{
    struct wire *w = wire_of(l);
    if (!wire_need_extra(w)) return -ENOMEM;
    outq_splice(&w->extra->out, q);
    l->more = true;
    lane_dirty(l);
    return 0;
}

static size_t buffered(const struct lane *l)
{
    return wire_buffered(wire_const(l));
}

static int peer(const struct lane *l, struct sock_addr *out)
{
    return address_get(&wire_const(l)->address, out);
}

static bool secure(const struct lane *l)
{
    return wire_tls(wire_const(l));
}

static void identify(const struct lane *l, struct facts *f)
{
    struct tls *t = wire_tls(wire_const(l));
    if (t) tls_identify(t, f);
}

/* Who is no proxy is counted by his own address: since accept, or, named by a PROXY header, from now on. */
static int count_as(struct lane *l, const struct sock_addr *client)
{
    struct wire *w = wire_of(l);
    struct sock_addr own;
    if (!limit_max_connections_per_ip(&lane_site(l)->limits)) return 0;
    if (!client && !l->trusted && address_get(&w->address, &own) == 0) client = &own;
    return client ? site_count_as(lane_site(l), &w->address, client) : 0;
}

static void probe(struct lane *l, uint64_t idle_ms, uint64_t answer_ms, uint64_t stall_ms)
{
    sock_probe(loop_sys(lane_loop(l)), l->duplex.io.fd, idle_ms, answer_ms, stall_ms);
}

/* ---- the end --------------------------------------------------------------------------------- */

static uint64_t at_most(uint64_t n, uint64_t max)
{
    return n < max ? n : max;
}

static uint16_t in_units(uint64_t ms)
{
    return (uint16_t)((at_most(ms, LINGER_UNIT * UINT16_MAX) + LINGER_UNIT - 1) / LINGER_UNIT);
}

static struct farewell farewell_of(const weft_limits *l)
{
    return (struct farewell){
        .discard_max = (uint32_t)at_most(limit_discard_max(l), UINT32_MAX),
        .linger = in_units(limit_close_timeout(l)),
        .write_stall = in_units(limit_write_stall(l)),
    };
}

uint64_t wire_last_stall(const struct wire *w)
{
    const struct site *s = lane_site(&w->lane);
    return s ? limit_write_stall(&s->limits) : (uint64_t)w->farewell->write_stall * LINGER_UNIT;
}

void wire_finish(struct wire *w)
{
    struct lane *l = &w->lane;
    if (l->state >= WIRE_LINGER) return;
    l->state = WIRE_LINGER;
    l->bits = (l->bits | WIRE_FINISHING) & WIRE_BITS;
    lane_deadline(l, wire_last_stall(w));
    if (!wire_tls_pending(w)) lane_pause(l); /* what is queued needs the handshake */
    lane_dirty(l);
    if (wire_has_unread(w)) lane_again(l);
}

static void finish(struct lane *l)
{
    wire_finish(wire_of(l));
}

void wire_linger(struct wire *w)
{
    struct lane *l = &w->lane;
    if (l->state != WIRE_LINGER || !wire_is(w, WIRE_FINISHING)) return;
    l->bits = l->bits & (WIRE_BITS - WIRE_FINISHING);
    if (l->eof || duplex_shutdown_write(&l->duplex) < 0) {
        lane_drop(l, 0, "");
        return;
    }
    const struct site *s = lane_site(l);
    struct farewell f = s ? farewell_of(&s->limits) : *w->farewell;
    l->left = f.discard_max;
    lane_deadline(l, (uint64_t)f.linger * LINGER_UNIT);
    if (!wire_has_unread(w)) duplex_resume(&l->duplex);
}

static void drop(struct lane *l, bool reset)
{
    l->state = WIRE_DEAD;
    if (reset) duplex_will_reset(&l->duplex);
}

static void bury(struct dead *d)
{
    struct lane *l = container_of(d, struct lane, dead);
    struct wire *w = wire_of(l);
    const weft_env *env = wire_env(w);
    struct site *site = lane_site(l);
    extra_free(env, w->extra);
    lane_close(l);
    uint64_t counted_as = address_counted_as(&w->address);
    bool away = wire_is(w, WIRE_TURNED_AWAY);
    address_clear(&w->address, env);
    mem_free(env, w);
    if (site) site->carrier_gone(site, counted_as, away);
}

/* All is said: who only waits for the peer's end need not. */
static bool leave(struct lane *l, const struct leaving *how)
{
    const struct wire *w = wire_of(l);
    if (l->state == WIRE_OPEN) return lane_talk(l)->leave(l, how);
    if (how->stays) return false;
    if (!wire_is(w, WIRE_FINISHING)) lane_drop(l, 0, "");
    return false;
}

static void late(struct lane *l)
{
    if (wire_tls_pending(wire_of(l)))
        lane_drop(l, WEFT_ERR_TIMEOUT, "the TLS handshake took too long");
    else if (l->state == WIRE_OPEN) lane_talk(l)->late(l);
    else lane_drop(l, WEFT_ERR_TIMEOUT, "a deadline passed");
}

const struct carrier wire_carrier = {
    .resume = wire_resume,
    .say = say,
    .finish = finish,
    .drop = drop,
    .bury = bury,
    .buffered = buffered,
    .peer = peer,
    .secure = secure,
    .identify = identify,
    .count_as = count_as,
    .probe = probe,
    .late = late,
    .leave = leave,
};

/* ---- birth ----------------------------------------------------------------------------------- */

static void on_error(struct duplex *d, int err)
{
    lane_drop(&wire_at(d)->lane, err, weft_strerror(err));
}

/* Whoever had the socket connected: so only the kernel knows to whom. */
static void on_connected(struct duplex *d)
{
    struct wire *w = wire_at(d);
    struct lane *l = &w->lane;
    struct sock_addr peer;
    bool known = sock_peer(loop_sys(lane_loop(l)), d->io.fd, &peer) == 0;
    if (known && address_set(&w->address, wire_env(w), &peer, 0) < 0)
        lane_drop(l, -ENOMEM, "out of memory");
    else lane_talk(l)->ready(l);
}

void carry_class_init(struct lane_class *k, const struct talk *const *talks, struct net *n,
                      struct site *site)
{
    *k = (struct lane_class){
        .duplex =
            {
                .loop = n->loop,
                .on_bytes = wire_on_bytes,
                .on_room = wire_on_room,
                .on_eof = wire_on_eof,
                .on_error = on_error,
                .on_pull = wire_on_pull,
                .on_sent = wire_on_sent,
                .on_full = wire_on_full,
                .on_again = wire_on_again,
                .on_connected = on_connected,
            },
        .carrier = &wire_carrier,
        .net = n,
        .site = site,
    };
    memcpy(k->talks, talks, sizeof k->talks);
}

/* fd is the wire's when it could be made, and closed when not. */
static struct wire *wire_new(const struct lane_class *k, int fd,
                             int (*start)(struct duplex *d, int fd, const struct duplex_handler *h))
{
    const weft_env *env = net_env(k->net);
    size_t size = sizeof(struct wire) + (k->site ? 0 : sizeof(struct farewell));
    struct wire *w = mem_zalloc(env, size);
    int error = w ? lane_init(&w->lane, k->net) : -ENOMEM;
    if (!error && start(&w->lane.duplex, fd, &k->duplex) == 0) return w;
    close(fd);
    if (!error) slots_remove(&k->net->slots, w->lane.slot);
    mem_free(env, w);
    return NULL;
}

static bool fit_out(struct wire *w, const struct arrival *a)
{
    w->address = a->address;
    w->lane.trusted = a->trusted;
    if (!a->tls && !a->trusted) return true;
    if (!wire_need_extra(w)) {
        tls_free(a->tls);
        return false;
    }
    w->extra->tls = a->tls;
    if (!a->trusted) return true;
    w->extra->proxy_header = mem_zalloc(wire_env(w), sizeof *w->extra->proxy_header);
    return w->extra->proxy_header;
}

/* Nobody has seen it but the site, which hears that it is gone. */
static struct lane *accepted(const struct lane_class *k, struct arrival *a, uint8_t bits)
{
    struct wire *w = wire_new(k, a->fd, duplex_init);
    if (!w) {
        uint64_t counted_as = address_counted_as(&a->address);
        tls_free(a->tls);
        address_clear(&a->address, net_env(k->net));
        k->site->carrier_gone(k->site, counted_as, bits & WIRE_TURNED_AWAY);
        return NULL;
    }
    w->lane.bits = bits & WIRE_BITS;
    if (fit_out(w, a)) return &w->lane;
    lane_drop(&w->lane, -ENOMEM, "out of memory");
    return NULL;
}

void carry_accept(const struct lane_class *k, struct arrival *a, enum lane_talk first)
{
    struct lane *l = accepted(k, a, 0);
    if (!l) return;
    (void)lane_become(l, first, NULL, NULL);
    if (a->tls) lane_deadline(l, limit_tls_handshake_timeout(&k->site->limits));
    else lane_talk(l)->ready(l);
}

void carry_away(const struct lane_class *k, struct arrival *a, struct outq *text)
{
    struct lane *l = accepted(k, a, WIRE_TURNED_AWAY);
    if (l) lane_finish(l, text);
    outq_clear(text);
}

struct lane *carry_connect(const struct lane_class *k, int fd, const weft_limits *limits,
                           enum lane_talk first, void *talker)
{
    struct wire *w = wire_new(k, fd, duplex_connect);
    if (!w) return NULL;
    *w->farewell = farewell_of(limits);
    (void)lane_become(&w->lane, first, talker, NULL);
    return &w->lane;
}

int carry_secure(struct lane *l, struct tls *tls)
{
    struct wire *w = wire_of(l);
    if (!wire_need_extra(w)) {
        tls_free(tls);
        return -ENOMEM;
    }
    w->extra->tls = tls;
    wire_note_more(w);
    lane_dirty(l);
    return 0;
}
