/* SPDX-License-Identifier: MIT
 *
 * cli/channel.c - channels: what is sent on a path goes to everyone on it, the sender included
 *
 *      a message of a member -> weft_publish_from(topic = the path) -> every member's queue
 *
 * A member lives from on_upgrade, where the path is known, to on_close. Who says more than the topic's pace while
 * others are behind is not read from until it is his turn.
 */
#include "cli/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct member {
    struct traced traced; /* its place: the topic */
    const struct service *service;
    char name[]; /* the path as it was sent, without query */
};

enum { NAME_MAX_LENGTH = 255 /* the hub's */, CHANNEL_MESSAGE_MAX = 64 << 10 };

static int on_upgrade(weft_upgrade *u)
{
    weft_bytes path = weft_request_path(weft_upgrade_request(u));
    const struct channels *channels = weft_upgrade_user(u);
    if (path.len > NAME_MAX_LENGTH) {
        static const char why[] = "the path of a channel has at most 255 bytes\n";
        weft_upgrade_body(u, "text/plain; charset=utf-8", why, sizeof why - 1);
        return 414;
    }
    struct member *m = calloc(1, sizeof *m + path.len + 1);
    if (!m) return 503;
    m->service = channels->service;
    memcpy(m->name, path.data, path.len);
    m->traced = (struct traced){.trace = &m->service->trace, .place = m->name};
    weft_upgrade_set_user(u, m);
    trace_handshake(u, &m->traced);
    return 0;
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    struct member *m = weft_conn_user(c);
    trace_received(c, op, len);
    int error = weft_publish_from(m->service->hub, c, m->name, op, data, len);
    if (error && error != WEFT_ERR_BACKLOG) /* that: it is closing, and too late */
        weft_close(c, WEFT_CLOSE_INTERNAL_ERROR, weft_strerror(error));
    else if (m->traced.trace->level)
        service_trace_published(m->service, m->name, op, len,
                                weft_subscribers(m->service->hub, m->name));
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_open(weft_conn *c)
{
    struct member *m = weft_conn_user(c);
    trace_open(c);
    int error = weft_subscribe(m->service->hub, c, m->name);
    if (error) weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, weft_strerror(error));
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    struct member *m = weft_conn_user(c);
    trace_close(c, info);
    free(m);
}

int channels_add(struct channels *c, struct service *s, const char *route)
{
    const weft_limits limits = {
        .max_message = s->options->max_message ? s->options->max_message : CHANNEL_MESSAGE_MAX,
    };
    const weft_handler handler = {
        .on_upgrade = on_upgrade,
        .on_open = on_open,
        .on_message = on_message,
        .on_ping = traced_on_ping,
        .on_pong = traced_on_pong,
        .on_close = on_close,
        .subprotocols = s->options->subprotocols.items,
        .deflate = s->deflate,
        .limits = &limits,
    };
    *c = (struct channels){.service = s};
    return weft_server_route(s->server, route, &handler, c);
}
