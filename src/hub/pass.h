/* SPDX-License-Identifier: MIT
 *
 * hub/pass.h - messages on their way to another loop: references, posted
 *
 * Posts from one thread run in order, so whoever subscribes gets what a publisher said in the order in
 * which it was said, on whichever loops the two are.
 *
 * What waits for a loop has a maximum (pass_queue_max, pass_queue_items). A publisher who meets it is told
 * before anybody gets the message, so that nobody misses one.
 */
#ifndef HUB_PASS_H
#define HUB_PASS_H

#include "hub/part.h"

/* Whether messages are passed to p when somebody on `mine` publishes (NULL: on a loop without part). */
static inline bool pass_wanted(const struct part *p, const struct part *mine)
{
    return p != mine && atomic_load_explicit(&p->members, memory_order_acquire) > 0;
}

/* To every other part that has subscribers. limited: WEFT_ERR_BACKLOG when one of them is behind, and
 * nothing was passed. Errors: -ENOMEM; some may have it. */
int pass_on(weft_hub *h, const struct part *mine, const char *topic, weft_message *m, bool limited);

/* As weft_publish_message, whatever waits. The topic's length has been checked. */
int hub_publish(weft_hub *h, const char *topic, weft_message *m);

/* From any thread to the hub's own loop, which publishes it there. Errors: -ENOMEM. */
int pass_to_hub(weft_hub *h, const char *topic, weft_message *m);

/* Let go of the hub; the last one frees it. */
void hub_unref(weft_hub *h);

#endif
