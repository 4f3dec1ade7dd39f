/* SPDX-License-Identifier: MIT
 *
 * cli/http.h - requests to one server, one after the other
 *
 *      http_send -> on_head -> on_body ... -> on_end [NULL] -> http_send ...    on one connection, if it is kept
 *                                         \-> on_end [why]                     it is gone; http_send makes another
 *
 * Bytes go through a weft_pipe; heads and bodies are cut by weft/handshake.h. A body that is not wanted piece by piece,
 * and that of a refusal, is gathered.
 */
#ifndef CLI_HTTP_H
#define CLI_HTTP_H

#include <weft/handshake.h>
#include <weft/pipe.h>

#include "cli/buffer.h"
#include "cli/channel_url.h"
#include "cli/connect.h"
#include "cli/outcome.h"

struct http;

/* http_send and http_stop may be called by all of them; after on_end nothing else comes of that request. */
struct http_handler {
    void (*on_head)(struct http *h, const weft_response_head *head); /* NULL: as it is */
    void (*on_body)(struct http *h, weft_bytes piece); /* of status 200. NULL: it is gathered */
    /* info is NULL when all of the answer is there; else how it failed, in the words of a weft_conn. */
    void (*on_end)(struct http *h, const weft_close_info *info);
};

enum http_state { HTTP_IDLE, HTTP_HEAD, HTTP_BODY };

struct http {
    weft_loop *loop;
    const struct channel_url *url;
    const struct connect_options *o;
    const struct trace *trace;
    const struct http_handler *handler;
    void *user;
    uint64_t silence_ms; /* a server that says nothing for so long is gone; 0: it may */

    weft_pipe *pipe; /* NULL: none */
    weft_timer *silence;
    enum http_state state;
    bool is_head, keeps; /* the request is HEAD; the connection stays afterwards */
    weft_body body;
    struct buffer input; /* of a head that is not whole yet */
    int status;
    struct buffer gathered;
};

/* The fields above the line are set. Errors: -ENOMEM. */
int http_init(struct http *h);
void http_deinit(
    struct http *h); /* a struct of zeros is fine; the loop may have been freed no sooner */

/* Ask. more: behind the query; fields: "Name: value\r\n" ..., or "". In HTTP_IDLE. 0, or an exit code after having
 * complained; then on_end does not follow. */
int http_send(struct http *h, const char *method, const char *more, const char *fields,
              weft_bytes body);

/* Drop it: nothing is told any more. */
void http_stop(struct http *h);
void http_pause(struct http *h, bool paused);

/* The answer, which was a refusal, for connect_report and again_may_help. */
void http_refusal(const struct http *h, struct outcome_refusal *out);

/* When the server would be asked again, by its Retry-After, in ms; 0: it does not say. */
uint64_t http_retry_after(const weft_response_head *head);

/* The position in its Weft-Position, or "". */
void http_position(const weft_response_head *head, char *out, size_t size);

#endif
