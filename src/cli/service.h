/* SPDX-License-Identifier: MIT
 *
 * cli/service.h - what `weft serve` and `weft demo` have in common
 *
 * Their flags, and a server with a loop, a hub, listeners, signals and a trace:
 *
 *      service_open        loop, hub and server; register routes then
 *      service_run         listen, say where on stdout, run until a signal and everybody is gone; then
 *                          so is the server
 *      service_close
 *
 * With several threads handlers are called in all of them: what they share is constant, atomic, or has a
 * lock of its own that no message waits for.
 *
 * SIGINT and SIGTERM: it ends, in phases perhaps (drain.h); a second one stops at once. SIGHUP: certificates and keys
 * are read again, and what else the command has to read. Before anybody is answered the program confines itself
 * (sandbox.h).
 */
#ifndef CLI_SERVICE_H
#define CLI_SERVICE_H

#include <weft/server.h>

#include "cli/access_log.h"
#include "cli/admin.h"
#include "cli/channels.h"
#include "cli/drain.h"
#include "cli/flags.h"
#include "cli/health.h"
#include "cli/listening.h"
#include "cli/notify.h"
#include "cli/secret.h"
#include "cli/signals.h"
#include "cli/snapshot.h"
#include "cli/trace.h"
#include "cli/trim.h"

enum { SERVICE_FLAGS = 45, SERVICE_THREADS_MAX = 256 };

struct service_options {
    struct listening listening;
    struct flag_list origins, hosts, subprotocols, proxies;
    struct channels_options channels;
    uint64_t max_message; /* 0: as --help says */
    uint64_t handshake_timeout, ping;
    uint64_t max_connections, max_connections_per_ip;
    uint64_t accept_rate, connect_rate, max_age; /* 0: none */
    uint64_t threads;                            /* 0: one per core */
    struct drain_times drain;                    /* as they were said */
    const char *snapshot;                        /* NULL: none, but for what systemd keeps */
    const char *deflate;                         /* NULL: as --help says */
    const char *batch;
    uint64_t poll_us;
    struct secret_options secret;
    const char *base_path; /* "/ws", perhaps with a slash at its end; NULL: none */
    const char *admin;     /* NULL: no such listener */
    const char *access_log, *access_format, *log; /* NULL: none; as --help says */
    const char *user;                             /* NULL: was not given */
    bool no_sandbox;
    /* Both or none: weft_server_config.on_access and on_traffic. No flags: the command's to set. */
    void (*on_access)(const weft_access *a, void *user);
    void (*on_traffic)(const weft_access *a, uint64_t received, uint64_t sent, void *user);
    void *access_user;
    const char *dir;  /* served as files; NULL: none. No flag: the command's to set */
    const char *file; /* with settings, to be read again; NULL: none. No flag either */
    /* SIGHUP, instead of certificates and keys only; NULL: it is that. Whether all could be read. */
    bool (*on_hangup)(void *user);
    void *hangup_user;
    unsigned verbose;
};

struct service {
    struct service_options *options;
    struct trace trace;
    struct journal journal;
    struct once once;
    weft_loop *loop;
    struct channels channels;
    weft_server *server;
    weft_files *files;           /* of options->dir; NULL: none */
    weft_tls *tls;               /* NULL: plain */
    const weft_deflate *deflate; /* for handlers; NULL: off */
    struct signals signals;
    struct trim trim;
    struct health health;
    struct metrics metrics;
    struct process process;
    struct reloads reloads;
    struct scrape scrape;
    struct operate operate;
    struct admin admin;
    struct access_log access_log;
    unsigned threads;
    struct drain drain;
    struct notify notify;
    struct snapshot snapshot;
};

void service_options_init(struct service_options *o);

/* Fills the table of the common flags, its end included. */
void service_flags(struct service_options *o, struct flag flags[SERVICE_FLAGS]);

extern const char *const service_batches[]; /* the words of --batch, by weft_batch */

/* 0, or an exit code after having complained. s must be closed either way. */
int service_open(struct service *s, struct service_options *o);

/* What these say is in force as far as it can be: certificates and keys are read again, and channels that are made from
 * now on are as it has them. false: something is wrong, which was logged, and nothing has changed. o is read in the
 * call only, and has been checked. */
bool service_reload(struct service *s, const struct service_options *o);

/* hint: what to print behind the addresses; gets the first one ("127.0.0.1:8080"), whether it speaks TLS, and the base
 * path. May be NULL. */
int service_run(struct service *s, void (*hint)(const char *address, bool secure, weft_bytes base));

void service_close(struct service *s);

#endif
