/* SPDX-License-Identifier: MIT
 *
 * net/backlog.h - how much of a queue has not been taken yet, and what follows from it
 *
 *                 0 ........ half of soft ........ soft ........ max
 *                 0 ....... quarter of items ... half of items ... items
 *      backlogged       <- false again: on_drain    true ->
 *      full                                                       true ->  writes are refused
 *
 * Whoever has the queue keeps the one bit: whether he is backlogged. struct backlog is for who writes bytes, a reply
 * that streams or a pipe; a WebSocket knows what stands before what in its queue, and counts itself (net/ws/backlog.c).
 */
#ifndef NET_BACKLOG_H
#define NET_BACKLOG_H

#include "base/outq.h"
#include <weft/base.h>

struct lane;

/* So much is queued: more than send_queue_max, or send_queue_items; less than half, and a quarter. */
bool backlog_full_at(const weft_limits *l, size_t bytes, size_t items);
bool backlog_calm_at(const weft_limits *l, size_t bytes, size_t items);

struct backlog {
    const struct outq *out;
    const struct lane *lane; /* has bytes that go before; NULL: there is none yet, or no more */
    const weft_limits *limits;
};

size_t backlog_bytes(const struct backlog *b);

/* Writes are refused: more is queued than send_queue_max, or send_queue_items. */
bool backlog_is_full(const struct backlog *b);

/* Something was queued: whether it is more than send_queue_soft now, or than half of send_queue_items. */
bool backlog_rose(const struct backlog *b);

/* Something was taken: whether that is over, and on_drain is due. */
bool backlog_fell(const struct backlog *b);

#endif
