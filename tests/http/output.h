/* SPDX-License-Identifier: MIT
 *
 * tests/http/output.h - a queue, and a heap that is counted: anew for each test, and empty behind it
 */
#ifndef HTTP_OUTPUT_H
#define HTTP_OUTPUT_H

#include "base/outq.h"
#include "base/unit.h"

static struct heap heap;
static struct outq out;

static inline int begin(void **state)
{
    (void)state;
    heap_init(&heap);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    outq_clear(&out);
    assert_int_equal(heap.live, 0);
    return 0;
}

#endif
