/* SPDX-License-Identifier: MIT
 *
 * cli/deflate.h - --deflate off|shared|takeover
 *
 * "shared": every message for itself, so that the loop's connections share one compressor. It is the
 * default: what goes over channels was written by strangers, but not put beside secrets of ours.
 */
#ifndef CLI_DEFLATE_H
#define CLI_DEFLATE_H

#include <weft/session.h>

/* A flag's words. */
extern const char *const deflate_words[];

/* text NULL: not given. *out is NULL for off. 0, or an exit code after having complained. */
int deflate_parse(const char *text, const weft_deflate **out);

#endif
