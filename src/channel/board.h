/* SPDX-License-Identifier: MIT
 *
 * channel/board.h - who is on a channel, as those see it who want to: onlookers
 *
 *      the set (presence.h) -> board, one for each loop -> onlookers there
 *
 * A board looks at the set once a second, and tells its onlookers the difference to what they were told before: nobody
 * has to tell a board that somebody has come, so joining and leaving cost the same whoever looks on, and threads meet
 * in the set only. Who cannot take it, because he does not read, is told all of it when he can.
 *
 * It is made by its first onlooker, and goes with its last.
 */
#ifndef CHANNEL_BOARD_H
#define CHANNEL_BOARD_H

#include "channel/channels.h"

enum { BOARD_MS = 1000, ONLOOKING_MAX = 128 };

/* What onlookers of one kind have in common. Kept. As of weft_reader_type. */
struct onlooker_type {
    /* What is queued of it: shared by all of this type. NULL: no memory. */
    void *(*render)(weft_bytes channel, weft_bytes presence, const weft_env *env);
    void (*unref)(void *rendering);
    int (*queue)(void *carrier, void *rendering);
    bool (*is_full)(const void *carrier);
    void (*link)(void *carrier, weft_link *link);
    void (*unlink)(void *carrier, weft_link *link);
    weft_link *(*links)(const void *carrier);
};

/* The carrier, which is the loop's, looks on from now on. now (may be NULL) gets what he sees; without it he is told.
 * Who looks on already does so still. 0, or -ENOMEM; -ENOSPC: he looks on at ONLOOKING_MAX channels. */
int board_join(weft_channels *c, weft_topic *t, weft_loop *l, void *carrier,
               const struct onlooker_type *type, struct text *now);

/* He looks on no more. */
void board_leave(void *carrier, const struct onlooker_type *type, const weft_topic *t);

/* Each channel that it looks on at; what may have it look on there no more. */
void board_each(void *carrier, const struct onlooker_type *type,
                void (*what)(weft_bytes channel, void *user), void *user);

/* What somebody sees who looks once. t NULL: nobody has ever been there. */
void board_look(weft_channels *c, weft_topic *t, const weft_loop *l, struct text *to);

#endif
