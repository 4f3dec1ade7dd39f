/* SPDX-License-Identifier: MIT
 *
 * Who asks, in each place where a token may be; and what he is answered.
 */
#include "access/access.h"
#include "access/decide.h"
#include "access/signed.h"

static struct keyring ring;
static struct rules rules;
static const struct claims_policy policy;
static char good[TOKEN_ROOM], expired[TOKEN_ROOM], bobs[TOKEN_ROOM];

static const char grants[] = "{\"sub\":\"%s\",\"exp\":%d,\"channels\":{\"read\":[\"/a\"]}}";

static void make(char out[TOKEN_ROOM], const char *user, int exp)
{
    char payload[256];
    snprintf(payload, sizeof payload, grants, user, exp);
    token(out, payload);
}

static int begin(void **state)
{
    (void)state;
    struct why why;
    rules = (struct rules){.n = 0};
    for (size_t i = 0; i < RIGHTS; i++) rules.usual[i] = i == 3 ? NOBODY : TOKEN;
    make(good, "alice", 2000);
    make(expired, "alice", 100);
    make(bobs, "bob", 2000);
    return keys_add(&ring.tokens, text_of(SECRET), &why) &&
                   keys_add(&ring.urls, text_of(SECRET), &why) &&
                   api_keys_read(&ring.api, text_of("billing " ANOTHER), &why)
               ? 0
               : -1;
}

static int end(void **state)
{
    (void)state;
    keys_deinit(&ring.tokens);
    keys_deinit(&ring.urls);
    ring.api.n = 0;
    return 0;
}

/* A text of printf's that stays until the next two. */
static weft_bytes said(const char *format, const char *token)
{
    static char texts[2][TOKEN_ROOM];
    static unsigned turn;
    char *text = texts[turn++ % 2];
    snprintf(text, TOKEN_ROOM, format, token);
    return text_of(text);
}

static struct access_facts asks(const char *channel)
{
    return (struct access_facts){
        .channel = text_of(channel), .needed = WEFT_RIGHT_READ, .now_s = NOW};
}

static struct access_verdict verdict(const struct access_facts *f)
{
    struct access_verdict v;
    access_decide(&v, f, &rules, &ring, &policy);
    return v;
}

static void grants_to(const struct access_facts *f, const char *user)
{
    struct access_verdict v = verdict(f);
    if (v.status) fail_msg("%d %s", v.status, v.why.text);
    assert_bytes(v.identity ? v.identity->user : (weft_bytes){0}, user);
    identity_unref(v.identity);
}

static void refuses(const struct access_facts *f, int status, const char *challenge,
                    const char *words)
{
    struct access_verdict v = verdict(f);
    if (v.status != status) fail_msg("%d %s, and not %d %s", v.status, v.why.text, status, words);
    assert_says(&v.why, words, "a refusal");
    if (challenge) assert_string_equal(v.challenge, challenge);
    else assert_null(v.challenge);
    assert_null(v.identity);
    assert_int_equal(v.rights, 0);
}

static const struct place_of {
    const char *name, *format;
    size_t at; /* in struct places */
} places[] = {
    {"envelope", "%s", offsetof(struct places, envelope)},
    {"Authorization", "Bearer %s", offsetof(struct places, authorization)},
    {"Authorization", "bearer  %s", offsetof(struct places, authorization)},
    {"subprotocol", "weft.v1, weft.token.%s", offsetof(struct places, subprotocols)},
    {"subprotocol", "weft.token.%s,weft.v1", offsetof(struct places, subprotocols)},
    {"query", "since=k.1&token=%s&last=1", offsetof(struct places, query)},
    {"cookie", "a=b; weft_token=%s; c=d", offsetof(struct places, cookies)},
};

static struct access_facts with(const struct place_of *p, const char *token)
{
    struct access_facts f = asks("/a");
    f.fetch_site = text_of("same-origin");
    *(weft_bytes *)((char *)&f.places + p->at) = said(p->format, token);
    return f;
}

static void in_each_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct access_facts f = with(&places[i], good);
        grants_to(&f, "alice");
        f = with(&places[i], expired);
        refuses(&f, 401, "Bearer error=\"invalid_token\"", "expired");
        f = with(&places[i], "a.b.c");
        refuses(&f, 401, "Bearer error=\"invalid_token\"", "base64url");
    }
}

static void nobody_in_particular(void **state)
{
    (void)state;
    struct why why;
    struct access_facts f = asks("/a");
    refuses(&f, 401, "Bearer", "asks for a token with the right read");
    f.places.authorization = text_of("Basic YTpi");
    refuses(&f, 401, "Bearer", "asks for a token");
    assert_true(rules_add(&rules, "/a: read=anyone", &why));
    grants_to(&f, "");
    /* who shows a bad one wants to know */
    f.places.authorization = text_of("Bearer x");
    refuses(&f, 401, "Bearer error=\"invalid_token\"", "three parts");
}

static void a_good_token_for_something_else(void **state)
{
    (void)state;
    struct access_facts f = asks("/b");
    f.places.authorization = said("Bearer %s", good);
    refuses(&f, 403, NULL, "does not have this channel among its channels (read)");
    f = asks("/a");
    f.places.authorization = said("Bearer %s", good);
    f.needed = WEFT_RIGHT_READ | WEFT_RIGHT_WRITE;
    refuses(&f, 403, NULL, "(write)");
    f.needed = WEFT_RIGHT_DROP;
    refuses(&f, 403, NULL, "nobody has the right drop");
    f = asks("/*");
    f.places.authorization = said("Bearer %s", good);
    f.needed = WEFT_RIGHT_PATTERN;
    refuses(&f, 403, NULL, "(pattern)");
}

/* Another page made the browser send it: who reads by that reads for others. */
static void a_cookie_says_whence(void **state)
{
    (void)state;
    static const struct {
        const char *origin, *site;
        bool good;
    } rows[] = {
        {"", "", false},
        {"", "cross-site", false},
        {"", "same-site", false},
        {"", "same-origin", true},
        {"", "none", true},
        {"https://here.example", "", true},
        {"https://here.example", "cross-site", true}, /* an origin that is allowed */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct access_facts f = asks("/a");
        f.places.cookies = said("weft_token=%s", good);
        f.origin = text_of(rows[i].origin);
        f.fetch_site = text_of(rows[i].site);
        if (rows[i].good) grants_to(&f, "alice");
        else refuses(&f, 403, NULL, "Sec-Fetch-Site");
    }
}

static void the_first_place_counts(void **state)
{
    (void)state;
    for (size_t first = 0; first < sizeof places / sizeof *places; first++)
        for (size_t second = first + 1; second < sizeof places / sizeof *places; second++) {
            if (places[first].at == places[second].at) continue;
            struct access_facts f = with(&places[first], good);
            *(weft_bytes *)((char *)&f.places + places[second].at) =
                said(places[second].format, "x");
            grants_to(&f, "alice");
        }
}

static void a_token_that_is_too_long(void **state)
{
    (void)state;
    char *longest = malloc(PLACE_TOKEN_MAX + 10);
    memset(longest, 'a', PLACE_TOKEN_MAX + 9);
    longest[PLACE_TOKEN_MAX + 9] = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct access_facts f = with(&places[i], longest);
        refuses(&f, 401, "Bearer error=\"invalid_token\"", "8192");
    }
    struct access_facts f = asks("/a");
    f.places.query = text_of("token=%zz");
    refuses(&f, 401, "Bearer error=\"invalid_token\"", "no token");
    free(longest);
}

static void keys_of_back_ends(void **state)
{
    (void)state;
    struct access_facts f = asks("/anything");
    f.needed = WEFT_RIGHT_READ | WEFT_RIGHT_WRITE | WEFT_RIGHT_PRESENCE;
    f.places.authorization = text_of("Bearer " ANOTHER);
    grants_to(&f, "billing");
    f.needed = WEFT_RIGHT_DROP;
    refuses(&f, 403, NULL, "nobody has the right drop");
    f = asks("/anything");
    f.places.query = text_of("token=" ANOTHER); /* a URL is no place for it */
    refuses(&f, 401, "Bearer error=\"invalid_token\"", "three parts");
    keys_deinit(&ring.tokens);
    f.places.query = (weft_bytes){0};
    f.places.authorization = text_of("Bearer " SECRET);
    refuses(&f, 401, "Bearer error=\"invalid_token\"", "no key of this server's");
}

static void signed_urls(void **state)
{
    (void)state;
    char query[512];
    struct why why;
    const struct signed_url u = {text_of("read"), text_of("/a"), text_of("carol"), 1500};
    assert_true(signed_make(&u, &ring.urls.items[0], query, sizeof query, &why));
    struct access_facts f = asks("/a");
    f.places.query = text_of(query);
    grants_to(&f, "carol");
    f.needed = WEFT_RIGHT_WRITE;
    refuses(&f, 403, NULL, "not signed for the right write");
    f = asks("/b");
    f.places.query = text_of(query);
    refuses(&f, 401, "Bearer error=\"invalid_token\"", "does not fit");
    f = asks("/a");
    f.places.query = text_of(query);
    f.now_s = 1500;
    refuses(&f, 401, "Bearer error=\"invalid_token\"", "expired");
}

/* What a connection asks later, and a token in place of one that ends. */
static void who_is_known(void **state)
{
    (void)state;
    struct access_facts first = asks("/a");
    first.places.authorization = said("Bearer %s", good);
    struct access_verdict v = verdict(&first);
    struct access_facts later = asks("/a");
    later.known = v.identity;
    grants_to(&later, "alice");
    later.channel = text_of("/b");
    refuses(&later, 403, NULL, "does not have this channel");
    later = asks("/a");
    later.known = v.identity;
    later.places.envelope = text_of(good);
    grants_to(&later, "alice");
    later.places.envelope = text_of(bobs);
    refuses(&later, 403, NULL, "of another user");
    identity_unref(v.identity);
}

/* Without keys a header of somebody else's is nothing to us. */
static void without_keys_nothing_is_looked_at(void **state)
{
    (void)state;
    struct why why;
    struct access_facts f = asks("/a");
    end(NULL);
    assert_true(rules_add(&rules, "/a: read=anyone", &why));
    f.places.authorization = said("Bearer %s", expired);
    f.places.query = text_of("signed=nonsense");
    grants_to(&f, "");
}

#define unit(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(in_each_place),
        unit(nobody_in_particular),
        unit(a_good_token_for_something_else),
        unit(a_cookie_says_whence),
        unit(the_first_place_counts),
        unit(a_token_that_is_too_long),
        unit(keys_of_back_ends),
        unit(signed_urls),
        unit(who_is_known),
        unit(without_keys_nothing_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
