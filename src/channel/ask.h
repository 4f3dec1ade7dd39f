/* SPDX-License-Identifier: MIT
 *
 * channel/ask.h - what a request on a channel asks for
 *
 * One path, and the method, a header field or a parameter says what is meant. The first of these that fits is it:
 *
 *      Upgrade: websocket                              ASK_SOCKET; with the subprotocol weft.v1: ASK_SOCKET_V1
 *      GET  Accept: text/event-stream, ?stream=sse     ASK_SSE
 *      GET  ?stream    ?stream=raw                     ASK_STREAM, ASK_STREAM_RAW
 *      GET  ?wait=25                                   ASK_WAIT
 *      GET  ?presence                                  ASK_PRESENCE
 *      GET  ?since=P   ?last=N                         ASK_POLL
 *      GET  Accept names text/html                     ASK_PAGE
 *      GET                                             ASK_LOOK: as ?last=all
 *      HEAD   POST   DELETE   OPTIONS                  ASK_POSITION, ASK_PUBLISH, ASK_DROP, ASK_OPTIONS
 */
#ifndef CHANNEL_ASK_H
#define CHANNEL_ASK_H

#include "channel/params.h"

enum ask {
    ASK_SOCKET,
    ASK_SOCKET_V1,
    ASK_SSE,
    ASK_STREAM,
    ASK_STREAM_RAW,
    ASK_WAIT,
    ASK_PRESENCE,
    ASK_POLL,
    ASK_PAGE,
    ASK_LOOK,
    ASK_POSITION,
    ASK_PUBLISH,
    ASK_DROP,
    ASK_OPTIONS,
};

/* Those that ask_of_request does not refuse with 405. */
#define ASK_METHODS "GET, HEAD, POST, DELETE, OPTIONS"

/* 0; or -1, and why: 405, or 400 where a parameter does not go with what is asked for. */
int ask_of_request(enum ask *out, weft_bytes method, weft_bytes accept, const struct params *p,
                   struct refusal *why);

/* The same of an upgrade; v1: weft.v1 is agreed on. */
int ask_of_upgrade(enum ask *out, bool v1, const struct params *p, struct refusal *why);

#endif
