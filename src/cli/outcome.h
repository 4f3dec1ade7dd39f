/* SPDX-License-Identifier: MIT
 *
 * cli/outcome.h - how a WebSocket ended: in one parseable line, in words, and as an exit code
 *
 *      closed code=1008 reason="too slow" by=peer clean=yes
 *      closed code=1006 reason="" by=peer clean=no error=WEFT_ERR_LOST cause="..."
 *      closed code=1009 reason="" by=us clean=yes sent=1000
 */
#ifndef CLI_OUTCOME_H
#define CLI_OUTCOME_H

#include <stdio.h>

#include <weft/conn.h>

/* The line, without newline. */
void outcome_print(FILE *to, const weft_close_info *info);

/* What a status code means: "the peer is going away". */
const char *outcome_words(uint16_t code);

/* opened: whether on_open was called. */
int outcome_exit(const weft_close_info *info, bool opened);

/* A refusal by other means than the answer to an upgrade, as on_close would have it. */
struct outcome_refusal {
    weft_refusal refusal;
    weft_close_info info;
};
void outcome_refuse(struct outcome_refusal *out, int status, weft_bytes words);

/* An error of weft_connect, or of on_close before on_open. */
int outcome_exit_connect(int error);

#endif
