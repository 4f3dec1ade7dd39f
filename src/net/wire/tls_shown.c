/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_shown.c - a certificate's names
 *
 * What stands in them is the choice of whoever had them signed, and of one that nobody verified anybody's: bytes
 * that are no text, a NUL behind which something else follows, the beginning of another name. So each name is escaped,
 * and is one text; none is joined to the next by a character that might be in it.
 */
#include "net/wire/tls_shown.h"

#include <arpa/inet.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static void fail(struct facts *f)
{
    f->text.failed = true;
}

/* What was written there. Takes b, which may be NULL. */
static void append_bio(struct facts *f, BIO *b)
{
    char *data = NULL;
    long len = b ? BIO_get_mem_data(b, &data) : 0;
    buf_append(&f->text, data, len > 0 ? (size_t)len : 0);
    BIO_free(b);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* By RFC 4514, which escapes. Strings that break the rules of their own kind OpenSSL has refused before. */
static void append_name(struct facts *f, const X509_NAME *name)
{
    BIO *b = BIO_new(BIO_s_mem());
    if (!b || X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253) < 0) fail(f);
    append_bio(f, b);
}

static void append_string(struct facts *f, const char *kind, const ASN1_STRING *s)
{
    buf_text(&f->text, kind);
    facts_escape(&f->text, (weft_bytes){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)});
}

/* What is no text of its kind: a '#', as in RFC 4514, with which none begins. */
static void append_bytes(struct facts *f, const uint8_t *data, size_t len)
{
    buf_text(&f->text, "#");
    facts_hex(&f->text, data, len);
}

static void append_ip(struct facts *f, const ASN1_STRING *s)
{
    char text[INET6_ADDRSTRLEN];
    const uint8_t *data = ASN1_STRING_get0_data(s);
    int len = ASN1_STRING_length(s);
    buf_text(&f->text, "IP:");
    if (len != 4 && len != 16) {
        append_bytes(f, data, (size_t)len);
        return;
    }
    inet_ntop(len == 4 ? AF_INET : AF_INET6, data, text, sizeof text);
    buf_text(&f->text, text);
}

static void append_oid(struct facts *f, const char *kind, const ASN1_OBJECT *oid)
{
    char text[128];
    int len = OBJ_obj2txt(text, sizeof text, oid, true);
    buf_text(&f->text, kind);
    if (len > 0 && (size_t)len < sizeof text) buf_text(&f->text, text);
    else append_bytes(f, OBJ_get0_data(oid), OBJ_length(oid));
}

static void append_der(struct facts *f, const ASN1_TYPE *value)
{
    unsigned char *der = NULL;
    int len = i2d_ASN1_TYPE(value, &der);
    if (len < 0) {
        fail(f);
        return;
    }
    append_bytes(f, der, (size_t)len);
    OPENSSL_free(der);
}

static void append_other(struct facts *f, const OTHERNAME *other)
{
    const ASN1_TYPE *value = other->value;
    append_oid(f, "otherName:", other->type_id);
    buf_text(&f->text, ":");
    switch (value->type) {
    case V_ASN1_UTF8STRING:
    case V_ASN1_IA5STRING:
    case V_ASN1_PRINTABLESTRING: append_string(f, "", value->value.asn1_string); break;
    default: append_der(f, value);
    }
}

static void append_alt_name(struct facts *f, const GENERAL_NAME *n)
{
    switch (n->type) {
    case GEN_DNS: append_string(f, "DNS:", n->d.dNSName); break;
    case GEN_EMAIL: append_string(f, "email:", n->d.rfc822Name); break;
    case GEN_URI: append_string(f, "URI:", n->d.uniformResourceIdentifier); break;
    case GEN_IPADD: append_ip(f, n->d.iPAddress); break;
    case GEN_RID: append_oid(f, "RID:", n->d.registeredID); break;
    case GEN_OTHERNAME: append_other(f, n->d.otherName); break;
    case GEN_X400: buf_text(&f->text, "x400Address:"); break;
    case GEN_EDIPARTY: buf_text(&f->text, "ediPartyName:"); break;
    case GEN_DIRNAME:
        buf_text(&f->text, "dirName:");
        append_name(f, n->d.directoryName);
        break;
    }
}

/* ---- the certificate ------------------------------------------------------------------------- */

static void say_subject(X509 *x, struct facts *f)
{
    facts_begin(f, FACT_SUBJECT);
    append_name(f, X509_get_subject_name(x));
    facts_end(f);
}

static void say_fingerprint(X509 *x, struct facts *f)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct buf *to = facts_begin(f, FACT_FINGERPRINT);
    if (!X509_digest(x, EVP_sha256(), digest, &len)) fail(f);
    facts_hex(to, digest, len);
    facts_end(f);
}

static void say_pem(X509 *x, struct facts *f)
{
    BIO *b = BIO_new(BIO_s_mem());
    facts_begin(f, FACT_PEM);
    if (!b || !PEM_write_bio_X509(b, x)) fail(f);
    append_bio(f, b);
    facts_end(f);
}

/* NULL: it has none, or they cannot be read. */
static void say_alt_names(X509 *x, struct facts *f)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        facts_begin(f, FACT_ALT_NAME);
        append_alt_name(f, sk_GENERAL_NAME_value(names, i));
        facts_end(f);
    }
    GENERAL_NAMES_free(names);
}

void tls_shown(X509 *x, struct facts *f)
{
    say_subject(x, f);
    say_fingerprint(x, f);
    say_pem(x, f);
    say_alt_names(x, f);
    ERR_clear_error();
}
