/* SPDX-License-Identifier: MIT
 *
 * The header fields that every answer of a channel has.
 */
#include "channel/headers.h"

#include "channel/unit.h"

/* "": there is none. */
static const char *field(const char *name, enum ask ask, bool is_error, bool origin_allowed)
{
    static struct header all[HEADERS_MAX];
    size_t n = headers_of(all, ask, is_error, origin_allowed);
    assert_true(n <= HEADERS_MAX);
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].name, name) == 0) return all[i].value;
    return "";
}

static void caching_is_a_table(void **state)
{
    (void)state;
    static const struct {
        enum ask ask;
        const char *value, *buffering, *vary;
    } table[] = {
        {ASK_POLL, "private, no-cache", "", "Accept, Origin"},
        {ASK_LOOK, "private, no-cache", "", "Accept, Origin"},
        {ASK_POSITION, "private, no-cache", "", "Accept, Origin"},
        {ASK_PAGE, "no-cache", "", "Accept, Origin"},
        {ASK_WAIT, "no-store", "", "Accept, Origin"},
        {ASK_PRESENCE, "no-store", "", "Accept, Origin"},
        {ASK_SSE, "no-cache, no-transform", "no", "Accept, Origin"},
        {ASK_STREAM, "no-cache, no-transform", "no", "Accept, Origin"},
        {ASK_STREAM_RAW, "no-cache, no-transform", "no", "Accept, Origin"},
        {ASK_PUBLISH, "no-store", "", "Origin"},
        {ASK_DROP, "no-store", "", "Origin"},
        {ASK_OPTIONS, "no-store", "", "Origin"},
    };
    for (size_t i = 0; i < countof(table); i++) {
        assert_string_equal(field("Cache-Control", table[i].ask, false, false), table[i].value);
        assert_string_equal(field("Cache-Control", table[i].ask, true, false), "no-store");
        assert_string_equal(field("X-Accel-Buffering", table[i].ask, false, false),
                            table[i].buffering);
        assert_string_equal(field("X-Accel-Buffering", table[i].ask, true, false), "");
        assert_string_equal(field("Vary", table[i].ask, false, false), table[i].vary);
    }
}

static void every_answer_is_guarded(void **state)
{
    (void)state;
    for (enum ask ask = ASK_SOCKET; ask <= ASK_OPTIONS; ask++)
        for (int i = 0; i < 4; i++) {
            assert_string_equal(field("X-Content-Type-Options", ask, i & 1, i & 2), "nosniff");
            assert_string_equal(field("Referrer-Policy", ask, i & 1, i & 2), "no-referrer");
        }
}

static void pages_of_other_origins_see_what_they_may(void **state)
{
    (void)state;
    const char *policy = "Cross-Origin-Resource-Policy", *exposed = "Access-Control-Expose-Headers";
    assert_string_equal(field(policy, ASK_POLL, false, false), "same-origin");
    assert_string_equal(field(exposed, ASK_POLL, false, false), "");
    assert_string_equal(field(policy, ASK_POLL, false, true), "");
    assert_string_equal(field(exposed, ASK_POLL, false, true), "ETag, Weft-Position, Retry-After");
}

static void a_page_says_what_it_may_load(void **state)
{
    (void)state;
    const char *policy = "Content-Security-Policy";
    assert_string_equal(field(policy, ASK_PAGE, false, false), HEADERS_POLICY);
    assert_string_equal(field(policy, ASK_PAGE, true, true), HEADERS_POLICY);
    assert_string_equal(field(policy, ASK_LOOK, false, false), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caching_is_a_table),
        cmocka_unit_test(every_answer_is_guarded),
        cmocka_unit_test(pages_of_other_origins_see_what_they_may),
        cmocka_unit_test(a_page_says_what_it_may_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
