/* SPDX-License-Identifier: MIT
 *
 * cli/lab.c - the routes of the laboratory: a body comes in, JSON goes out
 */
#include "cli/lab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aux.h>

static bool is_of_handshakes(const weft_request *r)
{
    static const char path[] = "/lab/handshake";
    weft_bytes asked = weft_request_path(r);
    return asked.len == sizeof path - 1 && !memcmp(asked.data, path, asked.len);
}

static int examine(FILE *to, weft_request *r, weft_span bytes)
{
    char value[1];
    if (is_of_handshakes(r)) return lab_handshake(to, bytes);
    return lab_frames(to, bytes, weft_query_get(weft_request_query(r), "deflate", value, 1) >= 0);
}

/* A copy of the body: sessions unmask in place. */
static int print(FILE *to, weft_request *r)
{
    weft_bytes body = weft_request_body(r);
    uint8_t *bytes = malloc(body.len + 1);
    if (!bytes) return -ENOMEM;
    if (body.len) memcpy(bytes, body.data, body.len);
    int error = examine(to, r, (weft_span){bytes, body.len});
    free(bytes);
    return error;
}

static void answer(weft_request *r)
{
    char *json = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&json, &len);
    int error = to ? print(to, r) : -ENOMEM;
    if (to && fclose(to) != 0) error = -ENOMEM;
    weft_reply_field(r, "Cache-Control", "no-store");
    weft_reply_field(r, "X-Content-Type-Options", "nosniff");
    if (error) weft_respond_str(r, 503, "text/plain; charset=utf-8", "out of memory\n");
    else weft_respond(r, 200, "application/json", json, len);
    free(json);
}

static void on_request(weft_request *r, void *user)
{
    (void)user;
    if (weft_request_allowed(r)) answer(r);
    else weft_respond_str(r, 403, "text/plain; charset=utf-8", "not for pages of others\n");
}

int lab_add(struct service *s)
{
    static const weft_limits limits = {.http_body_max = LAB_BODY_MAX};
    static const weft_request_handler handler = {
        .on_request = on_request, .methods = "POST", .limits = &limits};
    int r = weft_server_on_request(s->server, "/lab/handshake", &handler, NULL);
    return r < 0 ? r : weft_server_on_request(s->server, "/lab/frames", &handler, NULL);
}
