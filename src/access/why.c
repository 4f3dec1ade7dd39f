/* SPDX-License-Identifier: MIT
 *
 * access/why.c - a sentence, cut where it would be too long
 */
#include "access/why.h"

#include <stdarg.h>
#include <stdio.h>

bool why_say(struct why *w, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(w->text, sizeof w->text, format, ap);
    va_end(ap);
    return false;
}
