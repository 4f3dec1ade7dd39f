/* SPDX-License-Identifier: MIT
 *
 * cli/demo.c - weft demo: the demo site, pages and WebSockets on one port
 *
 *      /quotes          a channel that the program publishes on; /quotes/minute and others for its page (quotes.h)
 *      /slow/POLICY     a slow client of them (slow.h)
 *      /race            a race: /race/ID/quotes is its channel, /races/ID its control (stadium.h)
 *      /echo            a WebSocket that sends back
 *      /lab/heartbeat/  WebSockets that are pinged and moved (lab_heartbeat.h)
 *      POST /lab/...    what the library says to a request head, or to frames
 *      any other path   a channel, to begin with /chat and /chat/NAME
 *      /read/chat/...   the channel beside a room's: how far each of its pages has read (web/chat-marks.js)
 *      plain GET        the files of web/; in browsers the pages of the chat and of the quotes
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/echo.h"
#include "cli/lab.h"
#include "cli/lab_heartbeat.h"
#include "cli/manual.h"
#include "cli/page.h"
#include "cli/quotes.h"
#include "cli/slow.h"
#include "cli/stadium.h"

/* As --channel would say it. A key is a page, and who reads is of interest as it is now: so the newest of each is kept,
 * and a room full of readers costs each of them no more than so many marks a second. */
#define READ_CHANNELS "/read/**: latest=key, history=none, max-rate=20, presence=off"

/* How its channels behave. */
static const char *const own[] = {QUOTES_CHANNEL, QUOTES_MINUTE,     QUOTES_QUEUE,
                                  QUOTES_LATEST,  QUOTES_DISCONNECT, STADIUM_CHANNELS,
                                  READ_CHANNELS,  HEARTBEAT_CHANNELS};

struct demo {
    struct service service;
    struct echo echo;
    struct quotes quotes;
    struct slow slow;
    struct stadium stadium;
    struct heartbeats heartbeats;
};

static const char about[] =
    "The demo site: pages to learn from, a chat and live quotes, in English and in\n"
    "Chinese, to look at in browsers and to join from terminals. Its pages are inside\n"
    "the program; it opens no browser by itself.\n"
    "\n"
    "  /chat, /chat/NAME   chat rooms: what is sent goes to everyone in the room\n"
    "  /read/chat...       how far each of a room's pages has read\n"
    "  /quotes             a dozen prices, pushed five times a second\n"
    "  /quotes/minute      all of them in each message; a minute is kept\n"
    "  /race               the same quotes by five ways, and what each of them costs\n"
    "  /heartbeat          pings, pongs, and every way in which a connection ends\n"
    "  /echo               sends back what it gets\n"
    "  /lab/...            what the library says to a request, or to frames (POST)\n"
    "\n"
    "The first line on stdout says where it listens. SIGINT and SIGTERM close every\n"
    "WebSocket with 1001 and end the program; a second one ends it at once. SIGTERM\n"
    "takes its time with --drain-delay and --drain, and under systemd.\n";

static const char examples[] =
    "  weft demo                      then open http://localhost:8080\n"
    "  weft demo -p 9000 -v           on port 9000, telling what happens\n"
    "  weft ws://localhost:8080/chat  join the chat from a second terminal\n";

static void hint(const char *address, bool secure, weft_bytes base)
{
    char at[300];
    const char *port = strrchr(address, ':');
    if (!strncmp(address, "unix:", 5) || !port) return;
    snprintf(at, sizeof at, "://localhost%s%.*s", port, (int)base.len, (const char *)base.data);
    printf("\n"
           "Open   http%s%s%s         in a browser or two,\n"
           "and    weft ws%s%s/chat  in a second terminal. Then type.\n"
           "Ctrl-C ends it.\n",
           secure ? "s" : "", at, base.len ? "/" : " ", secure ? "s" : "", at);
}

static bool look_for_page(weft_request *r, bool page, void *user)
{
    (void)user;
    return page_serve(r, page);
}

static void on_access(const weft_access *a, void *user)
{
    struct demo *d = user;
    if (d->service.trace.level) trace_access(a, &d->service.trace);
}

static void on_traffic(const weft_access *a, uint64_t received, uint64_t sent, void *user)
{
    struct demo *d = user;
    stadium_count(&d->stadium, a, received, sent);
}

static void on_plain(weft_request *r, void *user)
{
    (void)user;
    echo_refuse(r);
}

static int add_routes(struct demo *d)
{
    static const weft_request_handler plain = {.on_request = on_plain};
    struct service *s = &d->service;
    int r;
    if ((r = weft_channels_route(s->channels.them, s->server, "/*")) < 0 ||
        (r = echo_add(&d->echo, s, "/echo")) < 0 ||
        (r = weft_server_on_request(s->server, "/echo", &plain, NULL)) < 0 ||
        (r = lab_add(s)) < 0 || (r = heartbeats_open(&d->heartbeats, s)) < 0 ||
        (r = quotes_open(&d->quotes, s)) < 0 || (r = slow_add(&d->slow, s)) < 0 ||
        (r = stadium_open(&d->stadium, s->server, s->loop, weft_channels_hub(s->channels.them),
                          &d->quotes.market)) < 0)
        return complain("cannot start: %s", weft_strerror(r));
    return 0;
}

int demo_run(int argc, char **argv)
{
    struct service_options options;
    service_options_init(&options);
    struct flag common[SERVICE_FLAGS];
    service_flags(&options, common);
    const struct flag *const tables[] = {common, NULL};

    int n = flags_parse(tables, argc, argv);
    if (n == FLAGS_HELP)
        return manual_print(&(struct manual){"weft demo [FLAGS]", about, tables, examples});
    if (n < 0) return EXIT_USAGE;
    if (n > 0) return complain("demo takes no argument, but got \"%s\"", argv[1]);
    char why[FLAG_WHY];
    if (!secret_fits(&options.secret, why) || !channels_fit(&options.channels, why) ||
        !guard_fits(&options.channels.guard, why))
        return complain("%s", why);

    struct demo d = {0};
    options.channels.on_look = look_for_page;
    memcpy(options.channels.own, own, sizeof own);
    options.channels.guard.demo = true;
    options.on_access = on_access;
    options.on_traffic = on_traffic;
    options.access_user = &d;
    stadium_init(&d.stadium);
    heartbeats_init(&d.heartbeats);
    int status = service_open(&d.service, &options);
    if (status == 0) status = add_routes(&d);
    if (status == 0) status = service_run(&d.service, hint);
    stadium_deinit(&d.stadium);
    quotes_deinit(&d.quotes);
    service_close(&d.service);
    heartbeats_deinit(&d.heartbeats);
    return status;
}
