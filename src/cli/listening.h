/* SPDX-License-Identifier: MIT
 *
 * cli/listening.h - where `weft serve` and `weft demo` listen
 *
 *      -p PORT                      127.0.0.1
 *      -l ADDRESS                   as weft_server_listen has it, or fd:N, which somebody has opened for us
 *      LISTEN_FDS, LISTEN_PID       systemd's sockets (sd_listen_fds(3))
 *      nothing of all that          127.0.0.1:8080
 */
#ifndef CLI_LISTENING_H
#define CLI_LISTENING_H

#include <weft/server.h>

#include "cli/flags.h"
#include "cli/reach.h"

enum { LISTENING_NO_PORT = 65536 };

struct listening {
    uint64_t port; /* LISTENING_NO_PORT: -p was not given */
    struct flag_list addresses;
};

/* All of it; TCP speaks TLS, if tls is not NULL. 0, or an exit code after having complained. */
int listening_begin(const struct listening *l, weft_server *server, weft_tls *tls);

/* Whether all of it are sockets that were passed to us: who connects to them waits for whoever has them next. */
bool listening_all_passed(const struct listening *l);

/* From where it will be reached: the farthest of all. */
enum reach listening_reach(const struct listening *l);

/* A flag's check: whether it has the form of an address. */
bool listening_check(const char *text, char why[FLAG_WHY]);

/* Whether all of it is TCP on loopback addresses, opened by us; if not, what is not, in a few words. */
const char *listening_public(const struct listening *l);

/* Whether the address is that of a Unix socket; with a file: its path, else NULL. */
bool listening_is_unix(const char *address);
const char *listening_file(const char *address);

#endif
