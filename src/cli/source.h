/* SPDX-License-Identifier: MIT
 *
 * cli/source.h - what the subscriber asks of its sources, and they of it
 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "cli/subscriber.h"

/* 0, or an exit code after having complained. source_deinit is fine after both, and on a struct of zeros. */
int source_init(struct source *s, struct subscriber *sub, const char *url);
void source_deinit(struct source *s);

void source_connect(struct source *s);
void source_leave(struct source *s);

/* ---- the other way --------------------------------------------------------------------------- */

/* A message, as it is to be shown. */
void subscriber_message(struct subscriber *sub, weft_bytes payload, bool is_binary);

/* A line that is no message. */
void subscriber_aside(struct subscriber *sub, weft_bytes text);

/* All of it ends, with this exit code if there was none. */
void subscriber_ends(struct subscriber *sub, int status);
void subscriber_source_over(struct subscriber *sub);

#endif
