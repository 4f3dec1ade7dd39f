/* SPDX-License-Identifier: MIT
 *
 * cli/escape.h - strangers' bytes, made harmless for the place where they are shown
 */
#ifndef CLI_ESCAPE_H
#define CLI_ESCAPE_H

#include <stdio.h>

#include <weft/base.h>

/* For a terminal: what a peer sends must not move the cursor, change colours, set the title or type
 * keys, and nothing in it is to be there unseen. Control characters (C0, DEL, C1), characters that show nothing or turn
 * the direction of writing, and bytes that are not UTF-8 become \x1b, \u202e, \U000e0041; a joiner or a choice of
 * looks behind a character beyond ASCII stays. Tab stays; a newline (LF or CRLF) is followed by indent. */
void escape_terminal(FILE *to, weft_bytes text, const char *indent);

/* As a JSON string, quotes included; always one line of printable characters. */
void escape_json(FILE *to, weft_bytes text);

#endif
