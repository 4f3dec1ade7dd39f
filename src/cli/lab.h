/* SPDX-License-Identifier: MIT
 *
 * cli/lab.h - the laboratory of weft demo: what the library says to bytes that somebody wrote
 *
 *      POST /lab/handshake          a request head, as a client would send it
 *          {"status":101,"answer":"HTTP/1.1 101 Switching Protocols\r\n...","why":""}
 *
 *      POST /lab/frames[?deflate]   frames, as a client would send them after the handshake
 *          {"events":[{"type":"text","data":"..."},{"type":"binary","base64":"..."},
 *                     {"type":"ping","base64":""},{"type":"pong","base64":""},
 *                     {"type":"close","code":1000,"reason":""}],
 *           "answer":"base64 of the frames that the server sends",
 *           "error":{"code":1002,"reason":"..."}}     null: nothing was wrong
 *
 * Nothing is pretended: it is what weft/handshake.h and weft/session.h do, and it is done and forgotten in one call.
 * It answers pages that may connect here, and whoever is no page.
 */
#ifndef CLI_LAB_H
#define CLI_LAB_H

#include <stdio.h>

#include "cli/service.h"

/* So that a message can have the longest form of a length, and be cut. */
enum { LAB_MESSAGE_MAX = 65536, LAB_BODY_MAX = LAB_MESSAGE_MAX + 1024 };

/* Both routes. Errors: those of weft_server_on_request. */
int lab_add(struct service *s);

/* What they answer, written to to; bytes are changed in place. Such a session sends messages back that are no longer
 * than LAB_MESSAGE_MAX, and four times that in all: compressed, a few bytes are many. Errors: -ENOMEM. */
int lab_handshake(FILE *to, weft_span bytes);
int lab_frames(FILE *to, weft_span bytes, bool deflate);

#endif
