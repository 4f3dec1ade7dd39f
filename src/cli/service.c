/* SPDX-License-Identifier: MIT
 *
 * cli/service.c - what `weft serve` and `weft demo` have in common
 */
#include "cli/service.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <weft/handshake.h>

#include "cli/cli.h"
#include "cli/deflate.h"
#include "cli/names.h"
#include "cli/page.h"
#include "cli/sandbox.h"

enum { ADDRESS_MAX = 256, WHY_MAX = 1024, THREADS_MAX = 256 };

/* ---- flags ----------------------------------------------------------------------------------- */

void service_options_init(struct service_options *o)
{
    *o = (struct service_options){
        .listening.port = LISTENING_NO_PORT,
        .handshake_timeout = 10000,
        .ping = 25000,
        .max_connections_per_ip = 256,
    };
}

void service_flags(struct service_options *o, struct flag flags[SERVICE_FLAGS])
{
    const struct flag table[SERVICE_FLAGS] = {
        {'p', "port", .kind = FLAG_NUMBER, .into = &o->listening.port, .max = 65535,
         .value = "PORT", .noun = "a port number",
         .help = "listen on 127.0.0.1:PORT (8080); 0: any free port"},
        {'l', "listen", .kind = FLAG_LIST, .into = &o->listening.addresses, .value = "ADDR",
         .help = "listen here instead: host:port, [ipv6]:port, *:port (every\n"
                 "address of this machine), unix:PATH, unix:@NAME, fd:N (a socket\n"
                 "that listens already); repeatable"},
        {0, "origin", .kind = FLAG_LIST, .into = &o->origins, .value = "ORIGIN",
         .help = "whose pages may connect: same (this server's), any, null (files\n"
                 "opened in a browser), or https://example.org; repeatable.\n"
                 "Without it: same, and on loopback addresses pages from any port\n"
                 "of this machine"},
        {0, "host", .kind = FLAG_LIST, .into = &o->hosts, .value = "NAME",
         .help = "a name to answer to: example.org, *.example.org, any;\n"
                 "repeatable. Without it: any; on loopback addresses without TLS\n"
                 "localhost and IP addresses, others get 421"},
        {0, "subprotocol", .kind = FLAG_LIST, .into = &o->subprotocols, .value = "NAME",
         .help = "a subprotocol to agree to when a client offers it; repeatable"},
        {0, "channel", .kind = FLAG_LIST, .into = &o->channels.channels,
         .value = "'PATTERN: SETTINGS'",
         .help = "how channels behave: '/quotes/*: latest=key, history=100/1h,\n"
                 "max-rate=10'; the first that matches counts; repeatable"},
        {0, "only-channels", .kind = FLAG_BOOL, .into = &o->channels.only,
         .help = "there are only those that --channel names; others are 404"},
        {0, "grant", .kind = FLAG_LIST, .into = &o->channels.grants, .value = "RIGHT",
         .help = "what everybody may do that only this machine may otherwise:\n"
                 "drop (DELETE), pattern (subscribe to /quotes/*); repeatable"},
        {0, "max-message", .kind = FLAG_SIZE, .into = &o->max_message, .min = 1, .max = 1 << 30,
         .value = "SIZE",
         .help = "the longest message to accept (64K on channels, 1M on echo\n"
                 "endpoints); K, M and G are understood"},
        {0, "handshake-timeout", .kind = FLAG_TIME, .into = &o->handshake_timeout, .min = 1,
         .max = 3600000, .value = "TIME",
         .help = "how long the head of a request may take to arrive (10s);\n"
                 "500ms, 2m, ..."},
        {0, "ping", .kind = FLAG_TIME, .into = &o->ping, .max = 86400000, .value = "TIME",
         .help = "silence after which a client is pinged (25s); 0: never"},
        {0, "max-connections", .kind = FLAG_NUMBER, .into = &o->max_connections, .max = 100000000,
         .value = "N", .help = "one more gets 503 (0: as many as descriptors allow)"},
        {0, "max-connections-per-ip", .kind = FLAG_NUMBER, .into = &o->max_connections_per_ip,
         .max = 100000000, .value = "N",
         .help = "one more from the same address gets 429 (256); 0: no limit.\n"
                 "Loopback addresses are not counted"},
        {0, "deflate", .kind = FLAG_TEXT, .into = &o->deflate, .value = "MODE",
         .help = "compress for clients that can: shared (every message for\n"
                 "itself; the default), takeover (messages refer to earlier ones:\n"
                 "smaller, up to 8K more per connection), off"},
        {0, "tls-cert", .kind = FLAG_LIST, .into = &o->secret.certificates, .value = "FILE",
         .help = "speak TLS (wss, https) with this certificate and what stands\n"
                 "behind it in the PEM file; repeatable, for several host names"},
        {0, "tls-key", .kind = FLAG_LIST, .into = &o->secret.keys, .value = "FILE",
         .help = "its key; as often as --tls-cert, and in the same order"},
        {0, "tls-client-ca", .kind = FLAG_TEXT, .into = &o->secret.client_ca, .value = "FILE",
         .help = "let in only who shows a certificate that one of these signed"},
        {0, "trust-proxy", .kind = FLAG_LIST, .into = &o->proxies, .value = "ADDR[/BITS]",
         .help = "believe what this proxy says of its clients: PROXY protocol,\n"
                 "X-Forwarded-For, X-Forwarded-Proto; unix: who comes by a Unix\n"
                 "socket; repeatable"},
        {0, "threads", .kind = FLAG_NUMBER, .into = &o->threads, .max = THREADS_MAX, .value = "N",
         .help = "serve with so many threads (0: one per core, the default)"},
        {0, "batch", .kind = FLAG_TEXT, .into = &o->batch, .value = "HOW",
         .help = "how output goes to the kernel: ring (one io_uring_enter a turn),\n"
                 "each (a system call a connection), auto (ring where it is\n"
                 "allowed; the default)"},
        {0, "poll-us", .kind = FLAG_NUMBER, .into = &o->poll_us, .max = 1000000, .value = "N",
         .noun = "a number of microseconds",
         .help = "stay awake for N microseconds before each sleep (0): answers\n"
                 "sooner, for as much of a core"},
        {0, "user", .kind = FLAG_TEXT, .into = &o->user, .value = "NAME",
         .help = "as root: become this user once the ports are open (nobody, or\n"
                 "who alone may read DIR)"},
        {0, "no-sandbox", .kind = FLAG_BOOL, .into = &o->no_sandbox,
         .help = "do without Landlock and seccomp"},
        {'v', "verbose", .kind = FLAG_COUNT, .into = &o->verbose,
         .help = "log to stderr what happens; -vv: the library's details too"},
        {0},
    };
    memcpy(flags, table, sizeof table);
}

/* "any" becomes the library's word for it. */
static int check_origins(struct service_options *o)
{
    for (size_t i = 0; i < o->origins.n; i++) {
        const char *origin = o->origins.items[i];
        if (!strcmp(origin, "any")) {
            o->origins.items[i] = "*";
            o->channels.any_origin = true;
        } else if (strcmp(origin, "same") && !weft_origin_valid(origin))
            return complain("--origin: \"%s\" is not same, any, null, or an origin of the form "
                            "https://example.org[:port]%s",
                            origin, strchr(origin, '*') ? "; name each, there are no stars" : "");
    }
    return 0;
}

static int parse_batch(const char *word, weft_batch *batch)
{
    static const char *const words[] = {"auto", "each", "ring"};
    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++) {
        *batch = (weft_batch)i;
        if (!strcmp(word, words[i])) return 0;
    }
    *batch = WEFT_BATCH_AUTO;
    return word ? complain("--batch: \"%s\" is not auto, each or ring", word) : 0;
}

/* ---- open ------------------------------------------------------------------------------------ */

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Those that we may run on. */
static unsigned cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0) return 1;
    int n = CPU_COUNT(&set);
    return n < THREADS_MAX ? (unsigned)n : THREADS_MAX;
}

static int new_server(struct service *s)
{
    const struct service_options *o = s->options;
    struct names names;
    const weft_limits limits = {
        .max_message = o->max_message,
        .handshake_timeout = o->handshake_timeout,
        .ping_interval = o->ping ? o->ping : WEFT_NEVER,
        .max_connections = o->max_connections,
        .max_connections_per_ip = o->max_connections_per_ip,
        .http_requests = WEFT_NEVER,
    };
    const weft_server_config config = {
        .limits = &limits,
        .threads = s->threads,
        .origins = o->origins.n ? o->origins.items : NULL,
        .trust_proxy = o->proxies.n ? o->proxies.items : NULL,
        .hosts = names_of(&names, &o->listening, &o->hosts, secret_wanted(&o->secret)),
        .on_access = o->verbose ? trace_access : NULL,
        .access_user = &s->trace,
    };
    return weft_server_new(&s->server, s->loop, &config);
}

static void on_gone(weft_server *server, void *user)
{
    (void)server;
    struct service *s = user;
    s->over = true;
}

static void on_signal(void *user)
{
    struct service *s = user;
    if (!s->leaving) {
        s->leaving = true;
        trace_line(&s->trace, "leaving; once more to stop at once");
        int r = weft_server_shutdown(s->server, WEFT_CLOSE_GOING_AWAY, on_gone, s);
        if (r == 0) return;
    }
    s->over = true;
}

static void on_hangup(void *user)
{
    struct service *s = user;
    char why[WHY_MAX] = "";
    sandbox_wake();
    int r = weft_tls_reload(s->tls, why, sizeof why);
    sandbox_sleep();
    if (r < 0) trace_tell(&s->trace, "certificates stay as they are: %s", why);
    else trace_line(&s->trace, "certificates were read again");
}

static int load_secret(struct service *s)
{
    char why[WHY_MAX] = "";
    if (!secret_wanted(&s->options->secret)) return 0;
    int r = signals_add_hangup(&s->signals, on_hangup);
    if (r < 0) return complain("cannot start: %s", weft_strerror(r));
    r = secret_load(&s->options->secret, &s->tls, why, sizeof why);
    return r < 0 ? complain("%s", why) : 0;
}

static int open_files(struct service *s)
{
    const char *dir = s->options->dir;
    int r = dir ? weft_files_open(&s->files, s->server, dir) : 0;
    return r < 0 ? complain("%s: %s", dir, weft_strerror(r)) : 0;
}

static int open_channels(struct service *s)
{
    struct channels_options *o = &s->options->channels;
    o->max_message = s->options->max_message;
    o->deflate = s->deflate;
    o->subprotocols = &s->options->subprotocols;
    /* By a proxy everybody gets here. */
    o->on_loopback =
        listening_reach(&s->options->listening) == REACH_HERE && !s->options->proxies.n;
    return channels_open(&s->channels, s->loop, o, &s->trace);
}

static int open_pages(struct service *s)
{
    static const weft_request_handler assets = {.on_request = page_asset, .methods = "GET"};
    static const weft_request_handler script = {.on_request = page_script, .methods = "GET"};
    int error = weft_server_on_request(s->server, PAGE_ASSETS, &assets, NULL);
    if (!error) error = weft_server_on_request(s->server, PAGE_SCRIPT, &script, NULL);
    return error < 0 ? complain("cannot start: %s", weft_strerror(error)) : 0;
}

int service_open(struct service *s, struct service_options *o)
{
    *s = (struct service){.options = o};
    weft_loop_config loop = {.env = &s->trace.env};
    int r = check_origins(o);
    if (!r) r = names_check(&o->hosts);
    if (!r) r = secret_check(&o->secret);
    if (!r) r = deflate_parse(o->deflate, &s->deflate);
    if (!r) r = parse_batch(o->batch, &loop.batch);
    if (r) return r;
    loop.poll_us = (uint32_t)o->poll_us;
    raise_descriptor_limit();
    journal_init(&s->journal, STDERR_FILENO);
    once_init(&s->once);
    trace_init(&s->trace, o->verbose, &s->journal, &s->once);
    s->trace.starting = true;

    s->threads = o->threads ? (unsigned)o->threads : cores();
    if ((r = weft_loop_new(&s->loop, &loop)) < 0 ||
        (r = signals_init(&s->signals, s->loop, on_signal, s)) < 0 || (r = new_server(s)) < 0 ||
        (r = trim_init(&s->trim, s->loop)) < 0)
        return r == -EINVAL
                   ? complain("--trust-proxy: one of these is not an address, perhaps with /BITS")
                   : complain("cannot start: %s", weft_strerror(r));
    r = open_channels(s);
    if (!r) r = open_files(s);
    if (!r) r = open_pages(s);
    return r ? r : load_secret(s);
}

void service_close(struct service *s)
{
    trim_deinit(&s->trim);
    weft_server_free(s->server);
    weft_files_close(s->files);
    weft_tls_unref(s->tls);
    channels_close(&s->channels);
    signals_deinit(&s->signals);
    weft_loop_free(s->loop);
    if (!s->trace.journal) return;
    journal_deinit(&s->journal);
    once_deinit(&s->once);
}

/* ---- listen ---------------------------------------------------------------------------------- */

static int confine(struct service *s)
{
    const struct service_options *o = s->options;
    return sandbox_enter(
        &(struct sandbox){
            .off = o->no_sandbox,
            .user = o->user,
            .dir = o->dir,
            .secret = &o->secret,
            .listen = &o->listening.addresses,
        },
        &s->trace);
}

/* Every address: one that can be typed. */
static const char *typed(const char *address, char *text, size_t size)
{
    const char *port = strrchr(address, ':');
    bool everywhere = port && (!strncmp(address, "[::]:", 5) || !strncmp(address, "0.0.0.0:", 8));
    if (!everywhere) return address;
    snprintf(text, size, "localhost%s", port);
    return text;
}

static void print_addresses(const struct service *s)
{
    char address[ADDRESS_MAX], text[ADDRESS_MAX];
    const char *scheme = secret_wanted(&s->options->secret) ? "https://" : "http://";
    for (size_t i = 0; weft_server_address(s->server, i, address, sizeof address) >= 0; i++)
        printf("%s%s\n", listening_is_unix(address) ? "" : scheme,
               typed(address, text, sizeof text));
}

int service_run(struct service *s, void (*hint)(const char *address, bool secure))
{
    int r = listening_begin(&s->options->listening, s->server, s->tls);
    if (r == 0) r = confine(s);
    if (r) return r;

    s->trace.starting = false;
    print_addresses(s);
    char first[ADDRESS_MAX];
    bool secure = secret_wanted(&s->options->secret);
    if (hint && weft_server_address(s->server, 0, first, sizeof first) >= 0) hint(first, secure);
    fflush(stdout);

    r = weft_server_start(s->server);
    if (r < 0) return complain("cannot start all threads: %s", weft_strerror(r));
    while (!s->over && (r = weft_loop_turn(s->loop, -1)) == 0)
        trim_look(&s->trim, weft_server_count(s->server, WEFT_COUNT_CONNECTIONS));
    weft_server_free(s->server);
    s->server = NULL;
    return r < 0 ? complain("the loop stopped: %s", weft_strerror(r)) : EXIT_CLEAN;
}
