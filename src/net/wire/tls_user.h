/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_user.h - the inside of a weft_tls
 *
 *      weft_tls_new -> tls_context <-- weft_tls -- tls_user_context --> each struct tls that begins
 *      weft_tls_reload, _replace: another one in its place
 *
 * Two locks. One is held while a pointer is copied; whoever accepts or connects takes it. The other one is held while
 * files are read, so that two who load at the same time do it one after the other, and neither undoes the other.
 */
#ifndef NET_TLS_USER_H
#define NET_TLS_USER_H

#include <pthread.h>

#include "net/wire/tls_context.h"

struct weft_tls {
    weft_env env; /* all zero: none was given */
    atomic_uint refs;
    pthread_mutex_t lock, loading;
    struct tls_context *context;
};

/* As it is now: a reference. */
struct tls_context *tls_user_context(weft_tls *t);

#endif
