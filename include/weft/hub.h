/* SPDX-License-Identifier: MIT
 *
 * weft/hub.h - topics: what is published reaches every subscriber
 *
 * A topic is a log. What is published is appended to it, under a lock that is held for that long only, and so has one
 * place, the same for all threads; a subscriber is a position in it. Who keeps up has what is published queued by
 * reference, encoded once, in the turn in which it is published; who does not goes on where he was when he has read
 * what was queued, as far as the log reaches back; where it does not any more, a policy says what happens.
 *
 *      append          a  b  c  d  e  f  g  h            offsets count from 1
 *                      |        |           |
 *                   history   cursor      head: those who keep up
 *
 * Subscribers are connections of any of a server's loops; each is used in the thread of its loop. Publishing, counts
 * and topics are for any thread. A connection that closes leaves its topics by itself.
 *
 * weft/topic.h has the rest: positions, history, readers other than connections.
 */
#ifndef WEFT_HUB_H
#define WEFT_HUB_H

#include <weft/conn.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_hub weft_hub;

/* What happens to a subscriber who could not take more, decided when he can again. */
typedef enum weft_policy {
    WEFT_POLICY_QUEUE, /* he goes on where he was; where the log has moved past that, he is told (a connection by
                              * a Close 1013 that says since when), or ended */
    WEFT_POLICY_LATEST, /* he goes on at the newest */
    WEFT_POLICY_LATEST_KEY, /* he goes on with the newest of each key (weft_topic_publish), and of those without */
    WEFT_POLICY_DROP_OLDEST, /* he goes on at the oldest that is kept */
    WEFT_POLICY_DISCONNECT   /* he is ended at once: a connection by a Close 1008 */
} weft_policy;

/* How a topic behaves. 0 means the default; WEFT_NEVER that there is no such limit. */
typedef struct weft_topic_settings {
    weft_policy policy;

    /* What is kept for those who come back (weft_since), at most: messages, default 0; bytes, default 1 MiB; for so
     * long, default 300,000 ms. */
    uint64_t history_items, history_bytes, history_ms;

    /* What is kept for those who are connected and behind. Messages, default 65,536; bytes, default 8 MiB. A message
     * counts as its payload and 64 bytes. */
    uint64_t window_items, window_bytes;

    /* Bytes a second that may be published whatever readers do; default 1 MiB. Above it, after a burst of a quarter of
     * the window, publishing waits while a reader is more than half the window behind, if the policy is to queue. */
    uint64_t pace;

    /* How often a second subscribers are told at most, with WEFT_POLICY_LATEST of the newest, so of so many messages;
     * with _LATEST_KEY of the newest of each key that has changed, so of so many of each key; those without one are
     * as of one key. Default: no limit. */
    uint64_t max_rate;

    /* With WEFT_POLICY_LATEST_KEY: keys whose newest message is kept, as long as the topic is; default 10,000. */
    uint64_t max_keys;

    /* How long a topic that nobody reads and that keeps nothing is remembered, with its epoch and offset; default 0. */
    uint64_t stub_ms;
} weft_topic_settings;

/* All zero means defaults. */
typedef struct weft_hub_config {
    size_t max_topics;          /* default 1,000,000; of these as stubs, default 100,000 */
    size_t max_topics_per_conn; /* default 128 */
    size_t max_topic_len;       /* bytes; default 255 */
    size_t max_stubs;

    /* Of all topics together: what logs keep, with what was made of it; default 256 MiB. It is paid first by topics
     * that nobody reads, the longest unused first. */
    uint64_t memory_max;

    /* NULL: all defaults. Copied. */
    const weft_topic_settings *settings;

    /* Settings of a topic's own, asked when it is made, in the thread that makes it; NULL, the function or what it
     * returns: those above. What it returns is read once for each pointer that it returns. */
    const weft_topic_settings *(*settings_of)(const char *topic, void *user);
    void *user;

    /* Readers who want it (weft_reader_type.render_silence) are told after so much of it; default 15,000 ms. */
    uint64_t silence_ms;
} weft_hub_config;

/* cfg may be NULL. Errors: -ENOMEM, and the env's random's. */
WEFT_API int weft_hub_new_sized(weft_hub **out, weft_loop *l, const weft_hub_config *cfg,
                                size_t cfg_size, size_t settings_size);
static inline int weft_hub_new(weft_hub **out, weft_loop *l, const weft_hub_config *cfg)
{
    return weft_hub_new_sized(out, l, cfg, sizeof *cfg, sizeof(weft_topic_settings));
}

/* Subscribers stay connected; who waits for his turn to publish (weft_publish_from, weft_topic_wait) waits no longer,
 * and what he said is dropped. Free a server with several threads first, and join your threads that publish. NULL is
 * fine. */
WEFT_API void weft_hub_free(weft_hub *h);

/* In the thread of c: what is published from now on. Topics are bytes without NUL, 1 to max_topic_len of them.
 * Subscribing twice is once. Errors: -EINVAL (the topic's length), -ENOSPC (max_topics, max_topics_per_conn),
 * -ENOMEM. */
WEFT_API int weft_subscribe(weft_hub *h, weft_conn *c, const char *topic);

/* 0, or -ENOENT when c was not subscribed. */
WEFT_API int weft_unsubscribe(weft_hub *h, weft_conn *c, const char *topic);
WEFT_API void weft_unsubscribe_all(weft_hub *h, weft_conn *c);

/* Append a message to the topic, for every subscriber. Any thread. A topic that nobody reads and that keeps nothing
 * needs nothing. Errors: -EINVAL (op, or the topic's length), -ENOSPC (max_topics), -ENOMEM; WEFT_ERR_BACKLOG: above
 * the pace, and readers are behind: nobody gets it (weft_publish_from waits, weft_topic_wait tells when to go on). */
WEFT_API WEFT_CHECK int weft_publish(weft_hub *h, const char *topic, weft_opcode op,
                                     const void *data, size_t len);

/* The same for a message that exists. Takes its own reference. */
WEFT_API WEFT_CHECK int weft_publish_message(weft_hub *h, const char *topic, weft_message *m);

/* Append what c has said, in its thread. If that has to wait for its turn it is kept, and c is not read from meanwhile
 * (weft_pause): so nothing is lost, and a burst slows down who makes it. Errors: as weft_publish, WEFT_ERR_BACKLOG only
 * while something of c waits already, which can be when c is closing, or somebody else has resumed it. */
WEFT_API WEFT_CHECK int weft_publish_from(weft_hub *h, weft_conn *c, const char *topic,
                                          weft_opcode op, const void *data, size_t len);

typedef enum weft_hub_counter {
    WEFT_HUB_SKIPPED, /* messages since the start that a policy spared a subscriber, each for each */
    WEFT_HUB_LOST,    /* that the log did not have any more for one who wanted all */
    WEFT_HUB_ENDED,   /* subscribers who were ended: too slow, or no memory */
    WEFT_HUB_MEMORY,  /* bytes, now */
    WEFT_HUB_DELIVERED /* messages since the start that were queued for a subscriber, each for each */
} weft_hub_counter;

/* Any thread. 0 for what this library does not count. */
WEFT_API uint64_t weft_hub_count(const weft_hub *h, weft_hub_counter what);

/* Any thread, over all loops: who is subscribed, and topics that are there, be it as stubs. */
WEFT_API size_t weft_subscribers(weft_hub *h, const char *topic);
WEFT_API size_t weft_topics(const weft_hub *h);

#ifdef __cplusplus
}
#endif
#endif
