/* SPDX-License-Identifier: MIT
 *
 * cli/terminal.c - weft URL at a terminal: type a line, read what others say
 *
 *      keys -> libedit -> on_line -> command or weft_send
 *      on_message -> screen_message, above the half-typed line
 *
 * What peers send is escaped: it cannot move the cursor or change the terminal.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/command.h"
#include "cli/connect.h"
#include "cli/escape.h"
#include "cli/outcome.h"
#include "cli/screen.h"
#include "cli/signals.h"
#include "cli/trace.h"

struct terminal {
    struct traced traced; /* its place: the URL as it is shown */
    const struct connect_options *o;
    weft_loop *loop;
    weft_conn *conn; /* NULL: gone */
    weft_handler handler;
    struct trace trace;
    struct journal journal;
    struct signals signals;
    uint64_t received;
    bool opened, leaving;
    int status;
};

/* ---- what is typed --------------------------------------------------------------------------- */

static void leave(struct terminal *t, uint16_t code, const char *reason)
{
    int r = weft_close(t->conn, code, reason);
    if (r < 0) screen_note("not closed: %s", weft_strerror(r));
    else t->leaving = true;
}

static void sent(int r)
{
    if (r < 0) screen_note("not sent: %s", weft_strerror(r));
}

static void send_text(struct terminal *t, weft_bytes text)
{
    weft_opcode op = t->o->binary ? WEFT_BINARY : WEFT_TEXT;
    if (op == WEFT_TEXT && !weft_utf8_valid(text.data, text.len)) {
        screen_note("not sent: this is not UTF-8; with -b it would go as a binary message");
        return;
    }
    int r = weft_send(t->conn, op, text.data, text.len);
    if (r == 0) trace_sent(&t->traced, t->conn, op, text.len);
    sent(r);
}

static void on_line(void *user, const char *line)
{
    struct terminal *t = user;
    if (!t->conn) return;
    if (!line) {
        leave(t, WEFT_CLOSE_NORMAL, NULL);
        return;
    }
    struct command command;
    command_parse(&command, line);
    switch (command.kind) {
    case COMMAND_NOTHING: break;
    case COMMAND_SEND: send_text(t, command.text); break;
    case COMMAND_PING: sent(weft_ping(t->conn, command.text.data, command.text.len)); break;
    case COMMAND_CLOSE: leave(t, command.code, (const char *)command.text.data); break;
    case COMMAND_HELP: screen_note("%s", command_help); break;
    case COMMAND_BAD: screen_note("%s", command.why); break;
    }
}

static void on_signal(void *user)
{
    struct terminal *t = user;
    if (!t->conn) weft_loop_stop(t->loop);
    else if (t->leaving) weft_abort(t->conn);
    else leave(t, WEFT_CLOSE_NORMAL, NULL);
}

/* ---- what happens ---------------------------------------------------------------------------- */

static void on_open(weft_conn *c)
{
    struct terminal *t = weft_conn_user(c);
    const char *subprotocol = weft_conn_subprotocol(c);
    t->opened = true;
    connect_trace_response(&t->trace, c);
    screen_note("connected to %s%s%s; /help lists the commands, Ctrl-D closes", t->o->shown,
                *subprotocol ? ", subprotocol " : "", subprotocol);
    int r = screen_prompt(t->loop, on_line, t);
    if (r < 0) screen_note("no prompt: %s", weft_strerror(r));
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    struct terminal *t = weft_conn_user(c);
    trace_received(weft_conn_user(c), c, op, len);
    if (t->o->count && t->received == t->o->count) return;
    screen_message(op, (weft_bytes){data, len});
    if (++t->received == t->o->count) leave(t, WEFT_CLOSE_NORMAL, NULL);
}

static void on_pong(weft_conn *c, const void *data, size_t len, uint64_t rtt_us)
{
    (void)c, (void)data, (void)len;
    if (rtt_us) screen_note("pong after %.1f ms", (double)rtt_us / 1000);
    else screen_note("pong, to no ping of ours");
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    struct terminal *t = weft_conn_user(c);
    screen_restore();
    connect_trace_refusal(&t->trace, info);
    t->status = connect_report(t->o, info, t->opened, true);
    t->conn = NULL;
    weft_loop_stop(t->loop);
}

static void on_trace(void *user, const char *line)
{
    (void)user;
    screen_note("%s", line);
}

static int start(struct terminal *t)
{
    weft_loop_config config = {.env = &t->trace.env};
    int r;
    if ((r = weft_loop_new(&t->loop, &config)) < 0 ||
        (r = signals_init(&t->signals, t->loop, on_signal, t)) < 0 ||
        (r = signals_add_continue(&t->signals, screen_again)) < 0)
        return complain("cannot start: %s", weft_strerror(r));
    return connect_dial(t->o, &t->trace, t->loop, &t->handler, t, &t->conn);
}

int terminal_run(const struct connect_options *o)
{
    struct terminal t = {
        .traced = {.trace = &t.trace, .place = o->shown},
        .o = o,
        .handler =
            {
                .on_open = on_open,
                .on_message = on_message,
                .on_ping = traced_on_ping,
                .on_pong = on_pong,
                .on_close = on_close,
                .subprotocols = o->subprotocols.items,
                .deflate = o->deflate,
            },
    };
    journal_init(&t.journal, STDERR_FILENO);
    trace_init(&t.trace, o->verbose, &t.journal, NULL);
    t.trace.show = on_trace;

    int status = start(&t);
    if (status == 0) {
        int r = weft_loop_run(t.loop);
        status = r < 0 ? complain("the loop stopped: %s", weft_strerror(r)) : t.status;
    }
    screen_restore();
    signals_deinit(&t.signals);
    weft_loop_free(t.loop);
    journal_deinit(&t.journal);
    return status;
}
