/* SPDX-License-Identifier: MIT
 *
 * cli/serve.c - weft serve [DIR]: every path is a channel; DIR is served as files
 *
 *      WebSocket   --echo PATH      echo
 *                  any other path   channel
 *      plain GET   with DIR         files; / lists them where there is no index.html
 *                  without          / says what this is; other paths: 426, from the library
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/channel.h"
#include "cli/cli.h"
#include "cli/echo.h"
#include "cli/listing.h"
#include "cli/manual.h"

struct serve {
    struct service service;
    struct channels channels;
    struct echo echoes[FLAG_LIST_MAX];
    struct listing listing;
};

static const char about[] =
    "Every path is a channel: what is sent on it, text or binary, goes to everyone on\n"
    "it, the sender included. DIR is served as static files on the same port.\n"
    "\n"
    "The first line on stdout says where it listens. SIGINT and SIGTERM close every\n"
    "WebSocket with 1001 and end the program; a second one ends it at once.\n"
    "With TLS, SIGHUP reads the certificates and keys again.\n"
    "A channel keeps up to 8M of what members have yet to read. Who is slower than\n"
    "that is closed with 1013; who says more than 1M a second waits while another\n"
    "member is more than half of that behind.\n"
    "Before it answers anybody it gives up root, files and system calls that it does\n"
    "not need; with -v it says how far.\n";

static const char examples[] =
    "  weft serve                     channels on ws://localhost:8080/...\n"
    "  weft serve -p 7002 -v          on port 7002, telling what happens\n"
    "  weft serve site                the files of site/ too\n"
    "  weft serve --echo /echo -p 0   an echo endpoint, on any free port\n"
    "  weft serve --origin https://example.org\n"
    "  weft serve --tls-cert server.crt --tls-key server.key\n";

static const char welcome[] = "This is weft, serving WebSocket channels: every path is one.\n"
                              "What is sent on a channel goes to everyone on it.\n"
                              "\n"
                              "Try it in two terminals:\n"
                              "\n"
                              "    weft %s://%s/chat\n"
                              "\n"
                              "or in the console of your browser:\n"
                              "\n"
                              "    ws = new WebSocket(\"%s://%s/chat\")\n"
                              "    ws.onmessage = (event) => console.log(event.data)\n"
                              "    ws.onopen = () => ws.send(\"hello\")\n"
                              "\n"
                              "weft help serve says more.\n";

static void greet(weft_request *r, void *user)
{
    const struct service *s = user;
    const char *scheme = secret_wanted(&s->options->secret) ? "wss" : "ws";
    char host[256], text[sizeof welcome + 2 * sizeof host];
    weft_bytes sent = weft_request_field(r, "Host");
    snprintf(host, sizeof host, "%.*s", (int)sent.len, sent.data ? (const char *)sent.data : "");
    int len = snprintf(text, sizeof text, welcome, scheme, host, scheme, host);
    weft_respond(r, 200, "text/plain; charset=utf-8", text, (size_t)len);
}

static int add_echoes(struct serve *s, const struct flag_list *paths)
{
    for (size_t i = 0; i < paths->n; i++) {
        int r = echo_add(&s->echoes[i], &s->service, paths->items[i]);
        if (r == -EINVAL)
            return complain("--echo: \"%s\" is not a path of the form /echo", paths->items[i]);
        if (r < 0) return complain("--echo %s: %s", paths->items[i], weft_strerror(r));
    }
    return 0;
}

static void say_upgrade(weft_request *r, void *user)
{
    static const char why[] = "this path speaks WebSocket only\n";
    (void)user;
    weft_reply_field(r, "Upgrade", "websocket");
    weft_respond(r, 426, "text/plain; charset=utf-8", why, sizeof why - 1);
}

/* Where no file has the name, a request for it is told what the path is. */
static int add_echo_notes(struct serve *s, const struct flag_list *echoes, const char *dir)
{
    static const weft_request_handler note = {.on_request = say_upgrade};
    for (size_t i = 0; i < echoes->n; i++) {
        char path[PATH_MAX];
        bool subtree = strchr(echoes->items[i], '*');
        int len = snprintf(path, sizeof path, "%s%s", dir, echoes->items[i]);
        if (subtree || len >= (int)sizeof path || access(path, F_OK) == 0) continue;
        int r = weft_server_on_request(s->service.server, echoes->items[i], &note, NULL);
        if (r < 0) return r;
    }
    return 0;
}

static int add_files(struct serve *s, const struct flag_list *echoes, const char *dir)
{
    int r = weft_server_files(s->service.server, "/*", dir);
    if (r < 0) return complain("%s: %s", dir, weft_strerror(r));
    r = listing_add(&s->listing, s->service.server, dir);
    if (r == 0) r = add_echo_notes(s, echoes, dir);
    return r < 0 ? complain("cannot start: %s", weft_strerror(r)) : 0;
}

static int add_routes(struct serve *s, const struct flag_list *echoes, const char *dir)
{
    int r = channels_add(&s->channels, &s->service, "/*");
    if (r < 0) return complain("cannot start: %s", weft_strerror(r));
    r = add_echoes(s, echoes);
    if (r) return r;
    if (dir) return add_files(s, echoes, dir);
    static const weft_request_handler greeting = {.on_request = greet, .methods = "GET"};
    r = weft_server_on_request(s->service.server, "/", &greeting, &s->service);
    return r < 0 ? complain("cannot start: %s", weft_strerror(r)) : 0;
}

int serve_run(int argc, char **argv)
{
    struct service_options options;
    struct flag_list echoes = {0};
    service_options_init(&options);

    const struct flag own[] = {
        {0, "echo", .kind = FLAG_LIST, .into = &echoes, .value = "PATH",
         .help = "PATH sends everything back to its sender; repeatable"},
        {0},
    };
    struct flag common[SERVICE_FLAGS];
    service_flags(&options, common);
    const struct flag *const tables[] = {own, common, NULL};

    int n = flags_parse(tables, argc, argv);
    if (n == FLAGS_HELP)
        return manual_print(&(struct manual){"weft serve [FLAGS] [DIR]", about, tables, examples});
    if (n < 0) return EXIT_USAGE;
    if (n > 1) return complain("serve takes one directory, not %d", n);

    struct serve s = {0};
    options.dir = n ? argv[1] : NULL;
    int status = service_open(&s.service, &options);
    if (status == 0) status = add_routes(&s, &echoes, options.dir);
    if (status == 0) status = service_run(&s.service, NULL);
    service_close(&s.service);
    listing_deinit(&s.listing);
    return status;
}
