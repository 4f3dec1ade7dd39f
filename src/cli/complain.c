/* SPDX-License-Identifier: MIT
 *
 * cli/complain.c - one clear line about what is wrong
 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

int complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("weft: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return EXIT_USAGE;
}
