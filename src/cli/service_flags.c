/* SPDX-License-Identifier: MIT
 *
 * cli/service_flags.c - the flags of `weft serve` and `weft demo`: what may be said, and what holds otherwise
 */
#include "cli/service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <weft/handshake.h>

#include "cli/admin.h"
#include "cli/deflate.h"
#include "cli/names.h"
#include "cli/privileges.h"

void service_options_init(struct service_options *o)
{
    *o = (struct service_options){
        .listening.port = LISTENING_NO_PORT,
        .handshake_timeout = 10000,
        .ping = 25000,
        .max_connections_per_ip = 256,
        .drain = {DRAIN_UNSAID, DRAIN_UNSAID},
    };
}

static bool check_origin(const char *text, char why[FLAG_WHY])
{
    if (!strcmp(text, "any") || !strcmp(text, "same") || weft_origin_valid(text)) return true;
    snprintf(
        why, FLAG_WHY,
        "\"%.80s\" is not same, any, null, or an origin of the form https://example.org[:port]%s",
        text, strchr(text, '*') ? "; name each, there are no stars" : "");
    return false;
}

/* As the library wants it. A slash at its end is no matter. */
static bool check_base_path(const char *text, char why[FLAG_WHY])
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    const char *at = text;
    while (*at == '/') {
        const char *segment = at + 1;
        size_t len = strspn(segment, plain);
        bool is_way = !strncmp(segment, "..", len) && len <= 2;
        if (!len || is_way) break;
        at = segment + len;
    }
    if (at > text && (!*at || !strcmp(at, "/"))) return true;
    snprintf(why, FLAG_WHY, "\"%.80s\" is not a path like /ws, of letters, digits and -._~", text);
    return false;
}

static bool check_user(const char *text, char why[FLAG_WHY])
{
    struct privileges p;
    if (privileges_choose(&p, text, NULL, 0) != -ENOENT) return true;
    snprintf(why, FLAG_WHY, "there is no user %.80s", text);
    return false;
}

static const char *const log_formats[] = {"text", "json", NULL};

const char *const service_batches[] = {
    [WEFT_BATCH_AUTO] = "auto", [WEFT_BATCH_EACH] = "each", [WEFT_BATCH_RING] = "ring", NULL};

void service_flags(struct service_options *o, struct flag flags[SERVICE_FLAGS])
{
    const struct flag table[SERVICE_FLAGS] = {
        {'p', "port", .kind = FLAG_NUMBER, .into = &o->listening.port, .max = 65535,
         .value = "PORT", .noun = "a port number", .group = "Where it listens", .usual = "8080",
         .help = "listen on 127.0.0.1:PORT; 0: any free port"},
        {'l', "listen", .kind = FLAG_LIST, .into = &o->listening.addresses, .value = "ADDR",
         .check = listening_check, .sample = "*:443",
         .help = "listen here instead: host:port, [ipv6]:port, *:port (every\n"
                 "address of this machine), unix:PATH, unix:@NAME, fd:N (a socket\n"
                 "that listens already); repeatable"},
        {0, "origin", .kind = FLAG_LIST, .into = &o->origins, .value = "ORIGIN",
         .check = check_origin, .group = "Who may come", .sample = "https://example.org",
         .help = "whose pages may connect: same (this server's), any, null (files\n"
                 "opened in a browser), or https://example.org; repeatable.\n"
                 "Without it: same, and on loopback addresses pages from any port\n"
                 "of this machine"},
        {0, "host", .kind = FLAG_LIST, .into = &o->hosts, .value = "NAME", .check = names_check,
         .sample = "example.org",
         .help = "a name to answer to: example.org, *.example.org, any;\n"
                 "repeatable. Without it: any; on loopback addresses without TLS\n"
                 "localhost and IP addresses, others get 421"},
        {0, "subprotocol", .kind = FLAG_LIST, .into = &o->subprotocols, .value = "NAME",
         .sample = "chat", .help = "a subprotocol to agree to when a client offers it; repeatable"},
        {0, "channel", .kind = FLAG_LIST, .into = &o->channels.channels,
         .value = "'PATTERN: SETTINGS'", .check = channels_check, .group = "Channels",
         .is = FLAG_MAPPING | FLAG_RELOADS, .sample = "/quotes/*: latest=key, history=100/1h",
         .help = "how channels behave: '/quotes/*: latest=key, history=100/1h,\n"
                 "max-rate=10'; the first that matches counts; repeatable"},
        {0, "only-channels", .kind = FLAG_BOOL, .into = &o->channels.only,
         .help = "there are only those that --channel names; others are 404"},
        {0, "access", .kind = FLAG_LIST, .into = &o->channels.guard.access,
         .value = "'PATTERN: RIGHTS'", .check = guard_check, .group = "Who may", .is = FLAG_MAPPING,
         .sample = "/news/**: read=anyone, write=token",
         .help = "who may: read, write, presence, drop (DELETE), pattern (subscribe\n"
                 "to /news/*), each anyone, token or nobody; the most specific\n"
                 "pattern counts; repeatable"},
        {0, "open", .kind = FLAG_BOOL, .into = &o->channels.guard.open,
         .help = "everybody reads and writes"},
        {0, "open-read", .kind = FLAG_BOOL, .into = &o->channels.guard.open_read,
         .help = "everybody reads; who has a token writes"},
        {0, "token-keys", .kind = FLAG_LIST, .into = &o->channels.guard.token_keys, .value = "FILE",
         .credential = "token-keys", .sample = "/etc/weft/jwks.json",
         .help = "tokens (JWT) are checked with the keys of this file: PEM, JWKS,\n"
                 "or a secret of at least 32 bytes; repeatable; SIGHUP reads it\n"
                 "again"},
        {0, "token-issuer", .kind = FLAG_TEXT, .into = &o->channels.guard.issuer, .value = "TEXT",
         .sample = "https://login.example.org", .help = "what iss of a token has to be"},
        {0, "token-audience", .kind = FLAG_TEXT, .into = &o->channels.guard.audience,
         .value = "TEXT", .sample = "weft", .help = "what aud of a token has to be, or to have"},
        {0, "api-keys", .kind = FLAG_TEXT, .into = &o->channels.guard.api_keys, .value = "FILE",
         .credential = "api-keys", .sample = "/etc/weft/api-keys",
         .help = "keys of back-ends, one a line, at least 32 characters, perhaps\n"
                 "with a name and a space in front"},
        {0, "sign-key", .kind = FLAG_LIST, .into = &o->channels.guard.sign_keys, .value = "FILE",
         .credential = "sign-key", .sample = "/etc/weft/sign-key",
         .help = "URLs are signed with the secret in this file; repeatable"},
        {0, "max-message", .kind = FLAG_SIZE, .into = &o->max_message, .min = 1, .max = 1 << 30,
         .value = "SIZE", .group = "Messages and limits", .usual = "64K",
         .help = "the longest message to accept; K, M and G are understood.\n"
                 "Without it echo endpoints accept 1M"},
        {0, "handshake-timeout", .kind = FLAG_TIME, .into = &o->handshake_timeout, .min = 1,
         .max = 3600000, .value = "TIME", .usual = "10s",
         .help = "how long the head of a request may take to arrive;\n"
                 "500ms, 2m, ..."},
        {0, "ping", .kind = FLAG_TIME, .into = &o->ping, .max = 86400000, .value = "TIME",
         .usual = "25s", .help = "silence after which a client is pinged; 0: never"},
        {0, "max-connections", .kind = FLAG_NUMBER, .into = &o->max_connections, .max = 100000000,
         .value = "N", .usual = "0", .help = "one more gets 503; 0: as many as descriptors allow"},
        {0, "max-connections-per-ip", .kind = FLAG_NUMBER, .into = &o->max_connections_per_ip,
         .max = 100000000, .value = "N", .usual = "256",
         .help = "one more from the same address gets 429; 0: no limit.\n"
                 "Loopback addresses are not counted"},
        {0, "accept-rate", .kind = FLAG_NUMBER, .into = &o->accept_rate, .max = 1000000,
         .value = "N", .usual = "0",
         .help = "connections accepted a second, all together; more wait, and none\n"
                 "is refused; 0: as they come"},
        {0, "connect-rate", .kind = FLAG_NUMBER, .into = &o->connect_rate, .max = 1000000,
         .value = "N", .usual = "0",
         .help = "connections a second from one address, and ten seconds' worth at\n"
                 "once; one more gets 429; 0: no limit. Loopback addresses are\n"
                 "not counted"},
        {0, "publish-rate", .kind = FLAG_LIST, .into = &o->channels.publish_rates,
         .value = "'WHO: N[, SIZE]'", .check = publish_rate_check, .is = FLAG_MAPPING,
         .sample = "address: 50, 1M",
         .help = "messages, and perhaps bytes, published a second, and ten\n"
                 "seconds' worth at once: 'address: 50, 1M', 'connection: 20',\n"
                 "'user: 100' (whom a token names); more is 429; repeatable"},
        {0, "max-age", .kind = FLAG_TIME, .into = &o->max_age, .max = 2592000000, .value = "TIME",
         .usual = "0",
         .help = "ask who is connected for so long, or up to 10 % less, to come\n"
                 "again, so that connections move to servers that are new; 0:\n"
                 "never"},
        {0, "deflate", .kind = FLAG_TEXT, .into = &o->deflate, .value = "MODE",
         .words = deflate_words, .usual = "shared",
         .help = "compress for clients that can: shared (every message for\n"
                 "itself), takeover (messages refer to earlier ones: smaller, up\n"
                 "to 8K more per connection), off"},
        {0, "tls-cert", .kind = FLAG_LIST, .into = &o->secret.certificates, .value = "FILE",
         .group = "TLS and proxies", .credential = "tls-cert", .sample = "/etc/weft/server.crt",
         .help = "speak TLS (wss, https) with this certificate and what stands\n"
                 "behind it in the PEM file; repeatable, for several host names"},
        {0, "tls-key", .kind = FLAG_LIST, .into = &o->secret.keys, .value = "FILE",
         .credential = "tls-key", .sample = "/etc/weft/server.key",
         .help = "its key; as often as --tls-cert, and in the same order"},
        {0, "tls-client-ca", .kind = FLAG_TEXT, .into = &o->secret.client_ca, .value = "FILE",
         .credential = "tls-client-ca", .sample = "/etc/weft/clients.crt",
         .help = "let in only who shows a certificate that one of these signed"},
        {0, "trust-proxy", .kind = FLAG_LIST, .into = &o->proxies, .value = "ADDR[/BITS]",
         .sample = "127.0.0.1",
         .help = "believe what this proxy says of its clients: PROXY protocol,\n"
                 "X-Forwarded-For, X-Forwarded-Proto; unix: who comes by a Unix\n"
                 "socket; repeatable"},
        {0, "base-path", .kind = FLAG_TEXT, .into = &o->base_path, .value = "/PATH",
         .check = check_base_path, .sample = "/ws",
         .help = "all that is here is under this path, which a proxy in front\n"
                 "leaves on: /PATH/chat is the channel /chat"},
        {0, "admin", .kind = FLAG_TEXT, .into = &o->admin, .value = "ADDR", .check = admin_check,
         .group = "Seeing", .sample = "unix:/run/weft/admin.sock",
         .help = "answer whoever runs this server there, and nobody else (weft\n"
                 "admin); unix:PATH, or an address of this machine only"},
        {0, "access-log", .kind = FLAG_TEXT, .into = &o->access_log, .value = "FILE",
         .sample = "/var/log/weft/access.log",
         .help = "a line for each request and each WebSocket, at the end of FILE;\n"
                 "-: on stdout"},
        {0, "access-format", .kind = FLAG_TEXT, .into = &o->access_format, .value = "FORMAT",
         .words = access_log_formats, .usual = "combined",
         .help = "combined, with the request's id behind it, or json"},
        {0, "log", .kind = FLAG_TEXT, .into = &o->log, .value = "FORMAT", .words = log_formats,
         .usual = "text", .help = "what is logged to stderr is text, or json: an object a line"},
        {0, "trace", .kind = FLAG_LIST, .into = &o->channels.traced, .value = "WHAT",
         .check = channels_check_traced, .sample = "user=u17",
         .help = "log what happens to user=NAME, or on channel=/NAME, as -v does of\n"
                 "all; repeatable"},
        {0, "threads", .kind = FLAG_NUMBER, .into = &o->threads, .max = SERVICE_THREADS_MAX,
         .value = "N", .group = "The machine", .usual = "0",
         .help = "serve with so many threads; 0: one per core"},
        {0, "drain-delay", .kind = FLAG_TIME, .into = &o->drain.delay, .max = 3600000,
         .value = "TIME", .sample = "5s",
         .help = "at SIGTERM: go on for so long, with /readyz at 503, until load\n"
                 "balancers have noticed. Without it: 0; under systemd 5s"},
        {0, "drain", .kind = FLAG_TIME, .into = &o->drain.drain, .max = 3600000, .value = "TIME",
         .sample = "20s",
         .help = "then refuse who is new, and ask all others to leave, one after\n"
                 "the other over so long. Without it: 0; under systemd 20s"},
        {0, "snapshot", .kind = FLAG_TEXT, .into = &o->snapshot, .value = "FILE",
         .sample = "/var/lib/weft/snapshot",
         .help = "leave channels in FILE at the end, and go on with what is there:\n"
                 "a restart loses no position. Without it: what systemd keeps"},
        {0, "batch", .kind = FLAG_TEXT, .into = &o->batch, .value = "HOW", .words = service_batches,
         .usual = "auto",
         .help = "how output goes to the kernel: ring (one io_uring_enter a turn),\n"
                 "each (a system call a connection), auto (ring where it is\n"
                 "allowed)"},
        {0, "poll-us", .kind = FLAG_NUMBER, .into = &o->poll_us, .max = 1000000, .value = "N",
         .noun = "a number of microseconds", .usual = "0",
         .help = "stay awake for N microseconds before each sleep: answers\n"
                 "sooner, for as much of a core"},
        {0, "user", .kind = FLAG_TEXT, .into = &o->user, .value = "NAME", .check = check_user,
         .sample = "nobody",
         .help = "as root: become this user once the ports are open (nobody, or\n"
                 "who alone may read DIR)"},
        {0, "no-sandbox", .kind = FLAG_BOOL, .into = &o->no_sandbox,
         .help = "do without Landlock and seccomp"},
        {'v', "verbose", .kind = FLAG_COUNT, .into = &o->verbose,
         .help = "log to stderr what happens; -vv: the library's details too"},
        {0},
    };
    memcpy(flags, table, sizeof table);
}
