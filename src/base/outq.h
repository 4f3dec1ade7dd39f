/* SPDX-License-Identifier: MIT
 *
 * base/outq.h - bytes on their way out: slices over counted blobs
 *
 *      outq -> slice -> slice -> slice          a slice shows a part of a blob; the first of a blob
 *                |        |        |            lies inside it, so that the usual case is one
 *              blob     blob     blob           allocation
 *
 * Invariants: queued bytes never move and never change. A slice holds whole items (frames, heads):
 * only its front is eaten away, and begin remembers where it started. A blob is appended to only
 * while it has one owner and its last byte is the last byte of the queue.
 */
#ifndef BASE_OUTQ_H
#define BASE_OUTQ_H

#include <assert.h>
#include <stdatomic.h>
#include <sys/uio.h>

#include "base/alloc.h"
#include "base/rare.h"

struct blob;

/* Blobs that nobody needs just now, for queues of one thread: many of one size, so that what goes out with the
 * turn needs no malloc; and a few long ones, so that long messages that follow each other lie where the
 * last one lay, in memory that is there. All zero but for env is empty; it must outlive the blobs made from it. */
enum { BLOBS_LONG = 2 };
struct blobs {
    const weft_env *env;
    struct blob *free;
    size_t n, n_long;
    struct blob *longs[BLOBS_LONG];
};

void blobs_deinit(struct blobs *b);

struct slice {
    struct slice *next;
    struct blob *blob;
    const uint8_t *begin, *data; /* where it began; what is left of it */
    size_t len;                  /* bytes left */
    uint32_t items;
    bool kept; /* its memory is somebody else's */
};

struct blob {
    const weft_env *env;
    struct blobs *home; /* where it goes when nobody needs it any more; NULL: it is freed */
    atomic_uint refs;
    size_t len, cap;
    union {
        struct slice own;
        struct blob *next_free; /* at home */
    };
    uint8_t data[];
};

/* Room for cap bytes, none used, one reference; NULL when memory runs out. */
struct blob *blob_new(const weft_env *env, size_t cap);

/* The same with a copy of env, which need not outlive it. Not to grow. */
struct blob *blob_new_apart(const weft_env *env, size_t cap);

/* The same from home, or of its memory. A long one may have room for more. */
struct blob *blob_take(struct blobs *home, size_t cap);
struct blob *blob_ref(struct blob *b);

/* The same with room for cap bytes, perhaps elsewhere; for who has its only reference, and queued nothing
 * of it. NULL: no memory, and b is as it was. */
struct blob *blob_grow(struct blob *b, size_t cap);
void blob_unref(struct blob *b);

/* All zero is an empty queue. */
struct outq {
    struct slice *head, *tail;
    size_t bytes, items;
};

static inline bool outq_empty(const struct outq *q)
{
    return q->head == NULL;
}

/* Room for n bytes in one piece at the end, for the caller to fill and commit at once; NULL when
 * memory runs out, the queue is as it was. A new blob comes from home, if that is not NULL and its blobs
 * are large enough. */
static inline uint8_t *outq_reserve(struct outq *q, const weft_env *env, struct blobs *home,
                                    size_t n);

/* The n bytes reserved last are one item of the queue. */
static inline void outq_commit(struct outq *q, size_t n);

/* reserve, copy, commit. 0 or -ENOMEM. */
int outq_append(struct outq *q, const weft_env *env, const void *data, size_t n);

/* A shared blob's bytes as one item; takes its own reference. 0 or -ENOMEM. */
int outq_append_blob(struct outq *q, struct blob *b);

/* The same with a slice of the caller's, that stays where it is until the item is gone. Takes no memory. */
void outq_append_blob_at(struct outq *q, struct blob *b, struct slice *s);

/* Both for a part of the blob: len bytes, not 0, behind the first skip. */
int outq_append_part(struct outq *q, struct blob *b, size_t skip, size_t len);
void outq_append_part_at(struct outq *q, struct blob *b, size_t skip, size_t len, struct slice *s);

/* What is in b behind the first skip bytes as one item; takes a reference, no memory. Nothing of b is queued. */
void outq_push(struct outq *q, struct blob *b, size_t skip);

/* Everything of from goes behind the last of q. */
void outq_splice(struct outq *q, struct outq *from);

/* Everything of from goes in behind the first n bytes of q, where an item ends. 0 or -ENOMEM. */
int outq_insert(struct outq *q, size_t n, struct outq *from);

/* The bytes from the first number to the second go; the first is where an item ends. 0 or -ENOMEM, and q is as it
 * was. How many items there are is not exact any more: one of which a part went counts. */
int outq_cut(struct outq *q, size_t from, size_t to);

/* All but the first n bytes go, and those, more than 0, are one item from now on, in memory of their own: nothing
 * is held of the blobs that were queued. 0, or -ENOMEM and q is as it was. */
int outq_keep(struct outq *q, const weft_env *env, size_t n);

/* The first at most max pieces; returns how many. */
int outq_iov(const struct outq *q, struct iovec *iov, int max);

/* The first n bytes are gone. */
void outq_sent(struct outq *q, size_t n);

void outq_clear(struct outq *q);

/* ---- inline ---------------------------------------------------------------------------------- */

/* The blob at the end, if it may grow: ours alone, and nothing of it queued elsewhere. */
static inline struct blob *outq_open_blob(const struct outq *q)
{
    struct slice *s = q->tail;
    if (!s || s != &s->blob->own || s->data + s->len != s->blob->data + s->blob->len) return NULL;
    return atomic_load_explicit(&s->blob->refs, memory_order_relaxed) == 1 ? s->blob : NULL;
}

/* A new blob at the end. */
RARE uint8_t *outq_grow(struct outq *q, const weft_env *env, struct blobs *home, size_t n);

static inline uint8_t *outq_reserve(struct outq *q, const weft_env *env, struct blobs *home,
                                    size_t n)
{
    struct blob *b = outq_open_blob(q);
    if (b && b->cap - b->len >= n) return b->data + b->len;
    return outq_grow(q, env, home, n);
}

static inline void outq_commit(struct outq *q, size_t n)
{
    struct slice *s = q->tail;
    assert(s && s == &s->blob->own && n <= s->blob->cap - s->blob->len);
    s->blob->len += n;
    s->len += n;
    s->items++;
    q->bytes += n;
    q->items++;
}

#endif
