/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_tls_pieces.c - a message of TLS's handshake that comes later, in pieces: until it is whole OpenSSL
 * says that the handshake is under way, and yet nobody begins anew
 *
 * No TLS library sends a KeyUpdate in two records, so they are made here, from the client's secret.
 */
#include <openssl/kdf.h>

#include "cert_files.h"
#include "streaming.h"
#include "teller.h"
#include "tls_peer.h"

enum { SECRET = 32, KEY = 16, IV = 12, TAG = 16 };

static struct teller server;
static uint8_t secret[SECRET]; /* of what the client sends */

static void keep_secret(const SSL *ssl, const char *line)
{
    static const char label[] = "CLIENT_TRAFFIC_SECRET_0 ";
    long len;
    (void)ssl;
    if (strncmp(line, label, sizeof label - 1) != 0) return;
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
    weft_tls_pair pair = {certificate, key};
    weft_tls tls = {.certificates = &pair, .n_certificates = 1};
    server = (struct teller){0};
    begin_with(NULL);
    assert_int_equal(weft_server_route(world.server, "/", &telling, &server), 0);
    assert_int_equal(weft_server_set_tls(world.server, &tls, NULL, 0), 0);
    return 0;
}

/* A client that has asked this. */
static struct tls_peer *ask_tls(const char *request)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_true(SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256"));
    SSL_CTX_set_keylog_callback(ctx, keep_secret);
    struct tls_peer *p = tls_peer_connect(&world, ctx);
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    turn_until(&world, tls_peer_settled(p));
    assert_string_equal(p->failed, "");
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

#define unit_tls(test) cmocka_unit_test_setup_teardown(test, begin_tls, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_tls(test_reply),
        unit_tls(test_websocket),
        unit_tls(test_never_whole),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
