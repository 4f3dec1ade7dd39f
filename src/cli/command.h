/* SPDX-License-Identifier: MIT
 *
 * cli/command.h - what a line means that is typed at the interactive prompt
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <weft/base.h>

enum command_kind {
    COMMAND_NOTHING, /* an empty line */
    COMMAND_SEND,    /* text */
    COMMAND_PING,    /* text: the payload */
    COMMAND_CLOSE,   /* code, and text: the reason, terminated by NUL; NULL: none */
    COMMAND_HELP,
    COMMAND_BAD /* why */
};

struct command {
    enum command_kind kind;
    weft_bytes text; /* a part of the line */
    uint16_t code;
    char why[160];
};

extern const char command_help[];

void command_parse(struct command *c, const char *line);

#endif
