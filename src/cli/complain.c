/* SPDX-License-Identifier: MIT
 *
 * cli/complain.c - one clear line about what is wrong
 *
 * What strangers said may be in it, so it is escaped: nobody else begins a line with "weft: ".
 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/escape.h"

enum { LONGEST = 16 << 10 };

/* With one write, so that it stays whole. */
static void say(const char *text)
{
    char *line = NULL;
    size_t len;
    FILE *to = open_memstream(&line, &len);
    if (!to) return;
    fputs("weft: ", to);
    escape_terminal(to, (weft_bytes){(const uint8_t *)text, strlen(text)}, "  ");
    fputc('\n', to);
    if (fclose(to) == 0) fputs(line, stderr);
    free(line);
}

int complain(const char *format, ...)
{
    char text[LONGEST];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say(text);
    return EXIT_USAGE;
}
