/* SPDX-License-Identifier: MIT
 *
 * cli/connect.c - weft URL: connect, and hand over to the face that fits
 *
 * Interactive when a person is at both ends (stdin and stdout are terminals), else a pipe.
 */
#include "cli/connect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weft/handshake.h>

#include "cli/cli.h"
#include "cli/deflate.h"
#include "cli/escape.h"
#include "cli/manual.h"
#include "cli/outcome.h"
#include "cli/sentence.h"

enum { URL_MAX = 8192, REDIRECTS = 10, WHY_MAX = 1024 };

static const char about[] =
    "Connect to a WebSocket server. URL is ws://host[:port][/path][?query],\n"
    "wss://..., or ws+unix:/socket:/path; host:port/path and :port/path will do too.\n"
    "\n"
    "On a terminal it is interactive: a line you type is a message, what others send\n"
    "appears above it. /ping, /close and /help are commands; //text sends \"/text\".\n"
    "\n"
    "In a pipe one line is one message, in both directions; nothing else is on stdout.\n"
    "A binary message is written as it is, with a newline; with -b without one. On end\n"
    "of input what is queued is sent, then Close 1000, and the peer's Close is waited\n"
    "for; an answer that takes its time is waited for with -n, which says how many.\n"
    "How the connection ended is the last line on stderr:\n"
    "\n"
    "  weft: closed code=1008 reason=\"too slow\" by=peer clean=yes\n"
    "\n"
    "Lines typed are kept in ~/.local/state/weft/history (of $XDG_STATE_HOME), for\n"
    "you alone.\n"
    "\n"
    "Exit status: 0 clean, 1 usage, 3 bad URL, 6 name not resolved, 7 cannot connect,\n"
    "22 upgrade refused, 28 timeout, 35 TLS failed, 56 connection lost, 60 the server's\n"
    "certificate is not to be trusted, 80 the peer broke the protocol or a limit, 81 the\n"
    "peer closed with a code of its own other than 1000, 1001 and 1005.\n";

static const char examples[] =
    "  weft ws://localhost:8080/chat            talk\n"
    "  weft :8080/chat                          the same\n"
    "  echo hello | weft :8080/chat             one message, and out\n"
    "  weft -n 3 :8080/quotes | cat             three messages, one line each\n"
    "  echo question | weft -n 1 :8080/ask      one message, and its answer\n"
    "  weft -H 'Cookie: id=7' -u me:secret ws://example.org/private\n";

/* ---- dial ------------------------------------------------------------------------------------ */

static weft_limits limits_of(const struct connect_options *o)
{
    return (weft_limits){
        .max_message = o->max_message,
        .ping_interval = o->ping ? o->ping : WEFT_NEVER,
        .close_timeout = o->wait ? o->wait : 1,
        .connect_timeout = o->patience,
        .tls_handshake_timeout = o->patience,
        .handshake_timeout = o->patience,
        .open_timeout = o->patience,
        .send_queue_items = 1 << 20, /* tiny lines; their bytes bound them */
    };
}

static weft_client_config config_of(const struct connect_options *o, const weft_dial *dial)
{
    return (weft_client_config){
        .dial = dial,
        .origin = o->origin,
        .fields = o->headers.items,
        .credentials = o->credentials,
        .redirects = o->follow ? REDIRECTS : 0,
    };
}

int connect_trust(weft_tls **out, const struct connect_trust *o)
{
    char why[WHY_MAX] = "";
    weft_tls_pair own = {o->certificate, o->key};
    weft_tls_config config = {
        .certificates = &own,
        .n_certificates = o->certificate ? 1 : 0,
        .insecure = o->insecure,
        .authorities = o->authorities,
    };
    *out = NULL;
    if (!o->certificate && !o->insecure && !o->authorities) return 0;
    int r = weft_tls_new(out, NULL, &config, why, sizeof why);
    if (r < 0) complain("%s", why);
    return r < 0 ? outcome_exit_connect(r) : 0;
}

const char *connect_proxy(const char *proxy, char *text, size_t size)
{
    if (!proxy || strstr(proxy, "://")) return proxy;
    snprintf(text, size, "http://%s", proxy);
    return text;
}

const char *connect_words(int error)
{
    return error != -EINVAL ? weft_strerror(error)
                            : "the request cannot be made: -H, -u, -x or --origin has a character "
                              "that it may not have, or -H names a field of the handshake itself";
}

static int cannot_dial(const struct connect_options *o, int error)
{
    bool http = !strncmp(o->url, "http", 4);
    if (error == WEFT_ERR_URL && http)
        complain("%s: not a WebSocket; did you mean ws%s?", o->shown, o->shown + 4);
    else if (error == -EINVAL) complain("%s", connect_words(error));
    else complain("%s: %s", o->shown, connect_words(error));
    return outcome_exit_connect(error);
}

static const char *target_of(const char *url)
{
    const char *host = strstr(url, "://");
    const char *target = host ? host + 3 + strcspn(host + 3, "/?") : "/";
    return *target ? target : "/";
}

/* What the request will have beyond the usual; not the passwords of -u and -x. */
static void trace_request(const struct connect_options *o, const struct trace *t)
{
    trace_line(t, "connecting to %s%s", o->shown, o->proxy ? ", through a proxy" : "");
    trace_line(t, "-> GET %.400s HTTP/1.1", target_of(o->shown));
    if (o->origin) trace_line(t, "-> Origin: %s", o->origin);
    if (o->credentials) trace_line(t, "-> Authorization: Basic ...");
    for (size_t i = 0; i < o->subprotocols.n; i++)
        trace_line(t, "-> Sec-WebSocket-Protocol: %s", o->subprotocols.items[i]);
    for (size_t i = 0; i < o->headers.n; i++) trace_line(t, "-> %s", o->headers.items[i]);
}

void connect_trace_response(const struct trace *t, const weft_conn *c)
{
    const weft_field *fields;
    size_t n = weft_conn_response(c, &fields);
    trace_line(t, "<- HTTP/1.1 101");
    trace_fields(t, "<- ", fields, n);
}

void connect_trace_refusal(const struct trace *t, const weft_close_info *info)
{
    if (!info->refusal) return;
    trace_line(t, "<- HTTP/1.1 %d", info->refusal->status);
    trace_fields(t, "<- ", info->refusal->fields, info->refusal->n_fields);
}

int connect_dial(const struct connect_options *o, const struct trace *t, weft_loop *l,
                 const weft_handler *h, void *user, weft_conn **out)
{
    char proxy[URL_MAX];
    weft_limits limits = limits_of(o);
    weft_dial dial = {.limits = &limits, .proxy = connect_proxy(o->proxy, proxy, sizeof proxy)};
    weft_client_config config = config_of(o, &dial);
    int r = connect_trust(&dial.tls, &o->trust);
    if (r) return r;
    trace_request(o, t);
    r = weft_connect(out, l, o->url, &config, h, user);
    weft_tls_unref(dial.tls);
    return r < 0 ? cannot_dial(o, r) : 0;
}

/* ---- report ---------------------------------------------------------------------------------- */

static weft_bytes without_newline(weft_bytes text)
{
    if (text.len && text.data[text.len - 1] == '\n') text.len--;
    if (text.len && text.data[text.len - 1] == '\r') text.len--;
    return text;
}

/* Of what a channel says, the sentence. */
static void report_body(weft_bytes body)
{
    char *sentence = sentence_of(body);
    if (sentence) body = (weft_bytes){(const uint8_t *)sentence, strlen(sentence)};
    if (body.len) {
        fputs("> ", stderr);
        escape_terminal(stderr, without_newline(body), "> ");
        fputc('\n', stderr);
    }
    free(sentence);
}

/* What of ours might get past it; NULL: nothing that we know of. */
static const char *hint_at(const struct connect_options *o, const weft_refusal *refusal)
{
    switch (refusal->status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: return o->follow ? NULL : "it sends you elsewhere; -L follows";
    case 401:
        return o->credentials ? "it does not take the user and password of -u"
                              : "it asks who you are; -u USER:PASSWORD says so";
    case 407: return "the proxy asks who you are; -x http://USER:PASSWORD@HOST:PORT says so";
    default: return NULL;
    }
}

static void report_location(const struct connect_options *o, const weft_refusal *refusal)
{
    const weft_field *to = weft_field_find(refusal->fields, refusal->n_fields, "Location");
    if (!to || o->follow) return;
    complain("Location: %.*s", to->value.len < 1024 ? (int)to->value.len : 1024,
             (const char *)to->value.data);
}

/* Lines of the server's begin with another word than ours. */
static void report_refusal(const struct connect_options *o, const weft_close_info *info)
{
    const weft_refusal *refusal = info->refusal;
    const char *who = info->error == WEFT_ERR_PROXY ? "refused by proxy" : "refused";
    const char *hint = hint_at(o, refusal);
    fprintf(stderr, "weft: %s status=%d\n", who, refusal->status);
    report_body(refusal->body);
    if (refusal->status / 100 == 3) report_location(o, refusal);
    if (hint) complain("%s", hint);
}

static void report_failure(const struct connect_options *o, const weft_close_info *info)
{
    complain("%s: %s", o->shown, info->error == WEFT_ERR_CLOSED ? "interrupted" : info->cause);
    if (info->error == WEFT_ERR_CERTIFICATE)
        complain("--cacert FILE trusts whom its authorities have signed, -k whoever answers");
}

int connect_report(const struct connect_options *o, const weft_close_info *info, bool opened,
                   bool words)
{
    if (info->refusal) {
        report_refusal(o, info);
    } else if (!opened) {
        report_failure(o, info);
    } else {
        fputs("weft: ", stderr);
        outcome_print(stderr, info);
        if (words && !info->error) fprintf(stderr, " (%s)", outcome_words(info->code));
        fputc('\n', stderr);
    }
    bool unanswered = info->error == WEFT_ERR_TIMEOUT && info->sent_code;
    if (opened && !o->wait && unanswered) return EXIT_CLEAN;
    return outcome_exit(info, opened);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int check_headers(const struct flag_list *headers)
{
    for (size_t i = 0; i < headers->n; i++) {
        const char *colon = strchr(headers->items[i], ':');
        if (!colon || colon == headers->items[i])
            return complain("-H: \"%s\" is not of the form \"Name: value\"", headers->items[i]);
    }
    return 0;
}

/* Tokens of RFC 9110, 5.6.2. */
static int check_subprotocols(const struct flag_list *names)
{
    for (size_t i = 0; i < names->n; i++) {
        const char *name = names->items[i];
        size_t len = strcspn(name, " \t\"(),/:;<=>?@[\\]{}");
        if (!*name || name[len])
            return complain("--subprotocol: \"%s\" is not one name without spaces and commas",
                            name);
    }
    return 0;
}

int connect_check(const struct flag_list *headers, const struct flag_list *subprotocols)
{
    int r = check_headers(headers);
    return r ? r : check_subprotocols(subprotocols);
}

static int run(struct connect_options *o, const char *text)
{
    char url[URL_MAX], shown[URL_MAX];
    if (!connect_is_url(text)) {
        complain("\"%s\" is not a URL; one looks like ws://localhost:8080/chat", text);
        return EXIT_URL;
    }
    if (connect_complete_url(text, url, sizeof url) >= URL_MAX) {
        complain("the URL is longer than %d bytes", URL_MAX);
        return EXIT_URL;
    }
    connect_hide_user(url, shown);
    o->url = url;
    o->shown = shown;
    bool person = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    return person ? terminal_run(o) : pipe_run(o);
}

int connect_run(int argc, char **argv)
{
    struct connect_options o = {.wait = 5000, .max_message = LINE_MAX_DEFAULT, .ping = 25000};
    const char *deflate = NULL;
    const struct flag flags[] = {
        {'H', "header", .kind = FLAG_LIST, .into = &o.headers, .value = "'NAME: VALUE'",
         .help = "a header field for the request; repeatable"},
        {'u', "user", .kind = FLAG_TEXT, .into = &o.credentials, .value = "USER:PASSWORD",
         .help = "basic authentication"},
        {'k', "insecure", .kind = FLAG_BOOL, .into = &o.trust.insecure,
         .help = "with wss: accept any certificate"},
        {0, "cacert", .kind = FLAG_TEXT, .into = &o.trust.authorities, .value = "FILE",
         .help = "with wss: trust what these authorities have signed, and not\n"
                 "what this system trusts"},
        {0, "cert", .kind = FLAG_TEXT, .into = &o.trust.certificate, .value = "FILE",
         .help = "with wss: a certificate of yours, for a server that asks"},
        {0, "key", .kind = FLAG_TEXT, .into = &o.trust.key, .value = "FILE",
         .help = "its key, unless it is in the same file"},
        {'x', "proxy", .kind = FLAG_TEXT, .into = &o.proxy, .value = "[http://]HOST:PORT",
         .help = "connect through this proxy, by HTTP CONNECT"},
        {'L', "location", .kind = FLAG_BOOL, .into = &o.follow,
         .help = "follow redirects, up to 10 of them"},
        {0, "subprotocol", .kind = FLAG_LIST, .into = &o.subprotocols, .value = "NAME",
         .help = "offer a subprotocol; repeatable, the one you like best first"},
        {0, "origin", .kind = FLAG_TEXT, .into = &o.origin, .value = "ORIGIN",
         .help = "the Origin to send, as a browser would; by default none"},
        {'n', "count", .kind = FLAG_NUMBER, .into = &o.count, .min = 1, .max = UINT64_MAX,
         .value = "N",
         .help = "stop after N messages. When input ends before that, they are\n"
                 "waited for; when none has come for as long as -w says, the\n"
                 "exit status is 28"},
        {0, "connect-timeout", .kind = FLAG_TIME, .into = &o.patience, .min = 1, .max = 3600000,
         .value = "TIME",
         .help = "how long it may take until the WebSocket is open (1m, and 10s a\n"
                 "step)"},
        {'w', "wait", .kind = FLAG_TIME, .into = &o.wait, .max = 3600000, .value = "SECS",
         .help = "how long to wait for the peer's Close, and for messages of -n\n"
                 "(5); 0: not at all"},
        {'b', "binary", .kind = FLAG_BOOL, .into = &o.binary,
         .help = "send lines as binary messages; write binary messages raw"},
        {0, "max-message", .kind = FLAG_SIZE, .into = &o.max_message, .min = 1, .max = 1 << 30,
         .value = "SIZE", .help = "the longest message to accept, and line to send (16M)"},
        {0, "ping", .kind = FLAG_TIME, .into = &o.ping, .max = 86400000, .value = "TIME",
         .help = "silence after which the peer is pinged (25s); 0: never"},
        {0, "deflate", .kind = FLAG_TEXT, .into = &deflate, .value = "MODE",
         .help = "offer compression: shared (every message for itself; the\n"
                 "default), takeover (messages refer to earlier ones), off"},
        {'v', "verbose", .kind = FLAG_COUNT, .into = &o.verbose,
         .help = "log to stderr: the handshake, messages, pings and pongs;\n"
                 "-vv: the library's details too"},
        {0},
    };
    const struct flag *const tables[] = {flags, NULL};

    int n = flags_parse(tables, argc, argv);
    if (n == FLAGS_HELP)
        return manual_print(&(struct manual){"weft [FLAGS] URL", about, tables, examples});
    if (n < 0) return EXIT_USAGE;
    if (n == 0) return complain("which URL? For example: weft ws://localhost:8080/chat");
    if (n > 1) return complain("one URL at a time, please: \"%s\" is a second one", argv[2]);
    int r = connect_check(&o.headers, &o.subprotocols);
    if (!r) r = deflate_parse(deflate, &o.deflate);
    return r ? r : run(&o, argv[1]);
}
