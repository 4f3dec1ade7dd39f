/* SPDX-License-Identifier: MIT
 *
 * cli/admin.h - a listener of its own for whoever runs the server: --admin ADDR
 *
 *      GET /metrics                    all that is counted (scrape.h)
 *      /channels, /who, /kick ...      what is there, and what is to be done about it (operate.h)
 *
 * Whoever can reach it may do all of it. So it is a Unix socket, whose file only its owner may use, or an address that
 * only this machine has; it answers to no name of somebody else's, and to no page.
 */
#ifndef CLI_ADMIN_H
#define CLI_ADMIN_H

#include "cli/flags.h"
#include "cli/operate.h"
#include "cli/scrape.h"

struct admin {
    weft_server *server; /* NULL: there is none */
};

/* A flag's check. */
bool admin_check(const char *text, char why[FLAG_WHY]);

/* In l, the first of all loops. Both are kept. 0, or an exit code after having complained; then it is to be closed
 * all the same. address NULL: there is none. */
int admin_open(struct admin *a, weft_loop *l, const char *address, const struct scrape *scrape,
               const struct operate *operate);

/* Before what it looks at. */
void admin_close(struct admin *a);

#endif
