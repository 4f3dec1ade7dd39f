/* SPDX-License-Identifier: MIT
 *
 * cli/admin.c - a second server, of one thread, in the loop of the first
 */
#include "cli/admin.h"

#include <stdio.h>

#include "cli/cli.h"
#include "cli/listening.h"

enum { FILE_MODE = 0600, CONNECTIONS = 64, BODY = 64 << 10 };

bool admin_check(const char *text, char why[FLAG_WHY])
{
    char name[REACH_NAME_MAX];
    if (!listening_check(text, why)) return false;
    bool near = reach_descriptor(text) < 0 && reach_of(text, name) != REACH_WORLD;
    if (!near)
        snprintf(
            why, FLAG_WHY,
            "\"%.80s\" is neither a Unix socket (unix:PATH) nor an address of this machine only",
            text);
    return near;
}

/* By its own names only: so no page that has its name resolve to here passes for one of ours. */
static int make(struct admin *a, weft_loop *l)
{
    static const char *const hosts[] = {"localhost", "ip", "none", "unix", NULL};
    const weft_limits limits = {.max_connections = CONNECTIONS, .http_body_max = BODY};
    const weft_server_config config = {.limits = &limits, .hosts = hosts};
    return weft_server_new(&a->server, l, &config);
}

int admin_open(struct admin *a, weft_loop *l, const char *address, const struct scrape *scrape,
               const struct operate *operate)
{
    const weft_listen_options options = {.mode = listening_file(address ? address : "") ? FILE_MODE
                                                                                        : 0};
    if (!address) return 0;
    int error = make(a, l);
    if (!error) error = scrape_route(scrape, a->server, "/metrics");
    if (!error) error = operate_route(operate, a->server);
    if (!error) error = weft_server_listen(a->server, address, &options);
    return error < 0 ? complain("--admin %s: %s", address, weft_strerror(error)) : 0;
}

void admin_close(struct admin *a)
{
    weft_server_free(a->server);
    a->server = NULL;
}
