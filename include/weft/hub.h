/* SPDX-License-Identifier: MIT
 *
 * weft/hub.h - topics: what is published reaches every subscriber
 *
 * A message is encoded once and shared by reference; publishing only queues, so it may be done in any
 * callback. A connection that closes leaves its topics by itself; a topic without subscribers
 * costs nothing.
 *
 * A hub is used in its loop's thread. Connections of a server with several threads may subscribe too, and
 * then it is used in those threads as well: each publishes to all. A subscriber gets the messages of one
 * publisher in the order in which they were published; those of two, on different loops, in any.
 */
#ifndef WEFT_HUB_H
#define WEFT_HUB_H

#include <weft/conn.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_hub weft_hub;

/* What happens to a subscriber whose send queue is full (limits send_queue_max, _items). */
typedef enum weft_slow {
    WEFT_SLOW_CLOSE, /* Close 1008: it finds out, and can come back. What is published in one turn is queued before any
                      * of it is written: a queue that cannot hold that closes good readers, too */
    WEFT_SLOW_DROP /* it misses this message, which is counted */
} weft_slow;

/* All zero means defaults. */
typedef struct weft_hub_config {
    weft_slow slow;
    size_t max_topics;          /* default 1,000,000 */
    size_t max_topics_per_conn; /* default 128 */
    size_t max_topic_len;       /* bytes; default 255 */

    /* What may wait for each loop, of messages that others publish. Bytes, default 524,288; messages,
     * default 1,024. At the maximum publishing says WEFT_ERR_BACKLOG. */
    size_t pass_queue_max, pass_queue_items;
} weft_hub_config;

/* cfg may be NULL. Errors: -ENOMEM, and the env's random's. */
WEFT_API int weft_hub_new_sized(weft_hub **out, weft_loop *l, const weft_hub_config *cfg,
                                size_t cfg_size);
static inline int weft_hub_new(weft_hub **out, weft_loop *l, const weft_hub_config *cfg)
{
    return weft_hub_new_sized(out, l, cfg, sizeof *cfg);
}

/* Subscribers stay connected. Free a server with several threads first. NULL is fine. */
WEFT_API void weft_hub_free(weft_hub *h);

/* In the thread of c. Topics are bytes without NUL, 1 to max_topic_len of them. Subscribing twice is
 * once. Errors: -EINVAL (the topic's length), -ENOSPC (max_topics, max_topics_per_conn), -ENOMEM. */
WEFT_API int weft_subscribe(weft_hub *h, weft_conn *c, const char *topic);

/* 0, or -ENOENT when c was not subscribed. */
WEFT_API int weft_unsubscribe(weft_hub *h, weft_conn *c, const char *topic);
WEFT_API void weft_unsubscribe_all(weft_hub *h, weft_conn *c);

/* Queue a message to every subscriber. Returns how many it was queued for on this thread's loop; those on
 * others get it soon. Errors: -EINVAL (op, or the topic's length), -ENOMEM; WEFT_ERR_BACKLOG: another loop
 * is behind, nobody gets it, try again a little later. */
WEFT_API int weft_publish(weft_hub *h, const char *topic, weft_opcode op, const void *data,
                          size_t len);

/* The same for a message that exists, to all but one (NULL: to all). */
WEFT_API int weft_publish_message(weft_hub *h, const char *topic, weft_message *m,
                                  const weft_conn *except);

/* Publish from any thread, soon, whatever waits. Takes its own reference. That the hub is gone by then is
 * not an error. Errors: -EINVAL (the topic's length), -ENOMEM. */
WEFT_API int weft_publish_post(weft_hub *h, const char *topic, weft_message *m);

typedef enum weft_hub_counter {
    WEFT_HUB_DROPPED /* messages since the start that a subscriber missed (WEFT_SLOW_DROP), each for each */
} weft_hub_counter;

/* Any thread, as long as the hub is there. 0 for what this library does not count. */
WEFT_API uint64_t weft_hub_count(const weft_hub *h, weft_hub_counter what);

/* On this thread's loop. */
WEFT_API size_t weft_subscribers(const weft_hub *h, const char *topic);
WEFT_API size_t weft_topics(const weft_hub *h);

#ifdef __cplusplus
}
#endif
#endif
