/* SPDX-License-Identifier: MIT
 *
 * A channel's URL, and what each transport makes of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/channel_url.h"
#include "cli/cli.h"

static const struct row {
    const char *text;
    const char *name, *ws, *target, *pipe; /* with "a=1" behind the query */

} rows[] = {
    {":8080/chat", "/chat", "ws://localhost:8080/chat?a=1", "/chat?a=1", "tcp://localhost:8080"},
    {"localhost:8080", "/", "ws://localhost:8080/?a=1", "/?a=1", "tcp://localhost:8080"},
    {"ws://h/x?token=t", "/x", "ws://h/x?token=t&a=1", "/x?token=t&a=1", "tcp://h:80"},
    {"wss://h/x#y", "/x", "wss://h/x?a=1", "/x?a=1", "tls://h:443"},
    {"http://h:81/a/b", "/a/b", "ws://h:81/a/b?a=1", "/a/b?a=1", "tcp://h:81"},
    {"https://h/caf%C3%A9", "/caf\xc3\xa9", "wss://h/caf%C3%A9?a=1", "/caf%C3%A9?a=1",
     "tls://h:443"},
    {"ws://[::1]/x", "/x", "ws://[::1]/x?a=1", "/x?a=1", "tcp://[::1]:80"},
    {"ws://[::1]:81/x", "/x", "ws://[::1]:81/x?a=1", "/x?a=1", "tcp://[::1]:81"},
    {"ws://me:p%40@w@h/x", "/x", "ws://me:p%40@w@h/x?a=1", "/x?a=1", "tcp://h:80"},
    {"ws+unix:/run/s:/x", "/x", "ws+unix:/run/s:/x?a=1", "/x?a=1", "unix:/run/s"},
    {":80/q/*", "/q/*", "ws://localhost:80/q?a=1", "/q?a=1", "tcp://localhost:80"},
    {":80/*", "/*", "ws://localhost:80/?a=1", "/?a=1", "tcp://localhost:80"},
};

static void test_each_transport_has_its_own(void **state)
{
    (void)state;
    struct channel_url *u = malloc(sizeof *u);
    char out[CHANNEL_URL_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        assert_int_equal(channel_url_parse(u, r->text), 0);
        assert_string_equal(u->name, r->name);
        assert_int_equal(u->posts, strncmp(r->text, "http", 4) == 0);
        assert_int_equal(u->is_pattern, strchr(r->name, '*') != NULL);
        assert_int_equal(channel_url_ws(u, "a=1", out, sizeof out), 0);
        assert_string_equal(out, r->ws);
        assert_int_equal(channel_url_target(u, "a=1", out, sizeof out), 0);
        assert_string_equal(out, r->target);
        assert_int_equal(channel_url_pipe(u, out, sizeof out), 0);
        assert_string_equal(out, r->pipe);
    }
    free(u);
}

static void test_secrets_are_apart(void **state)
{
    (void)state;
    struct channel_url *u = malloc(sizeof *u);
    assert_int_equal(channel_url_parse(u, "http://me:p%40w@h:81/x"), 0);
    assert_string_equal(u->credentials, "me:p@w");
    assert_string_equal(u->server, "h:81");
    assert_string_equal(u->shown, "http://h:81/x");
    free(u);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const char *const wrong[] = {"chat",           "ftp://h/x",     ":1/%zz",     ":1/%ff",
                                        ":1/x?since=a.1", ":1/x?a&last=1", ":1/x?stream"};
    struct channel_url *u = malloc(sizeof *u);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(channel_url_parse(u, wrong[i]), EXIT_URL);
    free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_transport_has_its_own),
        cmocka_unit_test(test_secrets_are_apart),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
