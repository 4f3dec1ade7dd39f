/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_certificate.c - a certificate that a peer shows, as DER, and what a weft_peer says of it
 *
 * Whatever is in it: each text is printable, and has no end but its own; there are as many alternative names as OpenSSL
 * counts, each of a kind; the PEM is the certificate that the fingerprint is of.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "fuzz.h"
#include "net/wire/tls_shown.h"

static void check_text(const char *text)
{
    for (; *text; text++) check(*text >= ' ' && *text < 0x7f);
}

static void check_kind(const char *name)
{
    static const char *const kinds[] = {
        "DNS:", "IP:",        "URI:",         "email:",       "dirName:",
        "RID:", "otherName:", "x400Address:", "ediPartyName:"};
    bool known = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        known |= !strncmp(name, kinds[i], strlen(kinds[i]));
    check(known);
}

static weft_peer *peer_of_certificate(X509 *x)
{
    struct facts f;
    facts_init(&f, NULL);
    tls_shown(x, &f);
    weft_peer *p = peer_new(NULL, &f);
    facts_deinit(&f);
    return p;
}

static void check_names(X509 *x, const weft_peer *p)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    size_t n = names ? (size_t)sk_GENERAL_NAME_num(names) : 0;
    for (size_t i = 0; i < n; i++) {
        const char *name = weft_peer_alt_name(p, i);
        check(name != NULL);
        check_kind(name);
        check_text(name);
    }
    check(!weft_peer_alt_name(p, n));
    GENERAL_NAMES_free(names);
}

static void check_pem(const weft_peer *p)
{
    BIO *b = BIO_new_mem_buf(weft_peer_pem(p), -1);
    X509 *x = PEM_read_bio_X509(b, NULL, NULL, NULL);
    check(x != NULL);
    weft_peer *again = peer_of_certificate(x);
    check(again && !strcmp(weft_peer_fingerprint(p), weft_peer_fingerprint(again)));
    check(!strcmp(weft_peer_subject(p), weft_peer_subject(again)));
    weft_peer_unref(again);
    X509_free(x);
    BIO_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const unsigned char *at = data;
    X509 *x = d2i_X509(NULL, &at, (long)size);
    weft_peer *p = x ? peer_of_certificate(x) : NULL;
    if (p) {
        check_text(weft_peer_subject(p));
        check(strlen(weft_peer_fingerprint(p)) == 64);
        check_names(x, p);
        check_pem(p);
    }
    weft_peer_unref(p);
    X509_free(x);
    ERR_clear_error();
    return 0;
}
