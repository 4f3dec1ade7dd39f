/* SPDX-License-Identifier: MIT
 *
 * cli/output.h - stdout that never blocks the loop
 *
 * What is written is queued and goes out when the descriptor can take it. The descriptor stays in
 * blocking mode (it may be shared with other programs): a pipe that is writable takes PIPE_BUF bytes
 * without blocking, so that much is written at a time.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli/ready.h"

struct output {
    int fd;
    struct ready ready;
    uint8_t *data;
    size_t start, end, size; /* data[start, end) is queued */
    void (*on_empty)(void *user);
    void (*on_broken)(void *user, int error); /* nobody reads any more: -EPIPE, or -errno */
    void *user;
    bool broken;
};

/* Set the hooks before. Errors: -errno. */
int output_init(struct output *o, weft_loop *l, int fd);
void output_deinit(struct output *o); /* a struct of zeros is fine */

/* Copies. Errors: -ENOMEM. */
int output_write(struct output *o, const void *data, size_t len);
size_t output_queued(const struct output *o);

#endif
