/* SPDX-License-Identifier: MIT
 *
 * cli/pub.c - weft pub: its flags
 */
#include <stdlib.h>
#include <string.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/manual.h"
#include "cli/publisher.h"

enum { WAIT_MS = 30000, KEY_MAX = 64 };

static const char about[] =
    "Publish to a channel: MESSAGE, or each line of stdin. URL is ws://host:port/chat,\n"
    "wss://..., host:port/chat or :port/chat, and then messages go by WebSocket\n"
    "(weft.v1); or http://host:port/chat, https://..., and then by POST, what is read\n"
    "meanwhile together.\n"
    "\n"
    "Exit status 0 means that everything was published, once: each message waits for\n"
    "its acknowledgement. When the connection is lost it connects again, waiting a\n"
    "random time, and repeats what is not confirmed with the same keys, so that nothing\n"
    "is doubled. If the channel has begun anew meanwhile, nobody can know: what is not\n"
    "confirmed is named on stderr, and the exit status is 56.\n"
    "\n"
    "Exit status: 0 all is published, 22 a message was refused, 28 nothing was confirmed\n"
    "for as long as -w says, 56 the connection was lost for good, others as of weft URL.\n";

static const char examples[] =
    "  weft pub :8080/chat hello                one message\n"
    "  vmstat 1 | weft pub :8080/cpu            each line, as it comes\n"
    "  weft pub http://localhost:8080/log < f   by POST, in batches\n"
    "  weft pub -b :8080/image < picture.png    one binary message\n"
    "  weft pub --key ACME :8080/quotes 17.3    the newest of a key, where the channel is so\n";

static int check(const struct pub_options *o)
{
    if (o->whole && o->json) return complain("-b is one message, --json is many: choose one");
    if (o->message && o->json)
        return complain("--json reads envelopes from stdin; leave MESSAGE out");
    if (o->count && (o->message || o->whole))
        return complain("-n counts lines, and there is one message only");
    if (o->key && (!*o->key || strlen(o->key) > KEY_MAX))
        return complain("--key: a key has 1 to %d bytes", KEY_MAX);
    if (o->key && !weft_utf8_valid((const uint8_t *)o->key, strlen(o->key)))
        return complain("--key: it is not UTF-8");
    return connect_check(&o->access.headers, &o->access.subprotocols);
}

static int run(struct pub_options *o, const char *text)
{
    struct channel_url *url = malloc(sizeof *url);
    int r = url ? channel_url_parse(url, text) : complain("out of memory");
    if (!r && url->is_pattern) {
        complain("%s: a star is for subscribing; publish to one channel", url->shown);
        r = EXIT_URL;
    }
    if (!r) r = publisher_run(o, url);
    free(url);
    return r;
}

int pub_run(int argc, char **argv)
{
    struct pub_options o = {.wait = WAIT_MS};
    struct flag access[ACCESS_FLAGS];
    const struct flag flags[] = {
        {'b', "binary", .kind = FLAG_BOOL, .into = &o.whole,
         .help = "all of stdin, or MESSAGE, is one binary message"},
        {0, "json", .kind = FLAG_BOOL, .into = &o.json,
         .help = "each line is an envelope, {\"data\":\"hi\"}, as weft sub --json\n"
                 "prints them: data or base64, and key; the rest is ignored"},
        {0, "key", .kind = FLAG_TEXT, .into = &o.key, .value = "KEY",
         .help = "what the messages replace, on a channel that keeps the newest\n"
                 "of each key"},
        {'n', "count", .kind = FLAG_NUMBER, .into = &o.count, .min = 1, .max = UINT64_MAX,
         .value = "N", .help = "stop after N lines"},
        {'w', "wait", .kind = FLAG_TIME, .into = &o.wait, .max = 86400000, .value = "SECS",
         .help = "give up when nothing was confirmed for so long (30); 0: never"},
        {0},
    };
    const struct flag *const tables[] = {flags, access, NULL};
    access_flags(access, &o.access);

    int n = flags_parse(tables, argc, argv);
    if (n == FLAGS_HELP)
        return manual_print(
            &(struct manual){"weft pub [FLAGS] URL [MESSAGE]", about, tables, examples});
    if (n < 0) return EXIT_USAGE;
    if (n == 0) return complain("which URL? For example: weft pub :8080/chat hello");
    if (n > 2) return complain("one message at a time, in quotes: \"%s\" is a second one", argv[3]);
    o.message = n == 2 ? argv[2] : NULL;
    int r = check(&o);
    return r ? r : run(&o, argv[1]);
}
