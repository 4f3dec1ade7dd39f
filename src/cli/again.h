/* SPDX-License-Identifier: MIT
 *
 * cli/again.h - whether to connect again, and when
 *
 * Who has never been connected does not try again: the URL may be wrong, and somebody is looking. Later, what passes by
 * itself is waited for with full jitter (weft_backoff_ms), or for as long as the server has said.
 */
#ifndef CLI_AGAIN_H
#define CLI_AGAIN_H

#include <weft/conn.h>

struct again {
    weft_loop *loop;
    weft_timer *timer;
    unsigned attempt;  /* since it was good the last time */
    uint64_t retry_ms; /* what the server has said; 0: nothing */
    bool was_open;
    uint64_t open_us; /* since when, of the connection that is there; 0: none */
};

/* Errors: -ENOMEM. */
int again_init(struct again *a, weft_loop *l, void (*on_time)(weft_timer *t, void *user),
               void *user);
void again_deinit(struct again *a); /* a struct of zeros is fine */

/* It is connected: from now on it is worth trying again. */
void again_is_open(struct again *a);

/* It has been of use, as one is that has lasted, too: the next wait is a short one. */
void again_is_good(struct again *a);

/* Whether what ended like this may go better another time. info as on_close has it; opened: after on_open. */
bool again_may_help(const struct again *a, const weft_close_info *info, bool opened);

/* Call on_time when it is time. */
void again_start(struct again *a);

#endif
