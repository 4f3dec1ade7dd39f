/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_server.c - a whole server, whose network, clock and memory follow a script
 *
 * Each step of the script is a byte, what to do (low four bits) and which peer does it, and what that
 * needs: see step. Paths are an echo, chunks, upgrades and requests that are answered later, and a reply
 * in pieces. Whatever happens: every connection that was opened is closed once, no memory stays, and what
 * a WebSocket was sent is frames that a strict peer takes.
 */
#include "steps.h"

enum { CONNS = PEERS };

static struct world {
    long opened;
    weft_server *server;
    weft_conn *conns[CONNS];
    weft_upgrade *held;
    weft_reply *asked;
} w;

/* ---- the user of the server ------------------------------------------------------------------ */

static void on_open(weft_conn *c)
{
    w.opened++;
    for (size_t i = 0; i < CONNS; i++)
        if (!w.conns[i]) {
            w.conns[i] = c;
            return;
        }
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    check(info->cause && !info->error == !*info->cause);
    check(weft_utf8_valid(info->reason.data, info->reason.len));
    w.opened--;
    for (size_t i = 0; i < CONNS; i++)
        if (w.conns[i] == c) w.conns[i] = NULL;
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    check(op != WEFT_TEXT || weft_utf8_valid(data, len));
    if (weft_send(c, op, data, len) == WEFT_ERR_BACKLOG) weft_pause(c);
}

static void on_drain(weft_conn *c)
{
    weft_resume(c);
}

static void on_chunk(weft_conn *c, const weft_chunk *chunk)
{
    whatever(weft_send_fragment(c, chunk->opcode, chunk->data, chunk->len, chunk->final));
}

static int hold(weft_upgrade *u)
{
    if (w.held) return 503;
    w.held = u;
    return WEFT_HOLD;
}

static void reply_now(weft_request *r, void *user)
{
    (void)user;
    weft_bytes body = weft_request_body(r);
    weft_respond(r, 200, "text/plain", body.data, body.len);
}

static void reply_gone(weft_reply *r, int error, const char *cause)
{
    (void)error;
    (void)cause;
    if (w.asked == r) w.asked = NULL;
}

static void reply_later(weft_request *r, void *user)
{
    if (w.asked) {
        reply_now(r, user);
        return;
    }
    static const weft_reply_handler handler = {.on_close = reply_gone};
    (void)weft_reply_begin(&w.asked, r, 200, NULL, WEFT_LENGTH_UNKNOWN, &handler, NULL);
}

static void on_access(const weft_access *a, void *user)
{
    check(user == &w && a->cause && a->kind <= WEFT_ACCESS_WEBSOCKET && a->status < 600);
    check((a->code != 0) == (a->kind == WEFT_ACCESS_WEBSOCKET));
    check(a->method.len || !a->target.len);
}

static const weft_request_handler now = {.on_request = reply_now};
static const weft_request_handler later = {
    .on_request = reply_later,
    .limits = &(const weft_limits){.http_body_max = 50, .send_queue_max = 5000}};

static const weft_handler echo = {
    .on_open = on_open, .on_message = on_message, .on_drain = on_drain, .on_close = on_close};
static const weft_limits small = {.max_message = 3000};
static const weft_handler chunks = {
    .on_open = on_open, .on_chunk = on_chunk, .on_close = on_close, .limits = &small};
static const weft_handler holding = {
    .on_upgrade = hold, .on_open = on_open, .on_message = on_message, .on_close = on_close};

static void answer_held(unsigned how)
{
    if (!w.held) return;
    weft_upgrade *u = w.held;
    w.held = NULL;
    if (how & 1) (void)weft_upgrade_accept(u);
    else (void)weft_upgrade_refuse(u, how & 2 ? 403 : 200, how & 4 ? "text/html" : NULL, "no", 2);
}

static void finish_asked(bool abort_it)
{
    if (!w.asked) return;
    weft_reply *r = w.asked;
    if (abort_it) weft_reply_abort(r);
    else whatever(weft_reply_end(r));
}

/* The connection may have gone. */
static void called(weft_conn *c, void *arg)
{
    (void)arg;
    if (c) whatever(weft_send(c, WEFT_TEXT, "called", 6));
}

static void act(unsigned what)
{
    static const char some[2000];
    static const weft_bytes pieces[] = {{(const uint8_t *)"pie", 3}, {(const uint8_t *)"ces", 3}};
    weft_conn *c = w.conns[what >> 6];
    switch (what & 15) {
    case 0: answer_held(what >> 4); break;
    case 1: finish_asked(what & 16); break;
    case 2:
        if (w.asked) whatever(weft_reply_write(w.asked, some, what));
        break;
    case 3:
        if (w.server) (void)weft_server_shutdown(w.server, WEFT_CLOSE_GOING_AWAY, NULL, NULL);
        break;
    default:
        if (!c) return;
        switch (what & 15) {
        case 4: whatever(weft_send(c, WEFT_BINARY, some, sizeof some)); break;
        case 5: (void)weft_close(c, 1000, "enough"); break;
        case 6: weft_abort(c); break;
        case 7: weft_pause(c); break;
        case 8: weft_resume(c); break;
        case 9: (void)weft_ping(c, "?", 1); break;
        case 10: whatever(weft_send_fragment(c, WEFT_TEXT, "part", 4, what & 16)); break;
        case 11: (void)weft_close_now(c, 1001, "now"); break;
        case 12: (void)weft_want_drain(c, what >> 4); break;
        case 13: whatever(weft_sendv(c, WEFT_TEXT, what >> 4 & 3, pieces, 2)); break;
        case 14: whatever(weft_conn_call(weft_conn_loop(c), weft_conn_id(c), called, NULL)); break;
        }
    }
}

/* ---- what peers do --------------------------------------------------------------------------- */

static const char *const paths[] = {"/echo",  "/chunks", "/hold", "/now",
                                    "/later", "/none",   "*",     "/"};

static void say_request(struct peer *p, unsigned choice, bool upgrade)
{
    say(p, choice & 8 ? "POST " : "GET ");
    say(p, paths[choice & 7]);
    say(p, choice & 16 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
    say(p, "Host: localhost\r\n");
    if (upgrade)
        say(p, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    if (choice & 32) say(p, "Transfer-Encoding: chunked\r\n");
    if (choice & 64) say(p, "Content-Length: 5\r\n");
    if (choice & 128) say(p, "Expect: 100-continue\r\n");
    say(p, "\r\n");
}

static void step(weft_bytes *in)
{
    struct step s = step_take(in, 11);
    struct peer *p = s.peer;
    switch (s.what) {
    case 1: say_request(p, s.arg, true); break;
    case 2: say_request(p, s.arg, false); break;
    case 7: act(s.arg); break;
    case 11:
        if (p->fd < 0 && !p->calling && !p->input.len && !p->output.len) p->calling = true;
        break;
    default: steps_common(&s, WEFT_CLIENT, in); break;
    }
    if (!s.goes_on) machine_turn();
}

/* ---- judgement ------------------------------------------------------------------------------- */

/* What a peer was sent: behind a 101, whole frames that are right where they stand. */
static void judge(const struct peer *p)
{
    static const char switched[] = "HTTP/1.1 101 ";
    if (!p->output.len || p->cut) return;
    size_t n = p->output.len < 5 ? p->output.len : 5;
    check(!memcmp(p->output.data, "HTTP/", n));
    if (p->output.len < sizeof switched || memcmp(p->output.data, switched, sizeof switched - 1))
        return;
    const uint8_t *end = memmem(p->output.data, p->output.len, "\r\n\r\n", 4);
    if (!end) return;
    struct wire wire = {.role = WEFT_SERVER};
    judge_frames(wire, end + 4, p->output.data + p->output.len);
}

static void begin(void)
{
    w = (struct world){0};
    machine_begin();
    machine_make_loop();
    weft_server_config cfg = {.limits = &(weft_limits){.max_connections = PEERS - 1,
                                                       .max_message = 30000,
                                                       .send_queue_max = 40000,
                                                       .request_head_max = 1000,
                                                       .http_body_max = 500,
                                                       .http_requests = 5},
                              .on_access = on_access,
                              .access_user = &w};
    check(weft_server_new(&w.server, machine.loop, &cfg) == 0);
    check(weft_server_route(w.server, "/echo", &echo, NULL) == 0);
    check(weft_server_route(w.server, "/chunks", &chunks, NULL) == 0);
    check(weft_server_route(w.server, "/hold", &holding, NULL) == 0);
    check(weft_server_on_request(w.server, "/now", &now, NULL) == 0);
    check(weft_server_on_request(w.server, "/later", &later, NULL) == 0);
    check(weft_server_listen(w.server, "127.0.0.1:8080", NULL) == 0);
}

static void end(void)
{
    machine_heal();
    answer_held(1);
    finish_asked(false);
    machine_settle();
    for (size_t i = 0; i < PEERS; i++) judge(&net.peers[i]);
    answer_held(0); /* such as arrived meanwhile */
    finish_asked(true);
    weft_server_free(w.server);
    check(w.opened == 0);
    machine_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_bytes in = {data, size};
    begin();
    for (int i = 0; i < SCRIPT_MOST && in.len; i++) step(&in);
    end();
    return 0;
}
