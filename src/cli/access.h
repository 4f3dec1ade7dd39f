/* SPDX-License-Identifier: MIT
 *
 * cli/access.h - the flags by which weft pub and weft sub get to a server
 *
 * They are those of weft URL as far as they mean something for every transport. --key being a message's, the key of a
 * certificate has another name here.
 */
#ifndef CLI_ACCESS_H
#define CLI_ACCESS_H

#include "cli/connect.h"

enum { ACCESS_FLAGS = 12 };

/* What --max-message means for what is carried as JSON: each byte may be six, and there is something around it. */
static inline uint64_t access_json_max(uint64_t max_message)
{
    return 6 * max_message + 4096;
}

/* Fills the table, of which the last row ends it; and o with what holds when none of them is given. */
void access_flags(struct flag to[ACCESS_FLAGS], struct connect_options *o);

#endif
