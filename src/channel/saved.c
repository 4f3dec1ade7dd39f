/* SPDX-License-Identifier: MIT
 *
 * channel/saved.c - channels as bytes, for the next process: what was published under which key, and the hub
 *
 *      head       "WFTC", version                                                4, 4
 *      answer     1; channel, key (lengths of 2 before)                          1
 *                 fingerprint of the body, ms since then                         8, 8
 *                 epoch (1 before), offset                                       8
 *      end        0; then weft_hub_save                                          1
 *
 * Ages go from clock to clock, and moments do not. All is looked at before anything is done.
 */
#include <string.h>

#include "channel/channels.h"
#include "channel/pack.h"

enum { MAGIC = 0x43544657, VERSION = 1, END = 0, ANSWER = 1 };

static uint64_t now_ms_of(const weft_channels *c)
{
    return weft_loop_now(c->loop) / 1000;
}

/* ---- out ------------------------------------------------------------------------------------- */

static void pack_answer(struct packer *p, const weft_topic *t, const struct once_key *k,
                        uint64_t age_ms)
{
    pack_number(p, ANSWER, 1);
    pack_bytes(p, weft_topic_name(t), 2);
    pack_bytes(p, (weft_bytes){k->bytes, k->len}, 2);
    pack_number(p, k->body, 8);
    pack_number(p, age_ms, 8);
    pack_bytes(p, (weft_bytes){(const uint8_t *)k->at.epoch, strlen(k->at.epoch)}, 1);
    pack_number(p, k->at.offset, 8);
}

static void save_desk(struct desk *desk, uint64_t now_ms, void *packer)
{
    for (const struct once_key *k = desk->once.oldest; k; k = k->newer)
        if (k->is_answered) pack_answer(packer, desk->topic, k, now_ms - k->since_ms);
}

int weft_channels_save(weft_channels *c, int (*write)(const void *data, size_t len, void *user),
                       void *user)
{
    struct packer p = {.write = write, .user = user};
    desks_expire(&c->desks, now_ms_of(c));
    pack_head(&p, MAGIC, VERSION);
    desks_walk(&c->desks, save_desk, &p);
    pack_number(&p, END, 1);
    return p.error ? p.error : weft_hub_save(c->hub, write, user);
}

/* ---- in -------------------------------------------------------------------------------------- */

struct answer {
    weft_bytes channel, key;
    uint64_t body, age_ms;
    weft_position at;
};

static void read_answer(struct unpacker *u, struct answer *a)
{
    *a = (struct answer){.channel = unpack_bytes(u, 2), .key = unpack_bytes(u, 2)};
    a->body = unpack_number(u, 8);
    a->age_ms = unpack_number(u, 8);
    weft_bytes epoch = unpack_bytes(u, 1);
    a->at.offset = unpack_number(u, 8);
    if (!epoch.len || epoch.len >= sizeof a->at.epoch || !a->key.len) u->bad = true;
    else if (!u->bad) memcpy(a->at.epoch, epoch.data, epoch.len);
}

/* Where the channel has begun anew the answer would be a lie. */
static void remember(weft_channels *c, const struct answer *a)
{
    uint64_t now_ms = now_ms_of(c);
    weft_topic *t = weft_topic_find(c->hub, a->channel);
    if (!t) return;
    bool holds = !strcmp(weft_topic_epoch(t), a->at.epoch) && a->age_ms < ONCE_MS;
    struct desk *desk = holds ? desk_open(&c->desks, t, &now_ms) : NULL;
    uint64_t since_ms = a->age_ms < now_ms ? now_ms - a->age_ms : 0;
    if (desk) (void)once_remember(&desk->once, a->key, a->body, since_ms, &a->at);
    if (desk) desk_close(&c->desks, desk);
    weft_topic_unref(t);
}

/* All answers, and what is behind them is *rest. c NULL: they are only looked at. */
static int read_answers(weft_channels *c, weft_bytes saved, weft_bytes *rest)
{
    struct unpacker u = {.rest = saved};
    struct answer a;
    uint64_t what = ANSWER;
    int error = unpack_head(&u, MAGIC, VERSION);
    while (!error && !u.bad && (what = unpack_number(&u, 1)) == ANSWER) {
        read_answer(&u, &a);
        if (c && !u.bad) remember(c, &a);
    }
    *rest = u.rest;
    return !error && (u.bad || what != END) ? -EINVAL : error;
}

int weft_channels_restore(weft_channels *c, weft_bytes saved)
{
    weft_bytes hub;
    int error = read_answers(NULL, saved, &hub);
    if (!error) error = weft_hub_restore(c->hub, hub);
    return error ? error : read_answers(c, saved, &hub);
}
