/* SPDX-License-Identifier: MIT
 *
 * Who is behind the proxies: X-Forwarded-For is read from its end and only as far as the proxies are ours,
 * so what a client writes there itself, in front, says nothing.
 */
#include "world.h"

#include "base/bytes.h"
#include "net/forwarded.h"

static struct trust trust;

static int trust_ours(void **state)
{
    (void)state;
    static const char *const ours[] = {"10.0.0.0/8", "fd00::/8", NULL};
    return trust_init(&trust, NULL, ours);
}

static int trust_none(void **state)
{
    (void)state;
    trust_deinit(&trust, NULL);
    return 0;
}

/* The client's address, or "" when it is not known, then " secure"; lines are "Name: value". */
static const char *seen(struct forwarded *p, const char *const *lines)
{
    static char text[SOCK_TEXT + 8];
    weft_field fields[8];
    size_t n = 0;
    for (; *lines; lines++) {
        weft_bytes value = bytes_of(*lines), name = bytes_cut(&value, ':');
        fields[n++] = (weft_field){name, bytes_trim(value)};
    }
    forwarded_read(p, &trust, fields, n);
    text[0] = 0;
    if (p->known) assert_true(sock_who(&p->client, text, sizeof text) > 0);
    if (p->secure) strcat(text, " secure");
    return text;
}

#define sees(expected, ...)                                                                     \
    assert_string_equal(seen(&(struct forwarded){0}, (const char *const[]){__VA_ARGS__, NULL}), \
                        expected)

static void test_the_last_that_is_not_ours(void **state)
{
    (void)state;
    sees("192.0.2.7", "X-Forwarded-For: 192.0.2.7");
    sees("192.0.2.7", "x-forwarded-for: 192.0.2.7, 10.0.0.1 ,\t10.0.0.2");
    sees("192.0.2.7", "X-Forwarded-For: 203.0.113.9, 192.0.2.7");
    sees("192.0.2.7", "X-Forwarded-For: 203.0.113.9, 192.0.2.7, 10.0.0.1");
    sees("192.0.2.7", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 192.0.2.7",
         "X-Forwarded-For: 10.0.0.1");
    sees("10.0.0.3", "X-Forwarded-For: 10.0.0.3, 10.0.0.2"); /* all are ours: the first of them */
    sees("192.0.2.7", "X-Forwarded-For: fd00::1, 192.0.2.7, fd00::2");
    sees("", "Forwarded: for=192.0.2.7"); /* says nothing to us */
}

static void test_how_an_address_is_written(void **state)
{
    (void)state;
    sees("192.0.2.7:4711", "X-Forwarded-For: 192.0.2.7:4711");
    sees("2001:db8::7", "X-Forwarded-For: 2001:db8::7");
    sees("[2001:db8::7]:4711", "X-Forwarded-For: [2001:db8::7]:4711");
    sees("192.0.2.7", "X-Forwarded-For: ::ffff:192.0.2.7");
    sees("192.0.2.7", "X-Forwarded-For: 192.0.2.7, ::ffff:10.0.0.1");
}

/* What cannot be read ends the search: what stands before it could be anybody's. */
static void test_what_is_no_address(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",           "unknown",         "_hidden",    "localhost",   "unix:/run/x",
        "*:80",       "192.0.2",         "8080",       ":80",         ":",
        "[::1",       "\"::1\"",         "192.0.2.7;", "192.0.2.07",  "192.0.2.7 10.0.0.1",
        "192.0.2.7:", "192.0.2.7:99999", "a",          "example.org", "192.0.2.7:x",
    };
    for (size_t i = 0; i < countof(wrong); i++) {
        char line[100];
        snprintf(line, sizeof line, "X-Forwarded-For: 203.0.113.9, %s", wrong[i]);
        sees("", line);
        snprintf(line, sizeof line, "X-Forwarded-For: 203.0.113.9, %s, 10.0.0.1", wrong[i]);
        sees("10.0.0.1", line); /* as far as it can be followed */
    }
}

static void test_proto(void **state)
{
    (void)state;
    sees(" secure", "X-Forwarded-Proto: https");
    sees(" secure", "X-Forwarded-Proto: WSS");
    sees("", "X-Forwarded-Proto: http");
    sees("", "X-Forwarded-Proto: httpsx");
    sees("192.0.2.7 secure", "X-Forwarded-Proto: https", "X-Forwarded-For: 192.0.2.7");
    /* The nearest proxy's word is the last; what a client said itself comes first. */
    sees("", "X-Forwarded-Proto: https, http");
    sees("", "X-Forwarded-Proto: https", "X-Forwarded-Proto: http");
    sees(" secure", "X-Forwarded-Proto: http", "X-Forwarded-Proto: https");
}

/* A connection carries requests of several clients, and each is its own. */
static void test_each_request_anew(void **state)
{
    (void)state;
    struct forwarded p = {0};
    const char *const first[] = {"X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", NULL};
    const char *const second[] = {"X-Other: x", NULL};
    assert_string_equal(seen(&p, first), "192.0.2.7 secure");
    assert_string_equal(seen(&p, second), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_that_is_not_ours),
        cmocka_unit_test(test_how_an_address_is_written),
        cmocka_unit_test(test_what_is_no_address),
        cmocka_unit_test(test_proto),
        cmocka_unit_test(test_each_request_anew),
    };
    return cmocka_run_group_tests(tests, trust_ours, trust_none);
}
