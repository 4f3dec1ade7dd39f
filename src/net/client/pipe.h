/* SPDX-License-Identifier: MIT
 *
 * net/client/pipe.h - the inside of a weft_pipe: a way, then a lane, and a queue all the while
 *
 *      weft_pipe_connect -> OPEN -> ENDED -> OVER -> buried
 *
 *      OPEN  -> OPEN    [pipe_arrived]      from the way to the lane: on_open
 *      OPEN  -> ENDED   [weft_pipe_close]   the rest is written; if nothing is queued and it is still on its way: OVER
 *      OPEN  -> ENDED   [eof]               the peer has ended its stream
 *      ENDED -> OVER    [written]           all is gone: the lane ends in order, nobody sits on it
 *      any   -> OVER    [lost, pipe_over]   it could not connect, or broke, or was dropped
 *      OVER  -> buried                      at the end of the turn: on_close, free
 *
 * What is queued lies here from the first write on, so it makes no difference whether there is a lane yet.
 */
#ifndef NET_CLIENT_PIPE_H
#define NET_CLIENT_PIPE_H

#include "net/client/way.h"
#include <weft/pipe.h>

enum pipe_state { PIPE_OPEN, PIPE_ENDED, PIPE_OVER };

/* While it connects. */
struct pipe_way {
    struct way way;
    struct dial dial;
    weft_pipe *pipe;
};

struct weft_pipe {
    struct lane *lane;    /* NULL on the way; when it is over, buried behind it */
    struct pipe_way *way; /* NULL: it has arrived, or is over */
    struct net *net;
    weft_pipe_handler handler;
    void *user;
    weft_link *links; /* its peer, when that was asked for */
    struct outq out;
    weft_limits limits;
    struct dead dead;
    const char *cause;
    char *words; /* cause, when it had to be made */
    int error;
    uint32_t slot;
    uint8_t state : 2;   /* enum pipe_state */
    bool paused : 1;     /* by the user, perhaps before there is a lane */
    bool backlogged : 1; /* on_drain is due when there is room */
};

extern const struct talk pipe_talk;

/* There is a lane; the way is gone. */
void pipe_arrived(weft_pipe *p, struct lane *l);

/* on_close says why. words, which may be NULL, are copied, and are the cause. The lane is let go of by the caller or
 * was lost. */
void pipe_over(weft_pipe *p, int error, const char *cause, const char *words);

/* Nobody has seen it. */
void pipe_discard(weft_pipe *p);

#endif
