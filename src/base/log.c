/* SPDX-License-Identifier: MIT
 *
 * base/log.c - format, escape, cut, hand over
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum { LINE_MAX_BYTES = 256 };

static void escape(const char *from, char *to)
{
    static const char hex[] = "0123456789abcdef";
    char *end = to + LINE_MAX_BYTES - 4;
    for (; *from && to < end; from++) {
        unsigned char c = (unsigned char)*from;
        if (c >= 0x20 && c < 0x7f) {
            *to++ = (char)c;
            continue;
        }
        *to++ = '\\';
        *to++ = 'x';
        *to++ = hex[c >> 4];
        *to++ = hex[c & 15];
    }
    *to = 0;
}

static void say(const weft_env *env, int level, const char *format, va_list ap)
    __attribute__((format(printf, 3, 0)));

static void say(const weft_env *env, int level, const char *format, va_list ap)
{
    if (!env || !env->log) return;
    char raw[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
    vsnprintf(raw, sizeof raw, format, ap);
    escape(raw, line);
    env->log(env->ctx, level, line);
}

void log_line(const weft_env *env, int level, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    say(env, level, format, ap);
    va_end(ap);
}

int log_wrong(const weft_env *env, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    say(env, WEFT_LOG_ERROR, format, ap);
    va_end(ap);
    return -EINVAL;
}
