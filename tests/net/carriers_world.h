/* SPDX-License-Identifier: MIT
 *
 * tests/net/carriers_world.h - a server, and a cast that plays the same scenario on any carrier
 *
 *      begin(how)     a world, and a cast of so many far ends on one kind of carrier
 *      say ... run    everybody says the same, and everything that is under way arrives
 *      told, heard    everybody's user was told this, and everybody's peer heard this
 *      end            nothing is left
 *
 * A scenario is written once, in verbs that all of the cast perform, and its stories are the same whatever carries
 * them. The number in a path says whose it is: /0/echo is the first's.
 *
 *      WebSocket      /echo /talk      what is said comes back; is only told
 *                     /chunks          is not gathered, and each chunk pauses it
 *                     /hold            the upgrade waits until accept or refuse
 *      request        /now             hello
 *                     /post            the body comes back
 *                     /later           waits until answered
 *                     /stream /known   a reply begins, of unknown length, of 10 bytes
 */
#ifndef NET_CARRIERS_WORLD_H
#define NET_CARRIERS_WORLD_H

#include "far.h"

enum { CAST_MAX = MEMORY_STREAMS, BYSTANDER = CAST_MAX, QUIET = 8, KNOWN = 10 };

/* One of the cast: what its user has, and its far end. */
struct actor {
    struct teller teller; /* of its WebSocket, and of all else that its user is told */
    struct far *far;
    weft_upgrade *held;
    weft_request *request;
    weft_reply *reply;
    weft_id reply_id;
    size_t chunked; /* bytes that came in chunks */
};

/* Who plays. */
struct how {
    const struct far_kind *kind;
    size_t n;
};

static struct far fars[CAST_MAX];
static struct actor cast[CAST_MAX + 1]; /* and a bystander, if somebody asks him in */
static size_t n_cast;
static bool has_left;        /* on_done of a shutdown */
static bool scripted = true; /* it is known what is said, and what an answer is */

#define each(a) (struct actor *a = cast; a < cast + n_cast; a++)

static inline bool alone(void)
{
    return n_cast == 1;
}

/* ---- the user -------------------------------------------------------------------------------- */

static struct actor *actor_of(const weft_request *r)
{
    weft_bytes path = weft_request_path(r);
    struct actor *a = &cast[path.data[1] - '0'];
    assert_true(path.len > 3 && a <= &cast[BYSTANDER]);
    return a;
}

static bool is_at(const weft_request *r, const char *place)
{
    weft_bytes path = weft_request_path(r);
    return path.len == strlen(place) + 2 && memcmp(path.data + 2, place, path.len - 2) == 0;
}

static struct actor *actor_in(const weft_reply *r)
{
    return weft_reply_user(r);
}

/* Where there may be none, there is an end. */
static void echo(weft_conn *c, const char *text)
{
    int error = weft_send(c, WEFT_TEXT, text, strlen(text));
    if (error) weft_abort(c);
    assert_true(!error || !scripted || world.fail_at >= 0);
}

static void hear(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    expect_long_text(data, len);
    teller_hears(c, op, data, len);
}

static int on_upgrade(weft_upgrade *u)
{
    const weft_request *r = weft_upgrade_request(u);
    struct actor *a = actor_of(r);
    weft_upgrade_set_user(u, &a->teller);
    if (is_at(r, "/echo")) a->teller.then_message = echo;
    if (!is_at(r, "/hold")) return 0;
    a->held = u;
    return WEFT_HOLD;
}

static void on_drain(weft_reply *r)
{
    tell(&actor_in(r)->teller.story, "drain;");
}

static void on_leave(weft_reply *r, uint64_t return_ms)
{
    assert_true(return_ms >= 1000);
    tell(&actor_in(r)->teller.story, "leave;");
    if (weft_reply_write(r, "bye", 3) == 0) whatever(weft_reply_end(r));
}

static void on_close(weft_reply *r, int error, const char *cause)
{
    struct actor *a = actor_in(r);
    tell(&a->teller.story, "over%s%s;", error ? " " : "", error ? weft_errname(error) : "");
    assert_true(cause);
    assert_ptr_equal(a->reply, r);
    a->reply = NULL;
}

static const weft_reply_handler reply_handler = {on_drain, on_leave, on_close};

static void begin_reply(struct actor *a, weft_request *r, uint64_t length)
{
    assert_null(a->reply);
    if (weft_reply_begin(&a->reply, r, 200, "text/plain", length, &reply_handler, a) < 0) return;
    a->reply_id = weft_reply_id(a->reply);
    tell(&a->teller.story, "begin;");
}

static void on_gone(weft_request *r, void *user)
{
    struct actor *a = user;
    assert_ptr_equal(a->request, r);
    tell(&a->teller.story, "gone;");
}

static void on_request(weft_request *r, void *user)
{
    struct actor *a = actor_of(r);
    weft_bytes body = weft_request_body(r);
    (void)user;
    tell(&a->teller.story, "asked;");
    if (is_at(r, "/now")) {
        (void)weft_respond(r, 200, "text/plain", "hello", 5);
    } else if (is_at(r, "/post")) {
        (void)weft_respond(r, 200, "text/plain", body.data, body.len);
    } else if (is_at(r, "/later")) {
        a->request = r;
        world_watch(r, on_gone, a);
    } else {
        begin_reply(a, r, is_at(r, "/known") ? KNOWN : WEFT_LENGTH_UNKNOWN);
    }
}

static const weft_handler websocket = {.on_upgrade = on_upgrade,
                                       .on_open = teller_opens,
                                       .on_message = hear,
                                       .on_drain = teller_drains,
                                       .on_close = teller_closes};

static void hear_chunk(weft_conn *c, const weft_chunk *chunk)
{
    struct actor *a = weft_conn_user(c);
    if (scripted) assert_memory_equal(chunk->data, long_text() + a->chunked, chunk->len);
    a->chunked += chunk->len;
    if (chunk->final) tell(&a->teller.story, "[%zu];", a->chunked);
    weft_pause(c);
}

static const weft_deflate deflate;
static const weft_handler in_chunks = {.on_upgrade = on_upgrade,
                                       .on_open = teller_opens,
                                       .on_chunk = hear_chunk,
                                       .on_close = teller_closes,
                                       .deflate = &deflate};

/* received:sent, to whose path it is. */
static void tell_access(const weft_access *a, void *user)
{
    static const char *const kinds[] = {"request", "upgrade", "websocket"};
    struct actor *to = &cast[a->target.data[1] - '0'];
    (void)user;
    assert_true(a->target.len > 3 && to <= &cast[BYSTANDER]);
    tell(&to->teller.story, "%s %.*s %d %d:%d;", kinds[a->kind], (int)a->target.len - 2,
         (const char *)a->target.data + 2, a->code ? a->code : a->status, (int)a->received,
         (int)a->sent);
}

static void on_done(weft_server *s, void *user)
{
    (void)user;
    assert_ptr_equal(s, world.server);
    has_left = true;
}

/* ---- begin and end --------------------------------------------------------------------------- */

static const weft_limits limits = {
    .ping_interval = WEFT_NEVER, .send_queue_max = 256 * 1024, .send_queue_soft = 64 * 1024};

static weft_server_config config;

static void serve(void)
{
    static const char *const chunks[] = {"/0/chunks", "/1/chunks", "/2/chunks"};
    world_begin(&world);
    world_serve(&world, &config);
    assert_int_equal(weft_server_route(world.server, "/*", &websocket, NULL), 0);
    for (size_t i = 0; i < countof(chunks); i++)
        assert_int_equal(weft_server_route(world.server, chunks[i], &in_chunks, NULL), 0);
    assert_int_equal(world_requests(world.server, "/*", on_request, NULL), 0);
    world_listen(&world);
}

static void join(const struct how *how)
{
    memset(cast, 0, CAST_MAX * sizeof *cast);
    has_left = false;
    n_cast = how->n;
    for each (a) {
        a->far = &fars[a - cast];
        far_init(a->far, how->kind);
    }
    how->kind->connect(fars, n_cast);
}

static int begin(void **state)
{
    config = (weft_server_config){.limits = &limits};
    serve();
    join(*state);
    return 0;
}

/* Whatever the scenario has left is there to be torn down. */
static int end(void **state)
{
    (void)state;
    fars->kind->hang_up(fars, n_cast);
    if (world.server) {
        for (int i = 0; i < QUIET; i++) turn(&world, fars->kind->patience);
        assert_int_equal(weft_server_count(world.server, WEFT_COUNT_CONNECTIONS), 0);
        assert_int_equal(weft_server_count(world.server, WEFT_COUNT_WEBSOCKETS), 0);
    }
    for each (a) {
        assert_null(a->reply);
        assert_null(a->teller.conn);
        far_deinit(a->far);
    }
    world_end(&world);
    return 0;
}

/* The same in a world of its own. */
static void play_again(void)
{
    const struct how how = {fars->kind, n_cast};
    (void)end(NULL);
    serve();
    join(&how);
}

/* ---- verbs ----------------------------------------------------------------------------------- */

/* Until nothing has moved for a while. */
static void run(void)
{
    for (int quiet = 0, turns = 0; quiet < QUIET; quiet++, turns++) {
        for each (a)
            if (far_move(a->far)) quiet = 0;
        if (turns > 10 * TURNS) fail_msg("it never rests");
        turn(&world, fars->kind->patience);
    }
}

#define run_until(condition)                                          \
    for (int runs_ = 0; !(condition); runs_++) {                      \
        if (runs_ == 100) fail_msg("waited in vain for " #condition); \
        run();                                                        \
    }

static void time_passes(uint64_t ms)
{
    world.now_us += ms * 1000;
    run();
}

static void one_asks(struct actor *a, const char *method, const char *place, const char *rest)
{
    char request[1024];
    snprintf(request, sizeof request, "%s /%td%s HTTP/1.1\r\nHost: localhost\r\n%s", method,
             a - cast, place, rest);
    far_say(a->far, request);
}

#define UPGRADING                                                                              \
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" \
    "\r\nSec-WebSocket-Version: 13\r\n\r\n"

static void one_upgrades(struct actor *a, const char *place)
{
    one_asks(a, "GET", place, UPGRADING);
}

static void ask(const char *place)
{
    for each (a) one_asks(a, "GET", place, "\r\n");
    run();
}

static void upgrade(const char *place)
{
    for each (a) one_upgrades(a, place);
    run();
}

static void one_says(struct actor *a, const char *text)
{
    far_frame(a->far, 0x81, text, strlen(text));
}

static void say(const char *text)
{
    for each (a) one_says(a, text);
    run();
}

static void say_close(uint16_t code, const char *reason)
{
    for each (a) far_close_frame(a->far, code, reason);
    run();
}

static void one_resets(struct actor *a)
{
    a->far->kind->reset(a->far);
    a->far->gone = true;
}

static void reset(void)
{
    for each (a) one_resets(a);
    run();
}

static void end_saying(void)
{
    for each (a) a->far->ends = true;
    run();
}

/* Everything that carries them is lost. */
static void lose(void)
{
    for each (a) a->far->kind->lose(a->far);
    for each (a) a->far->gone = true;
    run();
}

static void hang_up(void)
{
    fars->kind->hang_up(fars, n_cast);
    for each (a) a->far->gone = true;
    run();
}

static void read_no_more(void)
{
    for each (a) a->far->reads = false;
}

static void read_again(void)
{
    for each (a) a->far->reads = true;
    run();
}

static void answer(void)
{
    for each (a) {
        assert_int_equal(weft_respond(a->request, 200, "text/plain", "at last", 7), 0);
        a->request = NULL;
    }
    run();
}

static void write_all(const char *text)
{
    for each (a) assert_int_equal(weft_reply_write(a->reply, text, strlen(text)), 0);
    run();
}

static void end_replies(void)
{
    for each (a) assert_int_equal(weft_reply_end(a->reply), 0);
    run();
}

static void shut_down(void)
{
    assert_int_equal(weft_server_shutdown(world.server, 1001, on_done, NULL), 0);
    time_passes(1);
}

static void free_server(void)
{
    weft_server_free(world.server);
    world.server = NULL;
}

/* ---- what came of it ------------------------------------------------------------------------- */

#define one_was_told(a, want) expect_story(&(a)->teller.story, want)
#define one_heard(a, want)    assert_string_equal(far_heard((a)->far), want)

#define told_all(want) \
    for each (a_) one_was_told(a_, want)
#define heard_all(want) \
    for each (a_) one_heard(a_, want)

/* What came before is not told: how much it was is the carrier's. */
#define heard_at_last(want)                                                       \
    for each (a_) {                                                                \
        const char *s_ = far_heard(a_->far);                                      \
        size_t from_ = strlen(s_) > strlen(want) ? strlen(s_) - strlen(want) : 0; \
        assert_string_equal(s_ + from_, want);                                    \
    }

static void open_all(const char *place)
{
    upgrade(place);
    told_all("open;");
    heard_all("101;");
}

#endif
