/* SPDX-License-Identifier: MIT
 *
 * A configuration file against a table of flags: what is set, and what is said of what cannot be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/config_file.h"
#include "cli/yaml.h"

static struct {
    uint64_t port, size, time;
    bool only, check;
    unsigned verbose;
    const char *user, *mode;
    struct flag_list origins, channels;
} got;

static const char *const modes[] = {"off", "shared", NULL};

static bool is_pattern(const char *text, char why[FLAG_WHY])
{
    snprintf(why, FLAG_WHY, "\"%s\" has no slash", text);
    return *text == '/';
}

static const struct flag rows[] = {
    {'p', "port", .kind = FLAG_NUMBER, .into = &got.port, .max = 65535, .noun = "a port number"},
    {0, "max-message", .kind = FLAG_SIZE, .into = &got.size, .min = 1, .max = 1 << 30},
    {0, "ping", .kind = FLAG_TIME, .into = &got.time, .max = 3600000},
    {0, "only-channels", .kind = FLAG_BOOL, .into = &got.only},
    {0, "verbose", .kind = FLAG_COUNT, .into = &got.verbose},
    {0, "user", .kind = FLAG_TEXT, .into = &got.user},
    {0, "deflate", .kind = FLAG_TEXT, .into = &got.mode, .words = modes},
    {0, "origin", .kind = FLAG_LIST, .into = &got.origins},
    {0, "channel", .kind = FLAG_LIST, .into = &got.channels, .is = FLAG_MAPPING,
     .check = is_pattern},
    {0, "config", .kind = FLAG_TEXT, .into = &got.user, .is = FLAG_NO_KEY},
    {0, "check", .kind = FLAG_BOOL, .into = &got.check, .is = FLAG_TYPED},
    {0},
};

static const struct flag *const tables[] = {rows, NULL};

/* ---- reading --------------------------------------------------------------------------------- */

static struct settings settings;
static char heard[1 << 16]; /* what was said to be wrong, a line each */

static void hear(const char *line, void *user)
{
    (void)user;
    size_t len = strlen(heard);
    snprintf(heard + len, sizeof heard - len, "%s\n", line);
}

static void begin(void)
{
    settings_deinit(&settings);
    memset(&got, 0, sizeof got);
    heard[0] = '\0';
    settings_init(&settings, tables, (struct teller){.tell = hear});
}

static void read_bytes(const void *bytes, size_t len)
{
    begin();
    void *exact = malloc(len ? len : 1);
    memcpy(exact, bytes, len);
    config_file_parse(&settings, "f", exact, len);
    free(exact);
}

static void reads(const char *text)
{
    read_bytes(text, strlen(text));
    assert_string_equal(heard, "");
    assert_int_equal(settings.wrong, 0);
}

static void refuses(const char *text, const char *lines)
{
    read_bytes(text, strlen(text));
    assert_string_equal(heard, lines);
}

static void list_is(const struct flag_list *list, const char *first, ...)
{
    va_list items;
    size_t i = 0;
    va_start(items, first);
    for (const char *item = first; item; item = va_arg(items, const char *), i++) {
        assert_true(i < list->n);
        assert_string_equal(list->items[i], item);
    }
    va_end(items);
    assert_int_equal(list->n, i);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void a_value_is_what_its_row_wants(void **state)
{
    (void)state;
    reads(
        "port: 8081\nmax-message: 64K\nping: 2m\nonly-channels: yes\nverbose: 2\nuser: weft\ndeflate: off\n");
    assert_int_equal(got.port, 8081);
    assert_int_equal(got.size, 65536);
    assert_int_equal(got.time, 120000);
    assert_true(got.only);
    assert_int_equal(got.verbose, 2);
    assert_string_equal(got.user, "weft");
    assert_string_equal(got.mode, "off");
}

static void what_looks_like_something_else_is_a_text_where_one_is_meant(void **state)
{
    (void)state;
    static const char *const texts[] = {"no", "0123",       "1.10", "null", "~",
                                        "on", "2026-11-30", "0x1F", "1e3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char line[64];
        snprintf(line, sizeof line, "user: %s\norigin: [%s]\n", texts[i], texts[i]);
        reads(line);
        assert_string_equal(got.user, texts[i]);
        list_is(&got.origins, texts[i], NULL);
    }
}

static void booleans_have_many_words(void **state)
{
    (void)state;
    static const char *const on[] = {"on", "yes", "true", "True", "ON", "1", "\"yes\""};
    for (size_t i = 0; i < sizeof on / sizeof *on; i++) {
        char line[64];
        snprintf(line, sizeof line, "only-channels: %s\n", on[i]);
        reads(line);
        assert_true(got.only);
    }
    reads("only-channels: no");
    assert_false(got.only);
    refuses("only-channels: y", "f:1:16: only-channels: \"y\" is neither on nor off\n");
}

static void a_list_is_many_or_one_or_none(void **state)
{
    (void)state;
    reads("origin:\n  - same\n  - 'https://a.example'\n");
    list_is(&got.origins, "same", "https://a.example", NULL);
    reads("origins: [same, any]");
    list_is(&got.origins, "same", "any", NULL);
    reads("origin: same");
    list_is(&got.origins, "same", NULL);
    reads("origin: []\nchannels:\n  # none yet\n");
    list_is(&got.origins, NULL);
}

static void a_mapping_becomes_what_the_flag_says(void **state)
{
    (void)state;
    reads("channels:\n"
          "  /quotes/*: latest=key, history=100/1h\n"
          "  /chat:\n"
          "    queue:\n"
          "    history: 100/1h\n"
          "    presence: off\n"
          "  /a:b: {}\n"
          "  /plain:\n");
    list_is(&got.channels, "/quotes/*: latest=key, history=100/1h",
            "/chat: queue, history=100/1h, presence=off", "/a:b: ", "/plain: ", NULL);
    reads("channel: ['/a: queue', /b]");
    list_is(&got.channels, "/a: queue", "/b", NULL);
}

static void texts_are_unicode(void **state)
{
    (void)state;
    reads("user: \xe7\xbb\x87\xe5\xb8\x83 # \xe2\x80\xa6\norigin: \"\\u7ec7\\n\"\n");
    assert_string_equal(got.user, "\xe7\xbb\x87\xe5\xb8\x83");
    list_is(&got.origins, "\xe7\xbb\x87\n", NULL);
}

static void nothing_at_all_is_a_configuration(void **state)
{
    (void)state;
    reads("");
    reads("# port: 1\n\n");
    reads("---\n");
    reads("{}\n");
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static void a_mistake_has_a_place_and_says_what_would_be_right(void **state)
{
    (void)state;
    refuses("port:   http\n", "f:1:9: port: \"http\" is not a port number (0 to 65535)\n");
    refuses("\n  port: 70000", "f:2:9: port: \"70000\" is not a port number (0 to 65535)\n");
    refuses("user:\n", "f:1:6: user: it has no value\n");
    refuses("prot: 1", "f:1:1: there is no key prot; did you mean port?\n");
    refuses("xyzzy: 1", "f:1:1: there is no key xyzzy; weft config lists those there are\n");
    refuses("ports: 1", "f:1:1: there is no key ports; did you mean port?\n");
    refuses("deflate: sharde",
            "f:1:10: deflate: \"sharde\" is not off or shared; did you mean shared?\n");
    refuses("channels: {chat: queue}", "f:1:12: channel: \"chat: queue\" has no slash\n");
    refuses("\xe7\xbb\x87: 1",
            "f:1:1: there is no key \xe7\xbb\x87; weft config lists those there are\n");
}

static void all_mistakes_are_found(void **state)
{
    (void)state;
    refuses("a: {b: [c, {d: e}]}\nport: x\n? [k]\n: v\nuser: weft\nmax-message: 0\n",
            "f:1:1: there is no key a; weft config lists those there are\n"
            "f:2:7: port: \"x\" is not a port number (0 to 65535)\n"
            "f:3:3: a key is a word, such as port\n"
            "f:6:14: max-message: \"0\" is not a size (1B to 1G)\n");
    assert_string_equal(got.user, "weft");
}

static void but_not_without_end(void **state)
{
    (void)state;
    char text[4096] = "";
    for (int i = 0; i < 100; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "unknown%d: 1\n", i);
    read_bytes(text, strlen(text));
    assert_int_equal(settings.wrong, SETTINGS_WRONG_MAX + 1);
    assert_non_null(strstr(heard, "what follows was not looked at\n"));
}

static void a_key_stands_once(void **state)
{
    (void)state;
    refuses("port: 1\nuser: a\nport: 2\n", "f:3:1: port stands in line 1 already\n");
    assert_int_equal(got.port, 1);
    refuses("origin: a\norigins: [b]\n", "f:2:1: origin stands in line 1 already\n");
    refuses("channel:\n  /a: queue\n  /b: queue\n  /a: latest\n",
            "f:4:3: channel: /a stands here twice\n");
}

static void what_is_for_the_command_line_is_no_key(void **state)
{
    (void)state;
    refuses("config: a\ncheck: yes\n", "f:1:1: config is no key: it is for the command line\n"
                                       "f:2:1: check is no key: it is for the command line\n");
    assert_null(got.user);
}

static void a_shape_that_is_not_meant(void **state)
{
    (void)state;
    refuses("port: [1]", "f:1:7: port: this is a list, and one value is meant\n");
    refuses("user: {a: b}", "f:1:7: user: this is a mapping, and one value is meant\n");
    refuses("origin: {a: b}", "f:1:9: origin: this is a mapping, and a list is meant\n");
    refuses("origin: [[a], b]", "f:1:10: origin: this is a list, and one value is meant\n");
    refuses("channel: {/a: [b], /c: d}",
            "f:1:15: channel: this is a list, and a text or a mapping is meant\n");
    list_is(&got.channels, "/c: d", NULL);
    refuses("channel: {/a: {b: {c: d}}}",
            "f:1:19: channel: this is a mapping, and one value is meant\n");
    refuses("channel: {/a: {b: 'c, d'}}",
            "f:1:19: channel: \"c, d\": there is no comma in the value of a setting\n");
    refuses("channel: {? [a] : b, /c: {? [d] : e}}",
            "f:1:13: channel: this is a list, and a name is meant\n"
            "f:1:29: channel: this is a list, and the name of a setting is meant\n");
    refuses("- port", "f:1:1: a configuration is a mapping, such as \"port: 8080\"\n");
    refuses("port", "f:1:1: a configuration is a mapping, such as \"port: 8080\"\n");
}

static void an_item_has_a_maximum(void **state)
{
    (void)state;
    char text[2048];
    snprintf(text, sizeof text, "channel:\n  /a: %01200d\n", 0);
    refuses(text, "f:2:3: channel: this is too long\n");
}

/* ---- YAML that is not for here ---------------------------------------------------------------- */

static void aliases_anchors_and_tags_are_refused(void **state)
{
    static const char *const texts[] = {"port: &a 1\n",    "origin: &a [x]\n", "channel: &a {}\n",
                                        "port: !!int 1\n", "user: ! weft\n",   "origin: !x [a]\n",
                                        "user: *any\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        read_bytes(texts[i], strlen(texts[i]));
        assert_non_null(strstr(heard, "there are no aliases, anchors and tags here"));
        assert_int_equal(settings.wrong, 1);
    }
}

static void what_needs_quotes_is_told_so(void **state)
{
    (void)state;
    read_bytes("origin: *:443\n", 14);
    assert_non_null(strstr(heard, "f:1:10: "));
    assert_non_null(strstr(heard, "a star stands in quotes: '*:443'"));
    read_bytes("origin: [::1]:80\n", 17);
    assert_non_null(strstr(heard, "[ or { stands in quotes"));
    read_bytes("user: @a\n", 9);
    assert_non_null(strstr(heard, "quotes around it may help"));
}

static void there_is_one_document(void **state)
{
    (void)state;
    refuses("port: 1\n---\nport: 2\n", "f:2:1: there is one document only\n");
    refuses("--- \n--- \n", "f:2:1: there is one document only\n");
}

static void what_is_no_text_is_refused(void **state)
{
    (void)state;
    read_bytes("\xff\xfe", 2);
    assert_non_null(strstr(heard, "invalid leading UTF-8 octet"));
    read_bytes("user: a\0b", 9);
    assert_non_null(strstr(heard, "control characters are not allowed"));
    refuses("user: \"a\\0b\"", "f:1:7: a text holds no NUL\n");
}

static void depth_and_size_have_a_maximum(void **state)
{
    (void)state;
    char *large = malloc(YAML_SIZE_MAX + 1);
    memset(large, '[', YAML_SIZE_MAX + 1);
    read_bytes(large, YAML_SIZE_MAX + 1);
    assert_string_equal(heard, "f:1:1: it is larger than 1 MiB\n");
    memcpy(large, "port: ", 6);
    read_bytes(large, YAML_SIZE_MAX);
    assert_non_null(strstr(heard, "it is nested too deeply\n"));
    memset(large, ' ', YAML_SIZE_MAX);
    read_bytes(large, YAML_SIZE_MAX);
    assert_string_equal(heard, "");
    free(large);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void a_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    begin();
    config_file_read(&settings, "/no/such/file", false);
    config_file_read(&settings, "/", false);
    config_file_read(&settings, "/dev/null", true);
    assert_string_equal(heard, "/no/such/file: No such file or directory\n"
                               "/: Is a directory\n"
                               "/dev/null: it is no file, so it cannot be read again\n");
}

static void a_file_is_read(void **state)
{
    (void)state;
    char path[] = "/tmp/weft-test-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, "port: 5\n", 8) == 8);
    begin();
    config_file_read(&settings, path, true);
    unlink(path);
    close(fd);
    assert_string_equal(heard, "");
    assert_int_equal(got.port, 5);
}

static int end(void **state)
{
    (void)state;
    settings_deinit(&settings);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_what_its_row_wants),
        cmocka_unit_test(what_looks_like_something_else_is_a_text_where_one_is_meant),
        cmocka_unit_test(booleans_have_many_words),
        cmocka_unit_test(a_list_is_many_or_one_or_none),
        cmocka_unit_test(a_mapping_becomes_what_the_flag_says),
        cmocka_unit_test(texts_are_unicode),
        cmocka_unit_test(nothing_at_all_is_a_configuration),
        cmocka_unit_test(a_mistake_has_a_place_and_says_what_would_be_right),
        cmocka_unit_test(all_mistakes_are_found),
        cmocka_unit_test(but_not_without_end),
        cmocka_unit_test(a_key_stands_once),
        cmocka_unit_test(what_is_for_the_command_line_is_no_key),
        cmocka_unit_test(a_shape_that_is_not_meant),
        cmocka_unit_test(an_item_has_a_maximum),
        cmocka_unit_test(aliases_anchors_and_tags_are_refused),
        cmocka_unit_test(what_needs_quotes_is_told_so),
        cmocka_unit_test(there_is_one_document),
        cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(depth_and_size_have_a_maximum),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
        cmocka_unit_test(a_file_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
