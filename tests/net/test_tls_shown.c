/* SPDX-License-Identifier: MIT
 *
 * What stands in a certificate, as text: it cannot be taken for what it is not, whatever bytes are in its names.
 */
#include "net/wire/tls_shown.h"

#include <ctype.h>
#include <unistd.h>

#include "made_certificate.h"

static struct made made;
static weft_peer *peer;

static int begin(void **state)
{
    (void)state;
    made = made_begin();
    return 0;
}

static int end(void **state)
{
    (void)state;
    weft_peer_unref(peer);
    made_free(&made);
    peer = NULL;
    return 0;
}

/* Sign it, send it there and back, read it. */
static void show(void)
{
    struct facts f;
    unsigned char *der = NULL;
    made_sign(&made);
    int len = i2d_X509(made.x, &der);
    const unsigned char *at = der;
    X509 *x = d2i_X509(NULL, &at, len);
    assert_non_null(x);
    facts_init(&f, NULL);
    tls_shown(x, &f);
    peer = peer_new(NULL, &f);
    assert_non_null(peer);
    facts_deinit(&f);
    X509_free(x);
    OPENSSL_free(der);
}

static void expect_alt_names(const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) assert_string_equal(weft_peer_alt_name(peer, i), names[i]);
    assert_null(weft_peer_alt_name(peer, n));
    assert_null(weft_peer_alt_name(peer, SIZE_MAX));
}

#define alt_names(...)                                     \
    do {                                                   \
        static const char *const names_[] = {__VA_ARGS__}; \
        show();                                            \
        expect_alt_names(names_, countof(names_));         \
    } while (0)

/* ---- subjects --------------------------------------------------------------------------------- */

static void test_a_subject(void **state)
{
    (void)state;
    made_subject(&made, "C", V_ASN1_PRINTABLESTRING, NAME("AT"));
    made_subject(&made, "O", V_ASN1_UTF8STRING, NAME("Example"));
    made_subject(&made, "CN", V_ASN1_UTF8STRING, NAME("alice"));
    show();
    assert_string_equal(weft_peer_subject(peer), "CN=alice,O=Example,C=AT");
    assert_null(weft_peer_alt_name(peer, 0));
}

/* Names in the alternative names only: there is a certificate all the same. */
static void test_no_subject(void **state)
{
    (void)state;
    made_alt(&made, GEN_DNS, NAME("a.example"));
    alt_names("DNS:a.example");
    assert_string_equal(weft_peer_subject(peer), "");
    assert_int_equal(strlen(weft_peer_fingerprint(peer)), 64);
}

/* Who has such a name signed cannot make it look like another one. */
static void test_a_subject_of_odd_bytes(void **state)
{
    (void)state;
    static const struct {
        int type;
        const char *text;
        int len;
        const char *shown;
    } rows[] = {
        {V_ASN1_UTF8STRING, NAME("admin\0.evil"), "CN=admin\\00.evil"},
        {V_ASN1_UTF8STRING, NAME("a,O=Example"), "CN=a\\,O=Example"},
        {V_ASN1_UTF8STRING, NAME("a+CN=b"), "CN=a\\+CN=b"},
        {V_ASN1_UTF8STRING, NAME(" a \\00"), "CN=\\ a \\\\00"},
        {V_ASN1_UTF8STRING, NAME("a\r\n\033[2J"), "CN=a\\0D\\0A\\1B[2J"},
        {V_ASN1_UTF8STRING, NAME("J\xc3\xb6rg"), "CN=J\\C3\\B6rg"},
        {V_ASN1_T61STRING, NAME("J\xf6rg"), "CN=J\\C3\\B6rg"},
        {V_ASN1_BMPSTRING, NAME("\0a\x20\x2e"), "CN=a\\E2\\80\\AE"},
        {V_ASN1_UNIVERSALSTRING, NAME("\0\0\0a\0\0\0\0"), "CN=a\\00"},
        {V_ASN1_SEQUENCE, NAME("\x30\x02\x05\x00"), "CN=#30020500"},
        {V_ASN1_UTF8STRING, NAME(""), "CN="},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        made_subject(&made, "CN", rows[i].type, rows[i].text, rows[i].len);
        show();
        assert_string_equal(weft_peer_subject(peer), rows[i].shown);
        (void)end(NULL);
        (void)begin(NULL);
    }
}

/* ---- alternative names ------------------------------------------------------------------------ */

static void test_all_kinds(void **state)
{
    (void)state;
    made_alt(&made, GEN_DNS, NAME("*.a.example"));
    made_alt(&made, GEN_IPADD, NAME("\xc0\x00\x02\x01"));
    made_alt(&made, GEN_IPADD, NAME("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"));
    made_alt(&made, GEN_URI, NAME("spiffe://example/a"));
    made_alt(&made, GEN_EMAIL, NAME("alice@example.org"));
    made_directory(&made, "alice");
    made_rid(&made, "1.2.3.4");
    made_other(&made, "1.3.6.1.5.5.7.8.9", V_ASN1_UTF8STRING, NAME("alice"));
    made_other(&made, "1.2.3", V_ASN1_OCTET_STRING, NAME("\1\2"));
    alt_names("DNS:*.a.example", "IP:192.0.2.1", "IP:2001:db8::1", "URI:spiffe://example/a",
              "email:alice@example.org", "dirName:CN=alice", "RID:1.2.3.4",
              "otherName:1.3.6.1.5.5.7.8.9:alice", "otherName:1.2.3:#04020102");
}

/* The old tricks: a NUL at which a text would end, and a separator at which another name would begin. */
static void test_names_that_lie(void **state)
{
    (void)state;
    made_alt(&made, GEN_DNS, NAME("good.example\0.evil.example"));
    made_alt(&made, GEN_DNS, NAME("good.example\\00.evil.example"));
    made_alt(&made, GEN_DNS, NAME("x, DNS:good.example"));
    made_alt(&made, GEN_DNS, NAME("x\nDNS:good.example"));
    made_alt(&made, GEN_EMAIL, NAME("\0"));
    made_alt(&made, GEN_URI, NAME("http://\xe2\x80\xae\xff\x7f"));
    made_alt(&made, GEN_DNS, NAME(""));
    made_other(&made, "1.2.3", V_ASN1_UTF8STRING, NAME("#0402\0"));
    alt_names("DNS:good.example\\00.evil.example", "DNS:good.example\\5c00.evil.example",
              "DNS:x, DNS:good.example", "DNS:x\\0aDNS:good.example", "email:\\00",
              "URI:http://\\e2\\80\\ae\\ff\\7f", "DNS:", "otherName:1.2.3:#0402\\00");
}

static void test_an_ip_address_that_is_none(void **state)
{
    (void)state;
    made_alt(&made, GEN_IPADD, NAME("1.1.1.1"));
    made_alt(&made, GEN_IPADD, NAME("\x7f\0\0"));
    made_alt(&made, GEN_IPADD, NAME(""));
    alt_names("IP:#312e312e312e31", "IP:#7f0000", "IP:#");
}

static void test_a_long_oid(void **state)
{
    (void)state;
    char oid[1200] = "1.2";
    for (int i = 0; i < 100; i++) strcat(oid, ".16383");
    made_rid(&made, oid);
    show();
    char want[8 + 2 * 201 + 1] = "RID:#2a";
    for (int i = 0; i < 100; i++) strcat(want, "ff7f");
    assert_string_equal(weft_peer_alt_name(peer, 0), want);
}

static void test_many_names(void **state)
{
    (void)state;
    for (int i = 0; i < 3000; i++) {
        char name[32];
        made_alt(&made, GEN_DNS, name, snprintf(name, sizeof name, "%d.example", i));
    }
    show();
    assert_string_equal(weft_peer_alt_name(peer, 2999), "DNS:2999.example");
    assert_null(weft_peer_alt_name(peer, 3000));
}

/* An extension that cannot be read says nothing. */
static void test_broken_names(void **state)
{
    (void)state;
    ASN1_OCTET_STRING *junk = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(junk, (const unsigned char *)"\x30\x82\xff", 3);
    X509_EXTENSION *e = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, junk);
    assert_int_equal(X509_add_ext(made.x, e, -1), 1);
    X509_EXTENSION_free(e);
    ASN1_OCTET_STRING_free(junk);
    show();
    assert_null(weft_peer_alt_name(peer, 0));
    assert_int_equal(strlen(weft_peer_fingerprint(peer)), 64);
}

/* ---- the certificate itself ------------------------------------------------------------------- */

static void test_the_pem_is_the_certificate(void **state)
{
    (void)state;
    made_subject(&made, "CN", V_ASN1_UTF8STRING, NAME("alice"));
    show();
    const char *pem = weft_peer_pem(peer);
    assert_memory_equal(pem, "-----BEGIN CERTIFICATE-----\n", 28);
    BIO *b = BIO_new_mem_buf(pem, -1);
    X509 *again = PEM_read_bio_X509(b, NULL, NULL, NULL);
    assert_non_null(again);
    assert_int_equal(X509_cmp(again, made.x), 0);
    X509_free(again);
    BIO_free(b);
}

/* What `openssl x509 -fingerprint -sha256` says, without its colons, in lower case. */
static void openssl_says(const char *pem, char out[65])
{
    char file[] = "/tmp/weft-test-pem-XXXXXX", command[128], line[256] = "";
    int fd = mkstemp(file);
    assert_int_equal(write(fd, pem, strlen(pem)), (ssize_t)strlen(pem));
    close(fd);
    snprintf(command, sizeof command, "openssl x509 -noout -fingerprint -sha256 -in %s 2>&1", file);
    FILE *f = popen(command, "r");
    assert_true(f && fgets(line, sizeof line, f));
    int result = pclose(f);
    unlink(file);
    if (result) skip();
    size_t n = 0;
    for (const char *at = strchr(line, '=') + 1; *at && n < 64; at++)
        if (*at != ':') out[n++] = (char)tolower((unsigned char)*at);
    out[n] = 0;
}

static void test_the_fingerprint(void **state)
{
    (void)state;
    char want[65];
    show();
    openssl_says(weft_peer_pem(peer), want);
    assert_string_equal(weft_peer_fingerprint(peer), want);
}

/* ---- without memory --------------------------------------------------------------------------- */

static void test_no_memory(void **state)
{
    (void)state;
    made_subject(&made, "CN", V_ASN1_UTF8STRING, NAME("alice"));
    made_alt(&made, GEN_DNS, NAME("a.example"));
    made_sign(&made);
    for (long n = 0; !peer; n++) {
        struct world w = {.env = {.ctx = &w, .realloc = world_realloc}, .fail_at = n};
        struct facts f;
        facts_init(&f, &w.env);
        tls_shown(made.x, &f);
        weft_peer *p = peer_new(&w.env, &f);
        facts_deinit(&f);
        bool failed = w.asked > n;
        assert_int_equal(p != NULL, !failed);
        assert_true(n < 50);
        assert_int_equal(w.live, p != NULL);
        weft_peer_unref(p);
        assert_int_equal(w.live, 0);
        if (!failed) return;
    }
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_a_subject),
        unit(test_no_subject),
        unit(test_a_subject_of_odd_bytes),
        unit(test_all_kinds),
        unit(test_names_that_lie),
        unit(test_an_ip_address_that_is_none),
        unit(test_a_long_oid),
        unit(test_many_names),
        unit(test_broken_names),
        unit(test_the_pem_is_the_certificate),
        unit(test_the_fingerprint),
        unit(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
