/* SPDX-License-Identifier: MIT
 *
 * examples/autobahn.c - the client that a fuzzing server of the Autobahn testsuite examines
 *
 *      autobahn ws://127.0.0.1:9001
 *
 * Asks how many cases there are, echoes whatever it is sent in each of them, and has the reports
 * written. How a case ends is for the server to judge; only not to be let in is an error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <weft/weft.h>

enum { MESSAGE_MAX = 16 << 20 };

struct run {
    const char *server;
    long cases, at;
    int status;
};

static void connect_to(weft_loop *l, struct run *run, const char *what, const weft_handler *h)
{
    char url[512];
    snprintf(url, sizeof url, "%s%s", run->server, what);
    int error = weft_connect(NULL, l, url, NULL, h, run);
    if (error == 0) return;
    fprintf(stderr, "autobahn: %s: %s\n", url, weft_strerror(error));
    run->status = 1;
    weft_loop_stop(l);
}

static void echo(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    if (weft_send(c, op, data, len) < 0) weft_abort(c);
    else if (weft_backlogged(c)) weft_pause(c);
}

static void reported(weft_conn *c, const weft_close_info *info)
{
    (void)info;
    weft_loop_stop(weft_conn_loop(c));
}

static void next(weft_conn *c, const weft_close_info *info)
{
    static const weft_deflate deflate = {.takeover = true};
    static const weft_limits limits = {.max_message = MESSAGE_MAX};
    static const weft_handler reporting = {.on_close = reported};
    static const weft_handler echoing = {.on_message = echo,
                                         .on_drain = weft_resume,
                                         .on_close = next,
                                         .deflate = &deflate,
                                         .limits = &limits};
    struct run *run = weft_conn_user(c);
    weft_loop *l = weft_conn_loop(c);
    char what[64];
    if (!run->cases) {
        fprintf(stderr, "autobahn: no number of cases: %s\n", info->cause);
        run->status = 1;
        weft_loop_stop(l);
    } else if (run->at == run->cases) {
        connect_to(l, run, "/updateReports?agent=weft", &reporting);
    } else {
        snprintf(what, sizeof what, "/runCase?case=%ld&agent=weft", ++run->at);
        connect_to(l, run, what, &echoing);
    }
}

static void count(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    struct run *run = weft_conn_user(c);
    char number[16];
    snprintf(number, sizeof number, "%.*s", (int)len, (const char *)data);
    if (op == WEFT_TEXT) run->cases = strtol(number, NULL, 10);
}

int main(int argc, char **argv)
{
    static const weft_handler counting = {.on_message = count, .on_close = next};
    weft_loop *loop;
    struct run run = {.server = argv[1]};
    if (argc != 2 || weft_loop_new(&loop, NULL) < 0) return 1;
    connect_to(loop, &run, "/getCaseCount", &counting);
    if (!run.status && weft_loop_run(loop) < 0) run.status = 1;
    weft_loop_free(loop);
    return run.status;
}
