/* SPDX-License-Identifier: MIT
 *
 * tests/net/teller.h - a handler that tells everything it is told, and then does what the test wants
 *
 *      open;text hi;ping;pong;drain;close 1000 by-peer clean;
 *
 * The end is told as: close CODE [REASON] [sent CODE, if another] [by-peer] [clean] [ERROR].
 */
#ifndef NET_TELLER_H
#define NET_TELLER_H

#include "world.h"

struct teller {
    struct story story;
    weft_conn *conn; /* NULL: before on_open, or after on_close */
    weft_id id;
    unsigned closes;
    char cause[256];
    int refused; /* the status, when a server refused */
    /* What to do next, after telling; may be NULL. */
    void (*then_open)(weft_conn *c);
    void (*then_message)(weft_conn *c, const char *text);
    void (*then_drain)(weft_conn *c);
    void (*then_pong)(weft_conn *c);
    void (*then_close)(weft_conn *c);
};

static inline void teller_opens(weft_conn *c)
{
    struct teller *t = weft_conn_user(c);
    t->conn = c;
    t->id = weft_conn_id(c);
    tell(&t->story, "open;");
    if (t->then_open) t->then_open(c);
}

static inline void tell_data(struct story *s, const char *what, const void *data, size_t len)
{
    if (len > 64) tell(s, "%s [%zu];", what, len);
    else tell(s, "%s %.*s;", what, (int)len, (const char *)data);
}

static inline void teller_hears(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    struct teller *t = weft_conn_user(c);
    char text[65];
    tell_data(&t->story, op == WEFT_TEXT ? "text" : "bin", data, len);
    snprintf(text, sizeof text, "%.*s", (int)len, (const char *)data);
    if (t->then_message) t->then_message(c, text);
}

static inline void teller_pinged(weft_conn *c, const void *data, size_t len)
{
    struct teller *t = weft_conn_user(c);
    tell_data(&t->story, "ping", data, len);
}

static inline void teller_ponged(weft_conn *c, const void *data, size_t len, uint64_t rtt_us)
{
    struct teller *t = weft_conn_user(c);
    tell_data(&t->story, rtt_us ? "pong answers" : "pong unasked", data, len);
    if (t->then_pong) t->then_pong(c);
}

static inline void teller_drains(weft_conn *c)
{
    struct teller *t = weft_conn_user(c);
    tell(&t->story, "drain;");
    if (t->then_drain) t->then_drain(c);
}

static inline void teller_closes(weft_conn *c, const weft_close_info *info)
{
    struct teller *t = weft_conn_user(c);
    t->closes++;
    tell(&t->story, "close %d", info->code);
    if (info->reason.len) tell(&t->story, " %.*s", (int)info->reason.len, info->reason.data);
    if (info->sent_code && info->sent_code != info->code)
        tell(&t->story, " sent %d", info->sent_code);
    if (info->by_peer) tell(&t->story, " by-peer");
    if (info->clean) tell(&t->story, " clean");
    if (info->error) tell(&t->story, " %s", weft_errname(info->error));
    tell(&t->story, ";");
    assert_int_equal(info->error == 0, info->cause[0] == 0);
    snprintf(t->cause, sizeof t->cause, "%s", info->cause);
    if (info->refusal) t->refused = info->refusal->status;
    if (t->then_close) t->then_close(c);
    t->conn = NULL;
}

static const weft_handler telling = {.on_open = teller_opens,
                                     .on_message = teller_hears,
                                     .on_ping = teller_pinged,
                                     .on_pong = teller_ponged,
                                     .on_drain = teller_drains,
                                     .on_close = teller_closes};

/* ---- a world of one server that tells -------------------------------------------------------- */

/* A telling WebSocket at /, with these limits (NULL: the defaults). */
static inline void tellers_begin(struct world *w, struct teller *t, const weft_limits *limits)
{
    weft_server_config cfg = {.limits = limits};
    world_begin(w);
    world_serve(w, &cfg);
    assert_int_equal(weft_server_route(w->server, "/", &telling, t), 0);
    world_listen(w);
}

#endif
