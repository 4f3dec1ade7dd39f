/* SPDX-License-Identifier: MIT
 *
 * cli/pipe.c - weft URL in a pipe: one line is one message
 *
 *      stdin -> lines -> weft_send       stops when the connection is backlogged, goes on in on_drain
 *      on_message -> output -> stdout    more than HIGH queued: weft_pause, until it is empty
 *
 * Input waits until the connection is open. The end comes by one of: end of input, -n messages, a
 * signal, a line that cannot be sent, nobody reading stdout, the peer; each leads to weft_close, and
 * on_close to the end of the loop as soon as stdout has everything.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/connect.h"
#include "cli/escape.h"
#include "cli/lines.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/trace.h"

enum { HIGH = 256 << 10, MUCH = 64 << 10, CLOSE_FRAME_MAX = 14 + 125 };

struct pipe {
    struct traced traced; /* its place: the URL as it is shown */
    const struct connect_options *o;
    weft_loop *loop;
    weft_conn *conn; /* NULL: gone */
    weft_timer *patience;
    weft_handler handler;
    struct trace trace;
    struct journal journal;
    struct signals signals;
    struct ready input;
    struct lines lines;
    struct output output;
    uint64_t received;
    uint64_t sent; /* bytes */
    bool asked;    /* a ping stands behind the last line: when it is answered all lines were read */
    bool opened, ended; /* on_open was called; stdin is at its end */
    bool done;          /* no more lines are sent */
    bool leaving;       /* Close is under way: nothing more is sent */
    bool late;          /* not all messages of -n came in time */
    bool quiet;         /* nobody reads stdout: say nothing */
    bool watched;       /* stdout is a terminal */
    int status;         /* what else went wrong, or the exit code */
};

static void leave(struct pipe *p)
{
    ready_want(&p->input, false);
    if (p->leaving || !p->conn) return;
    p->leaving = true;
    weft_close(p->conn, WEFT_CLOSE_NORMAL, NULL);
}

/* Much may be on its way still when the kernel has taken all of it. */
static bool ask_whether_read(struct pipe *p)
{
    if (p->asked || !p->conn || !p->o->wait || p->sent < MUCH) return false;
    p->asked = weft_ping(p->conn, NULL, 0) == 0;
    if (p->asked) weft_timer_start(p->patience, p->o->wait);
    return p->asked;
}

/* The time that -w gives the peer begins when it has read everything, so ask again until then. */
static void leave_when_written(struct pipe *p)
{
    if (p->conn && weft_buffered(p->conn) && !p->asked) weft_timer_start(p->patience, 1);
    else if (!ask_whether_read(p)) leave(p);
}

static bool misses_some(const struct pipe *p)
{
    return p->received < p->o->count;
}

static void on_patience(weft_timer *t, void *user)
{
    (void)t;
    struct pipe *p = user;
    if (!p->leaving && !p->asked) p->late = misses_some(p);
    leave_when_written(p);
}

static void fail(struct pipe *p)
{
    p->status = EXIT_USAGE;
    p->done = true;
    ready_want(&p->input, false);
    leave_when_written(p);
}

/* ---- stdin to the peer ------------------------------------------------------------------------ */

/* With -n the messages asked for are waited for, as long as they keep coming. */
static void end_of_input(struct pipe *p)
{
    ready_want(&p->input, false);
    p->done = true;
    p->late = misses_some(p) && !p->o->wait;
    if (p->o->count && p->o->wait) weft_timer_start(p->patience, p->o->wait);
    else leave_when_written(p);
}

static bool send_line(struct pipe *p, weft_bytes line)
{
    weft_opcode op = p->o->binary ? WEFT_BINARY : WEFT_TEXT;
    if (op == WEFT_TEXT && !weft_utf8_valid(line.data, line.len)) {
        complain("line %" PRIu64 " of the input is not UTF-8; -b sends it as a binary message",
                 p->lines.number + 1);
        fail(p);
        return false;
    }
    int r = weft_send(p->conn, op, line.data, line.len);
    if (r == WEFT_ERR_CLOSED) return false; /* on_close is on its way */
    if (r < 0) {
        complain("cannot send: %s", weft_strerror(r));
        fail(p);
        return false;
    }
    trace_sent(&p->traced, p->conn, op, line.len);
    p->sent += line.len;
    lines_take(&p->lines, line);
    return true;
}

/* Send the lines there are, then ask for more, or leave at the end. */
static void pump(struct pipe *p)
{
    if (!p->opened || !p->conn || p->leaving || p->done) return;
    weft_bytes line;
    int r = 0;
    while (!weft_backlogged(p->conn) && (r = lines_peek(&p->lines, p->ended, &line)) > 0)
        if (!send_line(p, line)) return;

    if (r == WEFT_ERR_TOO_BIG) {
        complain("line %" PRIu64 " of the input is longer than %" PRIu64
                 " bytes; --max-message allows more",
                 p->lines.number + 1, p->o->max_message);
        fail(p);
    } else if (weft_backlogged(p->conn)) {
        ready_want(&p->input, false);
    } else if (p->ended) {
        end_of_input(p);
    } else {
        ready_want(&p->input, true);
    }
}

static void on_input(void *user)
{
    struct pipe *p = user;
    weft_span room;
    if (lines_room(&p->lines, &room) < 0) {
        complain("line %" PRIu64 " of the input: out of memory", p->lines.number + 1);
        fail(p);
        return;
    }
    ssize_t n = read(STDIN_FILENO, room.data, room.len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) p->status = complain("stdin: %s", strerror(errno));
    if (n > 0) lines_fed(&p->lines, (size_t)n);
    p->ended = n <= 0;
    pump(p);
}

/* ---- the peer to stdout ----------------------------------------------------------------------- */

static void on_empty(void *user)
{
    struct pipe *p = user;
    if (p->conn) weft_resume(p->conn);
    else weft_loop_stop(p->loop);
}

static void on_broken(void *user, int error)
{
    struct pipe *p = user;
    if (error != -EPIPE) {
        complain("stdout: %s", weft_strerror(error));
        p->status = EXIT_USAGE;
    }
    p->quiet = true;
    leave(p);
    if (p->conn) weft_resume(p->conn);
    else weft_loop_stop(p->loop);
}

/* Somebody looks at it: strangers' control characters stay out of the terminal. */
static int write_escaped(struct output *o, const void *data, size_t len)
{
    char *text = NULL;
    size_t text_len;
    FILE *to = open_memstream(&text, &text_len);
    if (!to) return -ENOMEM;
    escape_terminal(to, (weft_bytes){data, len}, "");
    int r = fclose(to) == 0 ? output_write(o, text, text_len) : -ENOMEM;
    free(text);
    return r;
}

static void print_message(struct pipe *p, weft_opcode op, const void *data, size_t len)
{
    bool raw = op == WEFT_BINARY && p->o->binary && !p->watched;
    int r = p->watched ? write_escaped(&p->output, data, len) : output_write(&p->output, data, len);
    if (r == 0 && !raw) r = output_write(&p->output, "\n", 1);
    if (r < 0) on_broken(p, r);
    if (output_queued(&p->output) > HIGH) weft_pause(p->conn);
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    struct pipe *p = weft_conn_user(c);
    trace_received(weft_conn_user(c), c, op, len);
    if (p->o->count && p->received == p->o->count) return;
    p->received++;
    print_message(p, op, data, len);
    if (p->received == p->o->count) leave(p);
    else if (p->asked || (p->o->count && p->ended && p->o->wait))
        weft_timer_start(p->patience, p->o->wait);
}

static void on_pong(weft_conn *c, const void *data, size_t len, uint64_t rtt_us)
{
    struct pipe *p = weft_conn_user(c);
    traced_on_pong(c, data, len, rtt_us);
    if (p->asked && rtt_us) leave(p);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_open(weft_conn *c)
{
    struct pipe *p = weft_conn_user(c);
    p->opened = true;
    connect_trace_response(&p->trace, c);
    trace_open(weft_conn_user(c), c);
    pump(p);
}

static void on_drain(weft_conn *c)
{
    pump(weft_conn_user(c));
}

/* What came of -n, said in front of how the connection ended. */
static int report_late(const struct pipe *p)
{
    if (!p->late || !misses_some(p) || p->quiet) return EXIT_CLEAN;
    complain("messages that came in time: %" PRIu64 " of %" PRIu64 "; -w waits longer", p->received,
             p->o->count);
    return EXIT_TIMEOUT;
}

/* Whether stdin has more to give just now. Its end is nothing. */
static bool input_goes_on(struct pipe *p)
{
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    weft_span room;
    if (p->ended || isatty(STDIN_FILENO) || poll(&ready, 1, 0) <= 0) return false;
    return lines_room(&p->lines, &room) < 0 || read(STDIN_FILENO, room.data, room.len) > 0;
}

/* When the peer goes first: lines that it did not get, as far as can be known. Our answer to its Close is none. */
static int report_unsent(struct pipe *p, const weft_conn *c)
{
    weft_bytes line;
    if (!p->opened || p->leaving || p->quiet || p->status) return EXIT_CLEAN;
    if (weft_buffered(c) <= CLOSE_FRAME_MAX && !lines_peek(&p->lines, true, &line) &&
        !input_goes_on(p))
        return EXIT_CLEAN;
    complain("not all of the input was sent: the peer ended it at line %" PRIu64 " or before",
             p->lines.number + 1);
    return EXIT_LOST;
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    struct pipe *p = weft_conn_user(c);
    int late = report_late(p), unsent = report_unsent(p, c);
    connect_trace_refusal(&p->trace, info);
    int status = p->quiet ? EXIT_CLEAN : connect_report(p->o, info, p->opened, false);
    if (!status) status = unsent ? unsent : late;
    if (!p->status) p->status = status;
    p->conn = NULL;
    ready_want(&p->input, false);
    weft_timer_stop(p->patience);
    if (!output_queued(&p->output)) weft_loop_stop(p->loop);
}

/* The first one says goodbye, the second one goes. */
static void on_signal(void *user)
{
    struct pipe *p = user;
    if (!p->conn) weft_loop_stop(p->loop);
    else if (p->leaving) weft_abort(p->conn);
    else leave(p);
}

static int start(struct pipe *p)
{
    weft_loop_config config = {.env = &p->trace.env};
    int r;
    if ((r = weft_loop_new(&p->loop, &config)) < 0 ||
        (r = signals_init(&p->signals, p->loop, on_signal, p)) < 0 ||
        (r = weft_timer_new(&p->patience, p->loop, on_patience, p)) < 0 ||
        (r = ready_init(&p->input, p->loop, STDIN_FILENO, WEFT_READABLE, on_input, p)) < 0 ||
        (r = output_init(&p->output, p->loop, STDOUT_FILENO)) < 0)
        return complain("cannot start: %s", weft_strerror(r));
    return connect_dial(p->o, &p->trace, p->loop, &p->handler, p, &p->conn);
}

int pipe_run(const struct connect_options *o)
{
    struct pipe p = {
        .traced = {.trace = &p.trace, .place = o->shown},
        .o = o,
        .handler =
            {
                .on_open = on_open,
                .on_message = on_message,
                .on_drain = on_drain,
                .on_ping = traced_on_ping,
                .on_pong = on_pong,
                .on_close = on_close,
                .subprotocols = o->subprotocols.items,
                .deflate = o->deflate,
            },
        .watched = isatty(STDOUT_FILENO),
        .output = {.on_empty = on_empty, .on_broken = on_broken},
    };
    p.output.user = &p;
    journal_init(&p.journal, STDERR_FILENO);
    trace_init(&p.trace, o->verbose, &p.journal, NULL);
    lines_init(&p.lines, o->max_message);

    int status = start(&p);
    if (status == 0) {
        int r = weft_loop_run(p.loop);
        status = r < 0 ? complain("the loop stopped: %s", weft_strerror(r)) : p.status;
    }
    weft_timer_free(p.patience);
    ready_deinit(&p.input);
    output_deinit(&p.output);
    lines_deinit(&p.lines);
    signals_deinit(&p.signals);
    weft_loop_free(p.loop);
    journal_deinit(&p.journal);
    return status;
}
