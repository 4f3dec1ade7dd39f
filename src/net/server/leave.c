/* SPDX-License-Identifier: MIT
 *
 * net/server/leave.c - a server that leaves gracefully
 *
 *      shutdown -> listeners closed -> every TICK a share of the WebSockets is sent a Close, idle
 *                  connections end, replies go on -> the last wire is buried, or the deadline -> on_done
 *
 * The Closes are spread over a third of shutdown_drain, so that a thousand clients do not come back
 * at the same moment; few of them go at once.
 *
 * With several threads each loop does that for its own wires; the server has left when all have.
 */
#include <errno.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "net/server/crew.h"
#include "net/server/server.h"
#include "net/wire/wire.h"

enum { TICK = 50, AT_ONCE = 256 };

struct leave {
    struct timer timer;
    weft_server *server;
    uint64_t deadline;
    size_t share; /* Closes in a tick */
    uint16_t code;
    bool gone;       /* the wires of this loop are */
    int shares_left; /* that still have some */
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
    if (!done.gone || done.shares_left) return;
    leave_free(s);
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

void leave_share_done(struct weft_server *s)
{
    s->leave->shares_left--;
    done_if_all_are(s);
}

/* Whether it was a WebSocket that has now been told to close. */
static bool ask_to_leave(struct wire *w, uint16_t code)
{
    if (w->phase == WIRE_WEB) web_leave(w);
    if (w->phase == WIRE_LINGER && !w->finishing) wire_drop(w, 0, ""); /* all is said */
    if (w->phase != WIRE_WEBSOCKET || !weft_conn_is_open(w->conn)) return false;
    if (weft_close(w->conn, code, NULL) < 0) weft_abort(w->conn);
    return true;
}

static void tick(struct timer *t)
{
    struct leave *leave = container_of(t, struct leave, timer);
    weft_server *s = leave->server;
    size_t left = leave->share;
    if (!s->wires) {
        leave_done(s);
        return;
    }
    if (net_now(s->net) >= leave->deadline)
        server_drop_wires(s, WEFT_ERR_TIMEOUT, "the server has shut down");
    for (uint32_t i = 0; left && i < s->net->n_slots; i++) {
        struct wire *w = net_wire_at(s->net, i);
        if (w && wire_server(w) == s && ask_to_leave(w, leave->code)) left--;
    }
    loop_timer_start(s->loop, &leave->timer, TICK);
}

struct leave *leave_new(struct weft_server *s, uint16_t code)
{
    struct leave *leave = mem_zalloc(server_env(s), sizeof *leave);
    if (leave) *leave = (struct leave){.server = s, .code = code};
    return leave;
}

void leave_begin(struct weft_server *s, struct leave *leave)
{
    uint64_t drain = limit_shutdown_drain(server_limits(s));
    leave->deadline = drain == WEFT_NEVER ? drain : net_now(s->net) + drain;
    leave->share = AT_ONCE;
    if (drain != WEFT_NEVER) leave->share += (size_t)(s->wires * TICK * 3 / (drain + 1));
    s->leave = leave;
    s->closing = true;
    timer_init(&leave->timer, tick);
    loop_timer_start(s->loop, &leave->timer, 0);
}

int weft_server_shutdown(weft_server *s, uint16_t code, void (*on_done)(weft_server *s, void *user),
                         void *user)
{
    if (s->leave) return WEFT_ERR_STATE;
    struct leave *leave = leave_new(s, code);
    if (!leave) return -ENOMEM;
    int shares = crew_leave(s, code);
    if (shares < 0) {
        mem_free(server_env(s), leave);
        return shares;
    }
    leave->shares_left = shares;
    leave->on_done = on_done;
    leave->user = user;
    server_close_listeners(s);
    leave_begin(s, leave);
    return 0;
}
