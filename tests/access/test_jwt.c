/* SPDX-License-Identifier: MIT
 *
 * Tokens: those of RFC 7515 (A.1 to A.3), one that Python's cryptography made with the key of RFC 8037, and what
 * must not pass.
 */
#include "access/access.h"
#include "access/jwt.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

/* {"iss":"joe","exp":1300819380,"http://example.com/is_root":true} */
#define JOE \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

enum { JOE_EXP = 1300819380 };

static const char oct_key[] =
    "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjA"
    "zZr1Z9CAow\"}";
static const char oct_token[] =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." JOE ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

static const char rsa_key[] =
    "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\""
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt"
    "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX"
    "ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5"
    "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
    "\"}";
static const char rsa_token[] =
    "eyJhbGciOiJSUzI1NiJ9." JOE "."
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W"
    "2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkS"
    "jtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv"
    "Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

static const char ec_key[] =
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";
static const char ec_token[] =
    "eyJhbGciOiJFUzI1NiJ9." JOE
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

static const char ed_key[] = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
                             "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
static const char ed_token[] =
    "eyJhbGciOiJFZERTQSJ9." JOE
    "._vSpFAYzQd76KTga_fKXdhrh3C0FWu4LvjqsxWd4NRyBOrKTdBeh_PkyRQtFmRgGKgdW5upgieZM67Gbz4AtAA";

/* ---- helpers --------------------------------------------------------------------------------- */

static struct keys keys;
static struct claims_policy policy;

static void know(const char *text)
{
    struct why why;
    if (!keys_add(&keys, text_of(text), &why)) fail_msg("%s", why.text);
}

static int begin(void **state)
{
    (void)state;
    policy = (struct claims_policy){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    keys_deinit(&keys);
    return 0;
}

static struct identity *good_at(weft_bytes t, uint64_t now)
{
    struct why why = {""};
    struct identity *i = jwt_check(t, &keys, &policy, now, &why);
    if (!i) fail_msg("%.*s: %s", (int)t.len, (const char *)t.data, why.text);
    return i;
}

static void is_good(weft_bytes t)
{
    identity_unref(good_at(t, NOW));
}

static void refuses_at(weft_bytes t, uint64_t now, const char *words, const char *of)
{
    struct why why = {""};
    if (jwt_check(t, &keys, &policy, now, &why)) fail_msg("%s is taken", of);
    assert_says(&why, words, of);
    if (t.len > 20 && strstr(why.text, (const char *)t.data)) fail_msg("it holds the token");
}

static void refuses(const char *payload, const char *words)
{
    char out[TOKEN_ROOM];
    refuses_at(token(out, payload), NOW, words, payload);
}

static void refuses_header(const char *header, const char *words)
{
    char out[TOKEN_ROOM];
    refuses_at(token_with(out, SECRET, header, ALICE), NOW, words, header);
}

/* ---- signatures ------------------------------------------------------------------------------ */

static const struct made {
    const char *key, *token;
} made[] = {{oct_key, oct_token}, {rsa_key, rsa_token}, {ec_key, ec_token}, {ed_key, ed_token}};

enum { MADE = sizeof made / sizeof *made };

static void of_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < MADE; i++) {
        know(made[i].key);
        struct identity *who = good_at(text_of(made[i].token), JOE_EXP - 1);
        assert_int_equal(who->until_ms, (JOE_EXP + 60) * 1000ull);
        assert_int_equal(who->user.len, 0);
        identity_unref(who);
        keys_deinit(&keys);
    }
}

static void of_others_by_one_set_of_keys(void **state)
{
    (void)state;
    char set[4096];
    snprintf(set, sizeof set, "{\"keys\":[%s,%s,%s,%s]}", oct_key, rsa_key, ec_key, ed_key);
    know(set);
    for (size_t i = 0; i < MADE; i++) identity_unref(good_at(text_of(made[i].token), JOE_EXP - 1));
}

/* Each of the others' keys, and each bit of the signature. */
static void by_another_key_it_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < MADE; i++) {
        for (size_t other = 0; other < MADE; other++) {
            if (other == i) continue;
            know(made[other].key);
            refuses_at(text_of(made[i].token), JOE_EXP - 1, "none that there is a key for",
                       made[i].token);
            keys_deinit(&keys);
        }
        know(made[i].key);
        char spoilt[1024];
        strcpy(spoilt, made[i].token);
        char *at = strrchr(spoilt, '.') + 5;
        *at = *at == 'A' ? 'B' : 'A';
        refuses_at(text_of(spoilt), JOE_EXP - 1, "no key of this server has signed", spoilt);
        keys_deinit(&keys);
    }
}

static void an_ecdsa_signature_of_another_length(void **state)
{
    (void)state;
    char shorter[1024];
    know(ec_key);
    strcpy(shorter, ec_token);
    shorter[strlen(shorter) - 2] = '\0';
    refuses_at(text_of(shorter), JOE_EXP - 1, "no key of this server has signed", shorter);
}

/* The public key as the secret of an HMAC: what a verifier does that believes alg. */
static void a_public_key_is_no_secret(void **state)
{
    (void)state;
    char out[TOKEN_ROOM], *pem;
    EVP_PKEY *pkey = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, pkey);
    BIO_write(bio, "", 1);
    BIO_get_mem_data(bio, &pem);
    know(pem);
    refuses_at(token_with(out, pem, HEADER, ALICE), NOW, "none that there is a key for here: RS256",
               "confused");
    refuses_at(token_with(out, pem, "{\"alg\":\"RS256\"}", ALICE), NOW,
               "no key of this server has signed", "confused");
    BIO_free(bio);
    EVP_PKEY_free(pkey);
}

static void what_is_not_signed(void **state)
{
    (void)state;
    char out[TOKEN_ROOM];
    know(SECRET);
    refuses_header("{\"alg\":\"none\"}", "not signed");
    refuses_header("{\"alg\":\"NoNe\"}", "not signed");
    refuses_header("{\"alg\":\"HS512\"}", "none that there is a key for here: HS256");
    refuses_header("{\"alg\":\"hs256\"}", "none that there is a key for");
    refuses_header("{}", "none that there is a key for");
    weft_bytes t = token_with(out, SECRET, "{\"alg\":\"none\"}", ALICE);
    while (out[t.len - 1] != '.') t.len--;
    out[t.len] = '\0';
    refuses_at(t, NOW, "not signed", "without a signature");
    t = token(out, ALICE);
    while (out[t.len - 1] != '.') t.len--;
    out[t.len] = '\0';
    refuses_at(t, NOW, "no key of this server has signed", "cut off");
    refuses_at(token_with(out, ANOTHER, HEADER, ALICE), NOW, "no key of this server has signed",
               "another secret");
}

/* ---- form ------------------------------------------------------------------------------------ */

static void headers(void **state)
{
    (void)state;
    char out[TOKEN_ROOM];
    know(SECRET);
    is_good(token_with(out, SECRET, "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"x\":[1]}", ALICE));
    is_good(token_with(out, SECRET, "{\"alg\":\"HS256\",\"kid\":\"whatever\"}", ALICE));
    refuses_header("{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", "crit");
    refuses_header("{\"alg\":\"HS256\",\"crit\":[]}", "crit");
    refuses_header("{\"alg\":\"HS256\",\"alg\":\"none\"}", "no JSON object");
    refuses_header("[\"HS256\"]", "no JSON object");
    refuses_header("{\"alg\":1}", "not a short text");
    refuses_header("{\"alg\":\"HS256HS256HS256HS256\"}", "not a short text");
    refuses_header("{\"alg\":\"HS256\",\"kid\":{}}", "not a short text");
}

static void forms(void **state)
{
    (void)state;
    static const char *const none[] = {"", "a", "a.b", "..", ".b.c", "a..c", "a.b.c.d"};
    char out[TOKEN_ROOM], padded[TOKEN_ROOM + 2];
    know(SECRET);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        refuses_at(text_of(none[i]), NOW, "three parts", none[i]);
    refuses_at(text_of("a.b.c"), NOW, "base64url", "a.b.c");
    weft_bytes t = token(out, ALICE);
    snprintf(padded, sizeof padded, "%s=", out);
    refuses_at(text_of(padded), NOW, "base64url", padded);
    snprintf(padded, sizeof padded, " %s", out);
    refuses_at(text_of(padded), NOW, "base64url", padded);
    out[t.len - 1]++; /* an unused bit */
    refuses_at(t, NOW, "base64url", "not canonical");
}

static void at_8_kib_and_above(void **state)
{
    (void)state;
    char *out = malloc(TOKEN_ROOM), *payload = malloc(TOKEN_ROOM);
    know(SECRET);
    for (int n = 6000; n < 6200; n++) {
        snprintf(payload, TOKEN_ROOM, "{\"exp\":2000,\"x\":\"%0*d\"}", n, 0);
        weft_bytes t = token(out, payload);
        if (t.len <= JWT_MAX) is_good(t);
        else refuses_at(t, NOW, "8192", "too long");
    }
    free(out);
    free(payload);
}

/* ---- claims ---------------------------------------------------------------------------------- */

static void times(void **state)
{
    (void)state;
    char out[TOKEN_ROOM];
    know(SECRET);
    refuses("{}", "no exp");
    refuses("{\"exp\":null}", "exp is not a time");
    refuses("{\"exp\":\"2000\"}", "exp is not a time");
    refuses("{\"exp\":-1}", "exp is not a time");
    refuses("{\"exp\":1e300}", "exp is not a time");
    refuses("{\"exp\":2000,\"nbf\":true}", "nbf is not a time");
    is_good(token(out, "{\"exp\":2000.5}"));
    /* 60 seconds of leeway, and not one more */
    is_good(token(out, "{\"exp\":941}"));
    refuses("{\"exp\":940}", "expired (exp was 1970-01-01T00:15:40Z)");
    is_good(token(out, "{\"exp\":2000,\"nbf\":1060}"));
    refuses("{\"exp\":2000,\"nbf\":1061}", "not good before 1970-01-01T00:17:41Z");
    is_good(token(out, "{\"exp\":2000,\"iat\":5000}"));
}

static void issuers(void **state)
{
    (void)state;
    char out[TOKEN_ROOM];
    know(SECRET);
    is_good(token(out, "{\"exp\":2000,\"iss\":\"anybody\"}"));
    policy.issuer = "https://id.example";
    is_good(token(out, "{\"exp\":2000,\"iss\":\"https://id.example\"}"));
    refuses("{\"exp\":2000}", "no iss");
    refuses("{\"exp\":2000,\"iss\":\"https://id.example/\"}", "another issuer");
    refuses("{\"exp\":2000,\"iss\":[\"https://id.example\"]}", "another issuer");
}

static void audiences(void **state)
{
    (void)state;
    char out[TOKEN_ROOM];
    know(SECRET);
    refuses("{\"exp\":2000,\"aud\":\"weft\"}", "--token-audience");
    policy.audience = "weft";
    is_good(token(out, "{\"exp\":2000,\"aud\":\"weft\"}"));
    is_good(token(out, "{\"exp\":2000,\"aud\":[\"a\",\"weft\"]}"));
    refuses("{\"exp\":2000}", "no aud");
    refuses("{\"exp\":2000,\"aud\":\"other\"}", "somebody else");
    refuses("{\"exp\":2000,\"aud\":[]}", "somebody else");
    refuses("{\"exp\":2000,\"aud\":{\"weft\":1}}", "somebody else");
}

static void users(void **state)
{
    (void)state;
    char out[TOKEN_ROOM];
    know(SECRET);
    struct identity *i =
        good_at(token(out, "{\"exp\":2000,\"sub\":\"u1\",\"name\":\"J\xc3\xb6rg\"}"), NOW);
    assert_bytes(i->user, "u1");
    assert_bytes(i->name, "J\xc3\xb6rg");
    identity_unref(i);
    refuses("{\"exp\":2000,\"sub\":7}", "sub of the token");
    refuses("{\"exp\":2000,\"sub\":\"\"}", "sub of the token");
    refuses("{\"exp\":2000,\"sub\":\"a\\nb\"}", "sub of the token");
    refuses(
        "{\"exp\":2000,\"name\":\"12345678901234567890123456789012345678901234567890123456789012345\"}",
        "name of the token");
    refuses("{\"exp\":2000,\"sub\":\"a\",\"sub\":\"b\"}", "no JSON object");
    refuses("[]", "no JSON object");
    refuses("x", "no JSON object");
}

static unsigned rights(const struct identity *i, const char *on)
{
    struct channel_pattern p;
    struct why why;
    assert_true(channel_pattern_read(&p, text_of(on), &why));
    return identity_rights(i, &p);
}

static void channels(void **state)
{
    (void)state;
    char out[TOKEN_ROOM];
    know(SECRET);
    struct identity *i = good_at(
        token(out, "{\"exp\":2000,\"channels\":{\"read\":[\"/a/*\",\"/b\"],\"write\":\"/b\","
                   "\"presence\":[],\"drop\":[\"/**\"]}}"),
        NOW);
    assert_int_equal(rights(i, "/a/x"), WEFT_RIGHT_READ | WEFT_RIGHT_DROP);
    assert_int_equal(rights(i, "/b"), WEFT_RIGHT_READ | WEFT_RIGHT_WRITE | WEFT_RIGHT_DROP);
    assert_int_equal(rights(i, "/a/*"), WEFT_RIGHT_READ | WEFT_RIGHT_DROP);
    identity_unref(i);
    i = good_at(token(out, ALICE), NOW);
    assert_int_equal(rights(i, "/a"), 0);
    identity_unref(i);
    refuses("{\"exp\":2000,\"channels\":[\"/a\"]}", "channels is {");
    refuses("{\"exp\":2000,\"channels\":{\"read\":[1]}}", "channels is {");
    refuses("{\"exp\":2000,\"channels\":{\"read\":{}}}", "channels is {");
    refuses("{\"exp\":2000,\"channels\":{\"reed\":[]}}", "and no others");
    refuses("{\"exp\":2000,\"channels\":{\"pattern\":[]}}", "and no others");
    refuses("{\"exp\":2000,\"channels\":{\"read\":[\"a\"]}}", "begins with a slash");
    refuses("{\"exp\":2000,\"channels\":{\"read\":[\"/*/a\"]}}", "stars");
}

static void many_patterns(void **state)
{
    (void)state;
    char payload[TOKEN_ROOM / 2], out[TOKEN_ROOM];
    know(SECRET);
    for (int n = 128; n <= 129; n++) {
        size_t len = (size_t)snprintf(payload, sizeof payload,
                                      "{\"exp\":2000,\"channels\":{\"read\":[\"/0\"");
        for (int i = 1; i < n; i++)
            len += (size_t)snprintf(payload + len, sizeof payload - len, ",\"/%d\"", i);
        snprintf(payload + len, sizeof payload - len, "]}}");
        if (n == 128) is_good(token(out, payload));
        else refuses(payload, "more than 128");
    }
}

/* ---- made ------------------------------------------------------------------------------------ */

static void made_here(void **state)
{
    (void)state;
    const char *const kinds[] = {"RSA", "EC", "ED25519"};
    for (size_t n = 0; n < 3; n++) {
        char *pem;
        struct why why;
        EVP_PKEY *pkey = n == 0   ? EVP_PKEY_Q_keygen(NULL, NULL, kinds[n], (size_t)2048)
                         : n == 1 ? EVP_PKEY_Q_keygen(NULL, NULL, kinds[n], "P-256")
                                  : EVP_PKEY_Q_keygen(NULL, NULL, kinds[n]);
        BIO *bio = BIO_new(BIO_s_mem());
        PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
        BIO_write(bio, "", 1);
        BIO_get_mem_data(bio, &pem);
        know(pem);
        char *t = jwt_make(&keys.items[0], text_of(ALICE), &why);
        assert_non_null(t);
        is_good(text_of(t));
        free(t);
        keys_deinit(&keys);
        BIO_free(bio);
        EVP_PKEY_free(pkey);
    }
    know(SECRET);
    struct why why;
    char *t = jwt_make(&keys.items[0], text_of(ALICE), &why);
    is_good(text_of(t));
    free(t);
}

static void a_public_key_does_not_sign(void **state)
{
    (void)state;
    struct why why;
    know(ed_key);
    assert_null(jwt_make(&keys.items[0], text_of(ALICE), &why));
    assert_says(&why, "cannot sign", "a public key");
}

static void a_name_of_a_key(void **state)
{
    (void)state;
    char out[TOKEN_ROOM];
    know("{\"kty\":\"oct\",\"kid\":\"new\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}");
    is_good(token(out, ALICE));
    is_good(token_with(out, SECRET, "{\"alg\":\"HS256\",\"kid\":\"new\"}", ALICE));
    refuses_header("{\"alg\":\"HS256\",\"kid\":\"old\"}", "none of its kid");
}

#define unit(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(of_others),
        unit(of_others_by_one_set_of_keys),
        unit(by_another_key_it_is_none),
        unit(an_ecdsa_signature_of_another_length),
        unit(a_public_key_is_no_secret),
        unit(what_is_not_signed),
        unit(headers),
        unit(forms),
        unit(at_8_kib_and_above),
        unit(times),
        unit(issuers),
        unit(audiences),
        unit(users),
        unit(channels),
        unit(many_patterns),
        unit(made_here),
        unit(a_public_key_does_not_sign),
        unit(a_name_of_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
