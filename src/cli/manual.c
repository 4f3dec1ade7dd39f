/* SPDX-License-Identifier: MIT
 *
 * cli/manual.c - the text of --help
 */
#include "cli/manual.h"

#include <stdio.h>

#include "cli/cli.h"

int manual_print(const struct manual *m)
{
    printf("usage: %s\n\n%s\nFlags:\n", m->synopsis, m->about);
    flags_print(m->flags, stdout);
    printf("\nExamples:\n%s", m->examples);
    return EXIT_CLEAN;
}
