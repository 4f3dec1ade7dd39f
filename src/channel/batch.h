/* SPDX-License-Identifier: MIT
 *
 * channel/batch.h - many messages in one body: application/x-ndjson, one envelope a line
 *
 *      {"data":"hi"}
 *      {"base64":"AAE=","key":"ACME"}
 *      {"channel":"/chat","position":"k3f9a2c1.42","time":1795309464468,"data":"as `weft sub --json` writes it"}
 *
 * All are for the channel that the body is posted to, and all are in order, or none is published. Lines end with LF
 * or CR LF; empty ones are nothing.
 */
#ifndef CHANNEL_BATCH_H
#define CHANNEL_BATCH_H

#include "channel/publication.h"

enum { BATCH_LINES_MAX = 1000 };

struct batch {
    struct publication *messages; /* parts of the body, or in scratch */
    size_t n, room;
    struct scratch scratch;
};

/* max_message: bytes of a payload. 0, and n is at least 1; or -1, and why, with the number of the line: 400, 413, or
 * 503: no memory. To be freed, whatever it returns. */
int batch_read(struct batch *b, const weft_env *env, weft_bytes body, weft_bytes channel,
               size_t max_message, struct refusal *why);
void batch_free(struct batch *b);

#endif
