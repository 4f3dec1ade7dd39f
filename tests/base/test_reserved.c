/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_reserved.c - which fields a user may not write where
 */
#include "base/reserved.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

static void expect_reserved(const char *name, unsigned in)
{
    for (unsigned place = RESERVED_IN_REPLY; place <= RESERVED_IN_REQUEST; place *= 2)
        assert_int_equal(field_is_reserved(bytes_of(name), (enum reserved_in)place),
                         (in & place) != 0);
}

static void fields(void **state)
{
    (void)state;
    unsigned reply = RESERVED_IN_REPLY, upgrade = RESERVED_IN_UPGRADE,
             request = RESERVED_IN_REQUEST;
    expect_reserved("content-LENGTH", reply | upgrade | request);
    expect_reserved("Transfer-Encoding", reply | upgrade | request);
    expect_reserved("Connection", reply | upgrade | request);
    expect_reserved("Date", 0);
    expect_reserved("Host", request);
    expect_reserved("Upgrade", upgrade | request); /* a 426 has it */
    expect_reserved("Sec-WebSocket-Version", upgrade | request);
    expect_reserved("sec-websocket-anything", upgrade | request);
    expect_reserved("Sec-WebSocket", 0);
    expect_reserved("Connection-", 0);
    expect_reserved("Dates", 0);
    expect_reserved("Set-Cookie", 0);
    expect_reserved("", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fields)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
