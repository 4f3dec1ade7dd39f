/* SPDX-License-Identifier: MIT
 *
 * cli/again.c - what ended is one of: it passes, it does not
 */
#include "cli/again.h"

#include <weft/aux.h>

#include "cli/cli.h"
#include "cli/outcome.h"

enum { FIRST_MS = 500, MOST_MS = 30000, LASTING_US = 10000000, TOO_MANY = 429, SERVERS_OWN = 500 };

int again_init(struct again *a, weft_loop *l, void (*on_time)(weft_timer *t, void *user),
               void *user)
{
    *a = (struct again){.loop = l};
    return weft_timer_new(&a->timer, l, on_time, user);
}

void again_deinit(struct again *a)
{
    weft_timer_free(a->timer);
    a->timer = NULL;
}

void again_is_open(struct again *a)
{
    a->was_open = true;
    a->open_us = weft_loop_now(a->loop);
}

void again_is_good(struct again *a)
{
    a->attempt = 0;
}

/* Of a server that leaves, is busy, or has met an error. */
static bool code_passes(uint16_t code)
{
    return code >= WEFT_CLOSE_INTERNAL_ERROR && code <= WEFT_CLOSE_BAD_GATEWAY;
}

bool again_may_help(const struct again *a, const weft_close_info *info, bool opened)
{
    int status = outcome_exit(info, opened);
    if (!a->was_open) return false;
    if (info->refusal)
        return info->refusal->status == TOO_MANY || info->refusal->status >= SERVERS_OWN;
    if (status == EXIT_CODE) return code_passes(info->code);
    return status == EXIT_CLEAN || status == EXIT_LOST || status == EXIT_TIMEOUT ||
           status == EXIT_CONNECT || status == EXIT_RESOLVE;
}

void again_start(struct again *a)
{
    uint64_t ms = a->retry_ms;
    if (a->open_us && weft_loop_now(a->loop) - a->open_us > LASTING_US) again_is_good(a);
    a->open_us = 0;
    if (!ms) ms = weft_backoff_ms(a->loop, a->attempt++, FIRST_MS, MOST_MS);
    a->retry_ms = 0;
    weft_timer_start(a->timer, ms);
}
