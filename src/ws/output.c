/* SPDX-License-Identifier: MIT
 *
 * ws/output.c - what is queued leaves: control frames get to its front, and a Close that cannot wait, too
 *
 *      control --[stage]--> queue --> output --> sent
 *                             |
 *                             '--[drop_for_close]: [rest of a frame | what is dropped | Close]
 *
 * Each slice of the queue begins with a frame and holds whole frames; what was sent of the first one
 * is known from its begin, so the next frame boundary can be found without bookkeeping.
 *
 * Both happen when the output is looked at, and not when they are asked for: what was shown before may be with the
 * kernel until then.
 */
#include "base/bytes.h"
#include "base/rare.h"
#include "ws/session.h"

/* ---- where frames begin ---------------------------------------------------------------------- */

static size_t frame_size(const uint8_t *frame)
{
    return frame_head_end(frame) + (size_t)frame_length(frame);
}

/* How much of the frame that is on its way is still in the queue; 0 between two frames. */
static size_t rest_of_frame(const struct slice *first)
{
    if (!first || first->data == first->begin) return 0;
    const uint8_t *end = first->begin;
    while (end < first->data) end += frame_size(end);
    return (size_t)(end - first->data);
}

/* ---- control frames -------------------------------------------------------------------------- */

/* Put the control frames where they are next to go out: behind the frame that is on its way and those that are in the
 * queue already, in front of everything else. Nothing goes behind a Close. */
static void stage_control(weft_session *s)
{
    struct buffers *b = s->buffers;
    struct waiting *w = b->waiting;
    if (outq_empty(&w->control)) return;
    size_t at = b->staged ? b->staged : rest_of_frame(b->queue.head);
    size_t end = at + w->control.bytes;
    if (s->closed && at == b->queue.bytes) outq_clear(&w->control);
    else if (outq_insert(&b->queue, at, &w->control) == 0) b->staged = end;
    else return;
    b->pongs += w->pongs;
    w->pongs = 0;
}

/* ---- a Close that does not wait -------------------------------------------------------------- */

/* The queue is not empty. */
static size_t last_frame(const struct outq *q)
{
    const uint8_t *at = q->tail->begin, *end = q->tail->data + q->tail->len;
    while (at + frame_size(at) < end) at += frame_size(at);
    return (size_t)(end - at);
}

static void drop_waiting(struct waiting *a)
{
    outq_clear(&a->control);
    outq_clear(&a->messages);
    a->has_late = false;
    a->pongs = 0;
}

/* What is left is the rest of the frame that is on its way, and the Close, if there was memory for it. */
static void drop_for_close(weft_session *s)
{
    struct buffers *b = s->buffers;
    if (b->waiting) drop_waiting(b->waiting);
    size_t rest = rest_of_frame(b->queue.head);
    size_t close = s->owed || !b->queue.bytes ? 0 : last_frame(&b->queue);
    if (rest + close < b->queue.bytes) {
        if (outq_cut(&b->queue, rest, b->queue.bytes - close) < 0) return;
        b->staged = 0;
        b->pongs = 0;
    }
    s->hasty = false;
}

/* ---- output ---------------------------------------------------------------------------------- */

struct outq *session_output(weft_session *s)
{
    if (s->owed) send_owed_close(s);
    struct buffers *b = s->buffers;
    if (!b) return NULL;
    if (s->hasty) drop_for_close(s);
    if (b->waiting) send_late_pong(s);
    if (b->waiting) stage_control(s);
    return &b->queue;
}

/* Of the pings and pongs in the queue. */
static RARE void control_left(weft_session *s, size_t n)
{
    struct buffers *b = s->buffers;
    b->staged = n < b->staged ? b->staged - n : 0;
    if (b->staged) return;
    b->pongs = 0;
    if (b->waiting) send_late_pong(s);
}

void session_left(weft_session *s, size_t n)
{
    struct buffers *b = s->buffers;
    if (!b) return;
    if (b->staged) control_left(s, n);
    session_tidy(s);
}

int weft_session_output(weft_session *s, struct iovec *iov, int max)
{
    const struct outq *q = session_output(s);
    return q ? outq_iov(q, iov, max) : 0;
}

void weft_session_sent(weft_session *s, size_t n)
{
    if (s->buffers) outq_sent(&s->buffers->queue, n);
    session_left(s, n);
}
