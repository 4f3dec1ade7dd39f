/* SPDX-License-Identifier: MIT
 *
 * channel/envelope.c - members, in the order of docs/channels.md; the message comes last, because it is long
 */
#include "channel/envelope.h"

#include <stdio.h>

#include "channel/json.h"

void envelope_add_position(struct text *to, const weft_position *p)
{
    char position[WEFT_POSITION_TEXT];
    int n = weft_position_print(p, position);
    text_add(to, "\"", 1);
    text_add(to, position, (size_t)n);
    text_add(to, "\"", 1);
}

void envelope_add_lost(struct text *to, uint64_t lost)
{
    text_add_words(to, "\"lost\":");
    if (lost == WEFT_LOST_UNKNOWN) text_add_words(to, "null");
    else text_add_number(to, lost);
}

static void add_channel(struct text *to, weft_bytes channel)
{
    text_add_words(to, "{\"channel\":");
    json_add_string(to, channel);
}

weft_position envelope_position(const char *epoch, const weft_entry *e)
{
    weft_position p = {.offset = e->offset};
    snprintf(p.epoch, sizeof p.epoch, "%s", epoch);
    return p;
}

static void add_payload(struct text *to, const weft_message *m)
{
    bool binary = weft_message_opcode(m) == WEFT_BINARY;
    text_add_words(to, binary ? ",\"base64\":" : ",\"data\":");
    if (binary) json_add_base64(to, weft_message_payload(m));
    else json_add_string(to, weft_message_payload(m));
}

void envelope_message(struct text *to, weft_bytes channel, const char *epoch, const weft_entry *e,
                      uint64_t skipped)
{
    weft_position at = envelope_position(epoch, e);
    add_channel(to, channel);
    text_add_words(to, ",\"position\":");
    envelope_add_position(to, &at);
    text_add_words(to, ",\"time\":");
    text_add_number(to, e->time);
    if (e->key.len) {
        text_add_words(to, ",\"key\":");
        json_add_string(to, e->key);
    }
    if (skipped) {
        text_add_words(to, ",\"skipped\":");
        text_add_number(to, skipped);
    }
    add_payload(to, e->message);
    text_add(to, "}", 1);
}

void envelope_lost(struct text *to, weft_bytes channel, uint64_t lost, const weft_position *at)
{
    add_channel(to, channel);
    text_add(to, ",", 1);
    envelope_add_lost(to, lost);
    text_add_words(to, ",\"position\":");
    envelope_add_position(to, at);
    text_add(to, "}", 1);
}

void envelope_presence(struct text *to, weft_bytes channel, weft_bytes presence)
{
    add_channel(to, channel);
    text_add_words(to, ",\"presence\":");
    text_add(to, presence.data, presence.len);
    text_add(to, "}", 1);
}
