/* SPDX-License-Identifier: MIT
 *
 * tests/cli/test_sentence.c - what a channel says when it refuses, and what only looks like that
 */
#include "cli/sentence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void says(const char *body, const char *want)
{
    char *text = sentence_of((weft_bytes){(const uint8_t *)body, strlen(body)});
    if (want) assert_string_equal(text, want);
    else assert_null(text);
    free(text);
}

static void test_sentences(void **state)
{
    (void)state;
    says("{\"error\":{\"code\":403,\"message\":\"no \\\"x\\\" here\"}}\n", "no \"x\" here");
    says("{\"error\":{\"message\":\"\"}}", "");
    says("", NULL);
    says("not for you\n", NULL);
    says("{\"error\":\"no\"}", NULL);
    says("{\"error\":{\"message\":7}}", NULL);
    says("{\"error\":{\"message\":\"a\"}} and more", NULL);
    says("[]", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sentences)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
