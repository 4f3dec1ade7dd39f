/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_setup_faults.c - everything that is set up, again and again, with one thing that fails
 *
 * A scenario is an attempt: it makes something, uses it, and takes it away again. Each is run with the
 * Nth allocation of the env's failing (or all from there on), the Nth calloc or pthread_create behind it,
 * and the Nth system call of each kind with each errno that matters.
 *
 * Whatever fails: the attempt goes well all the same, or gives that error. Nothing crashes, leaks or
 * hangs, no descriptor stays open, and the next attempt in the same world, with nothing failing, is good.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "cert_files.h"
#include "faulty_calls.h"
#include "raw.h"
#include "teller.h"
#include "two_addresses.h"

#include "io/resolve.h"

static struct world world;
static struct teller server, client;
static struct raw *there;                  /* a WebSocket that was open before */
static char unix_here[128], unix_new[128]; /* where the world's server listens, and nobody */

/* Everything here is in one process: what is under way has arrived when there have been some turns. */
static void soon(void)
{
    for (int i = 0; i < QUIET_TURNS; i++) turn(&world, 0);
}

/* ---- what fails besides ------------------------------------------------------------------------ */

/* The resolver's jobs may outlive the loop and its env: they are of calloc and of threads of their own. */
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
int __real_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);

static long calloc_fails_at = -1;
static int thread_error;

void *__wrap_calloc(size_t n, size_t size)
{
    if (calloc_fails_at >= 0 && calloc_fails_at-- == 0) return NULL;
    return __real_calloc(n, size);
}

static atomic_int threads; /* that run: while they do, the clock stands */
static void *(*thread_function)(void *);

static void *counted_thread(void *arg)
{
    void *returned = thread_function(arg);
    atomic_fetch_sub(&threads, 1);
    return returned;
}

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg)
{
    if (thread_error) return thread_error;
    thread_function = f;
    atomic_fetch_add(&threads, 1);
    return __real_pthread_create(t, a, counted_thread, arg);
}

/* ---- attempts: 0, or the error ----------------------------------------------------------------- */

static int a_loop(void)
{
    weft_loop *l = NULL;
    weft_loop_config cfg = {.env = &world.env};
    int error = loop_new_with_sys(&l, &cfg, &world.sys);
    if (error) return error;
    int fd = weft_loop_fd(l);
    error = fd < 0 ? fd : weft_loop_turn(l, 0);
    weft_loop_free(l);
    return error;
}

static void say_hi(weft_request *r, void *user)
{
    (void)user;
    (void)weft_respond(r, 200, NULL, "hi", 2);
}

/* A handler that points to all that there is to be copied. */
static weft_handler telling_more(void)
{
    static const char *const subprotocols[] = {"chat", "superchat", NULL};
    static const weft_deflate deflate = {.threshold = 1};
    weft_handler h = telling;
    h.subprotocols = subprotocols;
    h.deflate = &deflate;
    return h;
}

static int a_server_at(const char *address, const weft_tls_config *tls)
{
    static const char *const origins[] = {"https://example.org", NULL};
    static const char *const proxies[] = {"10.0.0.0/8", "::1", NULL};
    static const char *const hosts[] = {"example.org", NULL};
    static const weft_limits limits = {.max_message = 1000}, narrow = {.http_body_max = 10};
    static const weft_request_handler page = {.on_request = say_hi, .limits = &narrow};
    weft_server_config cfg = {
        .limits = &limits, .origins = origins, .trust_proxy = proxies, .hosts = hosts};
    weft_handler chat = telling_more();
    weft_server *s = NULL;
    weft_listen_options o = {0};
    char text[128];
    int error = weft_server_new(&s, world.loop, &cfg);
    if (!error) error = weft_server_route(s, "/chat", &chat, &server);
    if (!error) error = weft_server_on_request(s, "/page/*", &page, NULL);
    if (!error) error = weft_server_files(s, "/files/*", folder);
    if (!error && tls) error = weft_tls_new(&o.tls, &world.env, tls, text, sizeof text);
    if (!error) error = weft_server_listen(s, address, &o);
    weft_tls_unref(o.tls);
    if (!error) error = weft_server_address(s, 0, text, sizeof text);
    weft_server_free(s);
    soon();
    return error < 0 ? error : 0;
}

static int a_server(void)
{
    return a_server_at("127.0.0.1:0", NULL);
}

static int a_server_everywhere(void)
{
    return a_server_at("*:0", NULL);
}

static int a_server_on_ipv6(void)
{
    return a_server_at("[::1]:0", NULL);
}

static int a_server_on_unix(void)
{
    return a_server_at(unix_new, NULL);
}

/* What a server that crashed has left there is replaced. */
static int a_server_on_a_stale_socket(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(at.sun_path, unix_new + strlen("unix:"));
    unlink(at.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    close(fd);
    int error = a_server_on_unix();
    unlink(at.sun_path);
    return error;
}

static int a_server_with_tls(void)
{
    static weft_tls_pair pair;
    pair = (weft_tls_pair){certificate, key};
    weft_tls_config tls = {.certificates = &pair, .n_certificates = 1, .authorities = certificate};
    return a_server_at("127.0.0.1:0", &tls);
}

static int a_hub(void)
{
    weft_hub *hub = NULL;
    weft_message *m = NULL;
    weft_topic_settings kept = {.history_items = 3};
    int error = weft_hub_new(&hub, world.loop, &(weft_hub_config){.settings = &kept});
    if (!error) error = weft_subscribe(hub, server.conn, "topic");
    if (!error) error = weft_message_new(&m, &world.env, WEFT_TEXT, "published", 9);
    if (!error) error = weft_publish_message(hub, "topic", m);
    if (!error) error = weft_publish_from(hub, server.conn, "other", WEFT_TEXT, "kept", 4);
    if (!error && weft_hub_count(hub, WEFT_HUB_ENDED)) error = -ENOMEM;
    soon();
    weft_message_unref(m);
    weft_hub_free(hub);
    return error;
}

/* What is posted arrives, or the error says that it does not, or the connection ends: none misses it. */
/* Profile, pool and session are independent of the loop. */
static int a_session(void)
{
    static const weft_limits limits = {.max_message = 1000};
    static const weft_deflate deflate = {.threshold = 1};
    weft_session_config cfg = {.env = &world.env, .limits = &limits, .deflate = &deflate};
    weft_session_profile *profile = NULL;
    weft_session *s = NULL;
    weft_message *m = NULL;
    int error = weft_session_pool_new(&cfg.pool, &world.env);
    if (!error) error = weft_session_profile_new(&profile, &cfg);
    if (!error) error = weft_session_new(&s, WEFT_SERVER, profile);
    if (!error) error = weft_message_new(&m, &world.env, WEFT_TEXT, "hello", 5);
    if (!error) error = weft_session_send_message(s, m);
    weft_session_profile_unref(profile);
    weft_message_unref(m);
    weft_session_free(s);
    weft_session_pool_free(cfg.pool);
    return error;
}

static int a_post(void)
{
    weft_message *m = NULL;
    raw_read(there);
    raw_forget(there);
    int error = weft_message_new(&m, &world.env, WEFT_TEXT, "posted", 6);
    if (!error) error = weft_post(world.loop, server.id, m);
    weft_message_unref(m);
    soon();
    if (!server.closes) assert_string_equal(raw_frames(there), error ? "" : "text posted;");
    return error;
}

static int a_client_of(const char *url, const weft_client_config *cfg)
{
    memset(&client, 0, sizeof client);
    weft_handler h = telling_more();
    int error = weft_connect(NULL, world.loop, url, cfg, &h, &client);
    for (int turns = 0; !error && !client.id && !client.closes; turns += !atomic_load(&threads)) {
        if (turns == TURNS) fail_msg("%s neither opens nor fails", url);
        if (turns > 40) world.now_us += 1000 * 1000;
        turn(&world, turns > 20 || atomic_load(&threads));
    }
    if (error) assert_int_equal(client.closes, 0);
    else if (client.closes) error = told(&client.story, "ENOMEM") ? -ENOMEM : WEFT_ERR_TIMEOUT;
    if (client.conn) weft_abort(client.conn);
    soon();
    return error;
}

static int a_client(void)
{
    return a_client_of(world_url(&world, "/"), NULL);
}

static int a_client_of_localhost(void)
{
    char url[128];
    snprintf(url, sizeof url, "ws://localhost:%d/", port_of(world.address));
    return a_client_of(url, NULL);
}

static int a_client_that_resolves(void)
{
    char url[128];
    snprintf(url, sizeof url, "ws://two.example:%d/", port_of(world.address));
    return a_client_of(url, NULL);
}

/* The proxy is a weft server, which refuses: the error is in the word and not in the number. */
static int a_client_behind_a_proxy(void)
{
    char proxy[160];
    snprintf(proxy, sizeof proxy, "http://me:secret@%s", world.address);
    const char *fields[] = {"X-Own: 1", NULL};
    weft_client_config cfg = {
        .dial = &(weft_dial){.proxy = proxy}, .credentials = "a:b", .fields = fields};
    int error = a_client_of("ws://far.example/", &cfg);
    return told(&client.story, "WEFT_ERR_PROXY") || error == WEFT_ERR_TIMEOUT ? 0 : error;
}

static int a_client_on_unix(void)
{
    char url[160];
    snprintf(url, sizeof url, "ws+unix:%s:/", unix_here + strlen("unix:"));
    return a_client_of(url, NULL);
}

/* Its context; the server speaks no TLS. */
static int a_client_with_tls(void)
{
    char url[128];
    const weft_tls_pair pair = {certificate, key};
    weft_tls_config tls = {.certificates = &pair, .n_certificates = 1, .authorities = certificate};
    weft_dial way = {0};
    int error = weft_tls_new(&way.tls, &world.env, &tls, NULL, 0);
    if (error) return error;
    snprintf(url, sizeof url, "wss://localhost:%d/", port_of(world.address));
    error = a_client_of(url, &(weft_client_config){.dial = &way});
    weft_tls_unref(way.tls);
    return told(&client.story, "WEFT_ERR_TLS") || error == WEFT_ERR_TIMEOUT ? 0 : error;
}

/* A file, or an answer that says that there is none, or the end; never half of one that looks whole. */
static int a_file(void)
{
    struct raw *r = raw_connect(&world);
    raw_say(r, "GET /files/key HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    for (int turns = 0; !raw_ended(r); turns++) {
        assert_true(turns < TURNS);
        if (turns > 40) world.now_us += 1000 * 1000;
        turn(&world, turns > 20);
    }
    int status = raw_status(r);
    bool whole = raw_heard(r, "-----END PRIVATE KEY-----\n");
    raw_free(r);
    soon();
    return status == 200 && whole ? 0 : WEFT_ERR_TIMEOUT;
}

/* ---- a world, in which an attempt is repeated -------------------------------------------------- */

static int open_descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

static void begin(void)
{
    memset(&server, 0, sizeof server);
    tellers_begin(&world, &server, &(weft_limits){.ping_interval = WEFT_NEVER});
    assert_int_equal(weft_server_files(world.server, "/files/*", folder), 0);
    snprintf(unix_here, sizeof unix_here, "unix:%s/here", folder);
    snprintf(unix_new, sizeof unix_new, "unix:%s/new", folder);
    assert_int_equal(weft_server_listen(world.server, unix_here, NULL), 0);
    there = raw_open(&world, "/");
    use_two_addresses(&world.sys, 0);
    use_faulty_calls(&world.sys);
}

static void nothing_fails(void)
{
    fault.call = CALL_NONE;
    thread_error = resolver_says = 0;
    calloc_fails_at = -1;
    world_fail_at(&world, -1);
    world.fail_on = false;
}

static void end(int descriptors)
{
    raw_free(there);
    world_end(&world);
    assert_int_equal(open_descriptors(), descriptors);
}

/* Nothing fails any more, and the connection that was there may be gone, but not the server: the next
 * attempt is good. */
static void expect_recovery(const char *name, int (*attempt)(void))
{
    struct fault failed = fault;
    nothing_fails();
    world.now_us += 1000 * 1000; /* a listener may rest */
    soon();
    if (server.closes) {
        raw_free(there);
        soon();
        memset(&server, 0, sizeof server);
        there = raw_open(&world, "/");
    }
    int error = attempt();
    if (error)
        fail_msg("%s: %s after call %d, the %dth, failed with %s", name, weft_errname(error),
                 failed.call, failed.nth, weft_errname(-failed.error));
}

/* ---- the runs ---------------------------------------------------------------------------------- */

struct scenario {
    const char *name;
    int (*attempt)(void);
    bool by_word; /* the error is told by the connection's end, if at all */
};

static const struct scenario scenarios[] = {
    {"a loop", a_loop, false},
    {"a server", a_server, false},
    {"a server on every address", a_server_everywhere, false},
    {"a server on IPv6", a_server_on_ipv6, false},
    {"a server on a Unix socket", a_server_on_unix, false},
    {"a server on a stale Unix socket", a_server_on_a_stale_socket, false},
    {"a server with TLS", a_server_with_tls, false},
    {"a hub", a_hub, false},
    {"a post", a_post, false},
    {"a session", a_session, false},
    {"a client", a_client, true},
    {"a client of localhost", a_client_of_localhost, true},
    {"a client that resolves", a_client_that_resolves, true},
    {"a client of a Unix socket", a_client_on_unix, true},
    {"a client behind a proxy", a_client_behind_a_proxy, true},
    {"a client with TLS", a_client_with_tls, true},
    {"a file", a_file, true},
};

static void expect_error(const struct scenario *s, int error, int wanted)
{
    if (error == 0 || error == wanted || (s->by_word && error < 0)) return;
    fail_msg("%s: %s where %s failed", s->name, weft_errname(error), weft_errname(wanted));
}

static void allocations_fail(const struct scenario *s, bool and_all_that_follow)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        assert_true(n < 500);
        world_fail_at(&world, n);
        world.fail_on = and_all_that_follow;
        int error = s->attempt();
        failed = world.asked > n;
        expect_error(s, error, -ENOMEM);
        expect_recovery(s->name, s->attempt);
    }
}

static void test_allocations(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(scenarios); i++) {
        int before = open_descriptors();
        begin();
        allocations_fail(&scenarios[i], false);
        allocations_fail(&scenarios[i], true);
        end(before);
    }
}

static const struct {
    enum call call;
    int errors[6];
} calls[] = {
    {CALL_socket, {EMFILE, ENFILE, ENOMEM, EACCES, EAFNOSUPPORT}},
    {CALL_bind, {EADDRINUSE, EACCES, EADDRNOTAVAIL, ENOMEM}},
    {CALL_listen, {EADDRINUSE, ENOMEM}},
    {CALL_connect, {ECONNREFUSED, ENETUNREACH, ETIMEDOUT, EAGAIN, EADDRNOTAVAIL}},
    {CALL_accept4, {EMFILE, ENOMEM, ECONNABORTED, EINTR}},
    {CALL_recv, {ECONNRESET, ENOMEM, EINTR}},
    {CALL_send, {ECONNRESET, EPIPE, ENOBUFS, EINTR}},
    {CALL_sendmsg, {ECONNRESET, EPIPE, ENOBUFS, EINTR}},
    {CALL_shutdown, {ENOTCONN, ENOBUFS}},
    {CALL_getsockopt, {ENOBUFS, ENOMEM}},
    {CALL_setsockopt, {ENOMEM, ENOPROTOOPT, EINVAL}},
    {CALL_getsockname, {ENOBUFS}},
    {CALL_getpeername, {ENOBUFS, ENOTCONN}},
    {CALL_epoll_create1, {EMFILE, ENFILE, ENOMEM}},
    {CALL_epoll_ctl, {ENOMEM, ENOSPC}},
    {CALL_epoll_wait, {EINTR}},
    {CALL_eventfd, {EMFILE, ENFILE, ENOMEM, ENODEV}},
    {CALL_timerfd_create, {EMFILE, ENFILE, ENOMEM}},
    {CALL_open, {EMFILE, ENFILE, EACCES, ENOMEM, EINTR}},
    {CALL_openat2, {EMFILE, ENFILE, EACCES, EAGAIN, ENOSYS}},
    {CALL_fstat, {EIO, ENOMEM}},
    {CALL_lstat, {ENOENT, EACCES}},
    {CALL_fstatat, {ENOENT, EACCES}},
    {CALL_chmod, {EPERM, EROFS}},
    {CALL_pread, {EIO, EINTR}},
    {CALL_unlink, {EROFS, EACCES}},
    {CALL_unlinkat, {EROFS, EACCES}},
};

/* Whether the scenario has such a call. */
static bool call_fails(const struct scenario *s, enum call call, int error)
{
    bool failed = true;
    int nth = 0;
    for (; failed && nth < 20; nth++) {
        fault = (struct fault){call, nth, error, 0};
        int result = s->attempt();
        failed = fault.seen > nth;
        /* A stale socket that cannot be told or taken away is an address in use. */
        if (result != -EADDRINUSE) expect_error(s, result, -error);
        expect_recovery(s->name, s->attempt);
    }
    return nth > 1;
}

static void test_system_calls(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(scenarios); i++) {
        int before = open_descriptors();
        begin();
        for (size_t c = 0; c < countof(calls); c++) {
            const int *error = calls[c].errors;
            while (*error && call_fails(&scenarios[i], calls[c].call, *error)) error++;
        }
        end(before);
    }
}

/* The names of the resolver's own errors, its memory and its threads. */
static void test_resolver(void **state)
{
    (void)state;
    static const struct {
        int eai;
        const char *told;
    } answers[] = {
        {EAI_AGAIN, "WEFT_ERR_RESOLVE"},
        {EAI_NONAME, "WEFT_ERR_RESOLVE"},
        {EAI_FAIL, "WEFT_ERR_RESOLVE"},
        {EAI_MEMORY, "ENOMEM"},
        {EAI_SYSTEM, "EIO"},
    };
    int before = open_descriptors();
    begin();
    for (size_t i = 0; i < countof(answers); i++) {
        resolver_says = answers[i].eai;
        assert_true(a_client_that_resolves() < 0);
        assert_true(told(&client.story, answers[i].told));
        expect_recovery("resolving", a_client_that_resolves);
    }
    end(before);
}

static void test_resolver_without_memory_or_threads(void **state)
{
    (void)state;
    int before = open_descriptors();
    for (int n = 0; n < 2; n++) { /* the job; the resolver, which the first job makes */
        begin();
        calloc_fails_at = n;
        assert_int_equal(a_client_that_resolves(), -ENOMEM);
        nothing_fails();
        assert_int_equal(a_client_that_resolves(), 0);
        end(before);
    }
    begin();
    thread_error = EAGAIN;
    int error = a_client_that_resolves();
    assert_true(error == -EAGAIN || (error < 0 && told(&client.story, "EAGAIN")));
    nothing_fails();
    assert_int_equal(a_client_that_resolves(), 0);
    end(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocations),
        cmocka_unit_test(test_system_calls),
        cmocka_unit_test(test_resolver),
        cmocka_unit_test(test_resolver_without_memory_or_threads),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
