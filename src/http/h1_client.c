/* SPDX-License-Identifier: MIT
 *
 * http/h1_client.c - one response: its head, and for a refusal the start of its body
 */
#include "http/h1_client.h"

#include <errno.h>

#include "base/limits.h"

enum { INTERIM_MAX = 16 };

void h1_client_init(struct h1_client *c, const weft_env *env, const weft_limits *limits,
                    bool connect)
{
    *c = (struct h1_client){.env = env, .limits = limits, .connect = connect};
    head_init_response(&c->head, env, limits);
    buf_init(&c->body, env, (size_t)limit_refusal_body_max(limits));
}

void h1_client_deinit(struct h1_client *c)
{
    head_deinit(&c->head);
    buf_deinit(&c->body);
}

static int fail(struct h1_client *c, int error, const char *why)
{
    c->why = error == -ENOMEM ? "out of memory" : why;
    return error;
}

static bool interim(const struct h1_client *c)
{
    return c->head.status < 200 && c->head.status != 101;
}

static bool switched(const struct h1_client *c)
{
    int status = c->head.status;
    return c->connect ? status >= 200 && status < 300 : status == 101;
}

/* Keeps what fits. Whether that was all. */
static bool keep(struct h1_client *c, weft_bytes piece)
{
    size_t room = c->body.max - c->body.len;
    buf_append(&c->body, piece.data, piece.len < room ? piece.len : room);
    return piece.len <= room;
}

/* A body that breaks off or is malformed is still a refusal: what came of it is kept. */
static int read_body(struct h1_client *c, weft_span *in)
{
    weft_bytes piece;
    int r;
    do r = body_read(&c->decoder, in, &piece);
    while (r == BODY_PIECE && keep(c, piece));
    if (c->body.failed) return fail(c, -ENOMEM, NULL);
    c->whole = r == BODY_END && !c->head.why; /* else its fields did not say where it ends */
    return r == BODY_MORE ? H1C_MORE : H1C_REFUSED;
}

/* 1 when the final head is there, 0 bring more. */
static int read_head(struct h1_client *c, weft_span *in)
{
    int r;
    while ((r = head_feed(&c->head, in)) == 1 && interim(c)) {
        if (++c->interim > INTERIM_MAX) return fail(c, WEFT_ERR_HTTP, "too many interim responses");
        head_deinit(&c->head);
    }
    return r < 0 ? fail(c, r, c->head.why) : r;
}

bool h1_client_refused(struct h1_client *c)
{
    return c->in_body || (head_only_status(&c->head) && !interim(c) && !switched(c));
}

int h1_client_feed(struct h1_client *c, weft_span *in)
{
    if (c->in_body) return read_body(c, in);
    int r = read_head(c, in);
    if (r == WEFT_ERR_HTTP && h1_client_refused(c)) return H1C_REFUSED;
    if (r < 0) return r;
    if (r == 0) return H1C_MORE;
    if (switched(c)) return H1C_SWITCHED;
    c->in_body = true;
    (void)body_init(&c->decoder, c->head.body, c->head.length, UINT64_MAX);
    return read_body(c, in);
}

int h1_client_eof(struct h1_client *c)
{
    if (c->in_body) c->whole = !c->head.why && body_eof(&c->decoder) == BODY_END;
    if (h1_client_refused(c)) return H1C_REFUSED;
    return fail(c, WEFT_ERR_LOST, "the server closed without an answer");
}
