/* SPDX-License-Identifier: MIT
 *
 * cli/snapshot.h - what one process leaves for the next, so that a restart loses no position
 *
 *      the next one                                     the one before
 *      snapshot_begin    waits until that has ended  <- holds the lock
 *                        reads it, restores, empties it
 *      (sandbox, serving)
 *      snapshot_write    behind the server's end
 *
 * It lies in a descriptor that is open before the sandbox:
 *
 *      --snapshot FILE                                  with a lock on it: two processes never own a channel at once
 *      what systemd has kept, called weft-snapshot      it starts the next one when the one before has ended
 *      a new memfd, which systemd is to keep            FileDescriptorStoreMax=1
 *
 *      "weftsnap"   version   length   checksum   weft_channels_save
 *       8            4         8        8          length
 *
 * The head is written last: what is not whole has none. Whoever has read it has emptied it: a process that ends without
 * a word leaves nothing, because by then others have been given offsets that are not in it. What is broken, or of
 * another version, is said, and all channels begin anew.
 */
#ifndef CLI_SNAPSHOT_H
#define CLI_SNAPSHOT_H

#include <weft/channel.h>

#include "cli/notify.h"
#include "cli/trace.h"

struct snapshot {
    int fd; /* -1: nobody is to go on */
    bool of_systemd;
};

#define SNAPSHOT_NAME "weft-snapshot"

/* Open it. file: NULL, or --snapshot's; passed: the descriptor that systemd had kept, or -1. -EAGAIN: another process
 * has it still; call it again. Errors: -errno. */
int snapshot_open(struct snapshot *s, const char *file, int passed, const struct notify *n);

/* Restore what is in it, and empty it. */
void snapshot_restore(const struct snapshot *s, weft_channels *c, const struct trace *t);

/* Nobody publishes any more. */
void snapshot_write(const struct snapshot *s, weft_channels *c, const struct trace *t);

void snapshot_close(struct snapshot *s);

/* What a snapshot holds behind its head: 0, and *saved lies in it; -ENODATA: it is empty; -EINVAL: it is broken;
 * -ENOTSUP: of another version. */
int snapshot_parse(weft_bytes all, weft_bytes *saved);

#endif
