/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_snapshot.c - what a process may find where another has left its channels
 *
 * The first byte modulo 2 chooses: a whole snapshot, whose checksum only luck would get right, or what is behind its
 * head. What is restored is saved, and that can be restored again; what is not has made no channel.
 */
#include <errno.h>

#include "cli/snapshot.h"
#include "fuzz.h"

enum { ROOM = 1 << 20 };

static struct {
    uint8_t bytes[ROOM];
    size_t len;
} again;

static int put(const void *data, size_t len, void *user)
{
    (void)user;
    if (ROOM - again.len < len) return -ENOSPC;
    memcpy(again.bytes + again.len, data, len);
    again.len += len;
    return 0;
}

static void whole(weft_bytes in)
{
    weft_bytes saved = {0};
    int error = snapshot_parse(in, &saved);
    check(error == 0 || error == -EINVAL || error == -ENOTSUP || error == -ENODATA);
    check(error || saved.data + saved.len == in.data + in.len);
}

static void make(weft_loop **l, weft_channels **c)
{
    check(weft_loop_new(l, NULL) == 0);
    check(weft_channels_new(c, *l, NULL) == 0);
}

static void drop(weft_loop *l, weft_channels *c)
{
    weft_channels_free(c);
    weft_loop_free(l);
}

static void behind_the_head(weft_bytes in)
{
    weft_loop *l;
    weft_channels *c;
    make(&l, &c);
    int error = weft_channels_restore(c, in);
    size_t topics = weft_topics(weft_channels_hub(c));
    check(error == 0 || error == -EINVAL || error == -ENOTSUP);
    check(!error || !topics);
    again.len = 0;
    error = weft_channels_save(c, put, NULL);
    drop(l, c);
    if (error) return;
    make(&l, &c);
    check(weft_channels_restore(c, (weft_bytes){again.bytes, again.len}) == 0);
    check(weft_topics(weft_channels_hub(c)) == topics);
    drop(l, c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_bytes in = {data, size};
    bool is_whole = taken_byte(&in) % 2 == 0;
    weft_span copy = exact_copy(in);
    in = (weft_bytes){copy.data, copy.len};
    if (is_whole) whole(in);
    else behind_the_head(in);
    free(copy.data);
    return 0;
}
