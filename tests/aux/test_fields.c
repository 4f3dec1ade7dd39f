/* SPDX-License-Identifier: MIT
 *
 * tests/aux/test_fields.c - what stands behind a scheme, and what a proxy does not forward
 */
#include "aux/unit.h"

static void token_is(const char *field, const char *want)
{
    expect_bytes(weft_auth_token(bytes(field), "Bearer"), want);
}

static void what_stands_behind_the_scheme(void **state)
{
    (void)state;
    token_is("Bearer abc", "abc");
    token_is("bEARER   abc.def==", "abc.def==");
    token_is("Bearer\tabc", "abc");
    token_is("Bearer ", "");
    token_is("Bearer", "");
    token_is("Bearerabc", "");
    token_is("Basic abc", "");
    token_is("", "");
    expect_bytes(weft_auth_token((weft_bytes){0}, "Bearer"), "");
    expect_bytes(weft_auth_token(bytes("Basic dTpw"), "basic"), "dTpw");
}

static void some_fields_are_never_forwarded(void **state)
{
    static const char *const names[] = {"Connection",
                                        "connection",
                                        "Keep-Alive",
                                        "TE",
                                        "trailer",
                                        "Transfer-Encoding",
                                        "UPGRADE",
                                        "Proxy-Connection",
                                        "Proxy-Authenticate",
                                        "Proxy-Authorization"};
    (void)state;
    for (size_t i = 0; i < countof(names); i++)
        assert_true(weft_field_is_hop(NULL, 0, bytes(names[i])));
    assert_false(weft_field_is_hop(NULL, 0, bytes("Content-Type")));
    assert_false(weft_field_is_hop(NULL, 0, bytes("Cookie")));
    assert_false(weft_field_is_hop(NULL, 0, bytes("T")));
    assert_false(weft_field_is_hop(NULL, 0, (weft_bytes){0}));
}

static void what_connection_names_is_not_either(void **state)
{
    const weft_field fields[] = {{bytes("X-One"), bytes("Cookie")},
                                 {bytes("Connection"), bytes("close ,\tX-One")},
                                 {bytes("connection"), bytes(",,x-three,")},
                                 {bytes("Connection"), bytes("")}};
    static const struct {
        const char *name;
        bool is_hop;
    } cases[] = {{"X-One", true}, {"x-one", true},   {"X-Three", true}, {"close", true},
                 {"X-On", false}, {"X-One1", false}, {"Cookie", false}, {"", false}};
    (void)state;
    for (size_t i = 0; i < countof(cases); i++)
        assert_int_equal(weft_field_is_hop(fields, countof(fields), bytes(cases[i].name)),
                         cases[i].is_hop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_behind_the_scheme),
        cmocka_unit_test(some_fields_are_never_forwarded),
        cmocka_unit_test(what_connection_names_is_not_either),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
