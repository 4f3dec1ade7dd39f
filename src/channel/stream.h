/* SPDX-License-Identifier: MIT
 *
 * channel/stream.h - a channel as the body of an answer that goes on
 *
 *      ?stream         application/x-ndjson, an object a line
 *
 *          {"channel":"/chat","position":P,"head":P,"policy":"queue"}         first: where it begins, so that even who
 *          {"channel":"/chat","position":P,"time":...,"data":"hi"}            has had no message yet can resume
 *          {"channel":"/chat","lost":7,"position":P}
 *          {"channel":"/chat","presence":{...}}                               if that was asked for
 *                                                                             an empty line, after silence
 *          {"close":{"retry":4000}}                                           last, if the client is to come again
 *
 *      ?stream=raw     for pipes: nothing but messages, a text with LF behind it, binary as it is
 */
#ifndef CHANNEL_STREAM_H
#define CHANNEL_STREAM_H

#include <weft/topic.h>

#include "channel/answer.h"
#include "channel/text.h"

#define STREAM_TYPE     "application/x-ndjson"
#define STREAM_RAW_TYPE "text/plain; charset=utf-8"

void stream_begin(struct text *to, const struct subscribed *s);

/* A message; arguments as of envelope_message. */
void stream_message(struct text *to, weft_bytes channel, const char *epoch, const weft_entry *e,
                    uint64_t skipped);
void stream_lost(struct text *to, weft_bytes channel, uint64_t lost, const weft_position *at);
void stream_presence(struct text *to, weft_bytes channel, weft_bytes presence);
void stream_heartbeat(struct text *to);
void stream_end(struct text *to, uint64_t retry_ms);

void stream_raw_message(struct text *to, const weft_entry *e);

#endif
