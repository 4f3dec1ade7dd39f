/* SPDX-License-Identifier: MIT
 *
 * ws/message.h - a message encoded once, as a server sends it
 */
#ifndef WS_MESSAGE_H
#define WS_MESSAGE_H

#include "base/outq.h"
#include "ws/deflate.h"

struct weft_message {
    atomic_uint refs;
    uint8_t opcode;
    uint8_t head_len;
    struct blob *frame; /* head and payload, unmasked; with the env of all of it */

    /* The same compressed, by window: NULL until somebody needs it, then for good. It is frame once more
     * where that is not smaller. Threads may race for a place; the first one wins. */
    struct blob *_Atomic compressed[WINDOW_BITS_MAX - WINDOW_BITS_MIN + 1];
};

/* The compressed frame; it lives as long as m. The pool is the calling thread's, or NULL. NULL: no
 * memory. */
struct blob *message_compressed(weft_message *m, unsigned bits, weft_session_pool *pool);

#endif
