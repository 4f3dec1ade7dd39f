/* SPDX-License-Identifier: MIT
 *
 * tests/http/queued.h - what a box has put into its output queue, as text
 */
#ifndef HTTP_QUEUED_H
#define HTTP_QUEUED_H

#include <stddef.h>
#include <string.h>

#include "base/outq.h"

/* Everything queued is this text; it is taken. */
static inline void expect_queued(struct outq *q, const char *want)
{
    char text[4096];
    size_t len = 0;
    struct iovec iov[64];
    int n = outq_iov(q, iov, 64);
    for (int i = 0; i < n; i++) {
        assert_true(len + iov[i].iov_len < sizeof text);
        memcpy(text + len, iov[i].iov_base, iov[i].iov_len);
        len += iov[i].iov_len;
    }
    text[len] = '\0';
    assert_string_equal(text, want);
    outq_sent(q, len);
}

#endif
