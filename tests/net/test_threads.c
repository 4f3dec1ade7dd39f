/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_threads.c - a server with several threads, seen from clients on its first loop
 *
 * What handlers see is counted in atomics. The clock is the real one: threads cannot share a test's.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "cert_files.h"

#include "io/sock.h"
#include "patient.h"

enum { THREADS = 3, PEERS = 9 };

struct peer {
    weft_conn *conn;
    bool open;
    uint16_t closed;
    int error; /* of the close */
    int status;
    unsigned heard;
    char last[64];
};

static struct {
    weft_loop *loop;
    weft_server *server;
    char address[64];
    const char *scheme;
    weft_tls *tls, *insecure; /* the server's and the client's, when scheme is wss */
    atomic_uint opened, closed, requests;
    _Atomic(weft_loop *) loops[PEERS]; /* where the nth was opened */
    _Atomic weft_id ids[PEERS];
    struct peer peers[PEERS];
    bool left;
} w;

#define loop_until(condition) turn_loop_until(w.loop, condition)

/* ---- the server ------------------------------------------------------------------------------ */

static void server_opens(weft_conn *c)
{
    unsigned n = atomic_fetch_add(&w.opened, 1);
    must(weft_loop_is_mine(weft_conn_loop(c)));
    must(weft_conn_find(weft_conn_loop(c), weft_conn_id(c)) == c);
    if (n >= PEERS) return;
    atomic_store(&w.loops[n], weft_conn_loop(c));
    atomic_store(&w.ids[n], weft_conn_id(c));
}

static void server_hears(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    must(weft_loop_is_mine(weft_conn_loop(c)));
    must(weft_send(c, op, data, len) == 0);
}

static void server_closes(weft_conn *c, const weft_close_info *info)
{
    (void)c;
    (void)info;
    atomic_fetch_add(&w.closed, 1);
}

static const weft_handler server_handler = {
    .on_open = server_opens, .on_message = server_hears, .on_close = server_closes};

static void server_replies(weft_request *r, void *user)
{
    atomic_fetch_add(&w.requests, 1);
    must(weft_respond(r, 200, "text/plain", user, strlen(user)) == 0);
}

/* ---- the clients ----------------------------------------------------------------------------- */

static void client_opens(weft_conn *c)
{
    struct peer *p = weft_conn_user(c);
    p->open = true;
}

static void client_hears(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    (void)op;
    struct peer *p = weft_conn_user(c);
    p->heard++;
    snprintf(p->last, sizeof p->last, "%.*s", (int)len, (const char *)data);
}

static void client_closes(weft_conn *c, const weft_close_info *info)
{
    struct peer *p = weft_conn_user(c);
    p->conn = NULL;
    p->closed = info->code;
    p->error = info->error;
    p->status = info->refusal ? info->refusal->status : 0;
}

static const weft_handler client_handler = {
    .on_open = client_opens, .on_message = client_hears, .on_close = client_closes};

/* ---- the world ------------------------------------------------------------------------------- */

static atomic_uint accesses[WEFT_ACCESS_WEBSOCKET + 1];

static void on_access(const weft_access *a, void *user)
{
    must(user == &w && a->peer);
    atomic_fetch_add(&accesses[a->kind], 1);
}

static void make_server(const weft_limits *limits)
{
    weft_server_config cfg = {
        .limits = limits, .threads = THREADS, .on_access = on_access, .access_user = &w};
    for (size_t i = 0; i < countof(accesses); i++) accesses[i] = 0;
    assert_int_equal(weft_server_new(&w.server, w.loop, &cfg), 0);
    assert_int_equal(weft_server_route(w.server, "/", &server_handler, NULL), 0);
    assert_int_equal(world_requests(w.server, "/page", server_replies, "hello"), 0);
}

static void listen_at(const char *address)
{
    assert_int_equal(weft_server_listen(w.server, address, NULL), 0);
    assert_true(weft_server_address(w.server, 0, w.address, sizeof w.address) > 0);
}

static void begin_with(const weft_limits *limits)
{
    memset(&w, 0, sizeof w);
    w.scheme = "ws";
    assert_int_equal(weft_loop_new(&w.loop, NULL), 0);
    make_server(limits);
    listen_at("127.0.0.1:0");
}

static void end(void)
{
    weft_server_free(w.server);
    assert_int_equal(w.opened, w.closed); /* before weft_server_free returned */
    weft_loop_free(w.loop);
    weft_tls_unref(w.tls);
    weft_tls_unref(w.insecure);
}

static struct peer *begin_peer(size_t i)
{
    char url[128];
    struct peer *p = &w.peers[i];
    *p = (struct peer){0};
    weft_client_config insecure = {.dial = &(weft_dial){.tls = w.insecure}};
    snprintf(url, sizeof url, "%s://%s/", w.scheme, w.address);
    assert_int_equal(weft_connect(&p->conn, w.loop, url, &insecure, &client_handler, p), 0);
    return p;
}

static struct peer *open_peer(size_t i)
{
    struct peer *p = begin_peer(i);
    loop_until(p->open && w.opened > i);
    return p;
}

static void say(struct peer *p, const char *text)
{
    assert_int_equal(weft_send(p->conn, WEFT_TEXT, text, strlen(text)), 0);
}

/* ---- connections ----------------------------------------------------------------------------- */

static unsigned opened_on(const weft_loop *l)
{
    unsigned n = 0;
    for (size_t i = 0; i < PEERS; i++) n += w.loops[i] == l;
    return n;
}

static void test_each_loop_has_as_many(void **state)
{
    (void)state;
    begin_with(NULL);
    for (size_t i = 0; i < PEERS; i++) open_peer(i);
    for (size_t i = 0; i < PEERS; i++) assert_int_equal(opened_on(w.loops[i]), PEERS / THREADS);
    for (size_t i = 0; i < PEERS; i++) say(&w.peers[i], "hello");
    for (size_t i = 0; i < PEERS; i++) loop_until(w.peers[i].heard == 1);
    assert_int_equal(weft_server_count(w.server, WEFT_COUNT_ACCEPTED), PEERS);
    assert_int_equal(weft_server_count(w.server, WEFT_COUNT_CONNECTIONS), PEERS);
    assert_int_equal(weft_server_count(w.server, WEFT_COUNT_WEBSOCKETS), PEERS);
    end();
    assert_int_equal(accesses[WEFT_ACCESS_UPGRADE], PEERS);
    assert_int_equal(accesses[WEFT_ACCESS_WEBSOCKET], PEERS);
}

/* Where one has left there is room first. */
static void test_the_emptiest_loop_is_next(void **state)
{
    (void)state;
    begin_with(NULL);
    for (size_t i = 0; i < THREADS * 2; i++) open_peer(i);
    weft_loop *emptier = w.loops[THREADS + 1];
    weft_close(w.peers[THREADS + 1].conn, WEFT_CLOSE_NORMAL, NULL);
    loop_until(weft_server_count(w.server, WEFT_COUNT_CONNECTIONS) == THREADS * 2 - 1);
    open_peer(THREADS * 2);
    assert_ptr_equal(w.loops[THREADS * 2], emptier);
    end();
}

static void test_unix_sockets_spread_too(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    char path[] = "/tmp/weft-test-threads-XXXXXX", address[80];
    assert_non_null(mkdtemp(path));
    assert_int_equal(weft_loop_new(&w.loop, NULL), 0);
    make_server(NULL);
    snprintf(address, sizeof address, "unix:%s/s", path);
    listen_at(address);
    w.scheme = "ws+unix";
    snprintf(w.address, sizeof w.address, "%s/s:", path);
    for (size_t i = 0; i < THREADS; i++) {
        char url[128];
        snprintf(url, sizeof url, "ws+unix:%s/s:/", path);
        struct peer *p = &w.peers[i];
        assert_int_equal(weft_connect(&p->conn, w.loop, url, NULL, &client_handler, p), 0);
        loop_until(p->open && w.opened > i);
    }
    for (size_t i = 0; i < THREADS; i++) assert_int_equal(opened_on(w.loops[i]), 1);
    end();
    assert_int_equal(rmdir(path), 0);
}

/* Ids are names among all loops: from any of them a post finds the one it means, and nobody else. */
static void test_posts_find_their_loop(void **state)
{
    (void)state;
    begin_with(NULL);
    for (size_t i = 0; i < PEERS; i++) open_peer(i);
    for (size_t i = 0; i < PEERS; i++) {
        char text[16];
        weft_message *m;
        snprintf(text, sizeof text, "for %zu", i);
        assert_int_equal(weft_message_new(&m, NULL, WEFT_TEXT, text, strlen(text)), 0);
        assert_int_equal(weft_post(w.loops[i % THREADS], w.ids[i], m), 0);
        weft_message_unref(m);
        if (w.loops[i] != w.loop) assert_null(weft_conn_find(w.loop, w.ids[i]));
        for (size_t j = 0; j < i; j++) assert_true(w.ids[i] != w.ids[j]);
    }
    for (size_t i = 0; i < PEERS; i++) loop_until(w.peers[i].heard == 1);
    for (size_t i = 0; i < PEERS; i++) {
        char text[16];
        snprintf(text, sizeof text, "for %zu", i);
        assert_string_equal(w.peers[i].last, text);
    }
    weft_loop *other = w.loops[1];
    weft_id id = w.ids[1];
    weft_message *m;
    assert_ptr_not_equal(other, w.loop);
    weft_server_free(w.server);
    w.server = NULL;
    assert_int_equal(weft_message_new(&m, NULL, WEFT_TEXT, "x", 1), 0);
    assert_int_equal(weft_post(other, id, m), 0); /* its loop is still there */
    weft_message_unref(m);
    end();
}

static struct {
    weft_errand errand;
    atomic_int runs;
    weft_loop *there;
    bool found;
} sent;

static void run_there(weft_errand *e)
{
    sent.there = weft_loop_is_mine(e->loop) ? e->loop : NULL;
    sent.found = weft_conn_find(e->loop, w.ids[1]);
    atomic_fetch_add(&sent.runs, 1);
}

static void test_errands_find_their_loop(void **state)
{
    (void)state;
    begin_with(NULL);
    for (size_t i = 0; i < PEERS; i++) open_peer(i);
    sent.errand = (weft_errand){.run = run_there};
    atomic_store(&sent.runs, 0);
    for (int i = 0; i < (int)THREADS; i++) {
        assert_true(weft_errand_post(w.loops[i], w.ids[1], &sent.errand));
        loop_until(atomic_load(&sent.runs) == i + 1);
        assert_ptr_equal(sent.there, w.loops[1]);
        assert_true(sent.found);
    }
    assert_true(weft_errand_post(w.loops[1], 0, &sent.errand)); /* none: where it was posted */
    loop_until(atomic_load(&sent.runs) == (int)THREADS + 1);
    assert_ptr_equal(sent.there, w.loops[1]);
    end();
}

static void test_replies_come_from_every_loop(void **state)
{
    (void)state;
    begin_with(NULL);
    static const char request[] = "GET /page HTTP/1.1\r\nHost: x\r\n\r\n";
    struct sock_addr a;
    int fds[THREADS];
    assert_int_equal(sock_parse(&a, w.address), 0);
    for (size_t i = 0; i < THREADS; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(fds[i], &a.sa, a.len), 0);
        assert_int_equal(write(fds[i], request, sizeof request - 1), sizeof request - 1);
    }
    loop_until(w.requests == THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        char reply[512];
        ssize_t n;
        loop_until((n = recv(fds[i], reply, sizeof reply - 1, MSG_DONTWAIT)) > 0);
        reply[n] = 0;
        assert_non_null(strstr(reply, "200 OK"));
        close(fds[i]);
    }
    assert_int_equal(weft_server_count(w.server, WEFT_COUNT_REQUESTS), THREADS);
    end();
}

/* ---- limits and settings --------------------------------------------------------------------- */

static void test_max_connections_is_of_all(void **state)
{
    (void)state;
    enum { MOST = 4 };
    begin_with(&(weft_limits){.max_connections = MOST});
    for (size_t i = 0; i < MOST; i++) open_peer(i);
    struct peer *late = begin_peer(MOST);
    loop_until(!late->conn);
    assert_int_equal(late->status, 503);
    assert_int_equal(weft_server_count_refused(w.server, 503), 1);
    weft_close(w.peers[1].conn, WEFT_CLOSE_NORMAL, NULL);
    loop_until(weft_server_count(w.server, WEFT_COUNT_CONNECTIONS) == MOST - 1);
    open_peer(MOST);
    end();
}

static void test_routes_are_final(void **state)
{
    (void)state;
    begin_with(NULL);
    assert_int_equal(weft_server_route(w.server, "/late", &server_handler, NULL), WEFT_ERR_STATE);
    assert_int_equal(world_requests(w.server, "/late", server_replies, ""), WEFT_ERR_STATE);
    assert_int_equal(weft_server_files(w.server, "/late/*", "/tmp"), WEFT_ERR_STATE);
    end();
}

static void test_too_many_threads(void **state)
{
    (void)state;
    weft_loop *l;
    weft_server *s;
    assert_int_equal(weft_loop_new(&l, NULL), 0);
    assert_int_equal(weft_server_new(&s, l, &(weft_server_config){.threads = 257}), -EINVAL);
    weft_loop_free(l);
}

/* Whichever allocation of weft_server_new fails, nothing is left. */
static void test_every_allocation_of_new_fails(void **state)
{
    (void)state;
    struct world m;
    world_begin(&m);
    weft_server_config cfg = {.threads = THREADS};
    int error = -ENOMEM;
    for (long nth = 0; error; nth++) {
        world_fail_at(&m, nth);
        error = weft_server_new(&m.server, m.loop, &cfg);
        if (error) assert_int_equal(error, -ENOMEM);
    }
    world_fail_at(&m, -1);
    world_end(&m);
}

/* And of starting: what could not be started is made up for later. */
static void test_every_allocation_of_start_fails(void **state)
{
    (void)state;
    struct world m;
    int error = -ENOMEM;
    for (long nth = 0; error; nth++) {
        world_begin(&m);
        world_serve(&m, &(weft_server_config){.threads = 2});
        assert_int_equal(weft_server_route(m.server, "/", &server_handler, NULL), 0);
        assert_int_equal(world_requests(m.server, "/p", server_replies, ""), 0);
        world_fail_at(&m, nth);
        error = weft_server_start(m.server);
        if (error) assert_int_equal(error, -ENOMEM);
        world_fail_at(&m, -1);
        assert_int_equal(weft_server_start(m.server), 0);
        world_end(&m);
    }
}

/* A thread of weft's takes no signal that is meant for the program. */
static atomic_uint signals;
static _Atomic pthread_t signalled;

static void on_signal(int number)
{
    (void)number;
    signals++;
    signalled = pthread_self();
}

static void test_signals_are_for_the_program(void **state)
{
    (void)state;
    begin_with(NULL);
    assert_int_equal(weft_server_start(w.server), 0);
    struct sigaction act = {.sa_handler = on_signal}, before;
    sigaction(SIGUSR1, &act, &before);
    for (int i = 0; i < 20; i++) kill(getpid(), SIGUSR1);
    loop_until(signals > 0);
    assert_true(pthread_equal(signalled, pthread_self()));
    sigaction(SIGUSR1, &before, NULL);
    end();
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static void listen_with_tls(void)
{
    w.scheme = "wss";
    w.tls = new_server_tls(NULL);
    w.insecure = new_tls(NULL, &(weft_tls_config){.insecure = true});
    const weft_listen_options o = {.tls = w.tls};
    assert_int_equal(weft_server_listen(w.server, "127.0.0.1:0", &o), 0);
    assert_true(weft_server_address(w.server, 1, w.address, sizeof w.address) > 0);
}

static void test_tls_on_every_loop(void **state)
{
    (void)state;
    begin_with(NULL);
    listen_with_tls();
    for (size_t i = 0; i < THREADS; i++) open_peer(i);
    assert_int_equal(weft_tls_reload(w.tls, NULL, 0), 0); /* those that are there go on */
    for (size_t i = THREADS; i < PEERS; i++) open_peer(i);
    for (size_t i = 0; i < PEERS; i++) assert_int_equal(opened_on(w.loops[i]), PEERS / THREADS);
    for (size_t i = 0; i < PEERS; i++) say(&w.peers[i], "hello");
    for (size_t i = 0; i < PEERS; i++) loop_until(w.peers[i].heard == 1);
    end();
}

/* ---- all of them ----------------------------------------------------------------------------- */

static struct {
    atomic_uint seen, astray;
    unsigned done;
} each;

static void greet(weft_conn *c, void *arg)
{
    must(arg == &each);
    if (!weft_loop_is_mine(weft_conn_loop(c))) atomic_fetch_add(&each.astray, 1);
    atomic_fetch_add(&each.seen, 1);
    if (weft_send(c, WEFT_TEXT, "all", 3) < 0) weft_abort(c);
}

static void all_greeted(void *arg)
{
    must(arg == &each);
    must(weft_loop_is_mine(w.loop));
    each.done++;
}

static void test_each_of_all_loops(void **state)
{
    (void)state;
    begin_with(NULL);
    memset(&each, 0, sizeof each);
    assert_int_equal(weft_server_each(w.server, greet, all_greeted, &each), 0);
    loop_until(each.done == 1); /* no thread runs yet */
    for (size_t i = 0; i < PEERS; i++) open_peer(i);
    assert_int_equal(weft_server_each(w.server, greet, all_greeted, &each), 0);
    assert_true(each.seen >= PEERS / THREADS); /* this loop's, at once */
    loop_until(each.done == 2);
    assert_int_equal(each.seen, PEERS);
    assert_int_equal(each.astray, 0);
    for (size_t i = 0; i < PEERS; i++) loop_until(w.peers[i].heard == 1);
    assert_int_equal(weft_server_each(w.server, greet, NULL, &each), 0);
    for (size_t i = 0; i < PEERS; i++) loop_until(w.peers[i].heard == 2);
    end();
}

/* done comes all the same, and everybody was seen. */
static void test_freed_while_each_is_seen(void **state)
{
    (void)state;
    begin_with(NULL);
    memset(&each, 0, sizeof each);
    for (size_t i = 0; i < PEERS; i++) open_peer(i);
    assert_int_equal(weft_server_each(w.server, greet, all_greeted, &each), 0);
    weft_server_free(w.server);
    w.server = NULL;
    assert_int_equal(each.seen, PEERS);
    loop_until(each.done == 1);
    end();
}

/* ---- the end --------------------------------------------------------------------------------- */

static void on_left(weft_server *s, void *user)
{
    assert_ptr_equal(s, w.server);
    assert_ptr_equal(user, &w);
    assert_int_equal(w.opened, w.closed); /* of all loops */
    w.left = true;
}

static void test_all_loops_leave(void **state)
{
    (void)state;
    begin_with(NULL);
    for (size_t i = 0; i < PEERS; i++) open_peer(i);
    assert_int_equal(weft_server_shutdown(w.server, WEFT_CLOSE_GOING_AWAY, on_left, &w), 0);
    assert_int_equal(weft_server_shutdown(w.server, WEFT_CLOSE_GOING_AWAY, on_left, &w),
                     WEFT_ERR_STATE);
    loop_until(w.left);
    for (size_t i = 0; i < PEERS; i++) assert_int_equal(w.peers[i].closed, WEFT_CLOSE_GOING_AWAY);
    end();
}

static void on_drained(weft_server *s, void *user)
{
    (void)user;
    assert_int_equal(weft_server_shutdown(s, WEFT_CLOSE_GOING_AWAY, on_left, &w), 0);
}

static void test_all_loops_are_drained(void **state)
{
    (void)state;
    begin_with(NULL);
    for (size_t i = 0; i < PEERS; i++) open_peer(i);
    assert_int_equal(weft_server_drain(w.server, WEFT_CLOSE_SERVICE_RESTART, 200, on_drained, &w),
                     0);
    loop_until(w.left);
    for (size_t i = 0; i < PEERS; i++)
        assert_int_equal(w.peers[i].closed, WEFT_CLOSE_SERVICE_RESTART);
    end();
}

static void test_freed_while_it_is_drained(void **state)
{
    (void)state;
    for (int n = 0; n < 5; n++) {
        begin_with(NULL);
        for (size_t i = 0; i < PEERS; i++) open_peer(i);
        assert_int_equal(
            weft_server_drain(w.server, WEFT_CLOSE_SERVICE_RESTART, n ? 100 : 100000, NULL, NULL),
            0);
        for (int turns = 0; turns < n; turns++) assert_int_equal(weft_loop_turn(w.loop, 1), 0);
        end();
    }
}

static void on_left_free(weft_server *s, void *user)
{
    (void)user;
    weft_server_free(s);
    w.server = NULL;
    w.left = true;
}

static void test_freed_when_it_has_left(void **state)
{
    (void)state;
    begin_with(NULL);
    for (size_t i = 0; i < THREADS; i++) open_peer(i);
    assert_int_equal(weft_server_shutdown(w.server, WEFT_CLOSE_GOING_AWAY, on_left_free, NULL), 0);
    loop_until(w.left);
    end();
}

static void test_leaves_before_it_has_started(void **state)
{
    (void)state;
    begin_with(NULL);
    assert_int_equal(weft_server_shutdown(w.server, WEFT_CLOSE_GOING_AWAY, on_left, &w), 0);
    loop_until(w.left);
    end();
}

/* In the middle of everything: some still arrive, and all say something all the time. */
static void chatter(void)
{
    for (size_t i = 0; i < PEERS; i++) begin_peer(i);
    loop_until(w.opened == PEERS);
    for (int n = 0; n < 20; n++) {
        for (size_t i = 0; i < PEERS; i++)
            if (w.peers[i].open) say(&w.peers[i], "on and on");
        assert_int_equal(weft_loop_turn(w.loop, 0), 0);
    }
}

static void test_freed_while_messages_fly(void **state)
{
    (void)state;
    for (int n = 0; n < 5; n++) {
        begin_with(NULL);
        chatter();
        end();
    }
}

static void test_freed_while_it_leaves(void **state)
{
    (void)state;
    for (int n = 0; n < 5; n++) {
        begin_with(NULL);
        chatter();
        assert_int_equal(weft_server_shutdown(w.server, WEFT_CLOSE_GOING_AWAY, on_left, &w), 0);
        for (int turns = 0; turns < n; turns++) assert_int_equal(weft_loop_turn(w.loop, 1), 0);
        end();
    }
}

static void test_freed_while_they_arrive(void **state)
{
    (void)state;
    for (int n = 0; n < 5; n++) {
        begin_with(NULL);
        for (size_t i = 0; i < PEERS; i++) begin_peer(i);
        for (int turns = 0; turns < n; turns++) assert_int_equal(weft_loop_turn(w.loop, 1), 0);
        end();
    }
}

/* Another server takes over the loops of one that is gone, with what was posted to them. */
static void test_one_after_another(void **state)
{
    (void)state;
    begin_with(NULL);
    for (size_t i = 0; i < THREADS; i++) open_peer(i);
    weft_loop *before = w.loops[1];
    weft_server_free(w.server);
    for (size_t i = 0; i < THREADS; i++) loop_until(!w.peers[i].conn);
    make_server(NULL);
    listen_at("127.0.0.1:0");
    w.opened = w.closed = 0;
    for (size_t i = 0; i < THREADS; i++) open_peer(i);
    assert_ptr_equal(w.loops[1], before);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_loop_has_as_many),
        cmocka_unit_test(test_the_emptiest_loop_is_next),
        cmocka_unit_test(test_unix_sockets_spread_too),
        cmocka_unit_test(test_posts_find_their_loop),
        cmocka_unit_test(test_errands_find_their_loop),
        cmocka_unit_test(test_replies_come_from_every_loop),
        cmocka_unit_test(test_max_connections_is_of_all),
        cmocka_unit_test(test_routes_are_final),
        cmocka_unit_test(test_too_many_threads),
        cmocka_unit_test(test_every_allocation_of_new_fails),
        cmocka_unit_test(test_every_allocation_of_start_fails),
        cmocka_unit_test(test_signals_are_for_the_program),
        cmocka_unit_test(test_tls_on_every_loop),
        cmocka_unit_test(test_each_of_all_loops),
        cmocka_unit_test(test_freed_while_each_is_seen),
        cmocka_unit_test(test_all_loops_leave),
        cmocka_unit_test(test_all_loops_are_drained),
        cmocka_unit_test(test_freed_while_it_is_drained),
        cmocka_unit_test(test_freed_when_it_has_left),
        cmocka_unit_test(test_leaves_before_it_has_started),
        cmocka_unit_test(test_freed_while_messages_fly),
        cmocka_unit_test(test_freed_while_it_leaves),
        cmocka_unit_test(test_freed_while_they_arrive),
        cmocka_unit_test(test_one_after_another),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
