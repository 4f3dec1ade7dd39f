/* SPDX-License-Identifier: MIT
 *
 * tests/net/made_certificate.h - certificates with names of any bytes in them, which no tool would write
 */
#ifndef NET_MADE_CERTIFICATE_H
#define NET_MADE_CERTIFICATE_H

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "world.h"

/* Bytes of a name: a literal, with all that stands in it. */
#define NAME(literal) (literal), (int)(sizeof(literal) - 1)

struct made {
    X509 *x;
    GENERAL_NAMES *names;
    EVP_PKEY *key;
};

static inline struct made made_begin(void)
{
    struct made m = {X509_new(), GENERAL_NAMES_new(), EVP_EC_gen("P-256")};
    assert_true(m.x && m.names && m.key);
    X509_set_version(m.x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(m.x), 1);
    X509_gmtime_adj(X509_getm_notBefore(m.x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(m.x), 3600);
    X509_set_pubkey(m.x, m.key);
    return m;
}

/* One more field of the subject: kind as OpenSSL calls it, type of string V_ASN1_... */
static inline void made_subject(struct made *m, const char *kind, int type, const char *text,
                                int len)
{
    X509_NAME *name = X509_get_subject_name(m->x);
    ASN1_OBJECT *object = OBJ_txt2obj(kind, 0);
    ASN1_STRING *value = ASN1_STRING_type_new(type);
    X509_NAME_ENTRY *entry = NULL;
    assert_true(ASN1_STRING_set(value, text, len));
    entry = X509_NAME_ENTRY_create_by_OBJ(NULL, object, type, (const unsigned char *)text, len);
    assert_true(entry && X509_NAME_add_entry(name, entry, -1, 0));
    X509_NAME_ENTRY_free(entry);
    ASN1_STRING_free(value);
    ASN1_OBJECT_free(object);
}

static inline void made_add(struct made *m, int type, void *value)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    assert_true(name && value);
    GENERAL_NAME_set0_value(name, type, value);
    assert_true(sk_GENERAL_NAME_push(m->names, name) > 0);
}

/* One more alternative name: GEN_DNS, GEN_EMAIL, GEN_URI, GEN_IPADD. */
static inline void made_alt(struct made *m, int type, const char *text, int len)
{
    ASN1_STRING *value =
        ASN1_STRING_type_new(type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    assert_true(value && ASN1_STRING_set(value, text, len));
    made_add(m, type, value);
}

static inline void made_rid(struct made *m, const char *oid)
{
    made_add(m, GEN_RID, OBJ_txt2obj(oid, 1));
}

static inline void made_other(struct made *m, const char *oid, int type, const char *text, int len)
{
    OTHERNAME *other = OTHERNAME_new();
    ASN1_STRING *value = ASN1_STRING_type_new(type);
    assert_true(other && value && ASN1_STRING_set(value, text, len));
    ASN1_OBJECT_free(other->type_id);
    other->type_id = OBJ_txt2obj(oid, 1);
    ASN1_TYPE_set(other->value, type, value);
    made_add(m, GEN_OTHERNAME, other);
}

static inline void made_directory(struct made *m, const char *common_name)
{
    X509_NAME *name = X509_NAME_new();
    assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                           (const unsigned char *)common_name, -1, -1, 0));
    made_add(m, GEN_DIRNAME, name);
}

/* Signed by itself. */
static inline void made_sign(struct made *m)
{
    if (sk_GENERAL_NAME_num(m->names))
        assert_int_equal(X509_add1_ext_i2d(m->x, NID_subject_alt_name, m->names, 0, 0), 1);
    assert_true(X509_sign(m->x, m->key, EVP_sha256()) > 0);
}

static inline void made_write(const struct made *m, const char *cert_file, const char *key_file)
{
    FILE *f = fopen(cert_file, "w");
    assert_true(f && PEM_write_X509(f, m->x) && fclose(f) == 0);
    f = fopen(key_file, "w");
    assert_true(f && PEM_write_PrivateKey(f, m->key, NULL, NULL, 0, NULL, NULL) && fclose(f) == 0);
}

static inline void made_free(struct made *m)
{
    X509_free(m->x);
    GENERAL_NAMES_free(m->names);
    EVP_PKEY_free(m->key);
}

#endif
