/* SPDX-License-Identifier: MIT
 *
 * aux/send.c - texts for a connection, from who does not follow up on errors
 *
 * What is formatted is made on the stack, or, if it is long, in a block that is gone when it is queued.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <weft/aux.h>

#include "aux/hook.h"

enum { ON_STACK = 1024 };

/* What weft_deliver does with who cannot take a message. */
static void missed(weft_conn *c, int error)
{
    if (error == WEFT_ERR_CLOSED || error == WEFT_ERR_STATE) return;
    static const char why[] = "too slow: the send queue is full";
    bool told = error == WEFT_ERR_BACKLOG && weft_close(c, WEFT_CLOSE_POLICY_VIOLATION, why) == 0;
    if (!told) weft_abort(c);
}

static void send_text(weft_conn *c, const char *text, size_t len)
{
    int error = weft_send(c, WEFT_TEXT, text, len);
    if (error < 0) missed(c, error);
}

void weft_send_str(weft_conn *c, const char *text)
{
    send_text(c, text, strlen(text));
}

static void send_long(weft_conn *c, size_t len, const char *format, va_list args)
{
    const weft_env *env = weft_loop_env(weft_conn_loop(c));
    char *text = hook_alloc(env, len + 1);
    if (!text) {
        missed(c, -ENOMEM);
        return;
    }
    vsnprintf(text, len + 1, format, args);
    send_text(c, text, len);
    hook_free(env, text);
}

void weft_send_printf(weft_conn *c, const char *format, ...)
{
    char text[ON_STACK];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(text, sizeof text, format, args);
    if (len < 0) missed(c, -EINVAL);
    else if ((size_t)len < sizeof text) send_text(c, text, (size_t)len);
    else send_long(c, (size_t)len, format, again);
    va_end(again);
    va_end(args);
}
