/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_url.c - URLs taken apart, refused, and resolved
 */
#include "http/url.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Parsed from memory of exactly its size. */
static int parse(struct url *u, const char *text, const char **why)
{
    static uint8_t *copy_of;
    free(copy_of);
    size_t n = strlen(text);
    copy_of = malloc(n + !n);
    memcpy(copy_of, text, n);
    int r = url_parse(u, (weft_bytes){copy_of, n}, why);
    return r;
}

static void expect(weft_bytes got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    if (got.len) assert_memory_equal(got.data, want, got.len);
}

static void takes(const char *text, enum url_scheme scheme, const char *host, unsigned port,
                  const char *header, const char *target)
{
    struct url u;
    const char *why;
    char buffer[256];
    assert_int_equal(parse(&u, text, &why), 0);
    assert_int_equal(u.scheme, scheme);
    assert_int_equal(u.secure, scheme == URL_WSS || scheme == URL_HTTPS);
    expect(u.host, host);
    assert_int_equal(u.port, port);
    assert_int_equal(url_host_header(&u, buffer, sizeof buffer), strlen(header));
    assert_string_equal(buffer, header);
    assert_int_equal(url_target(&u, buffer, sizeof buffer), strlen(target));
    assert_string_equal(buffer, target);
}

static void refuses(const char *text, const char *why)
{
    struct url u;
    const char *got;
    assert_int_equal(parse(&u, text, &got), WEFT_ERR_URL);
    assert_string_equal(got, why);
    assert_int_equal(parse(&u, text, NULL), WEFT_ERR_URL);
}

static void urls(void **state)
{
    (void)state;
    takes("ws://localhost", URL_WS, "localhost", 80, "localhost", "/");
    takes("ws://localhost:8080/chat?room=1", URL_WS, "localhost", 8080, "localhost:8080",
          "/chat?room=1");
    takes("WSS://Example.ORG:443/a%20b", URL_WSS, "Example.ORG", 443, "Example.ORG", "/a%20b");
    takes("wss://h:80", URL_WSS, "h", 80, "h:80", "/");
    takes("http://127.0.0.1?q=/?:@", URL_HTTP, "127.0.0.1", 80, "127.0.0.1", "/?q=/?:@");
    takes("https://under_score.xn--bcher-kva.example.:1/", URL_HTTPS,
          "under_score.xn--bcher-kva.example.", 1, "under_score.xn--bcher-kva.example.:1", "/");
    takes("ws://[::1]:65535/", URL_WS, "::1", 65535, "[::1]:65535", "/");
    takes("ws://[2001:DB8::1]", URL_WS, "2001:DB8::1", 80, "[2001:DB8::1]", "/");
    takes("ws://u@h/x@y", URL_WS, "h", 80, "h", "/x@y");
}

static void userinfo(void **state)
{
    (void)state;
    struct url u;
    char text[16];
    assert_int_equal(parse(&u, "ws://me%40here:p%3Aw:x@h:1/", NULL), 0);
    assert_true(u.has_user);
    expect(u.user, "me%40here");
    expect(u.password, "p%3Aw:x");
    assert_int_equal(url_decode(u.user, text, sizeof text), 7);
    assert_string_equal(text, "me@here");
    assert_int_equal(url_decode(u.user, text, 8), 7);
    assert_int_equal(url_decode(u.user, text, 7), -ENOSPC);
    assert_int_equal(url_decode((weft_bytes){0}, text, 1), 0);
    assert_int_equal(url_decode(bytes_of("%00"), text, sizeof text), WEFT_ERR_URL);
    assert_int_equal(url_decode(bytes_of("a%4"), text, sizeof text), WEFT_ERR_URL);
    assert_int_equal(parse(&u, "ws://h/", NULL), 0);
    assert_false(u.has_user);
}

/* As if the colon were not there (RFC 3986, 3.2.3). */
static void empty_ports(void **state)
{
    (void)state;
    takes("ws://host:/x", URL_WS, "host", 80, "host", "/x");
    takes("wss://host:", URL_WSS, "host", 443, "host", "/");
    takes("http://host:?q", URL_HTTP, "host", 80, "host", "/?q");
    takes("ws://[::1]:/x", URL_WS, "::1", 80, "[::1]", "/x");
    takes("ws://user@host:/x", URL_WS, "host", 80, "host", "/x");
    refuses("ws://:/x", "the URL names no host");
    refuses("ws://host:0/x", "the port is not a number from 1 to 65535");
    refuses("ws://host: /x", "a space or control character: percent-encode it");
}

static void unix_sockets(void **state)
{
    (void)state;
    struct url u;
    takes("ws+unix:/run/weft.sock:/chat?x", URL_WS_UNIX, "", 0, "localhost", "/chat?x");
    takes("ws+unix:/run/weft.sock", URL_WS_UNIX, "", 0, "localhost", "/");
    takes("ws+unix:///run/weft.sock:/chat", URL_WS_UNIX, "", 0, "localhost", "/chat");
    assert_int_equal(parse(&u, "ws+unix:///run/weft.sock:/chat", NULL), 0);
    expect(u.socket, "/run/weft.sock");
    refuses("ws+unix:run/x", "the socket's path does not begin with /");
    refuses("ws+unix:", "the socket's path does not begin with /");
    refuses("ws+unix:/run/x:chat", "the path does not begin with /");
    char text[140];
    snprintf(text, sizeof text, "ws+unix:/%0106d", 0);
    assert_int_equal(parse(&u, text, NULL), 0);
    snprintf(text, sizeof text, "ws+unix:/%0107d", 0);
    refuses(text, "the socket's path is too long");
}

static void refusals(void **state)
{
    (void)state;
    static const char scheme[] = "the scheme is not ws, wss, http, https or ws+unix";
    refuses("", scheme);
    refuses("localhost:8080", scheme);
    refuses("/chat", scheme);
    refuses("ftp://a", scheme);
    refuses("ws", "no // behind the scheme");
    refuses("ws:/a", "no // behind the scheme");
    refuses("ws://", "the URL names no host");
    refuses("ws:///chat", "the URL names no host");
    refuses("ws://:80", "the URL names no host");
    refuses("ws://u:p@/", "the URL names no host");
    refuses("ws://a b/", "a space or control character: percent-encode it");
    refuses("ws://a/\r\nX: y", "a space or control character: percent-encode it");
    refuses("ws://a/#top", "a fragment (#...) means nothing to a WebSocket");
    refuses("ws://b\xc3\xbc"
            "cher.example/",
            "an international host name: write it in its ASCII form (xn--...)");
    refuses("ws://a/\xc3\xbc", "a character outside ASCII: percent-encode it");
    refuses("ws://a%41/", "a character that may not stand in a host name");
    refuses("ws://a,b/", "a character that may not stand in a host name");
    refuses("ws://a\\b/", "a character that may not stand in a host name");
    refuses("ws://[::1", "the brackets of an IPv6 address are not closed, or no port follows them");
    refuses("ws://[::1]80",
            "the brackets of an IPv6 address are not closed, or no port follows them");
    refuses("ws://[fe80::1%25eth0]/", "this is not an IPv6 address");
    refuses("ws://[1.2.3.4]/", "this is not an IPv6 address");
    static const char *const ports[] = {"ws://a:0",  "ws://a:65536",
                                        "ws://a:-1", "ws://a:8x/",
                                        "ws://a:+1", "ws://a:99999999999999999999"};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        refuses(ports[i], "the port is not a number from 1 to 65535");
    refuses("ws://::1/", "the URL names no host"); /* an IPv6 address needs its brackets */
    refuses("ws://a@b@c/", "an @ in the password: write it as %40");
    refuses("ws://u%4@c/", "a character that may not stand in a user name: percent-encode it");
    refuses("ws://u:p%4@c/", "a character that may not stand in a password: percent-encode it");
    char text[300];
    snprintf(text, sizeof text, "ws://%0254d/", 0);
    refuses(text, "the host name is too long");
}

static void host_and_port_for_a_proxy(void **state)
{
    (void)state;
    struct url u;
    char text[32];
    assert_int_equal(parse(&u, "wss://[::1]/", NULL), 0);
    assert_int_equal(url_host_port(&u, text, sizeof text), 9);
    assert_string_equal(text, "[::1]:443");
    assert_int_equal(url_host_port(&u, text, 10), 9);
    assert_int_equal(url_host_port(&u, text, 9), -ENOSPC);
}

static void origins(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {
        {"ws://a/x", "http://A:80/y", true}, {"wss://a", "https://a", true},
        {"ws://a", "wss://a", false},        {"ws://a", "ws://a:81", false},
        {"ws://a", "ws://b", false},         {"ws+unix:/a", "ws+unix:/a:/x", true},
        {"ws+unix:/a", "ws+unix:/b", false}, {"ws+unix:/a", "ws://a", false},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct url a, b;
        assert_int_equal(url_parse(&a, bytes_of(pairs[i].a), NULL), 0);
        assert_int_equal(url_parse(&b, bytes_of(pairs[i].b), NULL), 0);
        assert_int_equal(url_same_origin(&a, &b), pairs[i].same);
    }
}

static void resolves(const char *base, const char *location, const char *want)
{
    struct url u;
    char text[64] = "";
    assert_int_equal(url_parse(&u, bytes_of(base), NULL), 0);
    const char *why = NULL;
    int n = url_resolve(&u, bytes_of(location), text, sizeof text, &why);
    if (!want) assert_int_equal(n, WEFT_ERR_URL);
    if (!want) assert_true(strlen(why) > 10);
    else assert_string_equal(text, want);
    if (want) assert_int_equal(n, strlen(want));
}

/* What servers write, and browsers make something of. */
static void locations_that_are_no_urls(void **state)
{
    (void)state;
    resolves("ws://a/x", "/b c", "ws://a:80/b%20c");
    resolves("ws://a/x", "b c?d e", "ws://a:80/b%20c?d%20e");
    resolves("ws://a/x", "?d e#f g", "ws://a:80/x?d%20e");
    resolves("ws://a/x", "/\xc3\xa4", "ws://a:80/%C3%A4");
    resolves("ws://a/x", "/?\xe4", "ws://a:80/?%E4");
    resolves("ws://a/x", "http://b/\xc3\xa4 o", "ws://b/%C3%A4%20o");
    resolves("ws://a/x", "https://b?\xc3\xa4", "wss://b?%C3%A4");
    resolves("ws://a/x", "//b:1/c d", "ws://b:1/c%20d");
    resolves("ws://a/x", "/\"<>^`{}|\\", "ws://a:80/%22%3C%3E%5E%60%7B%7D|\\");
    resolves("ws://a/x", "/b%20c%", "ws://a:80/b%20c%");
    resolves("ws://a/x", "/b\tc", "ws://a:80/bc");
    resolves("ws://a/x", "http://b:/c", "ws://b:/c");
    resolves("ws+unix:/s:/x", "/b c", "ws+unix:/s:/b%20c");
    resolves("ws://a/x", "http://b c/", NULL);
    resolves("ws://a/x", "//\xc3\xa4/", NULL);
    resolves("ws://a/x", "http://\xc3\xa4.example", NULL);
}

static void locations(void **state)
{
    (void)state;
    resolves("ws://a/x", "https://b/y?z#f", "wss://b/y?z");
    resolves("ws://a/x", "http://b", "ws://b");
    resolves("http://a/x", "http://b", "http://b");
    resolves("wss://a/x", "//b:1/y", "wss://b:1/y");
    resolves("wss://a/x?q", "/y", "wss://a:443/y");
    resolves("ws://u:p@[::1]:8080/x", "/y?z", "ws://[::1]:8080/y?z");
    resolves("ws+unix:/s:/x", "/y", "ws+unix:/s:/y");
    resolves("ws+unix:/s:/x", "//b/y", NULL);
    resolves("ws://a/x", "ws+unix:/run/docker.sock:/", NULL);
    resolves("ws://a/x", "ftp://b/", NULL);
    resolves("ws://a/x", "//", NULL);
}

/* From the base and the table of RFC 3986, 5.4. */
static void relative_locations(void **state)
{
    (void)state;
    static const char *const wants[][2] = {
        {"g", "/b/c/g"},
        {"./g", "/b/c/g"},
        {"g/", "/b/c/g/"},
        {"/g", "/g"},
        {"?y", "/b/c/d;p?y"},
        {"g?y", "/b/c/g?y"},
        {"#s", "/b/c/d;p?q"},
        {"g#s", "/b/c/g"},
        {"g?y#s", "/b/c/g?y"},
        {";x", "/b/c/;x"},
        {"g;x=1/./y", "/b/c/g;x=1/y"},
        {"", "/b/c/d;p?q"},
        {".", "/b/c/"},
        {"./", "/b/c/"},
        {"..", "/b/"},
        {"../", "/b/"},
        {"../g", "/b/g"},
        {"../..", "/"},
        {"../../", "/"},
        {"../../g", "/g"},
        {"../../../g", "/g"},
        {"../../../../g", "/g"},
        {"/./g", "/g"},
        {"/../g", "/g"},
        {"g.", "/b/c/g."},
        {".g", "/b/c/.g"},
        {"g..", "/b/c/g.."},
        {"..g", "/b/c/..g"},
        {"./../g", "/b/g"},
        {"./g/.", "/b/c/g/"},
        {"g/./h", "/b/c/g/h"},
        {"g/../h", "/b/c/h"},
        {"g;x=1/../y", "/b/c/y"},
        {"g?y/./x", "/b/c/g?y/./x"},
        {"g?y/../x", "/b/c/g?y/../x"},
        {"g//../h", "/b/c/g/h"}, /* an empty segment is one */
        {"./g:h", "/b/c/g:h"},
        {"g/h:i", "/b/c/g/h:i"},
    };
    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
        char network[64], local[64];
        snprintf(network, sizeof network, "ws://a:80%s", wants[i][1]);
        snprintf(local, sizeof local, "ws+unix:/run/s:%s", wants[i][1]);
        resolves("ws://a/b/c/d;p?q", wants[i][0], network);
        resolves("ws+unix:/run/s:/b/c/d;p?q", wants[i][0], local);
    }
    resolves("ws://a", "g", "ws://a:80/g");
    resolves("ws://a?q", "", "ws://a:80/?q");
    resolves("ws://a/x", "g:h", NULL); /* this is a scheme */
    resolves("ws://a/x", ":", NULL);
    resolves("ws://a/x", "..\\y\r\n", NULL);
}

/* Whatever part does not fit, nothing is written past the end. */
static void a_location_that_does_not_fit(void **state)
{
    (void)state;
    struct url u;
    char *text;
    const char *why;
    assert_int_equal(url_parse(&u, bytes_of("ws://a/b/c"), NULL), 0);
    for (size_t room = 0; room <= strlen("ws://a:80/b/d?e"); room++) {
        assert_non_null(text = malloc(room + !room));
        assert_int_equal(url_resolve(&u, bytes_of("d?e"), text, room, &why), -ENOSPC);
        assert_string_equal(why, "it is too long");
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls),
        cmocka_unit_test(userinfo),
        cmocka_unit_test(unix_sockets),
        cmocka_unit_test(refusals),
        cmocka_unit_test(empty_ports),
        cmocka_unit_test(locations_that_are_no_urls),
        cmocka_unit_test(origins),
        cmocka_unit_test(host_and_port_for_a_proxy),
        cmocka_unit_test(locations),
        cmocka_unit_test(relative_locations),
        cmocka_unit_test(a_location_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
