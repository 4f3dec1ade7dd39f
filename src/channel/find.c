/* SPDX-License-Identifier: MIT
 *
 * channel/find.c - most are there already
 */
#include "channel/find.h"

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

int find_topic(weft_topic **out, weft_channels *c, weft_bytes name, const weft_loop *l,
               const weft_peer *peer, struct refusal *why)
{
    uint64_t rate = c->cfg.new_channels, wait = 0;
    *out = weft_topic_find(c->hub, name);
    if (*out) return 0;
    if (rate != WEFT_NEVER)
        wait = budget_take(&c->budgets, weft_peer_host(peer), rate, weft_loop_now(l) / 1000);
    if (wait) return refuse(429, "that are too many new channels for one address", wait, why);
    return make(out, c, name, l, why);
}
