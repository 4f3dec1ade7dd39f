/* SPDX-License-Identifier: MIT
 *
 * ws/partial.c - a message that comes in parts, and where it lies
 *
 *      input --[gather]--> blob ---> on loan to the user --[send]--> queue, the blob itself
 *      socket --[room]------^
 *
 * It lies in a blob behind room for the head of a frame. A long one is received there (session_room), and when
 * a server's user sends just what he was lent, its head is written in front and the blob is queued: so
 * a long message is copied by the kernel only, in either direction.
 *
 * Invariants: a blob has at most twice the room of what has come of the message, or of a message that
 * came before; so it pins at most twice what the peer has sent. (The loop's pool keeps a few long blobs: one of
 * those may be twice as large again.) Once a message is on loan it does not change.
 */
#include <errno.h>

#include "base/bytes.h"
#include "ws/pool.h"
#include "ws/session.h"

enum {
    PARTIAL_HEAD = 16, /* at least FRAME_HEAD_MAX */
    PARTIAL_MIN = 1024,
    ROOM_MIN = 16384,  /* what is left of a frame: less is as well copied */
    ROOM_MAX = 131072, /* at a time: unmasked and looked at while it is in the cache */
    LOAN_MIN = 16384,  /* shorter ones are as well copied, too */
};

struct partial *session_partial(weft_session *s)
{
    struct partial **p = &s->buffers->in.partial;
    if (*p) return *p;
    *p = mem_zalloc(s->cfg->env, sizeof **p);
    if (*p) buf_init(&(*p)->parked, s->cfg->env, SIZE_MAX);
    return *p;
}

weft_bytes partial_message(const struct partial *p)
{
    return (weft_bytes){p->blob ? p->blob->data + PARTIAL_HEAD : NULL, (size_t)p->len};
}

/* ---- growing --------------------------------------------------------------------------------- */

/* Twice what has come; no more than will come, where that is known: in the last frame of a message that is not
 * compressed. */
static size_t partial_size(const weft_session *s, size_t need, size_t reach)
{
    const struct recv *r = &s->buffers->in;
    size_t size = need < PARTIAL_MIN ? PARTIAL_MIN : 2 * need;
    bool known = r->left && (r->byte0 & FRAME_FIN) && !r->inflater;
    if (known && size < reach) size = reach;
    return known && r->left < size - need ? need + (size_t)r->left : size;
}

static struct blob *first_blob(const weft_session *s, size_t cap)
{
    weft_session_pool *p = s->cfg->pool;
    return p ? blob_take(&p->blobs, cap) : blob_new(s->cfg->env, cap);
}

/* Room for need bytes of the message, and for more. */
static bool grow(weft_session *s, size_t need, size_t reach)
{
    struct blob **b = &s->buffers->in.partial->blob;
    size_t cap = PARTIAL_HEAD + partial_size(s, need, reach);
    struct blob *grown = *b ? blob_grow(*b, cap) : first_blob(s, cap);
    if (!grown) return false;
    if (!*b) grown->len = PARTIAL_HEAD;
    *b = grown;
    return true;
}

static size_t left_in(const struct blob *b)
{
    return b ? b->cap - b->len : 0;
}

/* What came before in one message. */
static size_t reach_of(const weft_session *s)
{
    return (size_t)2 << s->reach;
}

static void remember(weft_session *s, size_t len)
{
    while (len >> s->reach > 1) s->reach++;
}

int partial_gather(weft_session *s, weft_bytes piece)
{
    struct partial *p = session_partial(s);
    if (!p) return -ENOMEM;
    if (!piece.len) return 0;
    size_t need = (size_t)p->len + piece.len, reach = s->placed ? 0 : reach_of(s);
    if (left_in(p->blob) < piece.len && !grow(s, need, reach)) return -ENOMEM;
    uint8_t *to = p->blob->data + p->blob->len;
    if (piece.data != to) copy(to, piece.data, piece.len);
    p->blob->len += piece.len;
    p->len = need;
    remember(s, need);
    return 0;
}

/* ---- received in place ----------------------------------------------------------------------- */

uint8_t *session_room(weft_session *s, size_t *room)
{
    if (s->state != RECV_PAYLOAD) return NULL;
    const struct recv *r = &s->buffers->in;
    struct partial *p = r->partial;
    bool data = !(r->byte0 & FRAME_CONTROL) && !r->compressed;
    if (!data || r->left < ROOM_MIN || !p || !p->blob || p->len < ROOM_MIN) return NULL;
    s->placed = true;
    if (*room && left_in(p->blob) < ROOM_MIN && !grow(s, (size_t)p->len, reach_of(s))) return NULL;
    size_t left = r->left < ROOM_MAX ? (size_t)r->left : ROOM_MAX, there = left_in(p->blob);
    if (left > there) left = there;
    if (*room > left) *room = left;
    return p->blob->data + p->blob->len;
}

/* ---- sent as it came ------------------------------------------------------------------------- */

static bool is_on_loan(const weft_session *s, const void *data, size_t len)
{
    const struct recv *r = &s->buffers->in;
    if (!r->lent || r->message || !r->partial || !r->partial->blob) return false;
    weft_bytes message = partial_message(r->partial);
    return data == message.data && len == message.len;
}

bool partial_send(weft_session *s, struct outq *q, uint8_t byte0, const void *data, size_t len)
{
    if (len < LOAN_MIN || s->role == WEFT_CLIENT || !is_on_loan(s, data, len)) return false;
    struct blob *b = s->buffers->in.partial->blob;
    if (atomic_load_explicit(&b->refs, memory_order_relaxed) != 1) return false; /* it is queued */
    size_t begin = PARTIAL_HEAD - frame_head_size(len, false);
    frame_write_head(b->data + begin, byte0, len, NULL);
    outq_push(q, b, begin);
    return true;
}
