/* SPDX-License-Identifier: MIT
 *
 * cli/names.h - the names that serve and demo answer to
 *
 * A page of evil.example may have that name resolve to 127.0.0.1, and then is of the same origin as what listens
 * there: only the Host of its requests tells. So who can be reached from this machine only answers to localhost,
 * to IP addresses, and to what --host and --listen name. Not with TLS, where the certificate keeps such pages out; and
 * who says no Host, or comes by a Unix socket, is no page.
 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdbool.h>

#include "cli/listening.h"
#include "cli/reach.h"

struct names {
    const char *list[2 * FLAG_LIST_MAX + 5]; /* for weft_server_config.hosts */
    char own[FLAG_LIST_MAX][REACH_NAME_MAX]; /* that listeners were given */
};

/* A flag's check: --host. */
bool names_check(const char *text, char why[FLAG_WHY]);

/* NULL: any name will do. */
const char *const *names_of(struct names *n, const struct listening *l,
                            const struct flag_list *hosts, bool tls);

#endif
