/* SPDX-License-Identifier: MIT
 *
 * cli/process.h - what the kernel says of this process
 *
 * Its files in /proc are opened before the sandbox, and read over and over. What cannot be had is left out.
 */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include "cli/metrics_text.h"

struct process {
    int memory, descriptors; /* of /proc/self; -1: not there */
    double started;          /* seconds since 1970 */
};

void process_open(struct process *p);
void process_close(struct process *p);

/* process_cpu_seconds_total, process_resident_memory_bytes and the others that every exporter has. */
void process_write(struct metrics_text *t, const struct process *p);

#endif
