/* SPDX-License-Identifier: MIT
 *
 * URLs that open one channel for a while.
 */
#include "access/access.h"
#include "access/signed.h"

static struct keys secrets;

static int begin(void **state)
{
    (void)state;
    struct why why;
    return keys_add(&secrets, text_of(ANOTHER), &why) && keys_add(&secrets, text_of(SECRET), &why)
               ? 0
               : -1;
}

static int end(void **state)
{
    (void)state;
    keys_deinit(&secrets);
    return 0;
}

static const struct signed_url alice = {
    .operation = {(const uint8_t *)"read,write", 10},
    .channel = {(const uint8_t *)"/caf\xc3\xa9", 6},
    .user = {(const uint8_t *)"al ice&", 7},
    .expires_s = 2000,
};

static void make(const struct signed_url *u, char out[512])
{
    struct why why = {""};
    if (!signed_make(u, &secrets.items[1], out, 512, &why)) fail_msg("%s", why.text);
}

static int check(const char *query, const char *channel, uint64_t now, struct why *why)
{
    struct identity *i = NULL;
    int r = signed_check(text_of(query), text_of(channel), &secrets, now, &i, why);
    assert_int_equal(r == 1, i != NULL);
    identity_unref(i);
    return r;
}

static void refuses(const char *query, const char *channel, uint64_t now, const char *words)
{
    struct why why = {""};
    if (check(query, channel, now, &why) != -1) fail_msg("%s is taken", query);
    assert_says(&why, words, query);
}

/* As anybody else computes it. */
static void what_is_signed(void **state)
{
    (void)state;
    char made[512], hex[2 * CRYPTO_HASH + 1], wanted[512];
    uint8_t mac[CRYPTO_HASH];
    crypto_hmac(text_of(SECRET), text_of("v1\nread,write\n/caf\xc3\xa9\n2000\nal ice&"), mac);
    for (size_t i = 0; i < sizeof mac; i++) snprintf(hex + 2 * i, 3, "%02x", mac[i]);
    snprintf(wanted, sizeof wanted, "signed=v1.read,write.2000.%s&user=al%%20ice%%26", hex);
    make(&alice, made);
    assert_string_equal(made, wanted);
}

static void it_opens_one_channel(void **state)
{
    (void)state;
    char made[512];
    struct why why;
    struct identity *i;
    make(&alice, made);
    assert_int_equal(signed_check(text_of(made), alice.channel, &secrets, NOW, &i, &why), 1);
    assert_bytes(i->user, "al ice&");
    assert_int_equal(i->until_ms, 2000000);
    const struct channel_pattern here = {.prefix = alice.channel},
                                 there = {.prefix = text_of("/b")};
    assert_int_equal(identity_rights(i, &here), WEFT_RIGHT_READ | WEFT_RIGHT_WRITE);
    assert_int_equal(identity_rights(i, &there), 0);
    identity_unref(i);
}

static void anything_else_is_not_signed(void **state)
{
    (void)state;
    char made[512], other[600];
    struct why why;
    make(&alice, made);
    assert_int_equal(check(made, "/caf\xc3\xa9", 1999, &why), 1);
    refuses(made, "/caf\xc3\xa9", 2000, "expired");
    refuses(made, "/cafe", NOW, "does not fit");
    for (char *at = strstr(made, ".2000.") + 1; *at && *at != '&'; at++) {
        char was = *at;
        *at = was == '1' ? '2' : '1';
        struct why spoilt;
        assert_int_equal(check(made, "/caf\xc3\xa9", NOW, &spoilt), -1);
        *at = was;
    }
    snprintf(other, sizeof other, "signed=v1.read%s", strstr(made, ",write") + 6);
    refuses(other, "/caf\xc3\xa9", NOW, "does not fit");
    *strstr(made, "&user") = '\0';
    refuses(made, "/caf\xc3\xa9", NOW, "does not fit");
    snprintf(other, sizeof other, "%s&user=bob", made);
    refuses(other, "/caf\xc3\xa9", NOW, "does not fit");
}

static void forms(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"signed=", "the version"},
        {"signed=v2.read.2000.00", "the version"},
        {"signed=v1.read", "signed is v1.OPERATION"},
        {"signed=v1.read.soon.00", "signed is v1.OPERATION"},
        {"signed=v1.read.-1.00", "signed is v1.OPERATION"},
        {"signed=v1.read.99999999999999999999.00", "signed is v1.OPERATION"},
        {"signed=v1.reed.2000.00", "the operation"},
        {"signed=v1..2000.00", "the operation"},
        {"signed=v1.pattern.2000.00", "the operation"},
        {"signed=v1.read.2000.00", "does not fit"},
        {"signed=v1.read.2000.", "does not fit"},
        {"signed=v1.read.2000.00&user=a%0Ab", "user is"},
        {"signed=v1.read.2000.00&user=%", "user is"},
        {"signed=%zz", "signed is"},
    };
    struct why why;
    assert_int_equal(check("token=x&other", "/a", NOW, &why), 0);
    assert_int_equal(check("", "/a", NOW, &why), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuses(rows[i][0], "/a", NOW, rows[i][1]);
}

static void without_a_key_nothing_is(void **state)
{
    (void)state;
    char made[512];
    struct why why;
    struct keys none = {.n = 0};
    struct identity *i = NULL;
    make(&alice, made);
    assert_int_equal(signed_check(text_of(made), alice.channel, &none, NOW, &i, &why), 0);
    assert_null(i);
}

#define unit(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(what_is_signed), unit(it_opens_one_channel),     unit(anything_else_is_not_signed),
        unit(forms),          unit(without_a_key_nothing_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
