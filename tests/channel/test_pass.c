/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_pass.c - who is granted more than rights: known, for a time, and asked to leave
 *
 * The program's tokens are words: who it is, and, behind commas, what he may do and for how many ms.
 */
#include "channel/bytes.h"
#include "channel/v1.h"

static struct live live;
static int identities;             /* that were handed out and not forgotten */
static const char *banned;         /* may_stay: nobody of this name */
static const char *closed_channel; /* nobody may do anything here */
static const char *held_channel;   /* of this is decided later */
static weft_channel_ask *held;

/* ---- the program ----------------------------------------------------------------------------- */

/* Of the query, which is no string. */
static weft_bytes token_of(weft_channel_ask *a)
{
    static const char name[] = "token=";
    static char query[200];
    weft_bytes token = weft_channel_ask_token(a);
    weft_request *r = weft_channel_ask_request(a);
    weft_bytes said = r ? weft_request_query(r) : (weft_bytes){0};
    snprintf(query, sizeof query, "%.*s", (int)said.len, said.len ? (const char *)said.data : "");
    const char *at = strstr(query, name);
    if (token.len || !at) return token;
    at += sizeof name - 1;
    return (weft_bytes){(const uint8_t *)at, strcspn(at, "& ")};
}

struct identity {
    char user[40];
    unsigned rights;
};

/* "ann,3,5000": 3 are her rights, for 5 s. */
static struct identity *read_token(weft_bytes token, uint64_t *lasts_ms)
{
    char text[100];
    struct identity *who = calloc(1, sizeof *who);
    snprintf(text, sizeof text, "%.*s", (int)token.len, (const char *)token.data);
    unsigned long ms = 0;
    who->rights = 31;
    sscanf(text, "%39[^,],%u,%lu", who->user, &who->rights, &ms);
    *lasts_ms = ms;
    identities++;
    return who;
}

static void on_ask(weft_channel_ask *a, void *user)
{
    (void)user;
    const struct identity *known = weft_channel_ask_identity(a);
    weft_bytes token = token_of(a);
    weft_channel_grant g = {.rights = known ? known->rights : 0};
    if (closed_channel && bytes_are(weft_channel_ask_name(a), closed_channel)) {
        weft_channel_ask_refuse(a, 403, "this one is closed");
        return;
    }
    if (held_channel && bytes_are(weft_channel_ask_name(a), held_channel)) {
        held = a;
        held_channel = NULL;
        return;
    }
    if (!token.len) {
        weft_channel_ask_grant(a, g.rights);
        return;
    }
    struct identity *who = read_token(token, &g.lasts_ms);
    g.rights = who->rights;
    g.user = *who->user ? who->user : NULL;
    g.name = strcmp(who->user, "ann") == 0 ? "Ann A." : NULL;
    g.identity = who;
    assert_int_equal(weft_channel_ask_grant_as(a, &g), 0);
}

static void on_forget(void *identity, void *user)
{
    (void)user;
    identities--;
    free(identity);
}

static const char *may_stay(const weft_channel_who *who, void *user)
{
    (void)user;
    const struct identity *is = who->identity;
    assert_string_equal(is->user, who->user);
    assert_true(!who->conn != !who->reply);
    return banned && strcmp(who->user, banned) == 0 ? "you were asked to leave" : NULL;
}

static const weft_channels_config config = {
    .on_ask = on_ask, .on_forget = on_forget, .may_stay = may_stay};

static int begin(void **state)
{
    (void)state;
    banned = closed_channel = held_channel = NULL;
    live_begin(&live, &config);
    return 0;
}

static int end(void **state)
{
    (void)state;
    live_end(&live);
    assert_int_equal(identities, 0);
    return 0;
}

static const char *said(struct raw *r)
{
    return v1_said(&live, r);
}

#define assert_said(r, text) assert_string_equal(said(r), text)
#define assert_holds(text, part)                                                        \
    do {                                                                                \
        const char *text_ = (text);                                                     \
        if (!strstr(text_, part)) fail_msg("\"%s\" does not hold \"%s\"", text_, part); \
    } while (0)

static struct raw *dial(const char *target)
{
    struct raw *r = v1_dial(&live, target);
    assert_holds(said(r), "{\"hello\":{");
    return r;
}

static struct raw *dial_raw(const char *target)
{
    return live_open(&live, target);
}

static struct raw *get(const char *target)
{
    return live_get(&live, target);
}

static const char *read_all(struct raw *r)
{
    settle(&live.w);
    raw_read(r);
    return r->got;
}

static const char *there(void)
{
    struct raw *r;
    assert_int_equal(live_ask(&live, "GET", "/chat?presence&token=root", "", "", &r), 200);
    return raw_body(r);
}

/* ---- who ------------------------------------------------------------------------------------- */

static void test_known(void **state)
{
    (void)state;
    struct raw *known = dial_raw("/chat?token=ann&client=bob"),
               *says = get("/chat?stream&client=ann&token=x,1");
    assert_holds(
        there(),
        "{\"count\":2,\"members\":[{\"client\":\"ann\",\"name\":\"Ann A.\",\"verified\":true},"
        "{\"client\":\"x\",\"verified\":true}]}");
    struct raw *v1 = dial("/other?token=bob");
    raw_text(v1, "{\"id\":1,\"subscribe\":\"/chat\"}");
    assert_holds(there(), "{\"client\":\"bob\",\"verified\":true}");
    raw_free(known);
    raw_free(says);
    raw_free(v1);
}

static char seen[512];

static void see(weft_conn *c, void *arg)
{
    weft_bytes channel;
    weft_channel_who who;
    (void)arg;
    assert_true(weft_channels_conn(live.channels, c, &channel, &who));
    assert_ptr_equal(who.conn, c);
    assert_false(weft_channels_conn((weft_channels *)&live, c, &channel, &who));
    snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%.*s %s;", (int)channel.len,
             (const char *)channel.data, who.user ? who.user : "nobody");
}

static const char *presence(const char *name)
{
    static char text[512];
    weft_message *m;
    weft_topic *t = weft_topic_find(live.hub, (weft_bytes){(const uint8_t *)name, strlen(name)});
    assert_int_equal(weft_channels_presence(live.channels, t, live.w.loop, &m), 0);
    weft_bytes json = weft_message_payload(m);
    snprintf(text, sizeof text, "%.*s", (int)json.len, (const char *)json.data);
    weft_message_unref(m);
    weft_topic_unref(t);
    return text;
}

static void test_the_program_sees_who_is_there(void **state)
{
    (void)state;
    struct raw *ann = dial_raw("/chat?token=ann"), *bob = dial("/other?token=bob"),
               *somebody = dial_raw("/chat?token=,&client=joe");
    seen[0] = '\0';
    assert_int_equal(weft_server_each(live.w.server, see, NULL, NULL), 0);
    assert_holds(seen, "/chat ann;");
    assert_holds(seen, "/other bob;");
    assert_holds(seen, "/chat nobody;");
    assert_string_equal(
        presence("/chat"),
        "{\"count\":2,\"members\":[{\"client\":\"ann\",\"name\":\"Ann A.\",\"verified\":true},"
        "{\"client\":\"joe\",\"verified\":false}]}");
    raw_free(ann);
    raw_free(bob);
    raw_free(somebody);
}

static const char *publish(const char *target, const char *body)
{
    struct raw *r;
    (void)live_ask(&live, "POST", target, "Idempotency-Key: k\r\n", body, &r);
    return tidy(&live, "/chat", (char *)raw_body(r));
}

/* A key is its user's; who only says that he is called so has another. */
static void test_keys_of_users(void **state)
{
    (void)state;
    assert_string_equal(publish("/chat?token=ann", "a"), "{\"position\":\"E.1\"}\n");
    assert_string_equal(publish("/chat?token=ann&client=x", "a"), "{\"position\":\"E.1\"}\n");
    assert_string_equal(publish("/chat?token=bob", "b"), "{\"position\":\"E.2\"}\n");
    struct raw *r = dial("/other?token=ann");
    raw_text(r, "{\"id\":1,\"publish\":\"/chat\",\"data\":\"a\",\"once\":\"k\"}");
    assert_said(r, "{\"id\":1,\"ok\":{\"position\":\"E.1\"}}\n");
    raw_free(r);
}

/* ---- how long -------------------------------------------------------------------------------- */

static void test_websockets_expire(void **state)
{
    (void)state;
    struct raw *plain = dial_raw("/chat?token=ann,3,20000"),
               *v1 = v1_dial(&live, "/chat?token=ann,3,20000");
    assert_holds(said(v1), ",\"expires_in\":20000}");
    pass(&live.w, 9990);
    assert_said(v1, "");
    pass(&live.w, 20);
    assert_said(v1, "{\"expires_in\":9990}\n");
    pass(&live.w, 9970);
    assert_said(v1, "");
    assert_string_equal(raw_frames(plain), "");
    pass(&live.w, 20);
    assert_said(v1, "close 3000\n");
    assert_holds(raw_frames(plain), "close 3000");
    raw_free(plain);
    raw_free(v1);
}

static void test_streams_end(void **state)
{
    (void)state;
    static const char *const targets[] = {
        "/chat?stream=sse&token=ann,1,1000", "/chat?stream&token=ann,1,1000",
        "/chat?stream=raw&token=ann,1,1000", "/chat?wait=25&token=ann,1,1000"};
    struct raw *r[countof(targets)];
    for (size_t i = 0; i < countof(targets); i++) r[i] = get(targets[i]);
    pass(&live.w, 990);
    (void)read_all(r[0]);
    assert_null(strstr(read_all(r[3]), "messages"));
    live_publish(&live, "/more", "x");
    pass(&live.w, 20);
    assert_holds(read_all(r[0]), "retry: ");
    assert_holds(read_all(r[0]), "0\r\n\r\n");
    assert_holds(read_all(r[1]), "0\r\n\r\n");
    assert_null(strstr(read_all(r[2]), "0\r\n\r\n"));
    assert_true(r[2]->eof);
    assert_holds(read_all(r[3]), "\"messages\":[]");
    for (size_t i = 0; i < countof(targets); i++) raw_free(r[i]);
}

/* Long enough for the client to find another token, as it says. */
static void test_warned_in_time(void **state)
{
    (void)state;
    struct raw *r = dial("/chat?token=ann,3,50000");
    raw_text(r, "{\"id\":1,\"token\":\"ann,3,62000\"}");
    (void)said(r);
    for (int i = 0; i < 31; i++) {
        pass(&live.w, 1000);
        raw_text(r, "{\"ping\":1}"); /* so that it is not pinged */
    }
    assert_null(strstr(said(r), "expires_in"));
    pass(&live.w, 1010);
    assert_holds(said(r), "{\"expires_in\":29990}");
    raw_free(r);
}

/* What had expired before it is granted: nothing is opened that would not be closed at once. */
static void test_for_a_moment(void **state)
{
    (void)state;
    struct raw *r = v1_dial(&live, "/chat?token=ann,3,1");
    pass(&live.w, 5);
    assert_holds(said(r), "close 3000\n");
    raw_free(r);
}

/* ---- another token --------------------------------------------------------------------------- */

static void test_renewed(void **state)
{
    (void)state;
    struct raw *r = dial("/chat?token=ann,31,10000");
    raw_text(r, "{\"id\":1,\"token\":\"ann,31,100000\"}");
    assert_said(r, "{\"id\":1,\"ok\":{\"expires_in\":100000}}\n");
    pass(&live.w, 20000);
    assert_said(r, "");
    raw_text(r, "{\"id\":2,\"token\":\"ann\"}");
    assert_said(r, "{\"id\":2,\"ok\":{}}\n");
    pass(&live.w, 20000);
    raw_text(r, "{\"id\":3,\"token\":\"bob\"}");
    assert_holds(said(r),
                 "{\"id\":3,\"error\":{\"code\":403,\"message\":\"this token is somebody else's");
    raw_text(r, "{\"id\":4,\"token\":\"ann,2\"}");
    assert_holds(said(r),
                 "{\"id\":4,\"error\":{\"code\":403,\"message\":\"you may not read /chat\"");
    raw_text(r, "{\"id\":5,\"token\":5}");
    assert_holds(said(r), "{\"id\":5,\"error\":{\"code\":400,");
    raw_text(r, "{\"ping\":1}");
    assert_said(r, "{\"pong\":1}\n");
    raw_free(r);
}

/* What goes on beside the channel of its URL, and is not allowed any more, ends. */
static void test_renewed_with_less(void **state)
{
    (void)state;
    struct raw *r = dial("/chat?token=ann");
    live_publish(&live, "/rooms/a", "x");
    raw_text(r, "{\"id\":1,\"subscribe\":\"/rooms/*\"}");
    raw_text(r, "{\"id\":2,\"subscribe\":\"/news\"}");
    raw_text(r, "{\"id\":3,\"presence\":\"/seen\",\"events\":true}");
    raw_text(r, "{\"id\":4,\"subscribe\":\"/kept\"}");
    (void)said(r);
    closed_channel = "/news";
    raw_text(r, "{\"id\":5,\"token\":\"ann,3\"}"); /* to read and to write */
    const char *text = said(r);
    assert_holds(text, "{\"id\":5,\"ok\":{}}\n");
    assert_holds(text, "{\"channel\":\"/rooms/*\",\"error\":{\"code\":403,");
    assert_holds(
        text,
        "{\"channel\":\"/news\",\"error\":{\"code\":403,\"message\":\"this one is closed\"}}");
    assert_holds(text, "{\"channel\":\"/seen\",\"error\":{\"code\":403,");
    assert_null(strstr(text, "/kept"));
    live_publish(&live, "/rooms/a", "y");
    live_publish(&live, "/rooms/b", "y");
    live_publish(&live, "/news", "y");
    live_publish(&live, "/kept", "z");
    text = said(r);
    assert_holds(text, "\"data\":\"z\"");
    assert_null(strstr(text, "\"data\":\"y\""));
    raw_free(r);
}

/* What is decided late, by the token before, is decided once more. */
static void test_renewed_while_it_is_decided(void **state)
{
    (void)state;
    struct raw *r = dial("/chat?token=ann");
    live_publish(&live, "/rooms/a", "x");
    held_channel = "/rooms/a";
    raw_text(r, "{\"id\":1,\"subscribe\":\"/rooms/*\",\"last\":1}");
    (void)said(r);
    weft_channel_ask *late = held;
    closed_channel = "/rooms/a";
    raw_text(r, "{\"id\":2,\"token\":\"ann\"}");
    assert_holds(said(r), "{\"id\":2,\"ok\":{}}");
    weft_channel_ask_grant(late, WEFT_RIGHT_READ);
    live_publish(&live, "/rooms/a", "y");
    assert_said(r, "");
    raw_free(r);
}

/* Who came as nobody, and now is somebody, is there as that. */
static void test_known_later(void **state)
{
    (void)state;
    struct raw *r = dial("/chat?token=,31");
    raw_text(r, "{\"id\":1,\"token\":\"ann\"}");
    assert_holds(said(r), "\"ok\":{}");
    assert_holds(there(), "\"client\":\"ann\"");
    raw_free(r);
}

static void test_no_tokens_here(void **state)
{
    (void)state;
    live_end(&live);
    live_begin(&live, NULL);
    struct raw *r = dial("/chat");
    raw_text(r, "{\"id\":1,\"token\":\"ann\"}");
    assert_holds(said(r), "\"code\":400,\"message\":\"nobody looks at tokens here");
    raw_free(r);
}

/* ---- asked to leave -------------------------------------------------------------------------- */

static void test_review(void **state)
{
    (void)state;
    struct raw *ann = dial_raw("/chat?token=ann"), *bob = dial("/chat?token=bob"),
               *sse = get("/chat?stream=sse&token=ann");
    banned = "ann";
    assert_int_equal(weft_channels_review(live.channels), 0);
    settle(&live.w);
    assert_holds(raw_frames(ann), "close 3003");
    assert_holds(read_all(sse), "0\r\n\r\n");
    assert_said(bob, "");
    assert_int_equal(weft_channels_review(live.channels), 0);
    raw_free(ann);
    raw_free(sse);
    settle(&live.w);
    assert_int_equal(identities, 1);
    raw_free(bob);
    settle(&live.w);
    assert_int_equal(identities, 0);
    assert_int_equal(weft_channels_review(live.channels), 0); /* nobody is there */
}

/* ---- what is wrong --------------------------------------------------------------------------- */

static void refuses_names(weft_channel_ask *a, void *user)
{
    static char longest[258];
    (void)user;
    memset(longest, 'x', sizeof longest - 1);
    assert_int_equal(weft_channel_ask_grant_as(a, &(weft_channel_grant){.user = ""}), -EINVAL);
    assert_int_equal(weft_channel_ask_grant_as(a, &(weft_channel_grant){.user = "a\nb"}), -EINVAL);
    assert_int_equal(weft_channel_ask_grant_as(a, &(weft_channel_grant){.user = "\xff"}), -EINVAL);
    assert_int_equal(
        weft_channel_ask_grant_as(a, &(weft_channel_grant){.user = "a", .name = longest}), -EINVAL);
    weft_channel_ask_refuse(a, 401, "no");
}

/* As docs/abi.md has it for all that users fill. */
static void checks_sizes(weft_channel_ask *a, void *user)
{
    (void)user;
    struct {
        weft_channel_grant known;
        uint64_t more;
    } later = {.known.rights = WEFT_RIGHT_READ, .more = 1};
    size_t known = sizeof later.known;
    assert_int_equal(weft_channel_ask_grant_as_sized(a, &later.known, 0), -EINVAL);
    assert_int_equal(weft_channel_ask_grant_as_sized(a, &later.known, known - 1), -EINVAL);
    assert_int_equal(weft_channel_ask_grant_as_sized(a, &later.known, sizeof later), -EINVAL);
    assert_int_equal(weft_channel_ask_grant_as_sized(a, &later.known, WEFT_SIZED_MAX + 1), -EINVAL);
    later.more = 0;
    assert_int_equal(weft_channel_ask_grant_as_sized(a, &later.known, sizeof later), 0);
}

static void test_sizes(void **state)
{
    (void)state;
    live_end(&live);
    live_begin(&live, &(weft_channels_config){.on_ask = checks_sizes});
    assert_int_equal(live_ask(&live, "GET", "/chat", "", "", NULL), 200);
}

static void test_names(void **state)
{
    (void)state;
    live_end(&live);
    live_begin(&live, &(weft_channels_config){.on_ask = refuses_names});
    assert_int_equal(live_ask(&live, "GET", "/chat", "", "", NULL), 401);
}

static void say_if_open(struct raw *r, const char *text)
{
    raw_read(r);
    if (!r->eof && !r->error && raw_status(r) == 101) raw_text(r, text);
}

/* Whatever fails: each identity is forgotten once, and nothing is left. */
static void test_no_memory(void **state)
{
    (void)state;
    bool failed = true;
    for (long n = 0; failed; n++) {
        live_end(&live);
        live_begin(&live, &config);
        struct raw *r[4];
        for (size_t i = 0; i < countof(r); i++) r[i] = raw_connect(&live.w);
        settle(&live.w);
        world_fail_at(&live.w, n);
        raw_say(r[0], "GET /chat?stream=sse&token=ann,1,1000 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        raw_say(r[1], "GET /chat?wait=1&token=ann,1,1000 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        raw_say(r[2], "GET /chat?last=1&token=ann HTTP/1.1\r\nHost: localhost\r\n\r\n");
        raw_say(
            r[3],
            "GET /chat?token=ann,31,1000 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: weft.v1\r\n\r\n");
        settle(&live.w);
        say_if_open(r[3], "{\"id\":2,\"subscribe\":\"/other\"}");
        settle(&live.w);
        say_if_open(r[3], "{\"id\":1,\"token\":\"ann\"}");
        settle(&live.w);
        int error = weft_channels_review(live.channels);
        assert_true(error == 0 || error == -ENOMEM);
        pass(&live.w, 1500);
        failed = live.w.asked > n;
        world_fail_at(&live.w, -1);
        for (size_t i = 0; i < countof(r); i++) raw_free(r[i]);
        settle(&live.w);
        assert_int_equal(identities, 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_known),
        TEST(test_the_program_sees_who_is_there),
        TEST(test_keys_of_users),
        TEST(test_websockets_expire),
        TEST(test_streams_end),
        TEST(test_for_a_moment),
        TEST(test_warned_in_time),
        TEST(test_renewed),
        TEST(test_renewed_with_less),
        TEST(test_renewed_while_it_is_decided),
        TEST(test_known_later),
        TEST(test_no_tokens_here),
        TEST(test_review),
        TEST(test_names),
        TEST(test_sizes),
        TEST(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
