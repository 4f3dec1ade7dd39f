/* SPDX-License-Identifier: MIT
 *
 * net/hosts.h - the names that a server answers to
 *
 * A page may have its own name resolve to an address that is not its own, and then speaks to whoever listens there as
 * to itself: the origin is the same, and only the Host tells. So a server that knows its names looks at that.
 *
 *      "example.org"      this name          "localhost"   itself, and all below it
 *      "*.example.org"    all below it       "ip"          every IP address
 *      "none"             no Host at all     "unix"        whatever it is, of who comes by a Unix socket
 *
 * Case, the port and one dot at the end are no matter.
 */
#ifndef NET_HOSTS_H
#define NET_HOSTS_H

#include <weft/base.h>

/* A list as weft_server_config has it; NULL is fine. 0, or -EINVAL, and env's log is told of the first that is none. */
int hosts_check(const weft_env *env, const char *const *hosts);

/* Whether one of them is this word. */
bool hosts_say(const char *const *hosts, const char *word);

/* Whether a request with this Host, which is well formed or empty, is meant for one of them. NULL: every one is. */
bool hosts_have(const char *const *hosts, weft_bytes host);

#endif
