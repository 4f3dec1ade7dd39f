/* SPDX-License-Identifier: MIT
 *
 * net/server/leave.c - a server that leaves gracefully
 *
 *      shutdown -> listeners closed -> every TICK a share of the WebSockets is sent a Close, or its owner is asked, as
 *                  are those of replies that stream; idle connections end, other replies go on
 *               -> the last call: who has not come to an end is sent away
 *               -> the last carrier is buried, or the deadline -> on_done
 *
 * That is spread over a third of shutdown_drain, so that a thousand clients do not come back
 * at the same moment; few of them go at once.
 *
 * With several threads each loop does that for its own lanes; the server has left when all have.
 */
#include <errno.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "net/server/age.h"
#include "net/server/crew.h"
#include "net/server/draining.h"

enum { TICK = 50, LAST_CALL = 2 * TICK, AT_ONCE = 256 };

struct leave {
    struct timer timer;
    weft_server *server;
    uint64_t deadline, last_call;
    size_t portion; /* who is sent away in a tick */
    struct leaving how;
    bool gone;       /* the carriers of this loop are */
    int locals_left; /* that still have some */
    void (*on_done)(weft_server *s, void *user);
    void *user;
};

void leave_free(struct weft_server *s)
{
    if (!s->leave) return;
    loop_timer_stop(s->loop, &s->leave->timer);
    mem_free(server_env(s), s->leave);
    s->leave = NULL;
}

static void done_if_all_are(struct weft_server *s)
{
    struct leave done = *s->leave;
    if (!done.gone || done.locals_left) return;
    leave_free(s);
    s->has_left = true;
    if (done.on_done) done.on_done(s, done.user);
}

void leave_done(struct weft_server *s)
{
    if (s->helper) {
        leave_free(s);
        crew_left(s);
        return;
    }
    loop_timer_stop(s->loop, &s->leave->timer);
    s->leave->gone = true;
    done_if_all_are(s);
}

void leave_local_done(struct weft_server *s)
{
    s->leave->locals_left--;
    done_if_all_are(s);
}

static void tick(struct timer *t)
{
    struct leave *leave = container_of(t, struct leave, timer);
    weft_server *s = leave->server;
    if (!s->carriers) {
        leave_done(s);
        return;
    }
    if (net_now(s->net) >= leave->deadline)
        lanes_drop(s->net, &s->site, WEFT_ERR_TIMEOUT, "the server has shut down");
    leave->how.last = net_now(s->net) >= leave->last_call;
    (void)lanes_leave(s->net, &s->site, &leave->how, leave->how.last ? SIZE_MAX : leave->portion);
    loop_timer_start(s->loop, &leave->timer, TICK);
}

struct leave *leave_new(struct weft_server *s, uint16_t code)
{
    struct leave *leave = mem_zalloc(server_env(s), sizeof *leave);
    if (leave) *leave = (struct leave){.server = s, .how.code = code};
    return leave;
}

void leave_begin(struct weft_server *s, struct leave *leave)
{
    uint64_t drain = limit_shutdown_drain(&s->site.limits);
    leave->deadline = leave->last_call = WEFT_NEVER;
    leave->portion = AT_ONCE;
    if (drain != WEFT_NEVER) {
        leave->deadline = net_now(s->net) + drain;
        leave->last_call = leave->deadline - (drain < LAST_CALL ? drain : LAST_CALL);
        leave->portion += (size_t)(s->carriers * TICK * 3 / (drain + 1));
        leave->how.spread = drain / 3;
    }
    draining_stop(s->draining);
    age_end(s->age);
    s->age = NULL;
    s->leave = leave;
    s->site.closing = true;
    timer_init(&leave->timer, tick);
    loop_timer_start(s->loop, &leave->timer, 0);
}

int weft_server_shutdown(weft_server *s, uint16_t code, void (*on_done)(weft_server *s, void *user),
                         void *user)
{
    net_assert_usable(s->loop);
    if (s->leave) return WEFT_ERR_STATE;
    struct leave *leave = leave_new(s, code);
    if (!leave) return -ENOMEM;
    int locals = crew_leave(s, code);
    if (locals < 0) {
        mem_free(server_env(s), leave);
        return locals;
    }
    leave->locals_left = locals;
    leave->on_done = on_done;
    leave->user = user;
    server_close_listeners(s);
    leave_begin(s, leave);
    return 0;
}
