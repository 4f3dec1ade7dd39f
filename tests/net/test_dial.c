/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_dial.c - the user's own ways to a server: addresses, sources, sockets and look-ups of theirs
 *
 * A WebSocket asks, and a script at the far end answers byte for byte; what is said here of the way holds for pipes.
 */
#include "pipe_world.h"
#include "raw.h"
#include "stuck_calls.h"
#include "teller.h"
#include "two_addresses.h"

static struct world world;
static struct teller client;
static struct far_place place;
static weft_limits limits;
static weft_dial way;
static weft_client_config cfg;
static char address[320];

static void begin_on(enum far_kind kind)
{
    client = (struct teller){0};
    limits = (weft_limits){0};
    way = (weft_dial){.limits = &limits};
    cfg = (weft_client_config){.dial = &way};
    world_begin(&world);
    far_listen(&place, kind);
    snprintf(address, sizeof address, "%s",
             strncmp(place.url, "tcp://", 6) ? place.url : place.url + 6);
}

static int begin(void **state)
{
    (void)state;
    begin_on(FAR_TCP);
    return 0;
}

static int end(void **state)
{
    (void)state;
    far_leave(&place);
    weft_tls_unref(way.tls);
    world_end(&world);
    return 0;
}

static int dial_url(const char *url)
{
    client = (struct teller){0};
    return weft_connect(&client.conn, world.loop, url, &cfg, &telling, &client);
}

static struct raw *take_request(void)
{
    int fd = -1;
    turn_until(&world, (fd = accept(place.listening, NULL, NULL)) >= 0);
    struct raw *r = raw_on(fd);
    turn_until(&world, raw_heard(r, "\r\n\r\n"));
    return r;
}

static void expect_request(const char *url, const char *what)
{
    assert_int_equal(dial_url(url), 0);
    struct raw *r = take_request();
    if (!raw_heard(r, what)) fail_msg("%s", r->got);
    weft_abort(client.conn);
    settle(&world);
    raw_free(r);
}

static void expect_end(const char *want)
{
    turn_until(&world, client.closes);
    settle(&world);
    assert_int_equal(client.closes, 1);
    expect_story(&client.story, want);
}

static void redirect(struct raw *r, const char *to)
{
    char text[256];
    snprintf(text, sizeof text, "HTTP/1.1 307 x\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", to);
    raw_forget(r);
    raw_say(r, text);
}

/* ---- another address ------------------------------------------------------------------------- */

static void test_another_address(void **state)
{
    (void)state;
    way.address = address;
    expect_request("ws://far.example/x", "GET /x HTTP/1.1\r\nHost: far.example\r\n");
    cfg.host = "other.example:81";
    expect_request("ws://far.example/x", "\r\nHost: other.example:81\r\n");
}

static void test_another_address_on_unix_sockets(void **state)
{
    for (int kind = FAR_UNIX; kind <= FAR_ABSTRACT; kind++) {
        end(state);
        begin_on((enum far_kind)kind);
        way.address = address;
        expect_request("ws://far.example/x", "GET /x HTTP/1.1\r\nHost: far.example\r\n");
    }
}

static void test_another_address_is_for_the_first_place_only(void **state)
{
    (void)state;
    char to[64];
    way.address = address;
    cfg.redirects = 2;
    cfg.host = "named.example";
    assert_int_equal(dial_url("ws://far.example/x"), 0);
    struct raw *r = take_request(), *next, *last;
    redirect(r, "/y"); /* at home still */
    next = take_request();
    assert_true(raw_heard(next, "GET /y HTTP/1.1\r\nHost: named.example\r\n"));
    use_two_addresses(&world.sys, 0);
    snprintf(to, sizeof to, "ws://elsewhere.example:%d/z",
             port_of(world.address[0] ? world.address : address));
    redirect(next, to);
    last = take_request(); /* by name: the resolver knows two addresses, and the second is here */
    assert_true(raw_heard(last, "GET /z HTTP/1.1\r\nHost: elsewhere.example:"));
    weft_abort(client.conn);
    raw_free(r), raw_free(next), raw_free(last);
}

static void test_a_proxy_is_asked_for_the_address(void **state)
{
    (void)state;
    char proxy[340];
    snprintf(proxy, sizeof proxy, "http://%s", address);
    way.proxy = proxy;
    way.address = "192.0.2.9:4000";
    expect_request("ws://far.example/", "CONNECT 192.0.2.9:4000 HTTP/1.1\r\n");
}

static void test_nobody_is_at_the_address(void **state)
{
    (void)state;
    way.address = "unix:/tmp/weft-no-such-socket";
    assert_int_equal(dial_url("ws://far.example/"), 0);
    assert_int_equal(client.story.len, 0);
    expect_end("close 1006 ENOENT;");
}

static void test_what_is_wrong_at_once(void **state)
{
    (void)state;
    static const struct {
        weft_dial dial;
        int error;
    } rows[] = {
        {{.address = "far.example:80"}, WEFT_ERR_ADDRESS},
        {{.address = "127.0.0.1"}, WEFT_ERR_ADDRESS},
        {{.address = "*:80"}, WEFT_ERR_ADDRESS},
        {{.address = ""}, WEFT_ERR_ADDRESS},
        {{.address = "unix:"}, WEFT_ERR_ADDRESS},
        {{.source = "far.example"}, WEFT_ERR_ADDRESS},
        {{.source = "*:80"}, WEFT_ERR_ADDRESS},
        {{.source = "unix:/run/x"}, WEFT_ERR_ADDRESS},
        {{.source = ""}, WEFT_ERR_ADDRESS},
        {{.server_name = ""}, -EINVAL},
        {{.proxy = "https://x/"}, -EINVAL},
        {{.proxy = "http://x/", .address = "unix:/run/x"}, -EINVAL},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        way = rows[i].dial;
        assert_int_equal(dial_url("ws://far.example/"), rows[i].error);
    }
    way = (weft_dial){0};
    static const char *const hosts[] = {"", "a b", "a\r\nb", "a:b", "[::1"};
    for (size_t i = 0; i < countof(hosts); i++) {
        cfg.host = hosts[i];
        assert_int_equal(dial_url("ws://far.example/"), -EINVAL);
    }
    assert_int_equal(client.closes, 0);
}

/* ---- a source -------------------------------------------------------------------------------- */

static void test_from_a_given_address(void **state)
{
    (void)state;
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    char url[340];
    snprintf(url, sizeof url, "ws://%s/", address);
    way.source = "127.0.0.7";
    assert_int_equal(dial_url(url), 0);
    struct raw *r = take_request();
    assert_int_equal(getpeername(r->fd, (struct sockaddr *)&from, &len), 0);
    assert_int_equal(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK + 6);
    raw_free(r);
}

static void test_a_source_of_another_family(void **state)
{
    (void)state;
    char url[340];
    snprintf(url, sizeof url, "ws://%s/", address);
    way.source = "::1";
    assert_int_equal(dial_url(url), 0);
    expect_end("close 1006 EAFNOSUPPORT;");
    way.source = "192.0.2.1"; /* not ours */
    assert_int_equal(dial_url(url), 0);
    expect_end("close 1006 EADDRNOTAVAIL;");
}

/* ::1 does not fit, 127.0.0.1 does. */
static void test_each_address_that_fits(void **state)
{
    (void)state;
    char url[340];
    snprintf(url, sizeof url, "ws://localhost:%d/", port_of(address));
    way.source = "127.0.0.8";
    expect_request(url, "GET / ");
}

/* ---- a socket of the user's ------------------------------------------------------------------ */

static struct opener {
    int gives, times;
    int pair;  /* the other end of what it gives; -1 none */
    bool ends; /* everything */
} opener;

static int open_one(void *user)
{
    assert_ptr_equal(user, &opener);
    opener.times++;
    if (opener.ends) weft_abort(client.conn);
    return opener.gives;
}

static void give_pair(void)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    opener = (struct opener){.gives = pair[0], .pair = pair[1]};
    way.open = open_one;
    way.user = &opener;
}

static void test_a_socket_of_the_users(void **state)
{
    (void)state;
    give_pair();
    assert_int_equal(dial_url("ws://far.example/x"), 0);
    assert_int_equal(opener.times, 0); /* not inside of a call of his */
    struct raw *r = raw_on(opener.pair);
    turn_until(&world, raw_heard(r, "\r\n\r\n"));
    assert_memory_equal(r->got, "GET /x HTTP/1.1\r\nHost: far.example\r\n", 36);
    assert_true(fcntl(opener.gives, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(opener.gives, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(opener.times, 1);
    weft_abort(client.conn);
    settle(&world);
    assert_true(raw_ended(r));
    raw_free(r);
}

/* It is a descriptor as good as any. */
static void test_descriptor_zero(void **state)
{
    (void)state;
    int kept = dup(0);
    give_pair();
    assert_int_equal(dup2(opener.gives, 0), 0);
    close(opener.gives);
    opener.gives = 0;
    assert_int_equal(dial_url("ws://far.example/x"), 0);
    struct raw *r = raw_on(opener.pair);
    turn_until(&world, raw_heard(r, "GET /x HTTP/1.1\r\n"));
    weft_abort(client.conn);
    settle(&world);
    assert_int_equal(fcntl(0, F_GETFD), -1); /* weft has closed it */
    assert_int_equal(dup2(kept, 0), 0);
    close(kept);
    raw_free(r);
}

static void test_it_is_still_connecting(void **state)
{
    (void)state;
    struct sockaddr_in to = loopback(port_of(address));
    give_pair();
    close(opener.pair);
    close(opener.gives);
    opener.gives = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)connect(opener.gives, (struct sockaddr *)&to, sizeof to);
    expect_request("ws://far.example/x", "GET /x HTTP/1.1\r\n");
}

static void test_it_is_no_stream_socket(void **state)
{
    (void)state;
    give_pair();
    close(opener.pair);
    close(opener.gives);
    opener.gives = socket(AF_INET, SOCK_DGRAM, 0);
    int fd = opener.gives;
    assert_int_equal(dial_url("ws://far.example/"), 0);
    expect_end("close 1006 EINVAL;");
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    opener.gives = open("/dev/null", O_RDONLY);
    assert_int_equal(dial_url("ws://far.example/"), 0);
    expect_end("close 1006 ENOTSOCK;");
    opener.gives = socket(AF_INET, SOCK_STREAM, 0); /* nobody is connecting it */
    assert_int_equal(dial_url("ws://far.example/"), 0);
    turn_until(&world, client.closes);
    assert_int_equal(client.closes, 1);
}

static void test_it_cannot_be_opened(void **state)
{
    (void)state;
    give_pair();
    close(opener.pair);
    close(opener.gives);
    opener.gives = -EHOSTUNREACH;
    assert_int_equal(dial_url("ws://far.example/"), 0);
    expect_end("close 1006 EHOSTUNREACH;");
    opener.gives = WEFT_ERR_PROXY;
    assert_int_equal(dial_url("ws://far.example/"), 0);
    expect_end("close 1006 WEFT_ERR_PROXY;");
}

static void test_who_ends_it_while_he_opens(void **state)
{
    (void)state;
    give_pair();
    opener.ends = true;
    assert_int_equal(dial_url("ws://far.example/"), 0);
    expect_end("close 1006 WEFT_ERR_CLOSED;");
    assert_int_equal(fcntl(opener.gives, F_GETFD), -1);
    close(opener.pair);
}

static void test_aborted_before_it_is_opened(void **state)
{
    (void)state;
    give_pair();
    assert_int_equal(dial_url("ws://far.example/"), 0);
    weft_abort(client.conn);
    expect_end("close 1006 WEFT_ERR_CLOSED;");
    assert_int_equal(opener.times, 0);
    close(opener.pair);
    close(opener.gives);
}

/* It leads to one place: whoever is sent to another hears so, and may follow himself. */
static void test_a_redirect_from_a_socket_of_the_users(void **state)
{
    (void)state;
    cfg.redirects = 5;
    give_pair();
    assert_int_equal(dial_url("ws://far.example/x"), 0);
    struct raw *r = raw_on(opener.pair);
    turn_until(&world, raw_heard(r, "\r\n\r\n"));
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    opener.gives = pair[0];
    redirect(r, "/y");
    struct raw *next = raw_on(pair[1]);
    turn_until(&world, raw_heard(next, "\r\n\r\n"));
    assert_true(raw_heard(next, "GET /y HTTP/1.1\r\n"));
    assert_int_equal(opener.times, 2);
    redirect(next, "ws://else.example/");
    expect_end("close 1006 WEFT_ERR_REFUSED;");
    assert_int_equal(client.refused, 307);
    raw_free(r), raw_free(next);
}

/* ---- a name that the user looks up ----------------------------------------------------------- */

static struct asked {
    weft_lookup *lookup; /* NULL: not asked, or answered */
    char host[256];
    int times, says;
    const char *const *at_once; /* what to answer inside the call; NULL: later */
    bool ends;                  /* everything */
} asked;

static int look_up(weft_lookup *k, const char *host, void *user)
{
    assert_ptr_equal(user, &asked);
    asked.times++;
    snprintf(asked.host, sizeof asked.host, "%s", host);
    if (asked.says) return asked.says;
    asked.lookup = k;
    if (asked.ends) weft_abort(client.conn);
    if (asked.at_once) {
        assert_int_equal(weft_lookup_answer(k, 0, asked.at_once), 0);
        asked.lookup = NULL;
    }
    return 0;
}

static void look_up_ourselves(void)
{
    asked = (struct asked){0};
    way.lookup = look_up;
    way.user = &asked;
}

static const char *named_url(void)
{
    static char url[64];
    snprintf(url, sizeof url, "ws://name.example:%d/", port_of(address));
    return url;
}

static void ask(void)
{
    assert_int_equal(dial_url(named_url()), 0);
    assert_int_equal(asked.times, 0); /* not inside of a call of his */
    turn_until(&world, asked.times);
    assert_string_equal(asked.host, "name.example");
}

static const char *const here[] = {"127.0.0.2", "127.0.0.1", NULL}, *const nowhere[] = {NULL},
                         *const wrong[] = {"127.0.0.1", "localhost:80", NULL};

static void test_looked_up_by_the_user(void **state)
{
    (void)state;
    look_up_ourselves();
    ask();
    assert_int_equal(weft_lookup_answer(asked.lookup, 0, here), 0);
    struct raw *r = take_request();
    assert_true(raw_heard(r, "\r\nHost: name.example:"));
    raw_free(r);
}

static void test_looked_up_at_once(void **state)
{
    (void)state;
    look_up_ourselves();
    asked.at_once = here;
    expect_request(named_url(), "GET / ");
}

static void test_addresses_are_asked_for_too(void **state)
{
    (void)state;
    char url[340];
    snprintf(url, sizeof url, "ws://%s/", address);
    look_up_ourselves();
    asked.says = WEFT_ERR_POLICY; /* who guards what may be reached wants to see them */
    assert_int_equal(dial_url(url), 0);
    expect_end("close 1006 WEFT_ERR_POLICY;");
    assert_string_equal(asked.host, "127.0.0.1");
    assert_int_equal(dial_url("ws://[::1]:80/"), 0);
    expect_end("close 1006 WEFT_ERR_POLICY;");
    assert_string_equal(asked.host, "::1");
}

static void test_the_user_finds_nothing(void **state)
{
    (void)state;
    look_up_ourselves();
    ask();
    assert_int_equal(weft_lookup_answer(asked.lookup, WEFT_ERR_RESOLVE, NULL), 0);
    expect_end("close 1006 WEFT_ERR_RESOLVE;");
    look_up_ourselves();
    asked.says = -EIO;
    assert_int_equal(dial_url(named_url()), 0);
    expect_end("close 1006 EIO;");
}

static void test_wrong_answers(void **state)
{
    (void)state;
    look_up_ourselves();
    ask();
    assert_int_equal(weft_lookup_answer(asked.lookup, 0, nowhere), -EINVAL);
    expect_end("close 1006 WEFT_ERR_RESOLVE;");
    look_up_ourselves();
    ask();
    assert_int_equal(weft_lookup_answer(asked.lookup, 0, wrong), -EINVAL);
    expect_end("close 1006 WEFT_ERR_RESOLVE;");
}

static void test_the_user_takes_too_long(void **state)
{
    (void)state;
    limits.connect_timeout = 1000;
    look_up_ourselves();
    ask();
    pass(&world, 999);
    assert_int_equal(client.closes, 0);
    pass(&world, 1);
    expect_end("close 1006 WEFT_ERR_TIMEOUT;");
    assert_string_equal(client.cause,
                        "the host name was not resolved within 1 s (connect_timeout)");
    assert_int_equal(weft_lookup_answer(asked.lookup, 0, here), 0); /* whom it does not matter to */
}

static void test_nobody_waits_for_the_answer(void **state)
{
    (void)state;
    look_up_ourselves();
    ask();
    weft_abort(client.conn);
    expect_end("close 1006 WEFT_ERR_CLOSED;");
    assert_int_equal(weft_lookup_answer(asked.lookup, 0, wrong), 0);
    look_up_ourselves();
    ask();
    assert_int_equal(weft_lookup_answer(asked.lookup, 0, here), 0);
    weft_abort(client.conn); /* after the answer, before it is heard */
    expect_end("close 1006 WEFT_ERR_CLOSED;");
}

static void test_not_even_the_loop(void **state)
{
    (void)state;
    look_up_ourselves();
    ask();
    weft_loop_free(world.loop);
    world.loop = NULL;
    expect_story(&client.story, "close 1006 WEFT_ERR_CLOSED;");
    assert_int_equal(weft_lookup_answer(asked.lookup, 0, here), 0);
}

static void test_who_ends_it_while_he_looks_it_up(void **state)
{
    (void)state;
    look_up_ourselves();
    asked.ends = true;
    assert_int_equal(dial_url(named_url()), 0);
    expect_end("close 1006 WEFT_ERR_CLOSED;");
    assert_int_equal(weft_lookup_answer(asked.lookup, 0, here), 0);
    look_up_ourselves();
    asked.ends = true;
    asked.at_once = here;
    assert_int_equal(dial_url(named_url()), 0);
    expect_end("close 1006 WEFT_ERR_CLOSED;");
}

static void test_the_proxys_name_is_asked_for(void **state)
{
    (void)state;
    char proxy[64];
    snprintf(proxy, sizeof proxy, "http://proxy.example:%d", port_of(address));
    look_up_ourselves();
    asked.at_once = here;
    way.proxy = proxy;
    expect_request("ws://far.example/", "CONNECT far.example:80 HTTP/1.1\r\n");
    assert_string_equal(asked.host, "proxy.example");
}

/* ---- whom TLS expects ------------------------------------------------------------------------ */

static void test_another_name(void **state)
{
    end(state);
    begin_on(FAR_TLS);
    way.tls = new_client_tls(&world.env);
    snprintf(address, sizeof address, "127.0.0.1%s", strrchr(place.url, ':'));
    way.address = address;
    assert_int_equal(dial_url("wss://far.example/x"), 0);
    struct far_end f = far_accept(&world, &place);
    expect_end("close 1006 WEFT_ERR_CERTIFICATE;");
    assert_non_null(strstr(client.cause, "hostname mismatch"));
    far_free(&f);
    way.server_name = "localhost";
    assert_int_equal(dial_url("wss://far.example/x"), 0);
    f = far_accept(&world, &place);
    turn_until(&world, far_heard(&f, "GET /x HTTP/1.1\r\nHost: far.example\r\n"));
    assert_string_equal(SSL_get_servername(f.tls->ssl, TLSEXT_NAMETYPE_host_name), "localhost");
    far_free(&f);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void answer(struct raw *r, const char *more)
{
    char accept[WEFT_ACCEPT_LEN + 1], text[512];
    const char *asked_with = strstr(r->got, "Sec-WebSocket-Key: ") + strlen("Sec-WebSocket-Key: ");
    weft_handshake_accept((weft_bytes){(const uint8_t *)asked_with, WEFT_KEY_LEN}, accept);
    snprintf(text, sizeof text,
             "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n%s\r\n",
             accept, more);
    raw_say(r, text);
}

static const weft_field *answered(const char *name)
{
    const weft_field *fields;
    size_t n = weft_conn_response(client.conn, &fields);
    return weft_field_find(fields, n, name);
}

static void test_the_fields_of_the_101(void **state)
{
    (void)state;
    const weft_field *fields;
    way.address = address;
    assert_int_equal(dial_url("ws://far.example/"), 0);
    assert_int_equal(weft_conn_response(client.conn, &fields), 0);
    struct raw *r = take_request();
    answer(r, "X-Session: 7\r\nSet-Cookie: a=b\r\n");
    turn_until(&world, client.story.len);
    assert_int_equal(weft_conn_response(client.conn, &fields), 5);
    assert_memory_equal(answered("x-session")->value.data, "7", 1);
    assert_memory_equal(answered("set-cookie")->value.data, "a=b", 3);
    assert_null(answered("x-none"));
    raw_free(r);
}

static void refused(weft_conn *c)
{
    const weft_field *fields;
    assert_int_equal(weft_conn_response(c, &fields), 2);
    assert_memory_equal(fields[0].value.data, "because", 7);
}

static void test_the_fields_of_a_refusal(void **state)
{
    (void)state;
    way.address = address;
    assert_int_equal(dial_url("ws://far.example/"), 0);
    client.then_close = refused;
    struct raw *r = take_request();
    raw_say(r, "HTTP/1.1 403 x\r\nX-Why: because\r\nContent-Length: 0\r\n\r\n");
    expect_end("close 1006 WEFT_ERR_REFUSED;");
    raw_free(r);
}

static void test_the_config_offers_instead_of_the_handler(void **state)
{
    (void)state;
    static const char *const handlers[] = {"handlers", NULL}, *const own[] = {"own", "b", NULL};
    static const char *const bad[] = {"not a token", NULL};
    static const weft_deflate deflate = {.window_bits = 10};
    weft_handler h = telling;
    h.subprotocols = handlers;
    way.address = address;
    cfg.subprotocols = own;
    cfg.deflate = &deflate;
    assert_int_equal(weft_connect(&client.conn, world.loop, "ws://x/", &cfg, &h, &client), 0);
    struct raw *r = take_request();
    assert_true(raw_heard(r, "\r\nSec-WebSocket-Protocol: own, b\r\n"));
    assert_true(raw_heard(r, "\r\nSec-WebSocket-Extensions: permessage-deflate"));
    answer(r, "Sec-WebSocket-Protocol: own\r\n"
              "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
              "server_max_window_bits=10; client_no_context_takeover\r\n");
    turn_until(&world, client.story.len);
    assert_string_equal(client.cause, "");
    assert_string_equal(weft_conn_subprotocol(client.conn), "own");
    assert_int_equal(weft_conn_deflate(client.conn)->on, true);
    raw_free(r);
    cfg.subprotocols = bad;
    assert_int_equal(weft_connect(NULL, world.loop, "ws://x/", &cfg, &h, &client), -EINVAL);
}

/* ---- no memory ------------------------------------------------------------------------------- */

static void test_each_allocation_fails(void **state)
{
    (void)state;
    bool more = true;
    for (long n = 0; more; n++) {
        end(state);
        begin_on(FAR_TCP);
        look_up_ourselves();
        asked.at_once = here;
        cfg.subprotocols = here;
        cfg.host = "x";
        way.server_name = "y";
        world_fail_at(&world, n);
        int error = dial_url(named_url());
        if (error) assert_int_equal(error, -ENOMEM);
        for (int i = 0; !error && !client.closes && i < 30; i++) turn(&world, 0);
        more = world.asked > n;
        world_fail_at(&world, -1);
    }
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_another_address),
        unit(test_another_address_on_unix_sockets),
        unit(test_another_address_is_for_the_first_place_only),
        unit(test_a_proxy_is_asked_for_the_address),
        unit(test_nobody_is_at_the_address),
        unit(test_what_is_wrong_at_once),
        unit(test_from_a_given_address),
        unit(test_a_source_of_another_family),
        unit(test_each_address_that_fits),
        unit(test_a_socket_of_the_users),
        unit(test_descriptor_zero),
        unit(test_it_is_still_connecting),
        unit(test_it_is_no_stream_socket),
        unit(test_it_cannot_be_opened),
        unit(test_who_ends_it_while_he_opens),
        unit(test_aborted_before_it_is_opened),
        unit(test_a_redirect_from_a_socket_of_the_users),
        unit(test_looked_up_by_the_user),
        unit(test_looked_up_at_once),
        unit(test_addresses_are_asked_for_too),
        unit(test_the_user_finds_nothing),
        unit(test_wrong_answers),
        unit(test_the_user_takes_too_long),
        unit(test_nobody_waits_for_the_answer),
        unit(test_not_even_the_loop),
        unit(test_who_ends_it_while_he_looks_it_up),
        unit(test_the_proxys_name_is_asked_for),
        unit(test_another_name),
        unit(test_the_fields_of_the_101),
        unit(test_the_fields_of_a_refusal),
        unit(test_the_config_offers_instead_of_the_handler),
        unit(test_each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
