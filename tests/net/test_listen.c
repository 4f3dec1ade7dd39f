/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_listen.c - where a server listens, and with what: addresses, sockets of others, TLS for each
 */
#include <sys/un.h>

#include "cert_files.h"
#include "raw.h"
#include "teller.h"
#include "tls_peer.h"

static struct world world;
static struct teller server, client;

static void say_hi(weft_request *r, void *user)
{
    (void)user;
    assert_int_equal(weft_respond(r, 200, NULL, "hi", 2), 0);
}

static int begin(void **state)
{
    (void)state;
    server = client = (struct teller){0};
    world_begin(&world);
    world_serve(&world, NULL);
    assert_int_equal(weft_server_route(world.server, "/", &telling, &server), 0);
    assert_int_equal(world_requests(world.server, "/hi", say_hi, NULL), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

static const char *address_of(size_t i)
{
    static char text[128];
    assert_true(weft_server_address(world.server, i, text, sizeof text) > 0);
    return text;
}

/* A client that got in, and out again. */
static void expect_websocket(const char *url, weft_tls *tls)
{
    server = client = (struct teller){0};
    const weft_client_config cfg = {.dial = &(weft_dial){.tls = tls}};
    assert_int_equal(weft_connect(&client.conn, world.loop, url, &cfg, &telling, &client), 0);
    turn_until(&world, client.id && server.id);
    assert_int_equal(weft_close(client.conn, 1000, ""), 0);
    turn_until(&world, client.closes && server.closes);
    expect_story(&client.story, "open;close 1000 clean;");
}

/* ---- TLS for each listener ------------------------------------------------------------------- */

static weft_tls *tls_for(const char *certificates, const char *its_key)
{
    const weft_tls_pair pair = {certificates, its_key};
    return new_tls(&world.env, &(weft_tls_config){.certificates = &pair, .n_certificates = 1});
}

static void test_plain_and_tls(void **state)
{
    (void)state;
    char url[160];
    world_listen(&world);
    world_listen_tls(&world);
    weft_tls *tls = new_client_tls(&world.env);
    snprintf(url, sizeof url, "ws://%s/", address_of(0));
    expect_websocket(url, NULL);
    snprintf(url, sizeof url, "wss://localhost:%d/", port_of(address_of(1)));
    expect_websocket(url, tls);
    weft_tls_unref(tls);

    struct raw *r = raw_connect(&world); /* plain, where TLS is spoken */
    raw_say(r, "GET /hi HTTP/1.1\r\nHost: x\r\n\r\n");
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 400);
    raw_free(r);
    snprintf(world.address, sizeof world.address, "%s", address_of(0));
    r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, "GET /hi HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    raw_free(r);
}

/* What one of them has is nothing to the other; reloading one shows where it is used, and only there. */
static void test_two_certificates(void **state)
{
    (void)state;
    char url[2][128];
    weft_tls *tls[2] = {new_server_tls(&world.env), new_server_tls(&world.env)};
    for (size_t i = 0; i < 2; i++) {
        const weft_listen_options o = {.tls = tls[i]};
        assert_int_equal(weft_server_listen(world.server, "127.0.0.1:0", &o), 0);
        snprintf(url[i], sizeof url[i], "wss://localhost:%d/", port_of(address_of(i)));
    }
    char old[64], old_key[64], other[64];
    memcpy(old, certificate, sizeof old);
    memcpy(old_key, key, sizeof old_key);
    EVP_PKEY *fresh = write_key(other_key, "other");
    snprintf(other, sizeof other, "%s/other.crt", folder);
    write_certificate(fresh);
    assert_int_equal(rename(certificate, other), 0);
    EVP_PKEY *again = write_key(key, "key");
    write_certificate(again);
    EVP_PKEY_free(fresh);
    EVP_PKEY_free(again);

    const weft_tls_pair pair = {other, other_key};
    const weft_tls_config cfg = {.certificates = &pair, .n_certificates = 1};
    assert_int_equal(weft_tls_replace(tls[1], &cfg, NULL, 0), 0);
    assert_int_equal(weft_tls_reload(tls[0], NULL, 0), 0);
    weft_tls *trusts[2] = {new_tls(&world.env, &(weft_tls_config){.authorities = certificate}),
                           new_tls(&world.env, &(weft_tls_config){.authorities = other})};
    for (size_t i = 0; i < 2; i++) expect_websocket(url[i], trusts[i]);
    for (size_t i = 0; i < 2; i++) {
        const weft_client_config wrong = {.dial = &(weft_dial){.tls = trusts[1 - i]}};
        client = (struct teller){0};
        assert_int_equal(weft_connect(&client.conn, world.loop, url[i], &wrong, &telling, &client),
                         0);
        turn_until(&world, client.closes);
        assert_true(told(&client.story, "WEFT_ERR_CERTIFICATE"));
    }
    for (size_t i = 0; i < 2; i++) weft_tls_unref(tls[i]);
    for (size_t i = 0; i < 2; i++) weft_tls_unref(trusts[i]);
    assert_int_equal(unlink(other), 0);
}

static void test_a_certificate_is_needed(void **state)
{
    (void)state;
    weft_tls *tls = new_client_tls(&world.env);
    const weft_listen_options o = {.tls = tls};
    assert_int_equal(weft_server_listen(world.server, "127.0.0.1:0", &o), -EINVAL);
    assert_int_equal(
        weft_server_listen(world.server, "127.0.0.1:0", &(weft_listen_options){.mode = 01000}),
        -EINVAL);
    weft_tls_unref(tls);
    assert_int_equal(weft_server_address(world.server, 0, NULL, 0), -ENOENT);
}

/* ---- Unix sockets ---------------------------------------------------------------------------- */

static int connect_unix(const char *address)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const char *path = address + strlen("unix:");
    memcpy(at.sun_path, path, strlen(path));
    if (*path == '@') at.sun_path[0] = 0;
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, len), 0);
    return fd;
}

static void expect_tls_at(const char *address)
{
    struct tls_peer *p =
        tls_peer_on(connect_unix(address), SSL_CTX_new(TLS_client_method()), false);
    turn_until(&world, tls_peer_settled(p));
    assert_string_equal(p->failed, "");
    tls_peer_say(p, "GET /hi HTTP/1.1\r\nHost: x\r\n\r\n");
    turn_until(&world, tls_peer_heard(p, "\r\n\r\nhi"));
    tls_peer_free(p);
}

/* With TLS, too, if that is asked for. */
static void test_unix_sockets(void **state)
{
    (void)state;
    char path[80], name[80], url[128];
    struct stat st;
    weft_tls *tls = tls_for(certificate, key);
    const weft_listen_options o = {.mode = 0600, .tls = tls};
    snprintf(path, sizeof path, "unix:%s/socket", folder);
    snprintf(name, sizeof name, "unix:@weft-test-listen-%d", (int)getpid());
    assert_int_equal(weft_server_listen(world.server, path, &(weft_listen_options){.mode = 0622}),
                     0);
    assert_int_equal(weft_server_listen(world.server, name, &o), 0);
    weft_tls_unref(tls);
    assert_string_equal(address_of(0), path);
    assert_string_equal(address_of(1), name);
    assert_int_equal(stat(path + strlen("unix:"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0622);
    snprintf(url, sizeof url, "ws+unix:%s:/", path + strlen("unix:"));
    expect_websocket(url, NULL);
    expect_tls_at(name);
    assert_int_equal(weft_server_listen(world.server, name, NULL), -EADDRINUSE);
    weft_server_free(world.server);
    world.server = NULL;
    assert_int_equal(access(path + strlen("unix:"), F_OK), -1);
    assert_int_equal(access(name + strlen("unix:"), F_OK), -1);
}

/* ---- sockets of others ----------------------------------------------------------------------- */

static int open_socket(int type, bool listens)
{
    struct sockaddr_in at = loopback(0);
    int fd = socket(AF_INET, type, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    if (listens) assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static void test_a_descriptor(void **state)
{
    (void)state;
    char url[160];
    int fd = open_socket(SOCK_STREAM, true);
    assert_int_equal(weft_server_listen_fd(world.server, fd, NULL), 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    snprintf(url, sizeof url, "ws://%s/", address_of(0));
    expect_websocket(url, NULL);
    weft_server_free(world.server);
    world.server = NULL;
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* it was weft's */
}

/* Whoever has made the file removes it. */
static void test_a_descriptor_of_a_unix_socket(void **state)
{
    (void)state;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s/socket", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 8), 0);
    weft_tls *tls = tls_for(certificate, key);
    assert_int_equal(weft_server_listen_fd(world.server, fd, &(weft_listen_options){.tls = tls}),
                     0);
    weft_tls_unref(tls);
    expect_tls_at(address_of(0));
    weft_server_free(world.server);
    world.server = NULL;
    assert_int_equal(unlink(at.sun_path), 0);
}

/* It is the caller's as before, and so is a descriptor whose epoll or memory failed. */
static void test_a_descriptor_that_is_none(void **state)
{
    (void)state;
    int fds[] = {open_socket(SOCK_STREAM, false), open_socket(SOCK_DGRAM, false),
                 open("/dev/null", O_RDONLY), -1};
    const int wanted[] = {-EINVAL, -EINVAL, -ENOTSOCK, -EBADF};
    for (size_t i = 0; i < countof(fds); i++) {
        assert_int_equal(weft_server_listen_fd(world.server, fds[i], NULL), wanted[i]);
        assert_true(fds[i] < 0 || fcntl(fds[i], F_GETFD) >= 0);
        if (fds[i] >= 0) close(fds[i]);
    }
    int fd = open_socket(SOCK_STREAM, true);
    world_fail_at(&world, 0);
    assert_int_equal(weft_server_listen_fd(world.server, fd, NULL), -ENOMEM);
    world_fail_at(&world, -1);
    assert_true(fcntl(fd, F_GETFD) >= 0);
    close(fd);
    assert_int_equal(weft_server_address(world.server, 0, NULL, 0), -ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_plain_and_tls),
        TEST(test_two_certificates),
        TEST(test_a_certificate_is_needed),
        TEST(test_unix_sockets),
        TEST(test_a_descriptor),
        TEST(test_a_descriptor_of_a_unix_socket),
        TEST(test_a_descriptor_that_is_none),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
