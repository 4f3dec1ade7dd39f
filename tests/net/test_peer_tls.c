/* SPDX-License-Identifier: MIT
 *
 * What a weft_peer knows by TLS: on the server's side of a client, on the client's of its server.
 */
#include "cert_files.h"
#include "made_certificate.h"
#include "teller.h"
#include "tls_peer.h"

static struct world world;
static struct teller server, client;
static struct story story;
static char alice[64], alices_key[64]; /* a client's certificate, which it has signed itself */
static char alices_fingerprint[65], servers_fingerprint[65];
static weft_tls *of_client;
static weft_request *held;

/* ---- a world with TLS ------------------------------------------------------------------------- */

static void fingerprint_of(const char *file, char out[65])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    FILE *f = fopen(file, "r");
    X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
    assert_true(x && X509_digest(x, EVP_sha256(), digest, &n) && n == 32);
    for (unsigned i = 0; i < n; i++) snprintf(out + 2 * i, 3, "%02x", digest[i]);
    X509_free(x);
    fclose(f);
}

static int make_all(void **state)
{
    if (make_files(state)) return -1;
    struct made m = made_begin();
    made_subject(&m, "O", V_ASN1_UTF8STRING, NAME("Example"));
    made_subject(&m, "CN", V_ASN1_UTF8STRING, NAME("alice"));
    made_alt(&m, GEN_EMAIL, NAME("alice@example.org"));
    made_alt(&m, GEN_URI, NAME("spiffe://example/alice"));
    made_sign(&m);
    snprintf(alice, sizeof alice, "%s/alice.crt", folder);
    snprintf(alices_key, sizeof alices_key, "%s/alice.key", folder);
    made_write(&m, alice, alices_key);
    made_free(&m);
    fingerprint_of(alice, alices_fingerprint);
    fingerprint_of(certificate, servers_fingerprint);
    return 0;
}

static int remove_all(void **state)
{
    return unlink(alice) | unlink(alices_key) | remove_files(state);
}

static void hold(weft_request *r, void *user)
{
    (void)user;
    held = r;
}

/* Clients may show a certificate, and alice's is a good one. */
static void serve(const weft_server_config *cfg)
{
    static const weft_limits limits = {.ping_interval = WEFT_NEVER};
    weft_server_config own = cfg ? *cfg : (weft_server_config){0};
    const weft_tls_pair pair = {certificate, key};
    own.limits = &limits;
    server = client = (struct teller){0};
    story = (struct story){0};
    world_begin(&world);
    world_serve(&world, &own);
    assert_int_equal(weft_server_route(world.server, "/", &telling, &server), 0);
    assert_int_equal(world_requests(world.server, "/", hold, NULL), 0);
    weft_tls *tls = new_tls(&world.env, &(weft_tls_config){.certificates = &pair,
                                                           .n_certificates = 1,
                                                           .authorities = alice,
                                                           .optional = true});
    assert_int_equal(
        weft_server_listen(world.server, "127.0.0.1:0", &(weft_listen_options){.tls = tls}), 0);
    assert_true(weft_server_address(world.server, 0, world.address, sizeof world.address) > 0);
    weft_tls_unref(tls);
}

static int begin(void **state)
{
    (void)state;
    serve(NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    weft_tls_unref(of_client);
    of_client = NULL;
    world_end(&world);
    return 0;
}

/* The client's TLS, once in a world: sessions are remembered by it. */
static weft_tls *client_tls(bool shows, bool insecure)
{
    const weft_tls_pair own = {alice, alices_key};
    if (!of_client)
        of_client =
            new_tls(&world.env, &(weft_tls_config){.certificates = &own,
                                                   .n_certificates = shows,
                                                   .authorities = insecure ? NULL : certificate,
                                                   .insecure = insecure});
    return of_client;
}

static void dial(const char *host, weft_tls *tls)
{
    char url[256];
    const weft_client_config cfg = {.dial = &(weft_dial){.tls = tls}};
    client = server = (struct teller){0};
    snprintf(url, sizeof url, "wss://%s%s/", host, strrchr(world.address, ':'));
    assert_int_equal(weft_connect(&client.conn, world.loop, url, &cfg, &telling, &client), 0);
    turn_until(&world, client.closes || (client.id && server.conn));
    assert_int_equal(client.closes, 0);
}

static void part(void)
{
    weft_abort(client.conn);
    turn_until(&world, client.closes && server.closes);
}

/* ---- both see each other ---------------------------------------------------------------------- */

static void expect_alice(const weft_peer *p)
{
    assert_true(weft_peer_secure(p));
    assert_string_equal(weft_peer_host(p), "127.0.0.1");
    assert_string_equal(weft_peer_subject(p), "CN=alice,O=Example");
    assert_string_equal(weft_peer_alt_name(p, 0), "email:alice@example.org");
    assert_string_equal(weft_peer_alt_name(p, 1), "URI:spiffe://example/alice");
    assert_null(weft_peer_alt_name(p, 2));
    assert_string_equal(weft_peer_fingerprint(p), alices_fingerprint);
    assert_non_null(strstr(weft_peer_pem(p), "-----END CERTIFICATE-----\n"));
}

static void expect_server(const weft_peer *p)
{
    assert_true(weft_peer_secure(p));
    assert_string_equal(weft_peer_address(p), world.address);
    assert_string_equal(weft_peer_subject(p), "");
    assert_string_equal(weft_peer_alt_name(p, 0), "DNS:localhost");
    assert_null(weft_peer_alt_name(p, 1));
    assert_string_equal(weft_peer_fingerprint(p), servers_fingerprint);
}

static void test_both_show_one(void **state)
{
    (void)state;
    dial("localhost", client_tls(true, false));
    const weft_peer *of_server = weft_conn_peer(client.conn),
                    *of_alice = weft_conn_peer(server.conn);
    expect_alice(of_alice);
    expect_server(of_server);
    assert_string_equal(weft_peer_server_name(of_alice), "localhost");
    assert_string_equal(weft_peer_server_name(of_server), "localhost");
    assert_string_equal(weft_peer_protocol(of_alice), "TLSv1.3");
    assert_string_equal(weft_peer_protocol(of_server), "TLSv1.3");
    assert_memory_equal(weft_peer_cipher(of_alice), "TLS_", 4);
    assert_string_equal(weft_peer_cipher(of_alice), weft_peer_cipher(of_server));
}

/* A session that is resumed is of the same two. */
static void test_a_resumed_session(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        dial("localhost", client_tls(true, false));
        settle(&world); /* tickets */
        expect_alice(weft_conn_peer(server.conn));
        expect_server(weft_conn_peer(client.conn));
        part();
    }
}

static void expect_no_certificate(const weft_peer *p)
{
    assert_string_equal(weft_peer_subject(p), "");
    assert_null(weft_peer_alt_name(p, 0));
    assert_string_equal(weft_peer_fingerprint(p), "");
    assert_string_equal(weft_peer_pem(p), "");
}

static void test_a_client_without_one(void **state)
{
    (void)state;
    dial("localhost", client_tls(false, false));
    const weft_peer *p = weft_conn_peer(server.conn);
    assert_true(weft_peer_secure(p));
    assert_string_equal(weft_peer_protocol(p), "TLSv1.3");
    expect_no_certificate(p);
}

/* Nobody has verified it, and whose it is can be looked at all the same; by address, so that no name is asked for. */
static void test_a_server_that_is_not_verified(void **state)
{
    (void)state;
    dial("127.0.0.1", client_tls(false, true));
    expect_server(weft_conn_peer(client.conn));
    assert_string_equal(weft_peer_server_name(weft_conn_peer(client.conn)), "");
    assert_string_equal(weft_peer_server_name(weft_conn_peer(server.conn)), "");
}

/* ---- when it is gone -------------------------------------------------------------------------- */

static void alice_in_close(weft_conn *c)
{
    expect_alice(weft_conn_peer(c));
    tell(&story, "alice;");
}

static void server_in_close(weft_conn *c)
{
    expect_server(weft_conn_peer(c));
    tell(&story, "server;");
}

/* Asked for the first time then, or before. */
static void test_in_on_close(void **state)
{
    (void)state;
    for (int asked = 0; asked < 2; asked++) {
        dial("localhost", client_tls(true, false));
        if (asked) (void)weft_conn_peer(server.conn), (void)weft_conn_peer(client.conn);
        server.then_close = alice_in_close;
        client.then_close = server_in_close;
        part();
        assert_true(told(&story, "alice;") && told(&story, "server;"));
        story = (struct story){0};
    }
}

static void alice_gone(weft_request *r, void *user)
{
    (void)user;
    expect_alice(weft_request_peer(r));
    tell(&story, "gone;");
}

static SSL_CTX *alices_context(int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_true(SSL_CTX_use_certificate_file(ctx, alice, SSL_FILETYPE_PEM));
    assert_true(SSL_CTX_use_PrivateKey_file(ctx, alices_key, SSL_FILETYPE_PEM));
    assert_true(SSL_CTX_set_max_proto_version(ctx, version));
    return ctx;
}

static struct tls_peer *ask(int version, const char *name, const char *request)
{
    held = NULL;
    struct tls_peer *p = tls_peer_connect(&world, alices_context(version));
    if (name) SSL_set_tlsext_host_name(p->ssl, name);
    turn_until(&world, tls_peer_settled(p));
    assert_string_equal(p->failed, "");
    tls_peer_say(p, request);
    turn_until(&world, held);
    return p;
}

#define GET(more) "GET / HTTP/1.1\r\nHost: x\r\n" more "\r\n"

static void test_a_request_whose_client_has_left(void **state)
{
    (void)state;
    struct tls_peer *p = ask(TLS1_3_VERSION, NULL, GET(""));
    world_watch(held, alice_gone, NULL);
    tls_peer_hang_up(p);
    turn_until(&world, story.len);
    settle(&world);
    expect_alice(weft_request_peer(held));
    assert_int_equal(weft_respond(held, 200, NULL, "", 0), WEFT_ERR_CLOSED);
    tls_peer_free(p);
}

/* ---- what is asked for, and agreed on ----------------------------------------------------------- */

static void answer(void)
{
    assert_int_equal(weft_respond(held, 200, NULL, "", 0), 0);
}

/* Its names are IANA's, not OpenSSL's. */
static void test_an_older_version(void **state)
{
    (void)state;
    struct tls_peer *p = ask(TLS1_2_VERSION, "localhost", GET(""));
    weft_peer *of_alice = weft_request_peer(held);
    expect_alice(of_alice);
    assert_string_equal(weft_peer_protocol(of_alice), "TLSv1.2");
    assert_memory_equal(weft_peer_cipher(of_alice), "TLS_ECDHE_ECDSA_WITH_", 21);
    answer();
    tls_peer_free(p);
}

static void test_an_odd_name(void **state)
{
    (void)state;
    struct tls_peer *p = ask(TLS1_3_VERSION, "\033[2J\\\n\xff", GET(""));
    assert_string_equal(weft_peer_server_name(weft_request_peer(held)), "\\1b[2J\\5c\\0a\\ff");
    answer();
    tls_peer_free(p);
}

/* ---- behind a proxy --------------------------------------------------------------------------- */

/* The certificate there is the proxy's: it says nothing of the proxy's clients. */
static void test_a_proxy_with_a_certificate(void **state)
{
    static const char *const proxies[] = {"127.0.0.1", NULL};
    (void)end(state);
    serve(&(weft_server_config){.trust_proxy = proxies});
    struct tls_peer *p = ask(TLS1_3_VERSION, "localhost", GET("X-Forwarded-For: 192.0.2.7\r\n"));
    const weft_peer *of_client_there = weft_request_peer(held);
    assert_string_equal(weft_peer_address(of_client_there), "192.0.2.7");
    assert_true(weft_peer_secure(of_client_there));
    assert_string_equal(weft_peer_server_name(of_client_there), "");
    assert_string_equal(weft_peer_protocol(of_client_there), "");
    assert_string_equal(weft_peer_cipher(of_client_there), "");
    expect_no_certificate(of_client_there);
    answer();
    held = NULL;
    tls_peer_say(p, GET("")); /* its own request */
    turn_until(&world, held);
    expect_alice(weft_request_peer(held));
    answer();
    tls_peer_free(p);
}

/* ---- who may come in -------------------------------------------------------------------------- */

static int only_alice(weft_upgrade *u)
{
    const weft_peer *p = weft_request_peer(weft_upgrade_request(u));
    return strcmp(weft_peer_fingerprint(p), alices_fingerprint) == 0 ? 0 : 403;
}

static void test_a_guard(void **state)
{
    (void)state;
    static weft_handler guarded;
    guarded = telling;
    guarded.on_upgrade = only_alice;
    assert_int_equal(weft_server_route(world.server, "/", &guarded, &server), 0);
    dial("localhost", client_tls(true, false));
    part();
    weft_tls_unref(of_client);
    of_client = NULL;
    client = (struct teller){0};
    const weft_dial way = {.tls = client_tls(false, false)};
    const weft_client_config cfg = {.dial = &way};
    char url[256];
    snprintf(url, sizeof url, "wss://localhost%s/", strrchr(world.address, ':'));
    assert_int_equal(weft_connect(&client.conn, world.loop, url, &cfg, &telling, &client), 0);
    turn_until(&world, client.closes);
    assert_int_equal(client.refused, 403);
}

/* ---- without memory --------------------------------------------------------------------------- */

static void test_no_memory(void **state)
{
    (void)state;
    dial("localhost", client_tls(true, false));
    for (long n = 0;; n++) {
        world_fail_at(&world, n);
        weft_peer *p = weft_conn_peer(server.conn);
        bool failed = world.asked > n;
        world_fail_at(&world, -1);
        if (!failed) break;
        assert_null(p);
        assert_true(n < 50);
    }
    expect_alice(weft_conn_peer(server.conn));
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_both_show_one),
        unit(test_a_resumed_session),
        unit(test_a_client_without_one),
        unit(test_a_server_that_is_not_verified),
        unit(test_in_on_close),
        unit(test_a_request_whose_client_has_left),
        unit(test_an_older_version),
        unit(test_an_odd_name),
        unit(test_a_proxy_with_a_certificate),
        unit(test_a_guard),
        unit(test_no_memory),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
