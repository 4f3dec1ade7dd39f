/* SPDX-License-Identifier: MIT
 *
 * net/web/exchange_hand.c - what has to be known goes along, and the exchange is gone
 */
#include "net/web/exchange_hand.h"

#include <errno.h>

#include "net/access.h"
#include "net/peer.h"
#include "net/web/exchange_answer.h"

/* ---- a reply that streams -------------------------------------------------------------------- */

/* What is queued is not the body yet. */
static void hang_access(struct exchange *x, int status, size_t queued, weft_link **links)
{
    struct access *a = x->access;
    if (!a) return;
    x->access = NULL;
    a->seen.status = status;
    a->others = queued;
    access_hang(a, links);
}

int exchange_begin(struct exchange *x, int status, struct field_list *fields, uint64_t length,
                   weft_link **links, struct handed *to)
{
    weft_peer *client;
    int error = asker_client(&x->asker, &client);
    if (!error && client) peer_hang(weft_peer_ref(client), links);
    if (!error) error = exchange_add_cors(x, fields);
    if (!error)
        error = h1_reply_begin(&x->h1, status, fields->fields, fields->n,
                               net_date(lane_net(x->lane)), length);
    if (error) return error;
    *to = (struct handed){.lane = x->lane};
    (void)h1_hand_over(&x->h1, &to->framing);
    to->requests = x->h1.requests;
    to->limits = x->limits;
    to->last = x->h1.last;
    outq_splice(&to->out, &x->out);
    x->request = NULL;
    hang_access(x, status, to->out.bytes, links);
    exchange_free(x);
    return 0;
}

/* ---- a request waits without it -------------------------------------------------------------- */

void forgotten_deinit(struct forgotten *w, const weft_env *env)
{
    if (w->asker) asker_deinit(w->asker);
    mem_free(env, w->asker);
    field_list_deinit(&w->cors, env);
    w->lane = NULL;
    w->asker = NULL;
}

/* Only what cannot be had of the lane again. */
static int take_asker(struct exchange *x, struct forgotten *to)
{
    const struct asker *a = &x->asker;
    to->asker = NULL;
    if (!a->peer && !a->forwarded.known && !a->forwarded.secure) return 0;
    to->asker = mem_alloc(exchange_env(x), sizeof *to->asker);
    return to->asker ? 0 : -ENOMEM;
}

int exchange_leave(struct exchange *x, weft_request *r, struct forgotten *to)
{
    struct lane *l = x->lane;
    int error = take_asker(x, to);
    if (!error) error = lane_become(l, LANE_WAITING, r, &x->out);
    if (error) {
        mem_free(exchange_env(x), to->asker);
        return error;
    }
    if (to->asker) *to->asker = x->asker;
    if (to->asker) x->asker.peer = NULL;
    to->lane = l;
    to->access = x->access;
    to->cors = x->cors;
    to->http = h1_leave(&x->h1);
    to->limits = x->limits;
    to->varies = x->varies;
    x->cors = (struct field_list){0};
    exchange_free(x);
    return 0;
}

struct exchange *exchange_come_back(struct forgotten *w, weft_request *r)
{
    struct lane *l = w->lane;
    (void)lane_become(l, LANE_EXCHANGE, NULL, NULL);
    struct exchange *x = exchange_new(l, w->http.requests);
    if (!x) {
        access_free(w->access);
        forgotten_deinit(w, lane_env(l));
        lane_drop(l, -ENOMEM, "out of memory");
        return NULL;
    }
    h1_come_back(&x->h1, &w->http);
    x->request = r;
    x->access = w->access;
    x->cors = w->cors;
    x->limits = w->limits;
    x->varies = w->varies;
    if (w->asker) x->asker = *w->asker;
    mem_free(lane_env(l), w->asker);
    return x;
}
