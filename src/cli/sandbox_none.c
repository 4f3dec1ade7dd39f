/* SPDX-License-Identifier: MIT
 *
 * cli/sandbox_none.c - no sandbox: builds for tests
 */
#include "cli/cli.h"
#include "cli/sandbox.h"

int sandbox_enter(const struct sandbox *s, const struct trace *t)
{
    if (s->user) return complain("--user: this build, for tests, stays who it is");
    trace_line(t, "sandbox: none in this build, for tests");
    return 0;
}

void sandbox_wake(void) {}

void sandbox_sleep(void) {}
