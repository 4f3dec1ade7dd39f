/* SPDX-License-Identifier: MIT
 *
 * cli/screen.h - a prompt with history and editing, and lines that appear above it
 *
 * There is one terminal, and libedit keeps its state in globals; so this is the one file of weft that
 * has state of its own.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <weft/conn.h>

/* Show the prompt; on_line gets each line, and NULL at Ctrl-D on an empty one. Errors: -errno. */
int screen_prompt(weft_loop *l, void (*on_line)(void *user, const char *line), void *user);

/* The program was stopped and goes on: the shell has had the terminal. */
void screen_again(void);

/* Take the prompt away, save the history, leave the terminal as it was. Any number of times. */
void screen_restore(void);

/* A line of ours. */
void screen_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A message of the peer, escaped. */
void screen_message(weft_opcode op, weft_bytes data);

#endif
