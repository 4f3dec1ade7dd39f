/* SPDX-License-Identifier: MIT
 *
 * ws/message.h - a message encoded once, as a server sends it
 */
#ifndef WS_MESSAGE_H
#define WS_MESSAGE_H

#include "base/outq.h"
#include <weft/session.h>

struct weft_message {
    const weft_env *env;
    atomic_uint refs;
    uint8_t opcode;
    uint8_t head_len;
    struct blob *frame; /* head and payload, unmasked */
};

#endif
