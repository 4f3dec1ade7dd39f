/* SPDX-License-Identifier: MIT
 *
 * cli/history.h - lines typed in earlier sessions
 *
 * They are kept in $XDG_STATE_HOME/weft/history (default ~/.local/state), readable by nobody else.
 * That they cannot be kept is no reason to bother anyone.
 */
#ifndef CLI_HISTORY_H
#define CLI_HISTORY_H

void history_load(void);
void history_save(void);

#endif
