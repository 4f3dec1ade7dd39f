/* SPDX-License-Identifier: MIT
 *
 * ws/terms.h - what a client asks for in its opening handshake, whichever HTTP carries it
 *
 * RFC 6455 opens a WebSocket by an upgrade of HTTP/1.1, RFC 8441 by a CONNECT of HTTP/2. These fields mean the same in
 * both; method, Upgrade, Connection and key are HTTP/1.1's alone (handshake.c).
 */
#ifndef WS_TERMS_H
#define WS_TERMS_H

#include <weft/handshake.h>

/* Sec-WebSocket-Version, and the form of Sec-WebSocket-Protocol and Sec-WebSocket-Extensions. 0: nothing is wrong; else
 * the status to refuse with, and why, a constant string. */
int terms_fault(const weft_request_head *h, const weft_limits *limits, const char **why);

#endif
