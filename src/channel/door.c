/* SPDX-License-Identifier: MIT
 *
 * channel/door.c - where requests and upgrades come in: what is asked for, who may, and which transport has it done
 *
 *      on_request, on_upgrade -> what is asked for -> name, origin -> rights ... -> serve
 *                                  |
 *                                  '--> on_look: a file, a page of the program's
 *      on_refuse: what was refused before, in a channel's words
 */
#include <stdio.h>

#include "channel/accept.h"
#include "channel/guest.h"
#include "channel/look.h"
#include "channel/origin.h"
#include "channel/post.h"
#include "channel/socket.h"
#include "channel/streaming.h"
#include "channel/visit.h"
#include "channel/wait.h"

enum { LOG_ROOM = 256 }; /* a line of the log is cut there */

/* ---- what is asked for ----------------------------------------------------------------------- */

static bool goes_on(enum ask ask)
{
    return ask == ASK_SSE || ask == ASK_STREAM || ask == ASK_STREAM_RAW;
}

static int read_ask(visit *v, struct refusal *why)
{
    weft_bytes method = weft_request_method(v->request);
    weft_bytes accept = weft_request_field(v->request, "Accept");
    if (v->upgrade) {
        bool v1 = socket_speaks_v1(weft_upgrade_subprotocol(v->upgrade));
        return ask_of_upgrade(&v->ask, v1, &v->wish->params, why);
    }
    if (ask_of_request(&v->ask, method, accept, &v->wish->params, why) < 0) return -1;
    if (goes_on(v->ask))
        params_resume(&v->wish->params, weft_request_field(v->request, "Last-Event-ID"));
    return 0;
}

static int read_wish(visit *v, struct refusal *why)
{
    if (params_read(&v->wish->params, weft_request_query(v->request), why) < 0) return -1;
    return read_ask(v, why);
}

/* Something else may be at this path, and is not of a channel: so neither its name nor who may is looked at. */
static bool is_elsewhere(const visit *v)
{
    const weft_channels *c = v->channels;
    bool is_read = v->ask == ASK_PAGE || v->ask == ASK_LOOK || v->ask == ASK_POSITION;
    weft_bytes accept = weft_request_field(v->request, "Accept");
    if (!c->cfg.on_look || v->upgrade || !is_read || v->wish->params.said) return false;
    if (accept_names(accept, "text/event-stream")) return false;
    return c->cfg.on_look(v->request, accept_names(accept, "text/html"), c->cfg.user);
}

/* Of an upgrade's Origin the server has seen to it; where there is none, there may be Sec-Fetch-Site here, too. */
static int check_origin(const visit *v, struct refusal *why)
{
    weft_request *r = v->request;
    struct origin_facts facts = {
        .origin = weft_request_field(r, "Origin"),
        .allowed = weft_request_allowed(r),
        .any = v->channels->cfg.any_origin,
        .page = v->ask == ASK_PAGE,
        .site = weft_request_field(r, "Sec-Fetch-Site"),
        .mode = weft_request_field(r, "Sec-Fetch-Mode"),
    };
    return origin_check(&facts, why);
}

static int check_presence(const visit *v, struct refusal *why)
{
    bool is_asked = v->ask != ASK_POSITION && v->ask != ASK_OPTIONS;
    if (!is_asked || !(v->wish->params.said & PARAM_PRESENCE)) return 0;
    return guest_check(v->channels, v->wish->name.text, why);
}

static unsigned needs(const visit *v)
{
    unsigned presence = v->wish->params.said & PARAM_PRESENCE ? WEFT_RIGHT_PRESENCE : 0;
    switch (v->ask) {
    case ASK_SOCKET:
    case ASK_SOCKET_V1: return (v->wish->params.subscribe_no ? 0 : WEFT_RIGHT_READ) | presence;
    case ASK_PRESENCE: return WEFT_RIGHT_PRESENCE;
    case ASK_PUBLISH: return WEFT_RIGHT_WRITE;
    case ASK_DROP: return WEFT_RIGHT_DROP;
    case ASK_OPTIONS: return 0;
    default: return WEFT_RIGHT_READ | presence;
    }
}

/* ---- it is done ------------------------------------------------------------------------------ */

static void show(visit *v)
{
    if (visit_has_page(v)) visit_show(v);
    else look_answer(v);
}

static void serve(visit *v)
{
    switch (v->ask) {
    case ASK_SOCKET:
    case ASK_SOCKET_V1: socket_accept(v); break;
    case ASK_SSE:
    case ASK_STREAM:
    case ASK_STREAM_RAW: streaming_begin(v); break;
    case ASK_WAIT: wait_begin(v); break;
    case ASK_PRESENCE: look_presence(v); break;
    case ASK_PAGE: show(v); break;
    case ASK_POLL:
    case ASK_LOOK: look_answer(v); break;
    case ASK_POSITION: look_position(v); break;
    case ASK_PUBLISH: post_begin(v); break;
    case ASK_DROP: look_drop(v); break;
    case ASK_OPTIONS: visit_methods(v); break;
    }
}

/* ---- in -------------------------------------------------------------------------------------- */

static void granted(weft_channel_ask *a, unsigned rights)
{
    visit *v = (visit *)a; /* its first member */
    v->rights = rights;
    serve(v);
}

static void refused(weft_channel_ask *a, const struct refusal *why)
{
    visit_refuse((visit *)a, why);
}

/* What a channel refuses by its name. */
static int check_name(visit *v, struct refusal *why)
{
    if (name_of_path(&v->wish->name, weft_request_path(v->request), why) < 0) return -1;
    return check_presence(v, why);
}

static void ask_rights(visit *v)
{
    v->asks = (weft_channel_ask){
        .channels = v->channels,
        .name = name_bytes(&v->wish->name),
        .needs = needs(v),
        .request = v->request,
        .upgrade = v->upgrade,
        .granted = granted,
        .refused = refused,
    };
    if (v->ask == ASK_OPTIONS) serve(v);
    else rights_ask(&v->asks);
}

/* As the server does of its own, for who runs it and has not been told by a page. */
static void log_refusal(const visit *v, const struct refusal *why)
{
    char line[LOG_ROOM];
    const weft_env *env = v->channels->env;
    weft_peer *peer = weft_request_peer(v->request);
    const char *who = peer ? weft_peer_address(peer) : "-";
    if (!env || !env->log) return;
    if (snprintf(line, sizeof line, "%s: refused with %d: %s", who, why->code, why->words) > 0)
        env->log(env->ctx, WEFT_LOG_INFO, line);
}

static void refuse_page(visit *v, const struct refusal *why)
{
    log_refusal(v, why);
    visit_refuse(v, why);
}

/* Pages that may not ask are told that, whatever else is wrong. */
static void come_in(visit *v)
{
    struct refusal why, origin;
    bool is_wish = read_wish(v, &why) == 0;
    if (is_wish && is_elsewhere(v)) visit_free(v);
    else if (check_origin(v, &origin) < 0) refuse_page(v, &origin);
    else if (!is_wish || check_name(v, &why) < 0) visit_refuse(v, &why);
    else ask_rights(v);
}

static void on_request(weft_request *r, void *user)
{
    visit *v = visit_new(user, r, NULL);
    if (v) come_in(v);
    else weft_respond(r, 503, NULL, NULL, 0);
}

/* The server has refused it; what is asked for says only how that is told. People read a sentence as JSON, too: the
 * page could not ask for the reason of what is refused before a channel is reached. */
static void on_refuse(weft_request *r, int status, const char *words, void *user)
{
    struct refusal why, no_matter;
    visit *v = visit_new(user, r, NULL);
    if (!v) {
        weft_respond(r, status, NULL, NULL, 0);
        return;
    }
    if (read_wish(v, &no_matter) < 0 || v->ask == ASK_PAGE) v->ask = ASK_LOOK;
    refusal_write(&why, status, "%s", words);
    if (status == 429 || status == 503) why.retry_ms = channels_retry_ms(visit_loop(v));
    visit_refuse(v, &why);
}

static int on_upgrade(weft_upgrade *u)
{
    visit *v = visit_new(weft_upgrade_user(u), weft_upgrade_request(u), u);
    if (!v) return 503;
    const weft_channel_event event = {
        .type = WEFT_CHANNEL_UPGRADE,
        .channel = weft_request_path(v->request),
        .upgrade = u,
        .loop = visit_loop(v),
    };
    channels_tell(v->channels, &event);
    come_in(v);
    return WEFT_HOLD;
}

/* Who polls or publishes now and then keeps his connection. */
enum { KEEPALIVE_MS = 75000 };

static uint64_t body_max(const weft_channels_config *cfg)
{
    return cfg->max_batch > cfg->max_message ? cfg->max_batch : cfg->max_message;
}

/* Publishing works until the server is gone. */
int weft_channels_route(weft_channels *c, weft_server *s, const char *path)
{
    const weft_limits limits = {.http_body_max = body_max(&c->cfg), .http_keepalive = KEEPALIVE_MS};
    const weft_request_handler requests = {.on_request = on_request,
                                           .cors = true,
                                           .limits = &limits,
                                           .on_refuse = on_refuse,
                                           .unrefused = "POST"};
    int error = weft_server_on_request(s, path, &requests, c);
    return error ? error : socket_route(c, s, path, on_upgrade);
}
