/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_tls_pieces.c - a message of TLS's handshake that comes later, in pieces: until it is whole OpenSSL
 * says that the handshake is under way, and yet nobody begins anew
 *
 * No TLS library sends so little in two records, so they are made here, from the peer's secret.
 */
#include <openssl/kdf.h>

#include "cert_files.h"
#include "streaming.h"
#include "teller.h"
#include "tls_peer.h"

enum { SECRET = 32, KEY = 16, IV = 12, TAG = 16 };

static struct teller server, client;
static uint8_t secret[SECRET]; /* of what the peer sends */
static const char *const labels[] = {"CLIENT_TRAFFIC_SECRET_0 ", "SERVER_TRAFFIC_SECRET_0 "};

static void keep_secret(const SSL *ssl, const char *line)
{
    const char *label = labels[SSL_is_server(ssl)];
    long len;
    if (strncmp(line, label, strlen(label)) != 0) return;
    uint8_t *bytes = OPENSSL_hexstr2buf(strrchr(line, ' ') + 1, &len);
    assert_int_equal(len, SECRET);
    memcpy(secret, bytes, SECRET);
    OPENSSL_free(bytes);
}

/* HKDF-Expand-Label (RFC 8446, 7.1), without a context. */
static void expand(uint8_t *to, size_t len, const char *label)
{
    uint8_t info[64] = {0, (uint8_t)len, (uint8_t)(6 + strlen(label))};
    memcpy(info + 3, "tls13 ", 6);
    memcpy(info + 9, label, strlen(label));
    size_t n = 9 + strlen(label) + 1;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
    assert_true(EVP_PKEY_derive_init(c) > 0);
    assert_true(EVP_PKEY_CTX_hkdf_mode(c, EVP_PKEY_HKDEF_MODE_EXPAND_ONLY) > 0);
    assert_true(EVP_PKEY_CTX_set_hkdf_md(c, EVP_sha256()) > 0);
    assert_true(EVP_PKEY_CTX_set1_hkdf_key(c, secret, SECRET) > 0);
    assert_true(EVP_PKEY_CTX_add1_hkdf_info(c, info, (int)n) > 0);
    assert_true(EVP_PKEY_derive(c, to, &len) > 0);
    EVP_PKEY_CTX_free(c);
}

/* A record with some of a message of the handshake; so many of application data went before it. */
static void send_record(const struct tls_peer *p, uint8_t before, const void *data, size_t len)
{
    uint8_t k[KEY], iv[IV], plain[32], record[64] = {23, 3, 3, 0, (uint8_t)(len + 1 + TAG)};
    int n;
    expand(k, sizeof k, "key");
    expand(iv, sizeof iv, "iv");
    iv[IV - 1] ^= before;
    memcpy(plain, data, len);
    plain[len] = 22;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    assert_true(EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, k, iv));
    assert_true(EVP_EncryptUpdate(c, NULL, &n, record, RECORD_HEAD));
    assert_true(EVP_EncryptUpdate(c, record + RECORD_HEAD, &n, plain, (int)len + 1));
    assert_true(EVP_EncryptFinal_ex(c, record + RECORD_HEAD + n, &n));
    assert_true(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, record + RECORD_HEAD + len + 1));
    EVP_CIPHER_CTX_free(c);
    size_t all = RECORD_HEAD + len + 1 + TAG;
    assert_int_equal(send(p->fd, record, all, MSG_NOSIGNAL), (ssize_t)all);
}

static int begin_tls(void **state)
{
    (void)state;
    server = client = (struct teller){0};
    begin_with(NULL);
    assert_int_equal(weft_server_route(world.server, "/", &telling, &server), 0);
    world_listen_tls(&world);
    return 0;
}

/* The handshake is done, and what the peer sends goes out at once. */
static struct tls_peer *peer_on(int fd, SSL_CTX *ctx, bool server_side)
{
    assert_true(SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256"));
    SSL_CTX_set_keylog_callback(ctx, keep_secret);
    struct tls_peer *p = tls_peer_on(fd, ctx, server_side);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    turn_until(&world, tls_peer_settled(p));
    assert_string_equal(p->failed, "");
    return p;
}

/* A client that has asked this. */
static struct tls_peer *ask_tls(const char *request)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = loopback(port_of(world.address));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    struct tls_peer *p = peer_on(fd, SSL_CTX_new(TLS_client_method()), false);
    tls_peer_say(p, request);
    return p;
}

static const uint8_t key_update[] = {24, 0, 0, 1, 0}; /* ours only */

static void test_reply(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct tls_peer *p = ask_tls(GET("/"));
    turn_until(&world, held);
    stream(&s, WEFT_LENGTH_UNKNOWN);
    turn_until(&world, tls_peer_heard(p, "\r\n\r\n"));
    send_record(p, 1, key_update, 4);
    settle(&world);
    assert_int_equal(put(&s, "abc"), 0); /* nothing can be said before the message is whole */
    settle(&world);
    send_record(p, 2, key_update + 4, 1);
    turn_until(&world, tls_peer_heard(p, "3\r\nabc\r\n"));
    expect_story(&story, "");
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    tls_peer_free(p);
}

static void test_websocket(void **state)
{
    (void)state;
    struct tls_peer *p = ask_tls(UPGRADE("/", ""));
    turn_until(&world, server.conn);
    send_record(p, 1, key_update, 4);
    settle(&world);
    send_record(p, 2, key_update + 4, 1);
    settle(&world);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_WEBSOCKETS), 1);
    expect_story(&server.story, "open;");
    tls_peer_free(p);
    turn_until(&world, !server.conn);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_WEBSOCKETS), 0);
}

/* Whoever leaves it unfinished has his deadlines all the same. */
static void test_never_whole(void **state)
{
    (void)state;
    struct tls_peer *p = ask_tls(UPGRADE("/", ""));
    turn_until(&world, server.conn);
    send_record(p, 1, key_update, 4);
    settle(&world);
    pass(&world, 3600 * 1000);
    pass(&world, 3600 * 1000);
    assert_null(server.conn);
    tls_peer_free(p);
}

static int dial_peer(void)
{
    char url[64];
    struct sockaddr_in at = loopback(0);
    socklen_t len = sizeof at;
    weft_dial way = {.tls = new_tls(NULL, &(weft_tls_config){.insecure = true})};
    weft_client_config cfg = {.dial = &way};
    int fd = -1, listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&at, &len), 0);
    snprintf(url, sizeof url, "wss://127.0.0.1:%u/", ntohs(at.sin_port));
    assert_int_equal(weft_connect(NULL, world.loop, url, &cfg, &telling, &client), 0);
    weft_tls_unref(way.tls);
    turn_until(&world, (fd = accept(listening, NULL, NULL)) >= 0);
    close(listening);
    return fd;
}

/* A server whom a client has asked. */
static struct tls_peer *be_asked(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    assert_true(SSL_CTX_use_certificate_file(ctx, certificate, SSL_FILETYPE_PEM));
    assert_true(SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM));
    assert_true(SSL_CTX_set_num_tickets(ctx, 0));
    struct tls_peer *p = peer_on(dial_peer(), ctx, true);
    turn_until(&world, tls_peer_heard(p, "\r\n\r\n"));
    return p;
}

/* A ticket, before the server has answered. */
static void test_client(void **state)
{
    (void)state;
    static const uint8_t ticket[] = {4, 0, 0, 18, 0, 0, 0, 60, 1, 2, 3,
                                     4, 1, 7, 0,  4, 9, 9, 9,  9, 0, 0};
    struct tls_peer *p = be_asked();
    send_record(p, 0, ticket, 10);
    settle(&world);
    send_record(p, 1, ticket + 10, sizeof ticket - 10);
    settle(&world);
    assert_int_equal(client.closes, 0);
    tls_peer_free(p);
    turn_until(&world, client.closes);
    expect_story(&client.story, "close 1006 by-peer WEFT_ERR_LOST;");
}

#define unit_tls(test) cmocka_unit_test_setup_teardown(test, begin_tls, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_tls(test_reply),
        unit_tls(test_websocket),
        unit_tls(test_never_whole),
        unit_tls(test_client),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
