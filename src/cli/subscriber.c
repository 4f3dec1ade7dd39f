/* SPDX-License-Identifier: MIT
 *
 * cli/subscriber.c - the course of a weft sub
 *
 *      sources connect -> messages -> subscriber_ends -> sources are over -> stdout has everything
 *
 * It ends by one of: -n messages, none for as long as -w says, a signal, a loss with --strict, nobody reading stdout, a
 * source that cannot go on.
 */
#include "cli/subscriber.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/escape.h"
#include "cli/source.h"

enum { HIGH = 256 << 10 };

/* ---- the end --------------------------------------------------------------------------------- */

static void stop_when_done(struct subscriber *sub)
{
    if (sub->n_over == sub->n_sources && (sub->quiet || !output_queued(&sub->output)))
        weft_loop_stop(sub->loop);
}

static void pause_all(struct subscriber *sub, bool paused)
{
    if (sub->paused == paused) return;
    sub->paused = paused;
    for (size_t i = 0; i < sub->n_sources; i++)
        if (!sub->sources[i].over) sub->o->via->pause(&sub->sources[i], paused);
}

void subscriber_ends(struct subscriber *sub, int status)
{
    if (!sub->status) sub->status = status;
    if (sub->leaving) return;
    sub->leaving = true;
    weft_timer_stop(sub->patience);
    for (size_t i = 0; i < sub->n_sources; i++) source_leave(&sub->sources[i]);
    stop_when_done(sub);
}

void subscriber_source_over(struct subscriber *sub)
{
    sub->n_over++;
    stop_when_done(sub);
}

/* The first one says goodbye, the second one goes. */
static void on_signal(void *user)
{
    struct subscriber *sub = user;
    if (sub->leaving) weft_loop_stop(sub->loop);
    subscriber_ends(sub, EXIT_CLEAN);
}

static void on_patience(weft_timer *t, void *user)
{
    (void)t;
    struct subscriber *sub = user;
    if (sub->o->count)
        complain("messages that came in time: %" PRIu64 " of %" PRIu64 "; -w waits longer",
                 sub->received, sub->o->count);
    subscriber_ends(sub, sub->o->count ? EXIT_TIMEOUT : EXIT_CLEAN);
}

static void await(struct subscriber *sub)
{
    if (sub->o->wait && !sub->leaving) weft_timer_start(sub->patience, sub->o->wait);
}

/* ---- stdout ---------------------------------------------------------------------------------- */

static void on_empty(void *user)
{
    struct subscriber *sub = user;
    pause_all(sub, false);
    if (sub->leaving) stop_when_done(sub);
}

static void on_broken(void *user, int error)
{
    struct subscriber *sub = user;
    if (error != -EPIPE) complain("stdout: %s", weft_strerror(error));
    sub->quiet = true;
    subscriber_ends(sub, error == -EPIPE ? EXIT_CLEAN : EXIT_USAGE);
}

/* Somebody looks at it: strangers' control characters stay out of the terminal. */
static int write_escaped(struct output *o, weft_bytes payload)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    if (!to) return -ENOMEM;
    escape_terminal(to, payload, "");
    int r = fclose(to) == 0 ? output_write(o, text, len) : -ENOMEM;
    free(text);
    return r;
}

static void write_out(struct subscriber *sub, weft_bytes text, bool raw)
{
    int r = sub->watched ? write_escaped(&sub->output, text)
                         : output_write(&sub->output, text.data, text.len);
    if (r == 0 && !raw) r = output_write(&sub->output, "\n", 1);
    if (r < 0) on_broken(sub, r);
    else if (output_queued(&sub->output) > HIGH) pause_all(sub, true);
}

void subscriber_message(struct subscriber *sub, weft_bytes payload, bool is_binary)
{
    if (sub->leaving) return;
    write_out(sub, payload, is_binary && sub->o->binary && !sub->watched);
    sub->received++;
    await(sub);
    if (sub->received == sub->o->count) subscriber_ends(sub, EXIT_CLEAN);
}

void subscriber_aside(struct subscriber *sub, weft_bytes text)
{
    if (!sub->leaving) write_out(sub, text, false);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int start(struct subscriber *sub, char **urls, size_t n)
{
    weft_loop_config config = {.env = &sub->trace.env};
    int r;
    if ((r = weft_loop_new(&sub->loop, &config)) < 0 ||
        (r = signals_init(&sub->signals, sub->loop, on_signal, sub)) < 0 ||
        (r = weft_timer_new(&sub->patience, sub->loop, on_patience, sub)) < 0 ||
        (r = output_init(&sub->output, sub->loop, STDOUT_FILENO)) < 0)
        return complain("cannot start: %s", weft_strerror(r));
    sub->sources = calloc(n, sizeof *sub->sources);
    if (!sub->sources) return complain("out of memory");
    for (size_t i = 0; i < n; i++) {
        sub->n_sources++;
        r = source_init(&sub->sources[i], sub, urls[i]);
        if (r) return r;
    }
    for (size_t i = 0; i < n && !sub->leaving; i++) source_connect(&sub->sources[i]);
    await(sub);
    return 0;
}

static void finish(struct subscriber *sub)
{
    sub->leaving = true;
    for (size_t i = 0; i < sub->n_sources; i++) source_deinit(&sub->sources[i]);
    weft_timer_free(sub->patience);
    output_deinit(&sub->output);
    signals_deinit(&sub->signals);
    weft_loop_free(sub->loop);
    free(sub->sources);
    journal_deinit(&sub->journal);
}

int subscriber_run(const struct sub_options *o, char **urls, size_t n)
{
    struct subscriber sub = {
        .o = o,
        .watched = isatty(STDOUT_FILENO),
        .output = {.on_empty = on_empty, .on_broken = on_broken},
    };
    sub.output.user = &sub;
    journal_init(&sub.journal, STDERR_FILENO);
    trace_init(&sub.trace, o->access.verbose, &sub.journal, NULL);
    int status = start(&sub, urls, n);
    if (status == 0) {
        int r = sub.leaving && sub.n_over == n ? 0 : weft_loop_run(sub.loop);
        status = r < 0 ? complain("the loop stopped: %s", weft_strerror(r)) : sub.status;
    }
    finish(&sub);
    return status;
}
