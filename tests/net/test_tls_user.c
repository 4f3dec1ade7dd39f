/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_tls_user.c - a weft_tls: what it is made from, and made from anew; whom it trusts
 *
 * A root has signed one between, who has signed a peer: server and client are the same peer. What OpenSSL's two ends
 * think of each other is looked at without a socket between them.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "cert_files.h"

#include "base/bytes.h"
#include "net/wire/tls.h"
#include "net/wire/tls_user.h"

static struct world memory = {
    .fail_at = -1, .env = {.ctx = &memory, .realloc = world_realloc, .now_us = world_now}};

/* ---- a family -------------------------------------------------------------------------------- */

enum { TEXT = 8192 };

struct member {
    X509 *x;
    EVP_PKEY *pkey;
    char pem[TEXT], key_pem[TEXT];
};

static struct member root, between, peer, stranger;

static void add_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_true(e && X509_add_ext(x, e, -1));
    X509_EXTENSION_free(e);
}

static void write_text(char text[TEXT], BIO *bio)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    assert_in_range(len, 1, TEXT - 1);
    memcpy(text, data, (size_t)len);
    text[len] = 0;
    BIO_free(bio);
}

static void set_name(X509_NAME *to, const char *name)
{
    X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
}

/* Whoever has no signer has signed himself. */
static void make_member(struct member *m, const char *name, const struct member *signer)
{
    static long serial = 1;
    m->x = X509_new();
    m->pkey = EVP_EC_gen("P-256");
    X509_set_version(m->x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(m->x), serial++);
    X509_gmtime_adj(X509_getm_notBefore(m->x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(m->x), 3600);
    X509_set_pubkey(m->x, m->pkey);
    set_name(X509_get_subject_name(m->x), name);
    X509_set_issuer_name(m->x, X509_get_subject_name(signer ? signer->x : m->x));
    bool signs = m == &root || m == &between;
    add_extension(m->x, NID_basic_constraints, signs ? "critical,CA:TRUE" : "CA:FALSE");
    if (!signs) add_extension(m->x, NID_subject_alt_name, "DNS:localhost");
    assert_true(X509_sign(m->x, signer ? signer->pkey : m->pkey, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
    assert_true(PEM_write_bio_X509(bio, m->x));
    assert_true(PEM_write_bio_PrivateKey(key_bio, m->pkey, NULL, NULL, 0, NULL, NULL));
    write_text(m->pem, bio);
    write_text(m->key_pem, key_bio);
}

static char chain[2 * TEXT], whole[3 * TEXT]; /* the peer and who signed it; and its key */

static int make_family(void **state)
{
    make_member(&root, "the root", NULL);
    make_member(&between, "one between", &root);
    make_member(&peer, "the peer", &between);
    make_member(&stranger, "a stranger", NULL);
    snprintf(chain, sizeof chain, "%s%s", peer.pem, between.pem);
    snprintf(whole, sizeof whole, "%s%s", chain, peer.key_pem);
    return make_files(state);
}

static int forget_family(void **state)
{
    struct member *const all[] = {&root, &between, &peer, &stranger};
    for (size_t i = 0; i < countof(all); i++) {
        X509_free(all[i]->x);
        EVP_PKEY_free(all[i]->pkey);
    }
    return remove_files(state);
}

/* ---- two ends -------------------------------------------------------------------------------- */

struct meeting {
    struct tls *client, *server;
    int client_error, server_error;
    bool resumed;
};

/* What from has to say; what to says of it. */
static bool pass_on(struct tls *from, struct tls *to, int *error)
{
    uint8_t room[1024];
    struct outq *out = tls_out(from);
    bool some = !outq_empty(out);
    for (int n = 1; !outq_empty(out); outq_sent(out, out->head->len)) {
        tls_feed(to, (weft_bytes){out->head->data, out->head->len});
        while ((n = tls_read(to, room, sizeof room)) > 0) continue;
        if (n < 0) *error = n;
    }
    return some;
}

static struct meeting begin_meeting(weft_tls *client, weft_tls *server, unsigned how)
{
    struct meeting m = {.client = tls_connect(&memory.env, client, bytes_of("localhost"), 443, how),
                        .server = tls_accept(&memory.env, server)};
    assert_true(m.client && m.server);
    return m;
}

/* To its end. */
static void end_meeting(struct meeting *m, weft_tls *server)
{
    long before = SSL_CTX_sess_hits(server->context->server);
    while ((int)pass_on(m->client, m->server, &m->server_error) |
           (int)pass_on(m->server, m->client, &m->client_error))
        continue;
    m->resumed = SSL_CTX_sess_hits(server->context->server) > before;
    tls_free(m->client);
    tls_free(m->server);
}

static struct meeting meet_as(weft_tls *client, weft_tls *server, unsigned how)
{
    struct meeting m = begin_meeting(client, server, how);
    end_meeting(&m, server);
    return m;
}

static struct meeting meet(weft_tls *client, weft_tls *server)
{
    return meet_as(client, server, TLS_HTTP);
}

static weft_tls *made_from(const weft_tls_config *cfg)
{
    weft_tls *tls = new_tls(&memory.env, cfg);
    assert_non_null(tls);
    return tls;
}

static weft_tls *server_of(const char *certificates, const char *its_key, const char *authorities)
{
    const weft_tls_pair pair = {certificates, its_key};
    return made_from(
        &(weft_tls_config){.certificates = &pair, .n_certificates = 1, .authorities = authorities});
}

static weft_tls *client_of(const char *authorities)
{
    return made_from(&(weft_tls_config){.authorities = authorities});
}

/* Unreferences both. */
static struct meeting meet_once(weft_tls *client, weft_tls *server)
{
    struct meeting m = meet(client, server);
    weft_tls_unref(client);
    weft_tls_unref(server);
    assert_int_equal(memory.live, 0);
    return m;
}

/* ---- files and texts ------------------------------------------------------------------------- */

static void test_texts_and_files(void **state)
{
    (void)state;
    assert_int_equal(
        meet_once(client_of(root.pem), server_of(chain, peer.key_pem, NULL)).client_error, 0);
    assert_int_equal(meet_once(client_of(root.pem), server_of(whole, NULL, NULL)).client_error, 0);
    assert_int_equal(
        meet_once(client_of(certificate), server_of(certificate, key, NULL)).client_error, 0);
}

/* What is said of this. */
static void expect_why(const weft_tls_config *cfg, int wanted, const char *words)
{
    char why[256] = "", cut[8] = "";
    weft_tls *tls = NULL;
    assert_int_equal(weft_tls_new(&tls, &memory.env, cfg, why, sizeof why), wanted);
    assert_string_equal(why, words);
    assert_int_equal(weft_tls_new(&tls, &memory.env, cfg, cut, sizeof cut), wanted);
    assert_memory_equal(cut, words, sizeof cut - 1);
    assert_int_equal(weft_tls_new(&tls, &memory.env, cfg, NULL, 0), wanted);
    assert_null(tls);
    assert_int_equal(memory.live, 0);
}

static void expect_pair(const char *certificates, const char *its_key, const char *words)
{
    const weft_tls_pair pair = {certificates, its_key};
    expect_why(&(weft_tls_config){.certificates = &pair, .n_certificates = 1}, WEFT_ERR_TLS, words);
}

static void test_words(void **state)
{
    (void)state;
    char words[256];
    snprintf(words, sizeof words, "the key %s does not match the certificate %s", other_key,
             certificate);
    expect_pair(certificate, other_key, words);
    snprintf(words, sizeof words, "there is no private key in %s", certificate);
    expect_pair(certificate, NULL, words);
    snprintf(words, sizeof words, "there is no certificate in %s", key);
    expect_pair(key, NULL, words);
    expect_pair("/nowhere", NULL, "cannot read /nowhere: No such file or directory");
    snprintf(words, sizeof words, "cannot read %s: Is a directory", folder);
    expect_pair(folder, NULL, words);
    expect_pair(peer.pem, stranger.key_pem,
                "the key (PEM text) does not match the certificate (PEM text)");
    expect_pair(peer.key_pem, NULL, "there is no certificate in (PEM text)");
    snprintf(words, sizeof words, "there is no certificate in %s", key);
    expect_why(&(weft_tls_config){.authorities = key}, WEFT_ERR_TLS, words);
    expect_why(&(weft_tls_config){.authorities = "/nowhere"}, WEFT_ERR_TLS,
               "cannot read /nowhere: No such file or directory");
    expect_why(&(weft_tls_config){.authorities = "-----BEGIN CERTIFICATE-----\n!\n"}, WEFT_ERR_TLS,
               "cannot read (PEM text): bad end line");
    expect_why(&(weft_tls_config){.n_certificates = 1}, -EINVAL,
               "weft_tls_config.certificates[0] is NULL: say a PEM file, or the text");
    const weft_tls_pair pairs[] = {{certificate, key}, {NULL, key}};
    expect_why(&(weft_tls_config){.certificates = pairs, .n_certificates = 2}, -EINVAL,
               "weft_tls_config.certificates[1] is NULL: say a PEM file, or the text");
}

static void test_a_server_needs_a_certificate(void **state)
{
    (void)state;
    char why[128];
    const weft_tls_pair pair = {certificate, key};
    weft_tls *tls = client_of(certificate);
    assert_false(tls_can_accept(tls));
    weft_tls_config cfg = {.certificates = &pair, .n_certificates = 1};
    assert_int_equal(weft_tls_replace(tls, &cfg, why, sizeof why), 0);
    assert_true(tls_can_accept(tls));
    assert_int_equal(weft_tls_replace(tls, NULL, why, sizeof why), WEFT_ERR_TLS);
    assert_string_equal(why, "a server needs a certificate, and this may be a server's");
    assert_true(tls_can_accept(tls));
    weft_tls_unref(tls);
    assert_int_equal(memory.live, 0);
}

/* ---- who is trusted -------------------------------------------------------------------------- */

/* Whoever stands in the authorities: the root, one between, the peer itself. */
static void test_a_client_trusts(void **state)
{
    (void)state;
    const char *const trusted[] = {root.pem, between.pem, peer.pem, chain};
    for (size_t i = 0; i < countof(trusted); i++)
        assert_int_equal(
            meet_once(client_of(trusted[i]), server_of(chain, peer.key_pem, NULL)).client_error, 0);
    assert_int_equal(meet_once(client_of(stranger.pem), server_of(whole, NULL, NULL)).client_error,
                     WEFT_ERR_CERTIFICATE);
    /* nobody but who stands there: the one between is not sent along */
    assert_int_equal(
        meet_once(client_of(root.pem), server_of(peer.pem, peer.key_pem, NULL)).client_error,
        WEFT_ERR_CERTIFICATE);
    assert_int_equal(
        meet_once(client_of(peer.pem), server_of(peer.pem, peer.key_pem, NULL)).client_error, 0);
}

static weft_tls *client_with(const char *its_chain, const char *its_key)
{
    const weft_tls_pair pair = {its_chain, its_key};
    return made_from(&(weft_tls_config){
        .certificates = &pair, .n_certificates = its_chain != NULL, .insecure = true});
}

static void test_a_server_trusts(void **state)
{
    (void)state;
    const char *const trusted[] = {root.pem, between.pem, peer.pem};
    for (size_t i = 0; i < countof(trusted); i++)
        assert_int_equal(
            meet_once(client_with(chain, peer.key_pem), server_of(whole, NULL, trusted[i]))
                .server_error,
            0);
    assert_int_equal(
        meet_once(client_with(stranger.pem, stranger.key_pem), server_of(whole, NULL, root.pem))
            .server_error,
        WEFT_ERR_CERTIFICATE);
    assert_int_equal(
        meet_once(client_with(NULL, NULL), server_of(whole, NULL, root.pem)).server_error,
        WEFT_ERR_TLS);
}

/* No certificate is fine then; a stranger's is not. */
static void test_optional(void **state)
{
    (void)state;
    const weft_tls_pair pair = {whole, NULL};
    const weft_tls_config cfg = {
        .certificates = &pair, .n_certificates = 1, .optional = true, .authorities = root.pem};
    assert_int_equal(meet_once(client_with(NULL, NULL), made_from(&cfg)).server_error, 0);
    assert_int_equal(meet_once(client_with(chain, peer.key_pem), made_from(&cfg)).server_error, 0);
    assert_int_equal(
        meet_once(client_with(stranger.pem, stranger.key_pem), made_from(&cfg)).server_error,
        WEFT_ERR_CERTIFICATE);
}

/* Where somebody else sent us we are nobody, and are not taken for who we were before. */
static void test_anonymous(void **state)
{
    (void)state;
    weft_tls *client = client_with(chain, peer.key_pem), *server = server_of(whole, NULL, root.pem);
    assert_int_equal(meet_as(client, server, TLS_ANONYMOUS).server_error, WEFT_ERR_TLS);
    assert_int_equal(meet(client, server).server_error, 0);
    assert_true(meet(client, server).resumed);
    struct meeting m = meet_as(client, server, TLS_ANONYMOUS);
    assert_false(m.resumed);
    assert_int_equal(m.server_error, WEFT_ERR_TLS);
    weft_tls_unref(server);
    assert_int_equal(meet_once(client, server_of(whole, NULL, NULL)).server_error, 0);
}

/* ---- made anew ------------------------------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_true(f && fputs(text, f) >= 0);
    fclose(f);
}

static void test_until_when(void **state)
{
    (void)state;
    int64_t at, day = INT64_C(24) * 60 * 60;
    struct tm wanted = {0};
    weft_tls *server = server_of(whole, NULL, NULL), *client = client_of(root.pem);
    assert_int_equal(weft_tls_expires(server, 0, &at), 0);
    assert_int_equal(ASN1_TIME_to_tm(X509_get0_notAfter(peer.x), &wanted), 1);
    assert_int_equal(at, timegm(&wanted));
    assert_true(at > time(NULL) && at < time(NULL) + 40000 * day);
    assert_int_equal(weft_tls_expires(server, 1, &at), -ENOENT);
    assert_int_equal(weft_tls_expires(client, 0, &at), -ENOENT);
    weft_tls_unref(server);
    weft_tls_unref(client);
}

/* Files that were renewed, while a handshake is under way: who begins from then on has the new ones. */
static void test_a_server_is_loaded_again(void **state)
{
    (void)state;
    char path[80], why[128];
    snprintf(path, sizeof path, "%s/renewed", folder);
    write_file(path, whole);
    weft_tls *server = server_of(path, NULL, NULL);
    weft_tls *old = client_of(root.pem), *new = client_of(stranger.pem);
    struct meeting under_way = begin_meeting(old, server, TLS_HTTP);
    snprintf(why, sizeof why, "%s", "");
    char text[3 * TEXT];
    snprintf(text, sizeof text, "%s%s", stranger.pem, stranger.key_pem);
    write_file(path, text);
    assert_int_equal(meet(old, server).client_error, 0);
    assert_int_equal(weft_tls_reload(server, why, sizeof why), 0);
    end_meeting(&under_way, server);
    assert_int_equal(under_way.client_error, 0);
    assert_int_equal(meet(old, server).client_error, WEFT_ERR_CERTIFICATE);
    assert_int_equal(meet(new, server).client_error, 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(weft_tls_reload(server, why, sizeof why), WEFT_ERR_TLS);
    assert_true(strstr(why, "cannot read ") != NULL);
    assert_int_equal(meet(new, server).client_error, 0);
    weft_tls_unref(old);
    weft_tls_unref(new);
    weft_tls_unref(server);
    assert_int_equal(memory.live, 0);
}

/* Texts stay; and whoever was resumed is looked at again. */
static void test_no_session_outlives_a_reload(void **state)
{
    (void)state;
    weft_tls *client = client_of(root.pem), *server = server_of(whole, NULL, NULL);
    for (int side = 0; side < 2; side++) {
        (void)meet(client, server);
        assert_true(meet(client, server).resumed);
        assert_int_equal(weft_tls_reload(side ? client : server, NULL, 0), 0);
        assert_false(meet(client, server).resumed);
        assert_true(meet(client, server).resumed);
    }
    struct meeting late = begin_meeting(client, server, TLS_HTTP); /* its ticket comes too late */
    assert_int_equal(
        weft_tls_replace(client, &(weft_tls_config){.authorities = stranger.pem}, NULL, 0), 0);
    end_meeting(&late, server);
    assert_int_equal(late.client_error, 0);
    assert_int_equal(meet_once(client, server).client_error, WEFT_ERR_CERTIFICATE);
}

/* Connections go on when it is gone, and take the last of it with them. */
static void test_connections_outlive_it(void **state)
{
    (void)state;
    weft_tls *client = client_of(root.pem), *server = server_of(whole, NULL, NULL);
    struct meeting m = begin_meeting(client, server, TLS_HTTP);
    weft_tls_unref(client);
    weft_tls *again = weft_tls_ref(server);
    weft_tls_unref(server);
    end_meeting(&m, again);
    assert_int_equal(m.client_error | m.server_error, 0);
    weft_tls_unref(again);
    weft_tls_unref(NULL);
    assert_int_equal(memory.live, 0);
}

static void test_every_allocation(void **state)
{
    (void)state;
    const weft_tls_pair pair = {chain, peer.key_pem};
    weft_tls_config cfg = {.certificates = &pair, .n_certificates = 1, .authorities = root.pem};
    bool failed = true;
    for (long n = 0; failed; n++) {
        char why[64] = "";
        weft_tls *tls = NULL;
        world_fail_at(&memory, n);
        int error = weft_tls_new(&tls, &memory.env, &cfg, why, sizeof why);
        if (!error) error = weft_tls_reload(tls, why, sizeof why);
        failed = memory.asked > n;
        assert_int_equal(error, failed ? -ENOMEM : 0);
        assert_string_equal(why, failed ? "Cannot allocate memory" : "");
        assert_true(!tls || tls_can_accept(tls));
        weft_tls_unref(tls);
        assert_int_equal(memory.live, 0);
    }
    world_fail_at(&memory, -1);
}

/* ---- threads --------------------------------------------------------------------------------- */

enum { LOADS = 20, MEETINGS = 30 };

static struct {
    weft_tls *client, *server;
    atomic_bool failed;
} shared;

static void *load(void *arg)
{
    const weft_tls_pair pair = {whole, NULL};
    const weft_tls_config cfg = {.certificates = &pair, .n_certificates = 1};
    for (int i = 0; i < LOADS; i++) {
        int error = arg ? weft_tls_reload(shared.client, NULL, 0)
                        : weft_tls_replace(shared.server, &cfg, NULL, 0);
        if (error) shared.failed = true;
    }
    return NULL;
}

/* As meet, without the assertions, which belong to the first thread; memory is malloc's. */
static void *meet_often(void *arg)
{
    for (int i = 0; i < MEETINGS; i++) {
        int error = 0;
        struct tls *c = tls_connect(NULL, shared.client, bytes_of("localhost"), 443, TLS_HTTP);
        struct tls *s = tls_accept(NULL, shared.server);
        while ((int)pass_on(c, s, &error) | (int)pass_on(s, c, &error)) continue;
        if (error) shared.failed = true;
        tls_free(c);
        tls_free(s);
    }
    return arg;
}

/* Two load, two connect. */
static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    const weft_tls_pair pair = {whole, NULL};
    shared.server = new_tls(NULL, &(weft_tls_config){.certificates = &pair, .n_certificates = 1});
    shared.client = new_tls(NULL, &(weft_tls_config){.authorities = root.pem});
    for (size_t i = 0; i < countof(threads); i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, i < 2 ? load : meet_often, i % 2 ? &shared : NULL),
            0);
    for (size_t i = 0; i < countof(threads); i++) pthread_join(threads[i], NULL);
    assert_false(shared.failed);
    weft_tls_unref(shared.server);
    weft_tls_unref(shared.client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_and_files),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_a_server_needs_a_certificate),
        cmocka_unit_test(test_a_client_trusts),
        cmocka_unit_test(test_a_server_trusts),
        cmocka_unit_test(test_optional),
        cmocka_unit_test(test_anonymous),
        cmocka_unit_test(test_until_when),
        cmocka_unit_test(test_a_server_is_loaded_again),
        cmocka_unit_test(test_no_session_outlives_a_reload),
        cmocka_unit_test(test_connections_outlive_it),
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, make_family, forget_family);
}
