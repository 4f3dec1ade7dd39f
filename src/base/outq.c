/* SPDX-License-Identifier: MIT
 *
 * base/outq.c - the one output queue of the program
 *
 * Small items gather in a blob whose size doubles with the backlog (from BLOB_MIN to BLOB_MAX), so a
 * lone message costs one small allocation and a burst few; an idle queue holds nothing.
 */
#include "base/outq.h"

#include <assert.h>
#include <errno.h>

#include "base/bytes.h"

enum {
    BLOB_MIN = 256,
    BLOB_MAX = 16384,
    HOME_SIZE = 61 * 64 - 16, /* of a blob that is kept; an odd number of cache lines with malloc's
                                 header, so that many of them do not compete for the same sets */
    HOME_CAP = HOME_SIZE - sizeof(struct blob),
    HOME_KEPT = 256,
    LONG_MIN = 1 << 18, /* of the long ones that are kept */
    LONG_MAX = 1 << 21,
};

/* ---- blobs ----------------------------------------------------------------------------------- */

static struct blob *blob_make(const weft_env *env, struct blobs *home, size_t cap)
{
    struct blob *b = mem_alloc(env, sizeof *b + cap);
    if (!b) return NULL;
    b->env = env;
    b->home = home;
    atomic_init(&b->refs, 1);
    b->len = 0;
    b->cap = cap;
    return b;
}

struct blob *blob_new(const weft_env *env, size_t cap)
{
    return cap > SIZE_MAX - sizeof(struct blob) ? NULL : blob_make(env, NULL, cap);
}

_Static_assert(offsetof(struct blob, data) % _Alignof(weft_env) == 0, "an env may lie in it");

struct blob *blob_new_apart(const weft_env *env, size_t cap)
{
    if (!env) return blob_new(NULL, cap);
    if (cap > SIZE_MAX - 2 * sizeof *env) return NULL;
    size_t at = (cap + _Alignof(weft_env) - 1) / _Alignof(weft_env) * _Alignof(weft_env);
    struct blob *b = blob_new(env, at + sizeof *env);
    if (!b) return NULL;
    b->env = memcpy(b->data + at, env, sizeof *env);
    b->cap = cap;
    return b;
}

static struct blob *take_small(struct blobs *home)
{
    struct blob *b = home->free;
    if (!b) return blob_make(home->env, home, HOME_CAP);
    home->free = b->next_free;
    home->n--;
    b->len = 0;
    return b;
}

static void remove_long(struct blobs *home, size_t i)
{
    home->n_long--;
    memmove(home->longs + i, home->longs + i + 1, (home->n_long - i) * sizeof home->longs[0]);
}

/* The newest of about that size: it is most likely to be in the cache. NULL: there is none. */
static struct blob *take_long(struct blobs *home, size_t cap)
{
    for (size_t i = home->n_long; i-- > 0;) {
        struct blob *b = home->longs[i];
        if (b->cap < cap || b->cap / 2 > cap) continue;
        remove_long(home, i);
        b->len = 0;
        return b;
    }
    return NULL;
}

struct blob *blob_take(struct blobs *home, size_t cap)
{
    struct blob *b = take_long(home, cap);
    if (!b && cap <= SIZE_MAX - sizeof *b) b = blob_make(home->env, home, cap);
    return b;
}

static void put_small(struct blobs *home, struct blob *b)
{
    if (home->n == HOME_KEPT) {
        mem_free(home->env, b);
        return;
    }
    b->next_free = home->free;
    home->free = b;
    home->n++;
}

static void put_long(struct blobs *home, struct blob *b)
{
    if (home->n_long == BLOBS_LONG) {
        mem_free(home->env, home->longs[0]);
        remove_long(home, 0);
    }
    home->longs[home->n_long++] = b;
}

/* b came from home, and nobody needs it any more. */
static void blob_put(struct blobs *home, struct blob *b)
{
    if (b->cap == HOME_CAP) put_small(home, b);
    else if (b->cap >= LONG_MIN && b->cap <= LONG_MAX) put_long(home, b);
    else mem_free(home->env, b);
}

static struct blob *move(struct blob *to, struct blob *b)
{
    copy(to->data, b->data, b->len);
    to->len = b->len;
    blob_put(b->home, b);
    return to;
}

struct blob *blob_grow(struct blob *b, size_t cap)
{
    assert(atomic_load_explicit(&b->refs, memory_order_relaxed) == 1);
    if (cap > SIZE_MAX - sizeof *b) return NULL;
    struct blob *longer = b->home ? take_long(b->home, cap) : NULL;
    if (longer) return move(longer, b);
    struct blob *grown = mem_realloc(b->env, b, sizeof *b + cap);
    if (grown) grown->cap = cap;
    return grown;
}

void blobs_deinit(struct blobs *home)
{
    while (home->free) {
        struct blob *b = home->free;
        home->free = b->next_free;
        mem_free(home->env, b);
    }
    while (home->n_long) mem_free(home->env, home->longs[--home->n_long]);
}

struct blob *blob_ref(struct blob *b)
{
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

/* Who holds the last reference has no need of an atomic subtraction. */
void blob_unref(struct blob *b)
{
    if (atomic_load_explicit(&b->refs, memory_order_acquire) != 1 &&
        atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (b->home) blob_put(b->home, b);
    else mem_free(b->env, b);
}

/* ---- slices ---------------------------------------------------------------------------------- */

static void slice_free(struct slice *s)
{
    struct blob *b = s->blob;
    if (s != &b->own && !s->kept) mem_free(b->env, s);
    blob_unref(b);
}

static void push(struct outq *q, struct slice *s)
{
    s->next = NULL;
    if (q->tail) q->tail->next = s;
    else q->head = s;
    q->tail = s;
    q->bytes += s->len;
    q->items += s->items;
}

static struct slice *pop(struct outq *q)
{
    struct slice *s = q->head;
    q->head = s->next;
    if (!q->head) q->tail = NULL;
    q->bytes -= s->len;
    q->items -= s->items;
    return s;
}

/* Twice the last one, so that a backlog costs few. */
static size_t next_cap(const struct outq *q)
{
    size_t cap = q->tail && q->tail->blob->cap >= BLOB_MIN ? q->tail->blob->cap * 2 : BLOB_MIN;
    return cap < BLOB_MAX ? cap : BLOB_MAX;
}

uint8_t *outq_grow(struct outq *q, const weft_env *env, struct blobs *home, size_t n)
{
    size_t cap = next_cap(q);
    if (cap < n) cap = n;
    struct blob *b = home && cap <= HOME_CAP ? take_small(home) : blob_new(env, cap);
    if (!b) return NULL;
    b->own = (struct slice){.blob = b, .begin = b->data, .data = b->data};
    push(q, &b->own);
    return b->data;
}

int outq_append(struct outq *q, const weft_env *env, const void *data, size_t n)
{
    if (!n) return 0;
    uint8_t *to = outq_reserve(q, env, NULL, n);
    if (!to) return -ENOMEM;
    copy(to, data, n);
    outq_commit(q, n);
    return 0;
}

/* What is in b from data on. */
static struct slice show(struct blob *b, const uint8_t *data, size_t len, uint32_t items)
{
    return (struct slice){
        .blob = blob_ref(b), .begin = data, .data = data, .len = len, .items = items};
}

static struct slice *slice_new(struct blob *b, const uint8_t *data, size_t len, uint32_t items)
{
    struct slice *s = mem_alloc(b->env, sizeof *s);
    if (s) *s = show(b, data, len, items);
    return s;
}

/* s is new, or NULL: there was no memory. */
static int push_new(struct outq *q, struct slice *s)
{
    if (!s) return -ENOMEM;
    push(q, s);
    return 0;
}

int outq_append_blob(struct outq *q, struct blob *b)
{
    return push_new(q, slice_new(b, b->data, b->len, 1));
}

int outq_append_part(struct outq *q, struct blob *b, size_t skip, size_t len)
{
    assert(len && skip <= b->len && len <= b->len - skip);
    return push_new(q, slice_new(b, b->data + skip, len, 1));
}

void outq_append_blob_at(struct outq *q, struct blob *b, struct slice *s)
{
    *s = show(b, b->data, b->len, 1);
    s->kept = true;
    push(q, s);
}

void outq_append_part_at(struct outq *q, struct blob *b, size_t skip, size_t len, struct slice *s)
{
    assert(len && skip <= b->len && len <= b->len - skip);
    *s = show(b, b->data + skip, len, 1);
    s->kept = true;
    push(q, s);
}

void outq_push(struct outq *q, struct blob *b, size_t skip)
{
    const uint8_t *data = b->data + skip;
    b->own = show(b, data, b->len - skip, 1);
    push(q, &b->own);
}

void outq_splice(struct outq *q, struct outq *from)
{
    if (!from->head) return;
    if (q->tail) q->tail->next = from->head;
    else q->head = from->head;
    q->tail = from->tail;
    q->bytes += from->bytes;
    q->items += from->items;
    *from = (struct outq){0};
}

/* Make a slice of q end after n bytes; the rest becomes a slice of its own behind it. */
static int split(struct outq *q, struct slice *s, size_t n)
{
    struct slice *rest = slice_new(s->blob, s->data + n, s->len - n, s->items);
    if (!rest) return -ENOMEM;
    rest->next = s->next;
    s->next = rest;
    s->len = n;
    s->items = 0;
    if (q->tail == s) q->tail = rest;
    return 0;
}

void outq_sent(struct outq *q, size_t n)
{
    assert(n <= q->bytes);
    while (q->head && n >= q->head->len) {
        n -= q->head->len;
        slice_free(pop(q));
    }
    if (!n) return;
    q->head->data += n;
    q->head->len -= n;
    q->bytes -= n;
}

/* Everything of front goes before the first of q. */
static void put_back(struct outq *q, struct outq *front)
{
    outq_splice(front, q);
    *q = *front;
}

/* The first n bytes of q go to front, which is empty. 0, or -ENOMEM and nothing has changed. */
static int take_front(struct outq *q, size_t n, struct outq *front)
{
    while (n) {
        assert(q->head);
        if (n < q->head->len && split(q, q->head, n) < 0) {
            put_back(q, front);
            return -ENOMEM;
        }
        n -= q->head->len;
        push(front, pop(q));
    }
    return 0;
}

int outq_insert(struct outq *q, size_t n, struct outq *from)
{
    struct outq front = {0};
    int error = take_front(q, n, &front);
    if (error) return error;
    outq_splice(&front, from);
    put_back(q, &front);
    return 0;
}

int outq_cut(struct outq *q, size_t from, size_t to)
{
    struct outq front = {0};
    int error = take_front(q, from, &front);
    if (error) return error;
    outq_sent(q, to - from);
    put_back(q, &front);
    return 0;
}

int outq_keep(struct outq *q, const weft_env *env, size_t n)
{
    assert(n && n <= q->bytes);
    struct blob *b = blob_new(env, n);
    if (!b) return -ENOMEM;
    for (const struct slice *s = q->head; b->len < n; s = s->next) {
        size_t len = s->len < n - b->len ? s->len : n - b->len;
        copy(b->data + b->len, s->data, len);
        b->len += len;
    }
    outq_clear(q);
    outq_push(q, b, 0);
    blob_unref(b);
    return 0;
}

int outq_iov(const struct outq *q, struct iovec *iov, int max)
{
    int n = 0;
    for (const struct slice *s = q->head; s && n < max; s = s->next)
        iov[n++] = (struct iovec){(void *)(uintptr_t)s->data, s->len};
    return n;
}

void outq_clear(struct outq *q)
{
    while (q->head) slice_free(pop(q));
}
