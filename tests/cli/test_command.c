/* SPDX-License-Identifier: MIT
 *
 * What a line means at the interactive prompt, and what a URL is on the command line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/command.h"
#include "cli/connect.h"

static struct command parse(const char *line)
{
    struct command c;
    command_parse(&c, line);
    return c;
}

static void assert_text(const struct command *c, const char *expected)
{
    assert_int_equal(c->text.len, strlen(expected));
    assert_memory_equal(c->text.data, expected, c->text.len);
}

static void a_line_is_sent_unless_it_begins_with_a_slash(void **state)
{
    (void)state;
    struct command c = parse("hello there");
    assert_int_equal(c.kind, COMMAND_SEND);
    assert_text(&c, "hello there");

    c = parse("//help");
    assert_int_equal(c.kind, COMMAND_SEND);
    assert_text(&c, "/help");

    assert_int_equal(parse("").kind, COMMAND_NOTHING);
    assert_int_equal(parse("/help").kind, COMMAND_HELP);
}

static void ping_takes_a_payload(void **state)
{
    (void)state;
    struct command c = parse("/ping");
    assert_int_equal(c.kind, COMMAND_PING);
    assert_text(&c, "");
    c = parse("/ping are you there");
    assert_text(&c, "are you there");

    char line[200] = "/ping ";
    memset(line + 6, 'x', 126);
    assert_int_equal(parse(line).kind, COMMAND_BAD);
    line[6 + 125] = '\0';
    assert_int_equal(parse(line).kind, COMMAND_PING);
}

static void close_takes_a_code_and_a_reason(void **state)
{
    (void)state;
    struct command c = parse("/close");
    assert_int_equal(c.kind, COMMAND_CLOSE);
    assert_int_equal(c.code, 1000);
    assert_null(c.text.data);

    c = parse("/close 4000 good night");
    assert_int_equal(c.code, 4000);
    assert_string_equal((const char *)c.text.data, "good night");

    assert_int_equal(parse("/close now").kind, COMMAND_BAD);
    assert_int_equal(parse("/close 5000").kind, COMMAND_BAD);
    assert_int_equal(parse("/close 1000x").kind, COMMAND_BAD);
}

static void an_unknown_command_is_not_sent(void **state)
{
    (void)state;
    struct command c = parse("/clsoe");
    assert_int_equal(c.kind, COMMAND_BAD);
    assert_string_equal(c.why, "there is no command /clsoe; did you mean /close?");
    c = parse("/etc/passwd");
    assert_string_equal(c.why, "there is no command /etc/passwd; //etc/passwd sends it as text");
}

static void assert_url(const char *text, const char *expected)
{
    char url[100];
    assert_true(connect_is_url(text));
    connect_complete_url(text, url, sizeof url);
    assert_string_equal(url, expected);
}

static void a_url_may_go_without_scheme_when_it_has_a_port(void **state)
{
    (void)state;
    assert_url("ws://example.org", "ws://example.org");
    assert_url("wss://example.org/x", "wss://example.org/x");
    assert_url("ws+unix:///run/x:/chat", "ws+unix:///run/x:/chat");
    assert_url("ws+unix:/run/x:/chat", "ws+unix:/run/x:/chat");
    assert_url("localhost:8080/chat", "ws://localhost:8080/chat");
    assert_url("127.0.0.1:8080", "ws://127.0.0.1:8080");
    assert_url("[::1]:8080?q", "ws://[::1]:8080?q");
    assert_url(":8080/x", "ws://localhost:8080/x");

    assert_false(connect_is_url("serve"));
    assert_false(connect_is_url("localhost"));
    assert_false(connect_is_url("localhost:"));
    assert_false(connect_is_url("localhost:http"));
    assert_false(connect_is_url("a b:80"));
    assert_false(connect_is_url(""));
}

static void assert_shown(const char *url, const char *expected)
{
    char shown[100];
    connect_hide_user(url, shown);
    assert_string_equal(shown, expected);
}

static void a_password_is_not_shown(void **state)
{
    (void)state;
    assert_shown("ws://example.org/a", "ws://example.org/a");
    assert_shown("ws://me:secret@example.org/a", "ws://example.org/a");
    assert_shown("ws://me:s@cret@example.org?b@c", "ws://example.org?b@c");
    assert_shown("ws+unix:/run/x:/a@b", "ws+unix:/run/x:/a@b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_sent_unless_it_begins_with_a_slash),
        cmocka_unit_test(ping_takes_a_payload),
        cmocka_unit_test(close_takes_a_code_and_a_reason),
        cmocka_unit_test(an_unknown_command_is_not_sent),
        cmocka_unit_test(a_password_is_not_shown),
        cmocka_unit_test(a_url_may_go_without_scheme_when_it_has_a_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
