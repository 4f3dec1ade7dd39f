/* SPDX-License-Identifier: MIT
 *
 * channel/rates.c - keys of buckets: a letter for what is counted, and whose it is
 */
#include "channel/rates.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

/* Those of connections, and of who publishes, are many. */
enum { PLACES = 4096, PLACES_TO_PUBLISH = 65536 };

enum { ADDRESS_ROOM = 1 + INET6_ADDRSTRLEN, USER_ROOM = 1 + USER_MAX };

static bool is_limited(const weft_channel_rate *r)
{
    return r->messages || r->bytes;
}

int rates_open(weft_channels *c)
{
    const weft_channels_config *cfg = &c->cfg;
    c->counts_publishing = is_limited(&cfg->address_rate) || is_limited(&cfg->conn_rate) ||
                           is_limited(&cfg->user_rate);
    return weft_buckets_new(&c->buckets, c->env, c->counts_publishing ? PLACES_TO_PUBLISH : PLACES);
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* The first byte says what is counted; an address of IPv6 has another. */
static weft_bytes key_of_text(uint8_t what, const char *text, uint8_t *room, size_t size)
{
    size_t len = strnlen(text, size - 1);
    room[0] = what;
    memcpy(room + 1, text, len);
    return (weft_bytes){room, 1 + len};
}

static weft_bytes key_of_host(uint8_t what, const char *host, uint8_t room[ADDRESS_ROOM])
{
    struct in6_addr six;
    if (inet_pton(AF_INET6, host, &six) != 1) return key_of_text(what, host, room, ADDRESS_ROOM);
    room[0] = what | 0x80;
    memcpy(room + 1, six.s6_addr, 8);
    return (weft_bytes){room, 9};
}

/* ---- channels -------------------------------------------------------------------------------- */

uint64_t rates_make(weft_channels *c, const char *host, uint64_t now_us)
{
    uint8_t room[ADDRESS_ROOM];
    uint64_t rate = c->cfg.new_channels;
    if (rate == WEFT_NEVER) return 0;
    const weft_take one = {.key = key_of_host('c', host, room), .amount = 1, .per_s = rate};
    return weft_buckets_take(c->buckets, &one, 1, now_us);
}

/* ---- publishing ------------------------------------------------------------------------------ */

/* What is taken for one publication: messages and bytes, of an address, a connection, and a user. */
struct takes {
    weft_take of[6];
    size_t n;
    size_t messages, bytes;
    uint8_t address[ADDRESS_ROOM], user[USER_ROOM], conn[1 + sizeof(weft_id)];
    uint8_t address_bytes[ADDRESS_ROOM], user_bytes[USER_ROOM], conn_bytes[1 + sizeof(weft_id)];
};

static void add(struct takes *t, weft_bytes key, uint64_t amount, uint64_t per_s)
{
    if (per_s) t->of[t->n++] = (weft_take){.key = key, .amount = amount, .per_s = per_s};
}

/* Behind proxies on this machine, and on its sockets, is everybody. */
static bool is_counted(const char *host)
{
    return *host && strncmp(host, "127.", 4) != 0 && strcmp(host, "::1") != 0;
}

static void add_address(struct takes *t, const weft_channel_rate *r, const struct publisher *p)
{
    if (!is_limited(r)) return;
    const weft_peer *peer = p->conn ? weft_conn_peer(p->conn) : weft_request_peer(p->request);
    const char *host = weft_peer_host(peer);
    if (!is_counted(host)) return;
    add(t, key_of_host('a', host, t->address), t->messages, r->messages);
    add(t, key_of_host('A', host, t->address_bytes), t->bytes, r->bytes);
}

static weft_bytes key_of_conn(uint8_t what, const weft_conn *c, uint8_t *room)
{
    weft_id id = weft_conn_id(c);
    room[0] = what;
    memcpy(room + 1, &id, sizeof id);
    return (weft_bytes){room, 1 + sizeof id};
}

static void add_conn(struct takes *t, const weft_channel_rate *r, const weft_conn *c)
{
    if (!c) return;
    add(t, key_of_conn('w', c, t->conn), t->messages, r->messages);
    add(t, key_of_conn('W', c, t->conn_bytes), t->bytes, r->bytes);
}

static void add_user(struct takes *t, const weft_channel_rate *r, const struct who *who)
{
    if (!who->verified) return;
    add(t, key_of_text('u', who->name, t->user, USER_ROOM), t->messages, r->messages);
    add(t, key_of_text('U', who->name, t->user_bytes, USER_ROOM), t->bytes, r->bytes);
}

uint64_t rates_publish(weft_channels *c, const struct publisher *p, size_t n, size_t bytes)
{
    struct takes t;
    weft_loop *l = p->conn ? weft_conn_loop(p->conn) : weft_request_loop(p->request);
    t.n = 0;
    t.messages = n;
    t.bytes = bytes;
    add_address(&t, &c->cfg.address_rate, p);
    add_conn(&t, &c->cfg.conn_rate, p->conn);
    add_user(&t, &c->cfg.user_rate, &p->who);
    return t.n ? weft_buckets_take(c->buckets, t.of, t.n, weft_loop_now(l)) : 0;
}

int rates_refusal(struct refusal *why, uint64_t wait_ms)
{
    refusal_write(why, 429, "that is published faster than you may: try again in %" PRIu64 " ms",
                  wait_ms);
    why->retry_ms = wait_ms;
    return -1;
}
