/* SPDX-License-Identifier: MIT
 *
 * tests/channel/entries.h - entries of a log that is not there
 */
#ifndef CHANNEL_ENTRIES_H
#define CHANNEL_ENTRIES_H

#include <weft/topic.h>

#include "channel/unit.h"

#define EPOCH "k3f9a2c1"

/* Of /chat, at 42. Give it back with entry_done. */
static inline weft_entry entry_of(weft_opcode op, weft_bytes payload, const char *key)
{
    weft_entry e = {.offset = 42, .time = 1795309464468, .key = bytes_of_text(key)};
    assert_int_equal(weft_message_new(&e.message, NULL, op, payload.data, payload.len), 0);
    return e;
}

static inline void entry_done(weft_entry *e)
{
    weft_message_unref(e->message);
}

static inline weft_position position_at(uint64_t offset)
{
    return (weft_position){.epoch = EPOCH, .offset = offset};
}

#endif
