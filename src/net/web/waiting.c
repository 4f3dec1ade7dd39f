/* SPDX-License-Identifier: MIT
 *
 * net/web/waiting.c - a request leaves its exchange, and comes back to one
 */
#include "net/web/waiting.h"

#include <errno.h>

#include "net/access.h"

static weft_request *request_at(const struct lane *l)
{
    return lane_talker(l, LANE_WAITING);
}

/* ---- it leaves ------------------------------------------------------------------------------- */

/* All but what was asked. Nothing of it is in a list: its timer is for when the exchange has gone first. */
static weft_request *copy_of(const weft_request *r)
{
    weft_request *small = mem_zalloc(weft_loop_env(r->loop), REQUEST_FORGOTTEN);
    if (small) memcpy(small, r, offsetof(weft_request, head));
    return small;
}

static void end(weft_request *r)
{
    request_deinit(r);
    request_spend(r->loop, r);
}

int weft_request_forget(weft_request **at, uint64_t ms)
{
    weft_request *r = *at;
    request_assert_plain(r);
    if (!r->exchange) return r->forgot && r->waiting.lane ? WEFT_ERR_STATE : WEFT_ERR_CLOSED;
    if (r->on_body) return WEFT_ERR_STATE;
    weft_request *small = copy_of(r);
    if (!small) return -ENOMEM;
    int error = exchange_leave(r->exchange, small, &small->waiting);
    if (error) {
        mem_free(weft_loop_env(r->loop), small);
        return error;
    }
    request_forgotten(small);
    r->fields = (struct field_list){0};
    r->peer = NULL;
    end(r);
    lane_deadline(small->waiting.lane, ms);
    *at = small;
    return 0;
}

/* ---- it comes back --------------------------------------------------------------------------- */

void waiting_ends(weft_request *r)
{
    struct forgotten w = r->waiting;
    r->waiting.lane = NULL;
    r->exchange = exchange_come_back(&w, r);
}

/* ---- who asked ------------------------------------------------------------------------------- */

weft_peer *waiting_peer(weft_request *r)
{
    struct forgotten *w = &r->waiting;
    struct asker plain = {.lane = w->lane};
    if (w->asker) return asker_peer(w->asker);
    r->peer = weft_peer_ref(asker_peer(&plain));
    asker_deinit(&plain);
    return r->peer;
}

/* ---- told by the lane ------------------------------------------------------------------------ */

/* The next request waits. */
static void feed(struct lane *l, weft_span *in)
{
    (void)l;
    (void)in;
}

static void eof(struct lane *l)
{
    lane_drop(l, WEFT_ERR_LOST, "the client left");
}

static struct outq *pull(struct lane *l)
{
    (void)l;
    return NULL;
}

static bool sent(struct lane *l, size_t n)
{
    (void)l;
    (void)n;
    return false;
}

static void late(struct lane *l)
{
    weft_request *r = request_at(l);
    if (r->watcher.on_time) r->watcher.on_time(r, r->watching);
}

/* When time is up its exchange refuses it. */
static bool leave(struct lane *l, const struct leaving *how)
{
    weft_request *r = request_at(l);
    r->waiting.http.last = true;
    if (!how->last) return request_server_leaves(r, lane_return_ms(l, how));
    waiting_ends(r);
    return l->gone ? false : lane_talk(l)->leave(l, how);
}

static void lost(struct lane *l, int error, const char *cause)
{
    weft_request *r = request_at(l);
    struct forgotten *w = &r->waiting;
    (void)error;
    (void)weft_request_peer(r);
    if (w->access) {
        w->access->seen.cause = cause[0] ? cause : "the server gave no answer";
        access_tell(w->access, r->peer);
    }
    forgotten_deinit(w, weft_loop_env(r->loop));
    request_gone(r);
}

const struct talk waiting_talk = {
    .light = true,
    .feed = feed,
    .eof = eof,
    .pull = pull,
    .sent = sent,
    .written = lane_ignore,
    .full = lane_ignore,
    .late = late,
    .leave = leave,
    .lost = lost,
};
