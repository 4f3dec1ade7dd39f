/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_tls_view.c - what a TLS scanner sees of a server, and how records come
 *
 * The peer is OpenSSL alone with everything allowed that it knows: the server decides.
 */
#include "cert_files.h"
#include "teller.h"
#include "tls_peer.h"

static struct world world;
static struct teller server;

static void echo(weft_conn *c, const char *text)
{
    (void)text;
    if (weft_send(c, WEFT_TEXT, "0123456789", 10) < 0) weft_abort(c);
}

static char large[1000000];

static void send_large(weft_conn *c, const char *text)
{
    (void)text;
    if (weft_send(c, WEFT_BINARY, large, sizeof large) < 0) weft_abort(c);
}

static int begin(void **state)
{
    (void)state;
    static const weft_limits limits = {.ping_interval = WEFT_NEVER};
    weft_server_config cfg = {.limits = &limits};
    server = (struct teller){.then_message = echo};
    world_begin(&world);
    world_serve(&world, &cfg);
    assert_int_equal(weft_server_route(world.server, "/", &telling, &server), 0);
    world_listen_tls(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

/* ---- what may be agreed on ------------------------------------------------------------------- */

struct look {
    const char *what;
    int version;         /* 0: any */
    const char *ciphers; /* of 1.2 and before; NULL: all that there are */
    const char *suites;  /* of 1.3 */
    const char *groups, *signatures;
    const char *expected; /* version and cipher, or the reason of the failure */
};

static SSL_CTX *looking(const struct look *l)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_non_null(ctx);
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_clear_options(ctx, SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_min_proto_version(ctx, l->version ? l->version : TLS1_VERSION);
    SSL_CTX_set_max_proto_version(ctx, l->version);
    assert_true(SSL_CTX_set_cipher_list(ctx, l->ciphers ? l->ciphers : "ALL:COMPLEMENTOFALL"));
    if (l->suites) assert_true(SSL_CTX_set_ciphersuites(ctx, l->suites));
    if (l->groups) assert_true(SSL_CTX_set1_groups_list(ctx, l->groups));
    if (l->signatures) assert_true(SSL_CTX_set1_sigalgs_list(ctx, l->signatures));
    return ctx;
}

static struct tls_peer *look(const struct look *l)
{
    struct tls_peer *p = tls_peer_connect(&world, looking(l));
    turn_until(&world, tls_peer_settled(p));
    return p;
}

static void sees(const struct look *l)
{
    char seen[128];
    struct tls_peer *p = look(l);
    snprintf(seen, sizeof seen, "%s %s", SSL_get_version(p->ssl), SSL_get_cipher_name(p->ssl));
    const char *found = p->failed[0] ? p->failed : seen;
    if (strcmp(found, l->expected) != 0) fail_msg("%s: %s, not %s", l->what, found, l->expected);
    tls_peer_free(p);
    settle(&world);
}

#define TOO_OLD "tlsv1 alert protocol version"
#define NOTHING "sslv3 alert handshake failure"

static void test_versions_and_ciphers(void **state)
{
    (void)state;
    static const struct look looks[] = {
        {.what = "everything", .expected = "TLSv1.3 TLS_AES_256_GCM_SHA384"},
        {"1.0", TLS1_VERSION, .expected = TOO_OLD},
        {"1.1", TLS1_1_VERSION, .expected = TOO_OLD},
        {"1.2", TLS1_2_VERSION, .expected = "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384"},
        {"1.3", TLS1_3_VERSION, .suites = "TLS_AES_128_GCM_SHA256",
         .expected = "TLSv1.3 TLS_AES_128_GCM_SHA256"},
        {"1.3", TLS1_3_VERSION, .suites = "TLS_CHACHA20_POLY1305_SHA256",
         .expected = "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256"},
        {"the short tag", TLS1_3_VERSION, .suites = "TLS_AES_128_CCM_8_SHA256",
         .expected = NOTHING},
        /* the client's order counts: who has no AES in hardware puts ChaCha20 first */
        {"order", TLS1_2_VERSION, "ECDHE+CHACHA20:ECDHE+AESGCM",
         .expected = "TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305"},
        {"AES-128", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256",
         .expected = "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256"},
        {"CBC, SHA-1", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA",
         .expected = NOTHING},
        {"CBC, SHA-2", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384",
         .expected = NOTHING},
        {"CCM", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-AES128-CCM8",
         .expected = NOTHING},
        {"ARIA and Camellia", TLS1_2_VERSION, "ARIA:CAMELLIA", .expected = NOTHING},
        {"no forward secrecy", TLS1_2_VERSION, "AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA",
         .expected = NOTHING},
        {"finite fields", TLS1_2_VERSION, "DHE", .expected = NOTHING},
        {"anonymous", TLS1_2_VERSION, "aNULL", .expected = NOTHING},
        {"no encryption", TLS1_2_VERSION, "eNULL", .expected = NOTHING},
    };
    for (size_t i = 0; i < countof(looks); i++) sees(&looks[i]);
}

static void test_groups_and_signatures(void **state)
{
    (void)state;
#define GOOD_2 "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384"
#define GOOD_3 "TLSv1.3 TLS_AES_256_GCM_SHA384"
    static const struct look looks[] = {
        {"X25519", TLS1_2_VERSION, .groups = "X25519:P-256", .expected = GOOD_2},
        {"X25519", TLS1_3_VERSION, .groups = "X25519", .expected = GOOD_3},
        {"P-256", TLS1_2_VERSION, .groups = "P-256", .expected = GOOD_2},
        {"P-384, asked for again", TLS1_3_VERSION, .groups = "P-384", .expected = GOOD_3},
        {"P-521, which costs most", TLS1_3_VERSION, .groups = "P-521", .expected = NOTHING},
        {"X448", TLS1_3_VERSION, .groups = "X448", .expected = NOTHING},
        {"finite fields", TLS1_3_VERSION, .groups = "ffdhe2048", .expected = NOTHING},
        {"large finite fields", TLS1_3_VERSION, .groups = "ffdhe8192", .expected = NOTHING},
        {"secp224r1", TLS1_2_VERSION, .groups = "secp224r1", .expected = NOTHING},
        {"secp192r1", TLS1_2_VERSION, .groups = "P-192", .expected = NOTHING},
        {"secp256k1", TLS1_2_VERSION, .groups = "secp256k1", .expected = NOTHING},
        {"brainpool", TLS1_2_VERSION, .groups = "brainpoolP256r1", .expected = NOTHING},
        {"signed with SHA-256", TLS1_2_VERSION, .signatures = "ECDSA+SHA256", .expected = GOOD_2},
        {"signed with SHA-1", TLS1_2_VERSION, .signatures = "ECDSA+SHA1", .expected = NOTHING},
    };
    for (size_t i = 0; i < countof(looks); i++) sees(&looks[i]);
}

static const struct look one_two = {"1.2", TLS1_2_VERSION, .expected = ""};
static const struct look one_three = {"1.3", TLS1_3_VERSION, .expected = ""};

/* Everything that is asked for, and what is not there. */
static void test_extensions(void **state)
{
    (void)state;
    static const struct look *const looks[] = {&one_two, &one_three};
    for (size_t i = 0; i < countof(looks); i++) {
        struct tls_peer *p = tls_peer_connect(&world, looking(looks[i]));
        const unsigned char *response;
        SSL_set_tlsext_status_type(p->ssl, TLSEXT_STATUSTYPE_ocsp);
        turn_until(&world, tls_peer_settled(p));
        assert_string_equal(p->failed, "");
        assert_null(SSL_get_current_compression(p->ssl));
        assert_int_equal(SSL_get_tlsext_status_ocsp_resp(p->ssl, &response), -1);
        if (looks[i] == &one_two) { /* 1.3 has these built in */
            assert_int_equal(SSL_get_extms_support(p->ssl), 1);
            assert_int_equal(SSL_get_secure_renegotiation_support(p->ssl), 1);
        }
        tls_peer_say(p, UPGRADE("/", ""));
        turn_until(&world, tls_peer_heard(p, " 101 "));
        const SSL_SESSION *session = SSL_get0_session(p->ssl);
        assert_int_equal(SSL_SESSION_get_max_early_data(session), 0);
        assert_true(SSL_SESSION_has_ticket(session));
        assert_in_range(SSL_SESSION_get_ticket_lifetime_hint(session), 60, 7200);
        tls_peer_free(p);
        settle(&world);
    }
}

/* Without tickets there is nothing to resume: the server keeps no list of sessions. */
static void test_no_session_ids(void **state)
{
    (void)state;
    SSL_CTX *ctx = looking(&one_two);
    unsigned len;
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    struct tls_peer *p = tls_peer_connect(&world, ctx);
    turn_until(&world, tls_peer_settled(p));
    assert_string_equal(p->failed, "");
    (void)SSL_SESSION_get_id(SSL_get0_session(p->ssl), &len);
    assert_int_equal(len, 0);
    tls_peer_free(p);
}

static void test_no_renegotiation(void **state)
{
    (void)state;
    struct tls_peer *p = look(&one_two);
    assert_int_equal(SSL_renegotiate(p->ssl), 1);
    turn_until(&world, tls_peer_settled(p));
    assert_string_equal(p->failed, "no renegotiation");
    tls_peer_free(p);
}

static void test_alpn(void **state)
{
    (void)state;
    static const struct {
        const char *offered, *expected;
    } cases[] = {
        {"\x08http/1.1", "http/1.1"},
        {"\x02h2\x08http/1.1", "http/1.1"},
        {"\x08http/1.0\x05spdy1\x08http/1.1", "http/1.1"},
        {"\x02h2", "tlsv1 alert no application protocol"}, /* RFC 7301, 3.2 */
        {"\x08http/1.0", "tlsv1 alert no application protocol"},
        {"\x07http/1.", "tlsv1 alert no application protocol"},
        {"", ""}, /* without ALPN */
    };
    for (size_t i = 0; i < countof(cases); i++) {
        const unsigned char *chosen;
        unsigned len;
        SSL_CTX *ctx = looking(&one_three);
        SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)cases[i].offered,
                                (unsigned)strlen(cases[i].offered));
        struct tls_peer *p = tls_peer_connect(&world, ctx);
        turn_until(&world, tls_peer_settled(p));
        settle(&world);
        SSL_get0_alpn_selected(p->ssl, &chosen, &len);
        if (!p->failed[0]) snprintf(p->failed, sizeof p->failed, "%.*s", (int)len, chosen);
        assert_string_equal(p->failed, cases[i].expected);
        tls_peer_free(p);
        settle(&world);
    }
}

static void test_close_notify(void **state)
{
    (void)state;
    struct tls_peer *p = look(&one_three);
    tls_peer_say(p, "GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    turn_until(&world, tls_peer_over(p));
    assert_true(p->ended);
    tls_peer_free(p);
}

/* ---- records --------------------------------------------------------------------------------- */

static struct tls_peer *open_peer(void)
{
    struct tls_peer *p = look(&one_two);
    tls_peer_say(p, UPGRADE("/", ""));
    turn_until(&world, tls_peer_heard(p, "\r\n\r\n") && server.id);
    tls_peer_forget(p);
    return p;
}

/* Messages that are answered in one turn come in one record. */
static void test_one_record_a_flush(void **state)
{
    (void)state;
    enum { MESSAGES = 100, ANSWER = 12 };
    static uint8_t frames[MESSAGES * 8];
    struct tls_peer *p = open_peer();
    size_t n = 0;
    for (int i = 0; i < MESSAGES; i++) n += put_frame(frames + n, 0x81, "x", 1);
    tls_peer_write(p, frames, n);
    turn_until(&world, (tls_peer_read(p), p->len == (size_t)MESSAGES * ANSWER));
    assert_int_equal(p->n_records, 1);
    assert_in_range(p->lengths[0], MESSAGES * ANSWER, MESSAGES * ANSWER + 32);
    tls_peer_free(p);
}

/* A large one fills its records, and none is larger than they may be. */
static void test_large_messages_fill_records(void **state)
{
    (void)state;
    enum { FULL = 16384, TAG = 24 /* nonce and tag */, HEAD = 10 };
    const size_t all = sizeof large + HEAD;
    struct tls_peer *p = open_peer();
    uint8_t frame[16];
    server.then_message = send_large;
    tls_peer_write(p, frame, put_frame(frame, 0x81, "x", 1));
    turn_until(&world, (tls_peer_read(p), p->len == all));
    assert_int_equal(p->n_records, (all + FULL - 1) / FULL);
    for (size_t i = 0; i + 1 < p->n_records; i++) assert_int_equal(p->lengths[i], FULL + TAG);
    tls_peer_free(p);
}

int main(void)
{
#define unit(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        unit(test_versions_and_ciphers),
        unit(test_groups_and_signatures),
        unit(test_extensions),
        unit(test_no_session_ids),
        unit(test_no_renegotiation),
        unit(test_alpn),
        unit(test_close_notify),
        unit(test_one_record_a_flush),
        unit(test_large_messages_fill_records),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
