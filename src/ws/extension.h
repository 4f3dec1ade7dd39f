/* SPDX-License-Identifier: MIT
 *
 * ws/extension.h - Sec-WebSocket-Extensions: elements and parameters (RFC 6455, 9.1; RFC 7692, 5 and 7)
 */
#ifndef WS_EXTENSION_H
#define WS_EXTENSION_H

#include <weft/handshake.h>

/* The client's side of the negotiation: what a response makes of the offer. offered NULL: none was made,
 * and any extension is a fault. NULL, or what is wrong. */
const char *extension_verify(const weft_field *fields, size_t n, const weft_deflate *offered,
                             weft_deflate_params *agreed);

#endif
