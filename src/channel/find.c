/* SPDX-License-Identifier: MIT
 *
 * channel/find.c - most are there already
 */
#include "channel/find.h"

#include "channel/rates.h"

static int refuse(int code, const char *words, uint64_t retry_ms, struct refusal *why)
{
    refusal_write(why, code, "%s", words);
    why->retry_ms = retry_ms;
    return -1;
}

static int make(weft_topic **out, weft_channels *c, weft_bytes name, const weft_loop *l,
                struct refusal *why)
{
    int error = weft_topic_get(out, c->hub, name);
    if (error == -ENOSPC)
        return refuse(503, "there are as many channels as there may be", channels_retry_ms(l), why);
    return error ? refusal_no_memory(why) : 0;
}

static weft_loop *loop_of(struct asker who)
{
    return who.conn ? weft_conn_loop(who.conn) : weft_request_loop(who.request);
}

/* 0: he may make one; else how long he has to wait for that, in ms. */
static uint64_t has_to_wait(weft_channels *c, struct asker who)
{
    const weft_peer *peer = who.conn ? weft_conn_peer(who.conn) : weft_request_peer(who.request);
    return rates_make(c, weft_peer_host(peer), weft_loop_now(loop_of(who)));
}

int find_topic(weft_topic **out, weft_channels *c, weft_bytes name, struct asker who,
               struct refusal *why)
{
    *out = weft_topic_find(c->hub, name);
    if (*out) return 0;
    uint64_t wait = has_to_wait(c, who);
    if (wait) return refuse(429, "that are too many new channels for one address", wait, why);
    return make(out, c, name, loop_of(who), why);
}
