/* SPDX-License-Identifier: MIT
 *
 * The table of origins.
 */
#include "channel/origin.h"

#include "channel/unit.h"

struct situation {
    const char *origin;
    bool allowed, any, page;
    const char *site, *mode;
    const char *refused; /* words; NULL: it is done */
};

static void check(const struct situation *s)
{
    struct refusal why;
    const struct origin_facts facts = {
        .origin = bytes_of_text(s->origin),
        .allowed = s->allowed,
        .any = s->any,
        .page = s->page,
        .site = bytes_of_text(s->site),
        .mode = bytes_of_text(s->mode),
    };
    int r = origin_check(&facts, &why);
    if (!s->refused && r < 0) fail_msg("Origin \"%s\" is refused: %s", s->origin, why.words);
    if (!s->refused) return;
    if (r == 0) fail_msg("Origin \"%s\", Sec-Fetch-Site \"%s\" is done", s->origin, s->site);
    assert_refused(why, 403, s->refused);
}

static void an_origin_decides(void **state)
{
    (void)state;
    static const struct situation table[] = {
        {"http://localhost:8080", .allowed = true, .site = "same-origin", .mode = "cors"},
        {"https://app.example", .allowed = true, .site = "cross-site", .mode = "cors"},
        {"https://app.example", .allowed = true, .site = "", .mode = ""}, /* an older browser */
        {"https://evil.example", .site = "cross-site", .mode = "cors",
         .refused = "--origin https://evil.example would let them"},
        {"https://evil.example", .site = "same-origin", .mode = "cors",
         .refused = "https://evil.example"},
        {"https://evil.example", .page = true, .site = "cross-site", .mode = "navigate",
         .refused = "https://evil.example"},
        {"null", .site = "cross-site", .mode = "cors", .refused = "--origin null"},
        {"null", .allowed = true, .site = "cross-site", .mode = "cors"},
    };
    for (size_t i = 0; i < countof(table); i++) check(&table[i]);
}

static void without_one_the_site_does(void **state)
{
    (void)state;
    static const struct situation table[] = {
        {"", .site = "", .mode = ""}, /* curl */
        {"", .site = "none", .mode = "navigate", .page = true},
        {"", .site = "none", .mode = "navigate"},
        {"", .site = "same-origin", .mode = "cors"},
        {"", .site = "cross-site", .mode = "no-cors", .refused = "another site"},
        {"", .site = "same-site", .mode = "no-cors", .refused = "another site"},
        {"", .site = "cross-site", .mode = "no-cors", .any = true},
    };
    for (size_t i = 0; i < countof(table); i++) check(&table[i]);
}

/* Whoever links to a channel shows it; he does not read it. */
static void links_lead_to_the_page_and_to_nothing_else(void **state)
{
    (void)state;
    static const struct situation table[] = {
        {"", .site = "cross-site", .mode = "navigate", .page = true},
        {"", .site = "same-site", .mode = "navigate", .page = true},
        {"", .site = "cross-site", .mode = "navigate", .refused = "another site"},
        {"", .site = "cross-site", .mode = "no-cors", .page = true, .refused = "another site"},
    };
    for (size_t i = 0; i < countof(table); i++) check(&table[i]);
}

static void strangers_names_are_shown_harmless(void **state)
{
    (void)state;
    struct refusal why;
    struct origin_facts facts = {.origin = LITERAL("https://a\"\x1b[31m\xff.example")};
    assert_int_equal(origin_check(&facts, &why), -1);
    assert_refused(why, 403, "https://a\\x22\\x1b[31m\\xff.example");
    char longest[1000];
    memset(longest, 'x', sizeof longest);
    facts.origin = (weft_bytes){(uint8_t *)longest, sizeof longest};
    assert_int_equal(origin_check(&facts, &why), -1);
    assert_refused(why, 403, "would let them");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_origin_decides),
        cmocka_unit_test(without_one_the_site_does),
        cmocka_unit_test(links_lead_to_the_page_and_to_nothing_else),
        cmocka_unit_test(strangers_names_are_shown_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
