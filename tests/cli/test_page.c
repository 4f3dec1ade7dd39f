/* SPDX-License-Identifier: MIT
 *
 * Which page of web/ answers which path.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/page.h"
#include "cli/web_files.h"

static void assert_page(const char *path, const char *expected)
{
    const struct web_file *file =
        page_find((weft_bytes){(const uint8_t *)path, strlen(path)}, true);
    assert_non_null(file);
    assert_string_equal(file->path, expected);
}

static void assert_no_page(const char *path)
{
    assert_null(page_find((weft_bytes){(const uint8_t *)path, strlen(path)}, true));
}

static void each_path_has_its_page(void **state)
{
    (void)state;
    assert_page("/", "/index.html");
    assert_page("/chat", "/chat.html");
    assert_page("/chat/tea%20time", "/chat.html");
    assert_page("/quotes", "/quotes.html");
    assert_page("/race", "/race.html");
    assert_page("/handshake", "/handshake.html");
    assert_page("/frames", "/frames.html");
    assert_page("/heartbeat", "/heartbeat.html");
}

/* curl means the channel. */
static void only_browsers_are_shown_pages(void **state)
{
    (void)state;
    static const char *const pages[] = {"/",     "/chat",      "/chat/x", "/quotes",
                                        "/race", "/handshake", "/frames", "/heartbeat"};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        assert_null(page_find((weft_bytes){(const uint8_t *)pages[i], strlen(pages[i])}, false));
    assert_non_null(page_find((weft_bytes){(const uint8_t *)"/chat.js", 8}, false));
}

static void other_files_are_where_they_are(void **state)
{
    (void)state;
    assert_page("/weft.js", "/weft.js");
    assert_page("/chat.html", "/chat.html");
    assert_no_page("/chatter");
    assert_no_page("/chat/");
    assert_no_page("/quotes/x");
    assert_no_page("/heartbeat/x");
    assert_no_page("/../weft.js");
    assert_no_page("");
}

/* What the room and the server show is there, and what it loads is, too. */
static void documents_load_what_there_is(void **state)
{
    (void)state;
    static const char *const names[] = {"/channel.html", "/welcome.html", "/files.html",
                                        "/missing.html"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        weft_bytes html = page_document(names[i]);
        const char *at = (const char *)html.data, *end = at + html.len;
        int n = 0;
        while ((at = memmem(at, (size_t)(end - at), "\"/.weft/", 8))) {
            const char *name = at + 7, *quote = memchr(name, '"', (size_t)(end - name));
            weft_bytes path = {(const uint8_t *)name, (size_t)(quote - name)};
            assert_non_null(page_find(path, false));
            at = quote;
            n++;
        }
        assert_true(n >= 3);
    }
}

static void assert_written(const char *text, const char *base, const char *expected)
{
    char *written = NULL;
    size_t len;
    FILE *to = open_memstream(&written, &len);
    assert_non_null(to);
    page_write(to, (weft_bytes){(const uint8_t *)text, strlen(text)}, page_base(base));
    assert_int_equal(fclose(to), 0);
    assert_string_equal(written, expected);
    free(written);
}

static void links_have_the_base_path(void **state)
{
    (void)state;
    static const char links[] = "<a class=\"x\" href=\"/\"><img src=\"/i.svg\" alt=\"/\">"
                                "<a href=\"./a\"><a href=\"\"><a href=\"https://x/\">";
    assert_written(links, NULL, links);
    assert_written(links, "/", links);
    assert_written(links, "/ws/",
                   "<a class=\"x\" href=\"/ws/\"><img src=\"/ws/i.svg\" alt=\"/\">"
                   "<a href=\"./a\"><a href=\"\"><a href=\"https://x/\">");
    assert_written("", "/ws", "");
}

static void a_tag_is_that_of_the_content(void **state)
{
    (void)state;
    const unsigned char a[] = "one", b[] = "two", c[] = "one";
    const weft_bytes one = {a, 3}, two = {b, 3}, same = {c, 3};
    char x[PAGE_ETAG], y[PAGE_ETAG], z[PAGE_ETAG];
    page_etag(one, x);
    page_etag(two, y);
    page_etag(same, z);
    assert_string_not_equal(x, y);
    assert_string_equal(x, z);
    assert_int_equal(strlen(x), PAGE_ETAG - 1);
    assert_int_equal(x[0], '"');
    assert_int_equal(x[PAGE_ETAG - 2], '"');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_path_has_its_page),
        cmocka_unit_test(only_browsers_are_shown_pages),
        cmocka_unit_test(other_files_are_where_they_are),
        cmocka_unit_test(documents_load_what_there_is),
        cmocka_unit_test(links_have_the_base_path),
        cmocka_unit_test(a_tag_is_that_of_the_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
