/* SPDX-License-Identifier: MIT
 *
 * cli/serve.c - weft serve [DIR]: every path is a channel; DIR is served as files
 *
 *      --echo PATH      a WebSocket that sends back
 *      any other path   a channel; beside it, for a GET without parameters
 *                           with DIR   files; lists of directories that have no index.html
 *                           without    in a browser / says what this is
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/echo.h"
#include "cli/escape.h"
#include "cli/listing.h"
#include "cli/manual.h"
#include "cli/page.h"
#include "cli/serve_settings.h"

struct serve {
    struct serve_settings *settings;
    int argc;
    char **argv;
    struct service service;
    struct echo echoes[FLAG_LIST_MAX];
    struct listing listing;
};

static const char about[] =
    "Every path is a channel: what is published on it reaches everyone who reads it,\n"
    "by WebSocket, Server-Sent Events, HTTP streams and polls (weft-channels(7)).\n"
    "DIR is served as static files on the same port.\n"
    "\n"
    "The first line on stdout says where it listens. SIGINT and SIGTERM close every\n"
    "WebSocket with 1001 and end the program; a second one ends it at once. SIGTERM\n"
    "takes its time with --drain-delay and --drain, and under systemd.\n"
    "SIGHUP reads certificates, keys and the file of --config again. Every flag is a\n"
    "variable and a key of that file, too (weft config).\n"
    "A channel keeps its last 100 messages for 5 minutes for those who come back, and\n"
    "up to 8M of what those who are connected have yet to read. Who says more than\n"
    "1M a second waits while a reader is more than half of that behind. --channel\n"
    "sets all this for channels by their names.\n"
    "Before it answers anybody it gives up root, files and system calls that it does\n"
    "not need; with -v it says how far.\n";

static const char examples[] =
    "  weft serve                     channels on ws://localhost:8080/...\n"
    "  weft serve -p 7002 -v          on port 7002, telling what happens\n"
    "  weft serve site                the files of site/ too\n"
    "  weft serve --channel '/quotes/*: latest=key, max-rate=10'\n"
    "  weft serve --echo /echo -p 0   an echo endpoint, on any free port\n"
    "  weft serve --origin https://example.org\n"
    "  weft serve --tls-cert server.crt --tls-key server.key\n"
    "  weft serve --config weft.yaml  as that file says; weft config prints one\n";

/* ---- what else is at a path ------------------------------------------------------------------ */

/* "/a/b.html": something that is called so is a file. */
static bool has_extension(weft_bytes path)
{
    const char *text = (const char *)path.data;
    const char *name = memrchr(text, '/', path.len);
    size_t rest = name ? path.len - (size_t)(name - text) : 0;
    const char *dot = rest > 2 ? memrchr(name + 2, '.', rest - 2) : NULL;
    return dot && dot + 1 < text + path.len;
}

/* "/a/": a directory that has no index.html. */
static bool may_be_channel(weft_bytes path)
{
    return path.len == 1 || path.data[path.len - 1] != '/';
}

static bool is_channel(const struct serve *s, weft_bytes path)
{
    weft_topic *t = weft_topic_find(weft_channels_hub(s->service.channels.them), path);
    weft_topic_unref(t);
    return t;
}

static void say_no_file(weft_request *r, bool page)
{
    static const char why[] = "there is no such file, nor a channel of that name\n";
    if (page) page_show(r, 404, "/missing.html");
    else weft_respond(r, 404, "text/plain; charset=utf-8", why, sizeof why - 1);
}

static bool look_for_file(weft_request *r, bool page, void *user)
{
    const struct serve *s = user;
    weft_bytes path = weft_request_path(r);
    if (weft_files_respond(s->service.files, r, path) == 0) return true;
    if (listing_serve(&s->listing, r, page)) return true;
    if (may_be_channel(path) && (!has_extension(path) || is_channel(s, path))) return false;
    say_no_file(r, page);
    return true;
}

static bool look_for_welcome(weft_request *r, bool page, void *user)
{
    (void)user;
    if (!page || weft_request_path(r).len > 1) return false;
    page_show(r, 200, "/welcome.html");
    return true;
}

/* Plain requests for an echo endpoint: a file of that name, or words. */
static void on_plain(weft_request *r, void *user)
{
    const struct serve *s = user;
    const weft_files *files = s->service.files;
    if (!files || weft_files_respond(files, r, weft_request_path(r)) < 0) echo_refuse(r);
}

/* ---- routes ---------------------------------------------------------------------------------- */

static int add_echo(struct serve *s, size_t i, const char *path)
{
    static const weft_request_handler plain = {.on_request = on_plain};
    int r = echo_add(&s->echoes[i], &s->service, path);
    if (r == 0) r = weft_server_on_request(s->service.server, path, &plain, s);
    if (r == -EINVAL) return complain("--echo: \"%s\" is not a path of the form /echo", path);
    return r < 0 ? complain("--echo %s: %s", path, weft_strerror(r)) : 0;
}

static int add_listing(struct serve *s, const char *dir)
{
    int r = listing_open(&s->listing, dir);
    return r < 0 ? complain("%s: %s", dir, weft_strerror(r)) : 0;
}

static int add_routes(struct serve *s, const struct flag_list *echoes, const char *dir)
{
    int status = dir ? add_listing(s, dir) : 0;
    if (status) return status;
    int r = weft_channels_route(s->service.channels.them, s->service.server, "/*");
    if (r < 0) return complain("cannot start: %s", weft_strerror(r));
    for (size_t i = 0; i < echoes->n && !status; i++) status = add_echo(s, i, echoes->items[i]);
    return status;
}

/* ---- SIGHUP ---------------------------------------------------------------------------------- */

/* What a file holds may be a terminal's to obey. */
static void tell_log(const char *line, void *user)
{
    char *shown = NULL;
    size_t len;
    FILE *to = open_memstream(&shown, &len);
    if (!to) return;
    escape_terminal(to, (weft_bytes){(const uint8_t *)line, strlen(line)}, " ");
    if (fclose(to) == 0) trace_tell(user, "%s", shown);
    free(shown);
}

/* Said once more, into another place: it is all right, and then it is in force, as far as that can be; or nothing of it
 * is. */
static bool on_hangup(void *user)
{
    struct serve *s = user;
    struct serve_settings *next = malloc(sizeof *next);
    const struct trace *trace = &s->service.trace;
    char stuck[400];
    if (!next) return trace_tell(trace, "settings stay as they are: no memory"), false;
    serve_settings_init(next, (struct teller){tell_log, (void *)trace});
    bool good = !serve_settings_read(next, s->argc, s->argv, true) && !next->said.wrong;
    if (!good) trace_tell(trace, "settings stay as they are");
    else if ((good = service_reload(&s->service, &next->service))) {
        trace_line(trace, "settings were read again");
        serve_settings_stuck(s->settings, next, stuck, sizeof stuck);
        if (*stuck) trace_tell(trace, "needs a restart: %s", stuck);
    }
    serve_settings_deinit(next);
    free(next);
    return good;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int serve(struct serve *s)
{
    struct serve_settings *settings = s->settings;
    struct service_options *o = &settings->service;
    o->channels.on_look = o->dir ? look_for_file : look_for_welcome;
    o->channels.user = s;
    o->file = settings->file;
    o->on_hangup = settings->file ? on_hangup : NULL;
    o->hangup_user = s;
    int status = service_open(&s->service, o);
    if (status == 0) status = add_routes(s, &settings->echoes, o->dir);
    if (settings->said.wrong) status = EXIT_USAGE;
    if (status == 0 && settings->check) puts("OK");
    else if (status == 0) status = service_run(&s->service, NULL);
    service_close(&s->service);
    listing_close(&s->listing);
    return status;
}

int serve_run(int argc, char **argv)
{
    struct serve_settings settings;
    serve_settings_init(&settings, settings_complain);
    struct serve s = {.settings = &settings, .argc = argc, .argv = argv};
    int status = EXIT_USAGE, n = serve_settings_read(&settings, argc, argv, false);
    if (n == FLAGS_HELP)
        status = manual_print(
            &(struct manual){"weft serve [FLAGS] [DIR]", about, settings.tables, examples});
    else if (n == 0 && (settings.check || !settings.said.wrong)) status = serve(&s);
    serve_settings_deinit(&settings);
    return status;
}
