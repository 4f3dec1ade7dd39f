/* SPDX-License-Identifier: MIT
 *
 * cli/service.c - what `weft serve` and `weft demo` have in common
 */
#include "cli/service.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/deflate.h"
#include "cli/names.h"
#include "cli/page.h"
#include "cli/passed.h"
#include "cli/sandbox.h"

enum { ADDRESS_MAX = 256, WHY_MAX = 1024 };

/* ---- open ------------------------------------------------------------------------------------ */

static weft_batch batch_of(const char *word)
{
    size_t i = 0;
    while (word && strcmp(service_batches[i], word) != 0) i++;
    return (weft_batch)i;
}

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
    return n < SERVICE_THREADS_MAX ? (unsigned)n : SERVICE_THREADS_MAX;
}

static bool is_any(const char *origin)
{
    return !strcmp(origin, "any");
}

/* "any" becomes the library's word for it. */
static const char *const *origins_of(const struct service_options *o, const char *list[])
{
    for (size_t i = 0; i <= o->origins.n; i++)
        list[i] = i < o->origins.n && is_any(o->origins.items[i]) ? "*" : o->origins.items[i];
    return o->origins.n ? list : NULL;
}

/* What the command has, or -v, and the log. */
static void on_access(const weft_access *a, void *user)
{
    struct service *s = user;
    const struct service_options *o = s->options;
    if (o->on_access) o->on_access(a, o->access_user);
    else if (o->verbose) trace_access(a, &s->trace);
    if (s->access_log.on) access_log_write(&s->access_log, a);
}

static void on_traffic(const weft_access *a, uint64_t received, uint64_t sent, void *user)
{
    const struct service *s = user;
    s->options->on_traffic(a, received, sent, s->options->access_user);
}

static int new_server(struct service *s)
{
    const struct service_options *o = s->options;
    const char *origins[FLAG_LIST_MAX + 1];
    struct names names;
    const weft_limits limits = {
        .max_message = o->max_message,
        .handshake_timeout = o->handshake_timeout,
        .ping_interval = o->ping ? o->ping : WEFT_NEVER,
        .max_connections = o->max_connections,
        .max_connections_per_ip = o->max_connections_per_ip,
        .accept_rate = o->accept_rate,
        .connect_rate = o->connect_rate,
        .max_age = o->max_age,
        .http_requests = WEFT_NEVER,
    };
    const weft_server_config config = {
        .limits = &limits,
        .threads = s->threads,
        .origins = origins_of(o, origins),
        .trust_proxy = o->proxies.n ? o->proxies.items : NULL,
        .hosts = names_of(&names, &o->listening, &o->hosts, secret_wanted(&o->secret)),
        .on_access = o->on_access || o->verbose || o->access_log ? on_access : NULL,
        .access_user = s,
        .on_traffic = o->on_traffic ? on_traffic : NULL,
        .base_path = o->base_path,
    };
    return weft_server_new(&s->server, s->loop, &config);
}

static void on_signal(void *user)
{
    struct service *s = user;
    drain_signal(&s->drain, s->signals.number);
}

/* What the last phase takes at most: shutdown_drain, and a little. */
enum { LEAVING_MS = 30000 + 5000 };

static void on_phase(const struct drain *d, void *user)
{
    static const char *const said[] = {
        [DRAIN_DELAYING] = "not ready any more; everything goes on until load balancers notice",
        [DRAIN_DRAINING] = "asking clients to leave, one after the other",
        [DRAIN_LEAVING] = "waiting for the last ones to leave",
    };
    const struct service *s = user;
    uint64_t takes_ms = LEAVING_MS;
    if (d->stage <= DRAIN_DRAINING) takes_ms += d->times.drain;
    if (d->stage <= DRAIN_DELAYING) takes_ms += d->times.delay;
    notify_stopping(&s->notify, takes_ms, said[d->stage]);
}

/* Before descriptors that were passed are forgotten. */
static int prepare_end(struct service *s)
{
    const struct service_options *o = s->options;
    bool passed = listening_all_passed(&o->listening);
    bool supervised = passed || notify_wanted();
    int unheard = notify_open(&s->notify, s->loop);
    if (unheard < 0)
        trace_tell(&s->trace, "NOTIFY_SOCKET cannot be told anything: %s", weft_strerror(unheard));
    s->drain = (struct drain){
        .times = drain_times_of(&o->drain, supervised, passed),
        .passed = passed,
        .server = s->server,
        .health = &s->health,
        .trace = &s->trace,
        .on_phase = on_phase,
        .user = s,
    };
    return drain_init(&s->drain, s->loop);
}

static bool reload_secret(struct service *s)
{
    char why[WHY_MAX] = "";
    if (!s->tls) return true;
    int r = weft_tls_reload(s->tls, why, sizeof why);
    if (r < 0) trace_tell(&s->trace, "certificates stay as they are: %s", why);
    else trace_line(&s->trace, "certificates were read again");
    return r == 0;
}

/* What could fail comes before what is changed. */
bool service_reload(struct service *s, const struct service_options *o)
{
    struct channels_order *order = channels_order_of(&o->channels);
    bool good = order && reload_secret(s) && channels_reload_keys(&s->channels);
    if (good) channels_adopt(&s->channels, order);
    else free(order);
    if (!order) trace_tell(&s->trace, "settings stay as they are: no memory");
    return good;
}

static const char serving[] = "serving";

static bool reload(void *user)
{
    struct service *s = user;
    const struct service_options *o = s->options;
    notify_reloading(&s->notify);
    sandbox_wake();
    bool good = o->on_hangup ? o->on_hangup(o->hangup_user)
                             : reload_secret(s) && channels_reload_keys(&s->channels);
    sandbox_sleep();
    reloads_tell(&s->reloads, good);
    notify_tell(&s->notify, "READY=1", serving);
    return good;
}

static void on_hangup(void *user)
{
    (void)reload(user);
}

static int load_secret(struct service *s)
{
    char why[WHY_MAX] = "";
    const struct secret_options *o = &s->options->secret;
    if (!secret_wanted(o) || !secret_fits(o, why)) return 0; /* which has been said */
    int r = secret_load(o, &s->tls, why, sizeof why);
    return r < 0 ? complain("%s", why) : 0;
}

/* Who has nothing to read again is ended by it, as any program. */
static int await_hangup(struct service *s)
{
    const struct service_options *o = s->options;
    bool reads = secret_wanted(&o->secret) || guard_reads_files(&o->channels.guard);
    if (!reads && !o->on_hangup) return 0;
    int r = signals_add_hangup(&s->signals, on_hangup);
    return r < 0 ? complain("cannot start: %s", weft_strerror(r)) : 0;
}

static int open_files(struct service *s)
{
    const char *dir = s->options->dir;
    int r = dir ? weft_files_open(&s->files, s->server, dir) : 0;
    return r < 0 ? complain("%s: %s", dir, weft_strerror(r)) : 0;
}

/* The pages of this machine. */
static bool is_local(const char *origin)
{
    static const char *const local[] = {"same", "http://localhost", "http://127.0.0.1",
                                        "http://[::1]"};
    for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
        size_t len = strlen(local[i]);
        if (!strncmp(origin, local[i], len) && (!origin[len] || origin[len] == ':')) return true;
    }
    return false;
}

/* Why others than who has started it may get here; NULL: there are none. By a proxy everybody does. */
static const char *public_by(const struct service_options *o)
{
    const char *why = listening_public(&o->listening);
    if (why) return why;
    if (o->proxies.n) return "--trust-proxy";
    if (o->hosts.n) return "--host";
    if (o->file) return "it has a configuration file";
    for (size_t i = 0; i < o->origins.n; i++)
        if (!is_local(o->origins.items[i])) return "--origin of another machine";
    bool terminal = isatty(STDIN_FILENO) || isatty(STDERR_FILENO);
    return terminal || o->channels.guard.demo ? NULL : "it was not started from a terminal";
}

static int open_channels(struct service *s)
{
    struct channels_options *o = &s->options->channels;
    o->max_message = s->options->max_message;
    for (size_t i = 0; i < s->options->origins.n; i++)
        o->any_origin = o->any_origin || is_any(s->options->origins.items[i]);
    o->base_path = s->options->base_path;
    o->deflate = s->deflate;
    o->subprotocols = &s->options->subprotocols;
    o->guard.public = public_by(s->options);
    return channels_open(&s->channels, s->loop, o, &s->trace, &s->metrics);
}

/* On its own port: to whoever is on this machine, where nobody has to show a token. By a proxy everybody gets here. */
static bool shows_metrics(const struct service *s)
{
    const struct service_options *o = s->options;
    bool here = listening_reach(&o->listening) == REACH_HERE && !o->proxies.n;
    return here && !guard_reads_files(&o->channels.guard);
}

static int open_pages(struct service *s)
{
    static const weft_request_handler assets = {.on_request = page_asset, .methods = "GET"};
    static const weft_request_handler script = {.on_request = page_script, .methods = "GET"};
    int error = weft_server_on_request(s->server, PAGE_ASSETS, &assets, NULL);
    if (!error) error = weft_server_on_request(s->server, PAGE_SCRIPT, &script, NULL);
    if (!error) error = health_route(&s->health, s->server);
    if (!error && shows_metrics(s)) error = scrape_route(&s->scrape, s->server, "/metrics");
    return error < 0 ? complain("cannot start: %s", weft_strerror(error)) : 0;
}

static void open_scrape(struct service *s)
{
    process_open(&s->process);
    reloads_tell(&s->reloads, true);
    s->scrape = (struct scrape){
        .first = s->loop,
        .server = &s->server,
        .channels = &s->channels.them,
        .tls = &s->tls,
        .secret = &s->options->secret,
        .metrics = &s->metrics,
        .process = &s->process,
        .reloads = &s->reloads,
        .journal = &s->journal,
    };
    s->operate = (struct operate){
        .first = s->loop,
        .server = &s->server,
        .channels = &s->channels,
        .reload = reload,
        .user = s,
    };
}

int service_open(struct service *s, struct service_options *o)
{
    *s = (struct service){.options = o,
                          .process = {.memory = -1, .descriptors = -1},
                          .notify = {.fd = -1},
                          .snapshot = {.fd = -1},
                          .access_log = {.file = -1, .pipe = {-1, -1}}};
    weft_loop_config loop = {.env = &s->trace.env};
    int r = deflate_parse(o->deflate, &s->deflate);
    if (r) return r;
    loop.batch = batch_of(o->batch);
    loop.poll_us = (uint32_t)o->poll_us;
    raise_descriptor_limit();
    journal_init(&s->journal, STDERR_FILENO);
    once_init(&s->once);
    trace_init(&s->trace, o->verbose, &s->journal, &s->once);
    s->trace.starting = true;
    s->trace.json = o->log && !strcmp(o->log, "json");
    r = access_log_open(&s->access_log, o->access_log, o->access_format);
    if (r) return r;

    s->threads = o->threads ? (unsigned)o->threads : cores();
    if ((r = weft_loop_new(&s->loop, &loop)) < 0 ||
        (r = signals_init(&s->signals, s->loop, on_signal, s)) < 0 || (r = new_server(s)) < 0 ||
        (r = prepare_end(s)) < 0 || (r = trim_init(&s->trim, s->loop)) < 0)
        return r == -EINVAL
                   ? complain("--trust-proxy: one of these is not an address, perhaps with /BITS")
                   : complain("cannot start: %s", weft_strerror(r));
    open_scrape(s);
    int wrong = open_channels(s);
    wrong |= open_files(s); /* all that is, is said */
    wrong |= load_secret(s);
    if (!wrong) wrong = open_pages(s);
    return wrong ? EXIT_USAGE : await_hangup(s);
}

void service_close(struct service *s)
{
    trim_deinit(&s->trim);
    admin_close(&s->admin);
    weft_server_free(s->server);
    s->server = NULL;
    drain_deinit(&s->drain);
    notify_close(&s->notify);
    weft_files_close(s->files);
    weft_tls_unref(s->tls);
    channels_close(&s->channels);
    snapshot_close(&s->snapshot);
    signals_deinit(&s->signals);
    weft_loop_free(s->loop);
    metrics_deinit(&s->metrics);
    access_log_close(&s->access_log);
    process_close(&s->process);
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
            .file = o->file,
            .secret = &o->secret,
            .guard = &o->channels.guard,
            .listen = &o->listening.addresses,
            .admin = o->admin,
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

/* With a base path it is where that is, so that what is printed can be opened. */
static void print_addresses(const struct service *s)
{
    weft_bytes base = page_base(s->options->base_path);
    char address[ADDRESS_MAX], text[ADDRESS_MAX];
    const char *scheme = secret_wanted(&s->options->secret) ? "https://" : "http://";
    for (size_t i = 0; weft_server_address(s->server, i, address, sizeof address) >= 0; i++) {
        bool named = listening_is_unix(address);
        printf("%s%s%.*s%s\n", named ? "" : scheme, typed(address, text, sizeof text),
               named ? 0 : (int)base.len, (const char *)base.data, !named && base.len ? "/" : "");
    }
    if (s->admin.server && weft_server_address(s->admin.server, 0, address, sizeof address) >= 0)
        printf("admin: %s%s\n", listening_is_unix(address) ? "" : "http://", address);
}

enum { LOCK_MS = 50 };

/* Another process may serve from it still: until it has ended, or a signal comes. */
static int take_snapshot(struct service *s)
{
    const char *file = s->options->snapshot;
    bool told = false;
    int r, passed = passed_snapshot();
    while ((r = snapshot_open(&s->snapshot, file, passed, &s->notify)) == -EAGAIN) {
        if (!told) trace_tell(&s->trace, "waiting for the process that serves from %s", file);
        told = true;
        if (weft_loop_turn(s->loop, LOCK_MS) < 0 || s->drain.stage != DRAIN_SERVING) return 0;
    }
    if (r < 0) return complain("--snapshot %s: %s", file ? file : "", weft_strerror(r));
    snapshot_restore(&s->snapshot, s->channels.them, &s->trace);
    return 0;
}

int service_run(struct service *s, void (*hint)(const char *address, bool secure, weft_bytes base))
{
    int r = take_snapshot(s);
    if (r || s->drain.stage != DRAIN_SERVING) return r;
    r = listening_begin(&s->options->listening, s->server, s->tls);
    if (r == 0) r = admin_open(&s->admin, s->loop, s->options->admin, &s->scrape, &s->operate);
    if (r == 0) r = confine(s);
    if (r == 0) r = access_log_start(&s->access_log);
    if (r) return r;

    s->trace.starting = false;
    if (guard_is_unsaid(&s->channels.guard))
        complain("open to whoever reaches this port; behind a proxy say --access");
    char first[ADDRESS_MAX];
    print_addresses(s);
    bool secure = secret_wanted(&s->options->secret);
    if (hint && weft_server_address(s->server, 0, first, sizeof first) >= 0)
        hint(first, secure, page_base(s->options->base_path));
    fflush(stdout);

    r = weft_server_start(s->server);
    if (r < 0) return complain("cannot start all threads: %s", weft_strerror(r));
    notify_tell(&s->notify, "READY=1", serving);
    while (s->drain.stage != DRAIN_OVER && (r = weft_loop_turn(s->loop, -1)) == 0)
        trim_look(&s->trim, weft_server_count(s->server, WEFT_COUNT_CONNECTIONS));
    weft_server_free(s->server);
    s->server = NULL;
    snapshot_write(&s->snapshot, s->channels.them, &s->trace);
    return r < 0 ? complain("the loop stopped: %s", weft_strerror(r)) : EXIT_CLEAN;
}
