/* SPDX-License-Identifier: MIT
 *
 * net/backlog.c - bytes and items against the limits
 */
#include "net/backlog.h"

#include "base/limits.h"
#include "net/lane.h"

size_t backlog_bytes(const struct backlog *b)
{
    return b->out->bytes + (b->lane ? lane_buffered(b->lane) : 0);
}

bool backlog_full_at(const weft_limits *l, size_t bytes, size_t items)
{
    return bytes > limit_send_queue_max(l) || items > limit_send_queue_items(l);
}

bool backlog_calm_at(const weft_limits *l, size_t bytes, size_t items)
{
    return !backlog_full_at(l, bytes, items) && 2 * (uint64_t)bytes < limit_send_queue_soft(l) &&
           4 * (uint64_t)items < limit_send_queue_items(l);
}

bool backlog_is_full(const struct backlog *b)
{
    return backlog_full_at(b->limits, backlog_bytes(b), b->out->items);
}

bool backlog_rose(const struct backlog *b)
{
    size_t bytes = backlog_bytes(b);
    return bytes > limit_send_queue_soft(b->limits) || bytes > limit_send_queue_max(b->limits) ||
           2 * (uint64_t)b->out->items > limit_send_queue_items(b->limits);
}

bool backlog_fell(const struct backlog *b)
{
    return backlog_calm_at(b->limits, backlog_bytes(b), b->out->items);
}
