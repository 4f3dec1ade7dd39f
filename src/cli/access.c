/* SPDX-License-Identifier: MIT
 *
 * cli/access.c - a table, for two commands
 */
#include "cli/access.h"

#include <string.h>

enum { CLOSE_MS = 5000, PING_MS = 25000 };

void access_flags(struct flag to[ACCESS_FLAGS], struct connect_options *o)
{
    const struct flag flags[ACCESS_FLAGS] = {
        {'H', "header", .kind = FLAG_LIST, .into = &o->headers, .value = "'NAME: VALUE'",
         .help = "a header field for requests; repeatable"},
        {'u', "user", .kind = FLAG_TEXT, .into = &o->credentials, .value = "USER:PASSWORD",
         .help = "basic authentication"},
        {'k', "insecure", .kind = FLAG_BOOL, .into = &o->trust.insecure,
         .help = "with wss and https: accept any certificate"},
        {0, "cacert", .kind = FLAG_TEXT, .into = &o->trust.authorities, .value = "FILE",
         .help = "with wss and https: trust what these authorities have\n"
                 "signed, and not what this system trusts"},
        {0, "cert", .kind = FLAG_TEXT, .into = &o->trust.certificate, .value = "FILE",
         .help = "a certificate of yours, for a server that asks"},
        {0, "cert-key", .kind = FLAG_TEXT, .into = &o->trust.key, .value = "FILE",
         .help = "its key, unless it is in the same file"},
        {'x', "proxy", .kind = FLAG_TEXT, .into = &o->proxy, .value = "[http://]HOST:PORT",
         .help = "connect through this proxy, by HTTP CONNECT"},
        {0, "connect-timeout", .kind = FLAG_TIME, .into = &o->patience, .min = 1, .max = 3600000,
         .value = "TIME", .help = "how long each attempt to connect may take (10s a step)"},
        {0, "max-message", .kind = FLAG_SIZE, .into = &o->max_message, .min = 1, .max = 1 << 30,
         .value = "SIZE", .help = "the longest message (16M)"},
        {'v', "verbose", .kind = FLAG_COUNT, .into = &o->verbose,
         .help = "log to stderr what happens; -vv: the library's details too"},
        {0},
    };
    *o = (struct connect_options){
        .wait = CLOSE_MS, .max_message = LINE_MAX_DEFAULT, .ping = PING_MS};
    memcpy(to, flags, sizeof flags);
}
