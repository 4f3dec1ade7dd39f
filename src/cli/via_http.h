/* SPDX-License-Identifier: MIT
 *
 * cli/via_http.h - what transports over plain HTTP have in common
 */
#ifndef CLI_VIA_HTTP_H
#define CLI_VIA_HTTP_H

#include "cli/source.h"

/* GET the source's URL, more being put behind its query. silence_ms: as of struct http. 0, or an exit code after having
 * complained. */
int via_http_get(struct source *s, const struct http_handler *h, const char *more,
                 const char *fields, uint64_t silence_ms);

/* What a stream's query says besides: "&presence=events", or "". */
const char *via_http_presence(const struct source *s);

/* For on_end: a connection that failed, a refusal, or, with status 200, a stream that has ended. */
void via_http_ended(struct source *s, const weft_close_info *info);

/* Call take with each line that is complete, until the source is over. */
void via_http_lines(struct source *s, weft_bytes piece,
                    void (*take)(struct source *s, weft_bytes line));

/* That is no channel: the source fails. */
void via_http_is_foreign(struct source *s);

void via_http_pause(struct source *s, bool paused);
void via_http_leave(struct source *s);

#endif
