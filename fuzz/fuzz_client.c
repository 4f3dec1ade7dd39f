/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_client.c - a whole client, whose network, clock and memory follow a script
 *
 * The first two bytes choose the URL and the configuration. Each step of the script is a byte, what
 * happens (low four bits) at which server (the next two; the nth connection goes to the nth of them), and
 * what that needs: see step. Whatever happens: on_close comes once, on_open before it or not at all, no
 * memory stays, and what a server is sent is requests, then frames that a strict peer takes.
 */
#include "steps.h"

static struct world {
    unsigned dials; /* connections so far */
    bool refuse;    /* the next connection is refused at once */
    unsigned opened, closed;
    weft_conn *conn; /* NULL before weft_connect and from on_close on */
} w;

/* ---- the network ----------------------------------------------------------------------------- */

static int client_socket(int domain, int type, int protocol)
{
    (void)domain, (void)type, (void)protocol;
    return fails() < 0 ? -1 : new_fd();
}

static int client_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    (void)addr, (void)len;
    if (fails() < 0) return -1;
    if (w.refuse || w.dials >= PEERS) {
        w.refuse = false;
        return errno = ECONNREFUSED, -1;
    }
    net.peers[w.dials++].fd = fd;
    errno = EINPROGRESS;
    return -1;
}

static int client_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                              struct addrinfo **out)
{
    (void)host, (void)service, (void)hints;
    *out = NULL;
    return EAI_NONAME;
}

/* ---- the user of the client ------------------------------------------------------------------ */

static void on_open(weft_conn *c)
{
    check(c == w.conn && !w.opened && !w.closed);
    w.opened++;
    check(weft_conn_subprotocol(c) != NULL);
    whatever(weft_send(c, WEFT_TEXT, "hello", 5));
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    check(c == w.conn && w.opened && !w.closed);
    check(op != WEFT_TEXT || weft_utf8_valid(data, len));
    if (weft_send(c, op, data, len) == WEFT_ERR_BACKLOG) weft_pause(c);
}

static void on_drain(weft_conn *c)
{
    weft_resume(c);
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    check(c == w.conn && !w.closed);
    check(info->cause && !info->error == !*info->cause);
    check(weft_utf8_valid(info->reason.data, info->reason.len));
    if (info->refusal) check(info->refusal->status >= 100 && info->refusal->status < 1000);
    w.closed++;
    w.conn = NULL;
}

static void act(unsigned what)
{
    static const char some[2000];
    weft_conn *c = w.conn;
    if (!c) return;
    switch (what & 7) {
    case 0: whatever(weft_send(c, WEFT_BINARY, some, sizeof some)); break;
    case 1: (void)weft_close(c, 1000, "enough"); break;
    case 2: weft_abort(c); break;
    case 3: weft_pause(c); break;
    case 4: weft_resume(c); break;
    case 5: (void)weft_ping(c, "?", 1); break;
    case 6: whatever(weft_send_fragment(c, WEFT_TEXT, "part", 4, what & 8)); break;
    }
}

/* ---- what servers do ------------------------------------------------------------------------- */

/* The accept key for what this server was asked, if it was. */
static void say_accept(struct peer *p)
{
    static const char name[] = "Sec-WebSocket-Key: ";
    char accept[WEFT_ACCEPT_LEN + 1];
    const uint8_t *at =
        p->output.len ? memmem(p->output.data, p->output.len, name, sizeof name - 1) : NULL;
    if (!at || p->output.data + p->output.len - at < (ptrdiff_t)(sizeof name + WEFT_KEY_LEN))
        return;
    weft_handshake_accept((weft_bytes){at + sizeof name - 1, WEFT_KEY_LEN}, accept);
    say(p, "Sec-WebSocket-Accept: ");
    say(p, accept);
    say(p, "\r\n");
}

static void say_switch(struct peer *p, unsigned choice)
{
    if (choice & 1) say(p, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
    say(p, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    say_accept(p);
    if (choice & 2) say(p, "Sec-WebSocket-Protocol: chat\r\n");
    if (choice & 4) say(p, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    if (choice & 8)
        say(p, "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
               "client_no_context_takeover; client_max_window_bits=10\r\n");
    say(p, "\r\n");
}

static void say_response(struct peer *p, unsigned choice)
{
    static const char *const lines[] = {"200 Connection established",
                                        "407 Proxy Authentication Required",
                                        "301 Moved",
                                        "302 Found",
                                        "307 Temporary Redirect",
                                        "401 Unauthorized",
                                        "426 Upgrade Required",
                                        "503 Service Unavailable"};
    static const char *const locations[] = {"/other",      "ws://127.0.0.1:81/", "wss://127.0.0.2/",
                                            "//[::1]/x?y", "http://127.0.0.1/",  "ws+unix:/tmp/x",
                                            "#",           "ws://a b/"};
    say(p, "HTTP/1.1 ");
    say(p, lines[choice & 7]);
    say(p, "\r\nLocation: ");
    say(p, locations[choice >> 3 & 7]);
    if (choice & 64) say(p, "\r\nContent-Length: 5\r\n\r\nhello");
    else if (choice & 128) say(p, "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    else say(p, "\r\n\r\n");
}

static void step(weft_bytes *in)
{
    struct step s = step_take(in, 12);
    switch (s.what) {
    case 1: say_switch(s.peer, s.arg); break;
    case 2: say_response(s.peer, s.arg); break;
    case 7: act(s.arg); break;
    case 11: say(s.peer, s.arg & 1 ? "HTTP/1.1 101 x\r\n" : "HTTP/1.1 "); break;
    case 13: w.refuse = true; break;
    default: steps_common(&s, WEFT_SERVER, in); break;
    }
    if (!s.goes_on) machine_turn();
}

/* ---- judgement ------------------------------------------------------------------------------- */

/* Where the request ends; NULL: it is not complete. */
static const uint8_t *judge_request(const uint8_t *at, const uint8_t *stop)
{
    const uint8_t *end = memmem(at, (size_t)(stop - at), "\r\n\r\n", 4);
    bool upgrade = stop - at < 4 || !memcmp(at, "GET ", 4);
    check(upgrade || !memcmp(at, "CONNECT ", (size_t)(stop - at) < 8 ? (size_t)(stop - at) : 8));
    return end ? end + 4 : NULL;
}

/* TLS is another harness's matter. */
static void judge(const struct peer *p)
{
    if (!p->output.len || p->cut || p->output.data[0] == 0x16) return;
    const uint8_t *at = p->output.data, *stop = at + p->output.len;
    bool proxied = *at == 'C';
    at = judge_request(at, stop);
    if (at && proxied && at < stop) {
        if (*at == 0x16) return;
        at = judge_request(at, stop);
    }
    struct wire wire = {.role = WEFT_CLIENT, .deflates = true};
    if (at && at < stop) judge_frames(wire, at, stop);
}

/* ---- one input ------------------------------------------------------------------------------- */

static const char *const urls[] = {"ws://127.0.0.1/chat?x=1", "ws://user:secret@127.0.0.1:8080/",
                                   "wss://127.0.0.1/",        "ws+unix:/run/x.sock:/echo",
                                   "ws://localhost/",         "ws://[::1]:81/",
                                   "wss://localhost/x",       "ws://127.0.0.1"};

static bool begin(unsigned url, unsigned how)
{
    static const char *const fields[] = {"X-Field: value", "Cookie: a=b", NULL};
    static const char *const subprotocols[] = {"chat", "other", NULL};
    static const weft_deflate deflate = {0};
    static weft_handler handler;
    static weft_tls *insecure;
    if (!insecure)
        check(weft_tls_new(&insecure, NULL, &(weft_tls_config){.insecure = true}, NULL, 0) == 0);
    handler = (weft_handler){
        .on_open = on_open, .on_message = on_message, .on_drain = on_drain, .on_close = on_close};
    if (how & 1) handler.subprotocols = subprotocols;
    if (how & 2) handler.deflate = &deflate;
    const weft_limits limits = {.max_message = 30000, .send_queue_max = 40000};
    const weft_dial dial = {
        .limits = &limits, .proxy = how & 16 ? "http://127.0.0.1:3128" : NULL, .tls = insecure};
    weft_client_config cfg = {.dial = &dial,
                              .fields = how & 4 ? fields : NULL,
                              .credentials = how & 8 ? "user:password" : NULL,
                              .redirects = how >> 5 & 3};
    machine_make_loop();
    if (weft_connect(&w.conn, machine.loop, urls[url & 7], &cfg, &handler, NULL) == 0) return true;
    w.conn = NULL;
    return false;
}

static void set_up(void)
{
    w = (struct world){0};
    machine_begin();
    machine.sys.socket = client_socket;
    machine.sys.connect = client_connect;
    machine.sys.getaddrinfo = client_getaddrinfo;
}

static void end(bool connected)
{
    machine_heal();
    machine_settle();
    for (size_t i = 0; i < PEERS; i++) judge(&net.peers[i]);
    machine_end();
    check(w.closed == connected && w.opened <= w.closed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_bytes in = {data, size};
    set_up();
    uint8_t url = taken_byte(&in), how = taken_byte(&in);
    bool connected = begin(url, how);
    for (int i = 0; i < SCRIPT_MOST && in.len; i++) step(&in);
    end(connected);
    return 0;
}
