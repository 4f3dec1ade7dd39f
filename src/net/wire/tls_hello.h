/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_hello.h - a client's first words, kept until they are whole
 *
 * What OpenSSL has for a handshake is 46 KB. So it is made for who has said what he wants, and not for a first byte:
 * before that there are the bytes that came, at most TLS_HELLO_MAX of them.
 */
#ifndef NET_TLS_HELLO_H
#define NET_TLS_HELLO_H

#include <weft/base.h>

enum { TLS_HELLO_MAX = 16384 };

enum hello {
    HELLO_MORE,  /* a ClientHello so far */
    HELLO_WHOLE, /* that, or anything else: OpenSSL says what is wrong with it */
    HELLO_LONG,  /* it cannot end within TLS_HELLO_MAX */
};

enum hello tls_hello_judge(weft_bytes in);

#endif
