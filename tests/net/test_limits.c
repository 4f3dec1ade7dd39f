/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_limits.c - every limit of WEFT_LIMITS on a server or client: one below, at, and one above
 *
 * The table is made from the list, so a limit for which there is no prove_NAME does not compile. Who wants
 * to see more sides of one finds them where it lives: tests/cases/limits.md, test_keepalive.c,
 * test_server.c, tests/http/test_head.c. That 0 means the default is shown by tests/base/test_limits.c.
 */
#include "limits_http.h"
#include "limits_time.h"
#include "limits_websocket.h"

struct proof {
    void (*prove)(enum side side);
};

static void test_limit(void **state)
{
    const struct proof *proof = *state;
    proof->prove(BELOW);
    proof->prove(AT);
    proof->prove(ABOVE);
}

int main(void)
{
#define LIMIT_PROOF(name, value, unit, text) static struct proof name = {prove_##name};
    WEFT_LIMITS(LIMIT_PROOF)
#undef LIMIT_PROOF
#define LIMIT_TEST(name, value, unit, text) {#name, test_limit, NULL, NULL, &name},
    const struct CMUnitTest tests[] = {WEFT_LIMITS(LIMIT_TEST)};
#undef LIMIT_TEST
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
