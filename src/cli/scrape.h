/* SPDX-License-Identifier: MIT
 *
 * cli/scrape.h - GET /metrics: all that is counted, in Prometheus' text format
 *
 * Most is counted by the library, and only read here. What is queued for WebSockets is asked of each of them, in its
 * loop, and the answer waits for that. Labels are of the program and its configuration, never what a peer has chosen:
 * so there are as many samples as there are, whoever comes.
 */
#ifndef CLI_SCRAPE_H
#define CLI_SCRAPE_H

#include <stdatomic.h>

#include <weft/channel.h>

#include "cli/journal.h"
#include "cli/metrics.h"
#include "cli/process.h"
#include "cli/secret.h"

/* How reading settings again went, SIGHUP's. */
struct reloads {
    atomic_bool failed; /* the last time */
    _Atomic double at;  /* when it last went well, or the start: seconds since 1970 */
};

void reloads_tell(struct reloads *r, bool good);

/* Of what is told. Kept; all of it stays as long as the server that answers. */
struct scrape {
    weft_loop *first;           /* the server's first */
    weft_server *const *server; /* the one that is looked at; NULL in it: not any more */
    weft_channels *const *channels;
    weft_tls *const *tls; /* NULL in it: none */
    const struct secret_options *secret;
    const struct metrics *metrics;
    const struct process *process;
    const struct reloads *reloads;
    struct journal *journal;
};

/* On that server. Errors: as weft_server_on_request. */
int scrape_route(const struct scrape *s, weft_server *at, const char *path);

#endif
