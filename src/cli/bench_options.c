/* SPDX-License-Identifier: MIT
 *
 * cli/bench_options.c - the flags of weft bench
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/bench_wanted.h"
#include "cli/cli.h"
#include "cli/connect.h"
#include "cli/deflate.h"
#include "cli/manual.h"
#include "cli/outcome.h"
#include "cli/values.h"

enum {
    CONNECTIONS = 64,
    SIZE = 125,
    PARALLEL = 64,
    SPARE_DESCRIPTORS = 64,
    SIZE_LARGEST = 1 << 30,
    URL_LONGEST = 8192,
};

static const char about[] =
    "Put a load on a WebSocket server and measure it. Several URLs share the connections.\n"
    "\n"
    "By default the server is taken for one that echoes: every connection keeps --depth\n"
    "messages in flight, the next one goes out when a reply has come, and replies are\n"
    "compared with what was sent. With --rate messages go out when they are due, whether\n"
    "or not replies have come, and latency counts from when they were due: the waits that\n"
    "a stalled server causes are all in it.\n"
    "\n"
    "With --subscribers the URL is a channel, as in weft serve: what a publisher sends\n"
    "comes to every subscriber, and latency is that of each delivery; --via says how they\n"
    "listen. With --post every connection publishes by POST. With --storm connections are\n"
    "opened and closed, with --idle they are opened and held.\n"
    "\n"
    "What is measured comes after the warm-up. Ctrl-C ends it early, with the results so\n"
    "far. Exit status: 0 without errors, otherwise that of the first error, as of weft URL.\n";

static const char examples[] =
    "  weft bench :8080/echo                          64 connections, 10 seconds\n"
    "  weft bench -c 1000 --depth 16 -s 1K :8080/echo\n"
    "  weft bench -r 20000 -d 60s :8080/echo          20,000 messages a second: latency\n"
    "  weft bench --subscribers 1000 :8080/chat       one publisher, a thousand listeners\n"
    "  weft bench --subscribers 1000 --via sse :8080/chat   the same by Server-Sent Events\n"
    "  weft bench --storm 127.0.0.1:8080/             opening handshakes per second\n"
    "  weft bench --idle -c 20000 --pid $(pidof -s weft) 127.0.0.1:8080/\n";

/* What flags write into, before it is known what they mean together. */
struct given {
    uint64_t connections, publishers, subscribers, warmup, duration;
    struct flag_list sizes;
    const char *deflate, *via;
    bool storm, idle, text, post;
};

const char *const bench_via_names[] = {"ws", "sse", "stream", "raw", "longpoll", NULL};

/* ---- do they fit together? ------------------------------------------------------------------- */

static int check_kind(const struct given *g)
{
    bool channel = g->publishers || g->subscribers;
    if (g->storm + g->idle + channel + g->post > 1)
        return complain(
            "--storm, --idle, --subscribers and --post are four different loads; choose one");
    if (strcmp(g->via, "ws") != 0 && !g->idle && !channel)
        return complain("--via is for those who read a channel: --subscribers, or --idle");
    if (channel && g->connections)
        return complain("a channel's connections are --subscribers and --publishers, not -c");
    if (g->publishers && !g->subscribers) return complain("--publishers: for which --subscribers?");
    return 0;
}

static int check_rest(const struct bench_options *o, const struct given *g)
{
    bool messages = o->kind == BENCH_ECHO || o->kind == BENCH_CHANNEL;
    if (o->kind == BENCH_POST && (o->rate || o->depth > 1))
        return complain("--post sends the next message when there is an answer: --rate and --depth "
                        "do not go with it");
    if (!messages && o->kind != BENCH_POST && (o->rate || o->depth > 1))
        return complain("%s sends no messages: --rate and --depth do not go with it",
                        o->kind == BENCH_STORM ? "--storm" : "--idle");
    if (o->rate && o->depth > 1)
        return complain("--rate sends when it is time, --depth when replies come; choose one");
    if (o->kind == BENCH_IDLE && o->count) return complain("--idle sends no messages to count");
    if (o->count && g->warmup != WEFT_NEVER)
        return complain("-n counts from the first message on: there is no --warmup before it");
    if (o->reset && o->kind != BENCH_STORM) return complain("--reset is for --storm");
    if (o->kind == BENCH_CHANNEL && o->threads > 1)
        return complain("a channel's load is driven by one thread");
    if (o->threads > o->connections)
        return complain("--threads: more than there are connections (%llu)",
                        (unsigned long long)o->connections);
    return 0;
}

static int check_sizes(const struct bench_options *o)
{
    for (size_t i = 0; i < o->n_sizes && o->kind == BENCH_CHANNEL; i++)
        if (o->sizes[i] < BENCH_STAMP)
            return complain("-s: a published message has its time in it: at least %d bytes",
                            BENCH_STAMP);
    return 0;
}

static int check_descriptors(const struct bench_options *o)
{
    struct rlimit r;
    uint64_t wanted = o->connections + SPARE_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &r) < 0) return 0;
    if (r.rlim_max < wanted)
        return complain("%llu connections need as many descriptors; this process may open %llu "
                        "(ulimit -Hn)",
                        (unsigned long long)o->connections, (unsigned long long)r.rlim_max);
    if (r.rlim_cur < wanted) r.rlim_cur = wanted;
    setrlimit(RLIMIT_NOFILE, &r);
    return 0;
}

/* ---- from what was given to what is wanted --------------------------------------------------- */

static int set_sizes(struct bench_options *o, const struct flag_list *sizes)
{
    o->sizes[0] = SIZE;
    o->n_sizes = 1;
    if (sizes->n > BENCH_SIZES) return complain("-s: given more than %d times", BENCH_SIZES);
    for (size_t i = 0; i < sizes->n; i++) {
        if (!value_size(sizes->items[i], &o->sizes[i]) || o->sizes[i] > SIZE_LARGEST)
            return complain("-s: \"%s\" is not a size (0 to 1G)", sizes->items[i]);
        o->n_sizes = i + 1;
    }
    return 0;
}

static void set_kind(struct bench_options *o, const struct given *g)
{
    o->kind = g->storm ? BENCH_STORM : g->idle ? BENCH_IDLE : g->post ? BENCH_POST : BENCH_ECHO;
    o->connections = g->connections ? g->connections : CONNECTIONS;
    o->opcode = g->text || o->utf8 || o->via ? WEFT_TEXT : WEFT_BINARY;
    if (!g->subscribers) return;
    o->kind = BENCH_CHANNEL;
    o->publishers = g->publishers ? g->publishers : 1;
    o->connections = o->publishers + g->subscribers;
}

static void set_times(struct bench_options *o, const struct given *g)
{
    bool counted = o->count != 0;
    o->duration = g->duration ? g->duration : counted ? WEFT_NEVER : 10000;
    o->warmup = g->warmup != WEFT_NEVER ? g->warmup : counted || o->kind == BENCH_IDLE ? 0 : 1000;
}

static int add_url(struct bench_options *o, const char *text)
{
    char url[URL_LONGEST], shown[URL_LONGEST];
    if (!connect_is_url(text)) {
        complain("\"%s\" is not a URL; one looks like ws://localhost:8080/echo", text);
        return EXIT_URL;
    }
    if (connect_complete_url(text, url, sizeof url) >= URL_LONGEST) {
        complain("the URL is longer than %d bytes", URL_LONGEST);
        return EXIT_URL;
    }
    connect_hide_user(url, shown);
    int error = connect_url_error(url);
    if (error < 0) {
        complain("%s: %s", shown, connect_words(error));
        return outcome_exit_connect(error);
    }
    if (o->urls.n == FLAG_LIST_MAX) return complain("more than %d URLs", FLAG_LIST_MAX);
    o->urls.items[o->urls.n++] = strdup(url);
    o->shown.items[o->shown.n++] = strdup(shown);
    return 0;
}

static int set_via(struct bench_options *o, const char *name)
{
    for (int i = 0; bench_via_names[i]; i++) {
        o->via = (enum bench_via)i;
        if (strcmp(bench_via_names[i], name) == 0) return 0;
    }
    return complain("--via: \"%s\" is none of ws, sse, stream, raw, longpoll", name);
}

/* What plain HTTP needs of the same. */
static int set_access(struct bench_options *o)
{
    if (!o->via && o->kind != BENCH_POST) return 0;
    o->access = (struct connect_options){
        .headers = o->headers, .credentials = o->credentials, .proxy = o->proxy, .trust = o->trust};
    o->channels = calloc(o->urls.n, sizeof *o->channels);
    if (!o->channels) return complain("out of memory");
    int r = 0;
    for (size_t i = 0; i < o->urls.n && !r; i++)
        r = channel_url_parse(&o->channels[i], o->urls.items[i]);
    return r;
}

static int settle(struct bench_options *o, const struct given *g, int n, char **urls)
{
    int r = n ? check_kind(g) : complain("which URL? For example: weft bench :8080/echo");
    if (!r) r = set_via(o, g->via);
    if (r) return r;
    set_kind(o, g);
    set_times(o, g);
    if (!r) r = set_sizes(o, &g->sizes);
    if (!r) r = check_rest(o, g);
    if (!r) r = check_sizes(o);
    if (!r) r = check_descriptors(o);
    if (!r) r = connect_check(&o->headers, &o->subprotocols);
    if (!r) r = deflate_parse(g->deflate, &o->deflate);
    for (int i = 0; i < n && !r; i++) r = add_url(o, urls[i]);
    return r ? r : set_access(o);
}

int bench_options_parse(struct bench_options *o, int argc, char **argv)
{
    struct given g = {.deflate = "off", .via = "ws", .warmup = WEFT_NEVER};
    *o = (struct bench_options){.depth = 1, .threads = 1, .parallel = PARALLEL};
    const struct flag load[] = {
        {'c', "connections", .kind = FLAG_NUMBER, .into = &g.connections, .min = 1, .max = 1 << 20,
         .value = "N", .help = "how many (64); with --storm, how many at a time"},
        {0, "depth", .kind = FLAG_NUMBER, .into = &o->depth, .min = 1, .max = 1 << 16, .value = "N",
         .help = "messages in flight on each connection (1); on a channel, in all"},
        {'s', "size", .kind = FLAG_LIST, .into = &g.sizes, .value = "SIZE",
         .help = "of a message (125); K and M are understood; repeatable:\n"
                 "one after the other"},
        {'d', "duration", .kind = FLAG_TIME, .into = &g.duration, .min = 1, .max = 86400000,
         .value = "TIME", .help = "how long to measure (10s); ms, s, m and h are understood"},
        {0, "warmup", .kind = FLAG_TIME, .into = &g.warmup, .max = 3600000, .value = "TIME",
         .help = "how long the load is on before that (1s)"},
        {'n', "count", .kind = FLAG_NUMBER, .into = &o->count, .min = 1, .max = UINT64_MAX,
         .value = "N", .help = "stop after N messages (with --storm, handshakes) in all"},
        {'r', "rate", .kind = FLAG_NUMBER, .into = &o->rate, .min = 1, .max = 1000000000,
         .value = "N", .help = "send N messages a second in all, come what may"},
        {'t', "threads", .kind = FLAG_NUMBER, .into = &o->threads, .min = 1, .max = 256,
         .value = "N", .help = "that share the connections (1)"},
        {0, "text", .kind = FLAG_BOOL, .into = &g.text, .help = "text messages (JSON), not binary"},
        {0, "utf8", .kind = FLAG_BOOL, .into = &o->utf8,
         .help = "text with characters of one to four bytes"},
        {0, "deflate", .kind = FLAG_TEXT, .into = &g.deflate, .value = "MODE",
         .help = "offer compression: off (the default), shared (every message\n"
                 "for itself), takeover; messages are JSON then"},
        {0, "subscribers", .kind = FLAG_NUMBER, .into = &g.subscribers, .min = 1, .max = 1 << 20,
         .value = "N", .help = "the URL is a channel with N who listen"},
        {0, "publishers", .kind = FLAG_NUMBER, .into = &g.publishers, .min = 1, .max = 1 << 16,
         .value = "N", .help = "and N who send (1)"},
        {0, "via", .kind = FLAG_TEXT, .into = &g.via, .value = "WAY",
         .help = "how they listen: ws (the default), sse, stream, raw, longpoll"},
        {0, "post", .kind = FLAG_BOOL, .into = &g.post,
         .help = "publish on a channel by POST, one after the other"},
        {0, "storm", .kind = FLAG_BOOL, .into = &g.storm,
         .help = "open connections and close them, again and again"},
        {0, "reset", .kind = FLAG_BOOL, .into = &o->reset,
         .help = "with --storm: drop them, without a closing handshake"},
        {0, "idle", .kind = FLAG_BOOL, .into = &g.idle,
         .help = "open connections and hold them; with --pid, memory for each"},
        {0, "parallel", .kind = FLAG_NUMBER, .into = &o->parallel, .min = 1, .max = 1 << 16,
         .value = "N", .help = "how many are being opened at a time, at first (64)"},
        {0, "pid", .kind = FLAG_NUMBER, .into = &o->pid, .min = 1, .max = INT32_MAX, .value = "PID",
         .help = "the server on this machine: measure its CPU time and memory"},
        {0, "no-verify", .kind = FLAG_BOOL, .into = &o->unverified,
         .help = "count replies only, do not compare them"},
        {0, "json", .kind = FLAG_BOOL, .into = &o->json, .help = "one line of JSON on stdout"},
        {0},
    };
    const struct flag peer[] = {
        {'H', "header", .kind = FLAG_LIST, .into = &o->headers, .value = "'NAME: VALUE'",
         .help = "a header field for the requests; repeatable"},
        {'u', "user", .kind = FLAG_TEXT, .into = &o->credentials, .value = "USER:PASSWORD",
         .help = "basic authentication"},
        {'k', "insecure", .kind = FLAG_BOOL, .into = &o->trust.insecure,
         .help = "with wss: accept any certificate"},
        {0, "cacert", .kind = FLAG_TEXT, .into = &o->trust.authorities, .value = "FILE",
         .help = "with wss: trust what these authorities have signed"},
        {0, "cert", .kind = FLAG_TEXT, .into = &o->trust.certificate, .value = "FILE",
         .help = "with wss: a certificate of yours"},
        {0, "key", .kind = FLAG_TEXT, .into = &o->trust.key, .value = "FILE", .help = "its key"},
        {'x', "proxy", .kind = FLAG_TEXT, .into = &o->proxy, .value = "[http://]HOST:PORT",
         .help = "connect through this proxy"},
        {0, "subprotocol", .kind = FLAG_LIST, .into = &o->subprotocols, .value = "NAME",
         .help = "offer a subprotocol; repeatable"},
        {0, "origin", .kind = FLAG_TEXT, .into = &o->origin, .value = "ORIGIN",
         .help = "the Origin to send"},
        {0},
    };
    const struct flag *const tables[] = {load, peer, NULL};

    int n = flags_parse(tables, argc, argv);
    if (n == FLAGS_HELP) {
        manual_print(&(struct manual){"weft bench [FLAGS] URL [URL ...]", about, tables, examples});
        return BENCH_HELP;
    }
    return n < 0 ? EXIT_USAGE : settle(o, &g, n, argv + 1);
}

void bench_options_free(struct bench_options *o)
{
    free(o->channels);
    for (size_t i = 0; i < o->urls.n; i++) {
        free((char *)o->urls.items[i]);
        free((char *)o->shown.items[i]);
    }
}
