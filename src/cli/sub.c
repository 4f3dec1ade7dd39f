/* SPDX-License-Identifier: MIT
 *
 * cli/sub.c - weft sub: its flags
 */
#include <stdlib.h>
#include <string.h>

#include <weft/topic.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/manual.h"
#include "cli/nearest.h"
#include "cli/subscriber.h"
#include "cli/values.h"

enum { EVERY_MS = 2000 };

static const char about[] =
    "Print what is published on channels, one message a line, from now on, or from where\n"
    "--since and --last say. URL is ws://host:port/chat, wss://..., http(s)://...,\n"
    "host:port/chat or :port/chat; a star at its end is each channel one level below.\n"
    "\n"
    "When the connection is lost it connects again, waiting a random time, and goes on at\n"
    "its position. So nothing is lost or doubled, or it is said on stderr, with the\n"
    "position up to which that reaches. A binary message is printed as it is, with a\n"
    "newline; with -b without one.\n"
    "\n"
    "Exit status: 0 done (-n, -w, Ctrl-C), 28 fewer than -n came in time, 82 --strict and\n"
    "messages were lost, others as of weft URL: what does not pass, or what fails before\n"
    "it was connected once.\n";

static const char examples[] =
    "  weft sub :8080/cpu                            from now on\n"
    "  weft sub --last all -w 1 :8080/chat           what is kept, and out\n"
    "  weft sub --via sse -n 3 http://localhost:8080/quotes\n"
    "  weft sub --presence ':8080/chat?client=ann'   who comes and goes, and that it is ann\n"
    "  weft sub --json ':8080/quotes/*'              many channels, as envelopes\n"
    "  weft sub --strict --since k3f9a2c1.42 :8080/s  each one after that, or exit 82\n";

static const struct via *const vias[] = {&via_ws, &via_sse, &via_stream, &via_longpoll, &via_poll};

enum { VIAS = sizeof vias / sizeof *vias };

static int find_via(const char *name, const struct via **out)
{
    struct nearest n = nearest_to(name);
    for (size_t i = 0; i < VIAS; i++) {
        *out = vias[i];
        if (!strcmp(name, vias[i]->name)) return 0;
        nearest_try(&n, vias[i]->name);
    }
    if (n.best) return complain("--via: \"%s\" is no transport; did you mean %s?", name, n.best);
    return complain("--via: \"%s\" is not ws, sse, stream, longpoll or poll", name);
}

static bool is_position(const char *text)
{
    weft_position p;
    return weft_position_parse(&p, (weft_bytes){(const uint8_t *)text, strlen(text)}) == 0;
}

static int check(const struct sub_options *o, int n)
{
    uint64_t last;
    if (o->since && !is_position(o->since))
        return complain("--since: \"%s\" is no position; one looks like k3f9a2c1.42", o->since);
    if (o->since && n > 1)
        return complain("--since is a position of one channel; give one URL with it");
    if (o->last && strcmp(o->last, "all") != 0 &&
        (!value_number(o->last, &last) || !last || last > WEFT_OFFSET_MAX))
        return complain("--last: \"%s\" is not a number of messages, at least 1, or all", o->last);
    if (o->binary && o->json) return complain("-b is bytes, --json is envelopes: choose one");
    return connect_check(&o->access.headers, &o->access.subprotocols);
}

int sub_run(int argc, char **argv)
{
    struct sub_options o = {.every = EVERY_MS};
    struct flag access[ACCESS_FLAGS];
    const char *via = "ws";
    const struct flag flags[] = {
        {0, "via", .kind = FLAG_TEXT, .into = &via, .value = "TRANSPORT",
         .help = "ws (the default), sse, stream, longpoll or poll"},
        {0, "since", .kind = FLAG_TEXT, .into = &o.since, .value = "POSITION",
         .help = "what is after this position, as --json shows them"},
        {0, "last", .kind = FLAG_TEXT, .into = &o.last, .value = "N",
         .help = "begin with the N newest that are kept, or all"},
        {0, "json", .kind = FLAG_BOOL, .into = &o.json,
         .help = "print envelopes: channel, position, time, data or base64"},
        {0, "presence", .kind = FLAG_BOOL, .into = &o.presence,
         .help = "tell who comes and goes, on stderr; with --json on stdout"},
        {'b', "binary", .kind = FLAG_BOOL, .into = &o.binary, .help = "write binary messages raw"},
        {'n', "count", .kind = FLAG_NUMBER, .into = &o.count, .min = 1, .max = UINT64_MAX,
         .value = "N", .help = "stop after N messages"},
        {'w', "wait", .kind = FLAG_TIME, .into = &o.wait, .max = 86400000, .value = "SECS",
         .help = "stop when none has come for so long; fewer than -n: exit 28"},
        {0, "strict", .kind = FLAG_BOOL, .into = &o.strict,
         .help = "stop at the first loss, with exit status 82"},
        {0, "every", .kind = FLAG_TIME, .into = &o.every, .min = 10, .max = 86400000,
         .value = "TIME", .help = "with --via poll: how often (2s)"},
        {0},
    };
    const struct flag *const tables[] = {flags, access, NULL};
    access_flags(access, &o.access);

    int n = flags_parse(tables, argc, argv);
    if (n == FLAGS_HELP)
        return manual_print(&(struct manual){"weft sub [FLAGS] URL...", about, tables, examples});
    if (n < 0) return EXIT_USAGE;
    if (n == 0) return complain("which URL? For example: weft sub :8080/chat");
    int r = find_via(via, &o.via);
    if (!r) r = check(&o, n);
    return r ? r : subscriber_run(&o, argv + 1, (size_t)n);
}
