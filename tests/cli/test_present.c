/* SPDX-License-Identifier: MIT
 *
 * tests/cli/test_present.c - who is on a channel, as people read it
 */
#include "cli/present.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void reads(const char *presence, const char *want)
{
    json_t *said = json_loads(presence, 0, NULL);
    char *text = present_text(said);
    assert_string_equal(text, want);
    free(text);
    json_decref(said);
}

#define ANN "{\"client\":\"ann\",\"verified\":false}"
#define BOB "{\"client\":\"bob\",\"verified\":true}"

static void test_all(void **state)
{
    (void)state;
    reads("{\"count\":0,\"members\":[]}", "0 here");
    reads("{\"count\":1,\"members\":[" ANN "]}", "1 here: ann?");
    reads("{\"count\":3,\"members\":[" ANN "," BOB "]}", "3 here: ann?, bob");
}

static void test_changes(void **state)
{
    (void)state;
    reads("{\"count\":1,\"join\":[" ANN "],\"leave\":[]}", "1 here; come: ann?");
    reads("{\"count\":1,\"join\":[],\"leave\":[" BOB "]}", "1 here; gone: bob");
    reads("{\"count\":2,\"join\":[" ANN "," BOB "],\"leave\":[" ANN "]}",
          "2 here; come: ann?, bob; gone: ann?");
    reads("{\"count\":7,\"join\":[],\"leave\":[]}", "7 here");
}

/* Too many to be listed; and what a newer server may say, or one that is none. */
static void test_others(void **state)
{
    (void)state;
    reads("{\"count\":250}", "250 here");
    reads("{\"count\":2,\"members\":[{\"group\":\"x\"}," ANN ",7]}", "2 here: ann?");
    reads("{\"members\":7}", "0 here");
    reads("[]", "0 here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
