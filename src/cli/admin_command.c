/* SPDX-License-Identifier: MIT
 *
 * cli/admin_command.c - weft admin: questions and orders for a server that runs (operate.h), and its answer on stdout
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weft/aux.h>

#include "cli/admin.h"
#include "cli/cli.h"
#include "cli/http.h"
#include "cli/manual.h"
#include "cli/nearest.h"

enum { TEXT_MAX = 1024, PATIENCE_MS = 10000 };

static const char about[] =
    "Ask a server that runs, or have it do something: weft serve --admin ADDR listens\n"
    "for this. What it says is JSON, on stdout; metrics are in Prometheus' format.\n"
    "\n"
    "  channels [PREFIX]    which there are, who reads them, what they keep\n"
    "  who CHANNEL          who is on it, and the WebSockets of its URL\n"
    "  kick USER            close all that this user has open\n"
    "  kick --connection N  close this one; a number of who\n"
    "  purge CHANNEL        what it keeps for those who come back goes\n"
    "  reload               read settings, certificates and keys again, as by SIGHUP\n"
    "  metrics              all that is counted\n"
    "\n"
    "Exit status: 0 it is done, 22 the server refuses, 7 there is nobody.\n";

static const char examples[] = "  weft admin --admin unix:/run/weft/admin.sock channels\n"
                               "  WEFT_ADMIN=127.0.0.1:9091 weft admin who /chat\n"
                               "  weft admin kick u17\n";

static const struct order {
    const char *name, *method, *path;
    const char *parameter; /* what its argument is; NULL: it has none */
    bool optional;
} orders[] = {
    {"channels", "GET", "/channels", "prefix", true}, {"who", "GET", "/who", "channel", false},
    {"kick", "POST", "/kick", "user", false},         {"purge", "POST", "/purge", "channel", false},
    {"reload", "POST", "/reload", NULL, true},        {"metrics", "GET", "/metrics", NULL, true},
};

enum { ORDERS = sizeof orders / sizeof *orders };

static const struct order *find(const char *name)
{
    struct nearest n = nearest_to(name);
    for (size_t i = 0; i < ORDERS; i++) {
        if (!strcmp(orders[i].name, name)) return &orders[i];
        nearest_try(&n, orders[i].name);
    }
    if (n.best) complain("admin: there is no %s; did you mean %s?", name, n.best);
    else complain("admin: there is no %s; see weft admin --help", name);
    return NULL;
}

/* ---- one request ----------------------------------------------------------------------------- */

struct asking {
    const char *address;
    weft_loop *loop;
    int exit;
};

/* What a refusal says of itself; else what there is. */
static int tell_refusal(const struct http *h)
{
    weft_bytes text = buffer_bytes(&h->gathered);
    json_t *said = json_loadb((const char *)text.data, text.len, 0, NULL);
    const char *why = json_string_value(json_object_get(json_object_get(said, "error"), "message"));
    if (why) complain("%s", why);
    else complain("the server refuses, with %d", h->status);
    json_decref(said);
    return EXIT_REFUSED;
}

static int tell_answer(const struct http *h)
{
    weft_bytes text = buffer_bytes(&h->gathered);
    fwrite(text.data, 1, text.len, stdout);
    if (text.len && text.data[text.len - 1] != '\n') putchar('\n');
    return fflush(stdout) == 0 ? EXIT_CLEAN : complain("stdout cannot be written");
}

static void on_end(struct http *h, const weft_close_info *info)
{
    struct asking *a = h->user;
    if (!info) a->exit = h->status == 200 ? tell_answer(h) : tell_refusal(h);
    else {
        complain("%s: %s", a->address, info->cause);
        a->exit = outcome_exit_connect(info->error);
    }
    weft_loop_stop(a->loop);
}

static struct channel_url url_of(const char *address, const char *path)
{
    struct channel_url u = {.is_unix = !strncmp(address, "unix:", 5)};
    snprintf(u.server, sizeof u.server, "%s", u.is_unix ? address + 5 : address);
    snprintf(u.shown, sizeof u.shown, "%s", address);
    snprintf(u.path, sizeof u.path, "%s", path);
    return u;
}

static int ask(const char *address, const struct order *order, const char *query, unsigned verbose)
{
    static const struct http_handler handler = {.on_end = on_end};
    const struct channel_url url = url_of(address, order->path);
    const struct connect_options o = {.patience = PATIENCE_MS};
    struct asking a = {.address = address};
    struct journal journal;
    struct trace trace;
    journal_init(&journal, STDERR_FILENO);
    trace_init(&trace, verbose, &journal, NULL);
    int r = weft_loop_new(&a.loop, &(weft_loop_config){.env = &trace.env});
    if (r < 0) return complain("cannot start: %s", weft_strerror(r));
    struct http h = {.loop = a.loop,
                     .url = &url,
                     .o = &o,
                     .trace = &trace,
                     .handler = &handler,
                     .user = &a,
                     .silence_ms = PATIENCE_MS};
    const weft_bytes nothing = {(const uint8_t *)"", 0};
    r = http_init(&h) < 0 ? complain("out of memory")
                          : http_send(&h, order->method, query, "",
                                      *order->method == 'P' ? nothing : (weft_bytes){0});
    if (r == 0) weft_loop_run(a.loop);
    http_deinit(&h);
    weft_loop_free(a.loop);
    journal_deinit(&journal);
    return r ? r : a.exit;
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool write_query(char *query, size_t size, const char *parameter, const char *value)
{
    char encoded[TEXT_MAX];
    weft_bytes text = {(const uint8_t *)value, strlen(value)};
    if (weft_percent_encode(text, encoded, sizeof encoded) < 0) return false;
    snprintf(query, size, "%s=%s", parameter, encoded);
    return true;
}

/* connection: of kick; NULL: it was not given. */
static int run(const char *address, int n, char **words, const char *connection, unsigned verbose)
{
    const struct order *order = find(words[0]);
    char query[TEXT_MAX + 16] = "";
    if (!order) return EXIT_USAGE;
    bool is_kick = !strcmp(order->name, "kick");
    if (connection && (!is_kick || n > 1))
        return complain("--connection goes with kick, and no user");
    const char *parameter = connection ? "connection" : order->parameter;
    const char *value = connection ? connection : n > 1 ? words[1] : NULL;
    if (n > 2 || (value && !parameter)) return complain("admin %s: too much", order->name);
    if (!value && !order->optional)
        return complain("admin %s: which %s?", order->name, order->parameter);
    if (value && !write_query(query, sizeof query, parameter, value))
        return complain("admin %s: that is too long", order->name);
    return ask(address, order, query, verbose);
}

int admin_run(int argc, char **argv)
{
    const char *address = getenv("WEFT_ADMIN"), *connection = NULL;
    unsigned verbose = 0;
    const struct flag flags[] = {
        {0, "admin", .kind = FLAG_TEXT, .into = &address, .value = "ADDR", .check = admin_check,
         .help = "where the server listens for this; without it $WEFT_ADMIN"},
        {0, "connection", .kind = FLAG_TEXT, .into = &connection, .value = "N",
         .help = "with kick: a connection, and no user"},
        {'v', "verbose", .kind = FLAG_COUNT, .into = &verbose,
         .help = "log to stderr what happens"},
        {0},
    };
    const struct flag *const tables[] = {flags, NULL};
    int n = flags_parse(tables, argc, argv);
    if (n == FLAGS_HELP)
        return manual_print(
            &(struct manual){"weft admin [FLAGS] WHAT [OF]", about, tables, examples});
    if (n < 0) return EXIT_USAGE;
    if (n == 0) return complain("admin: what? See weft admin --help");
    if (!address || !*address)
        return complain("admin: of which server? Say --admin ADDR, as weft serve was told");
    return run(address, n, argv + 1, connection, verbose);
}
