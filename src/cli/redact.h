/* SPDX-License-Identifier: MIT
 *
 * cli/redact.h - what strangers sent, for a log, without the tokens in it
 */
#ifndef CLI_REDACT_H
#define CLI_REDACT_H

#include <stdio.h>

#include <weft/base.h>

/* A request's target: what token and signed are in its query is "...". */
void redact_target(FILE *to, weft_bytes target);

/* Subprotocols: what stands behind weft.token. is "...". */
void redact_subprotocols(FILE *to, weft_bytes list);

#endif
