/* SPDX-License-Identifier: MIT
 *
 * cli/process.c - statm, the directory of descriptors, and what needs no file
 */
#include "cli/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void process_open(struct process *p)
{
    p->memory = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    p->descriptors = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    p->started = seconds(CLOCK_REALTIME);
}

void process_close(struct process *p)
{
    if (p->memory >= 0) close(p->memory);
    if (p->descriptors >= 0) close(p->descriptors);
}

static void add(struct metrics_text *t, const char *name, const char *type, const char *help,
                uint64_t value)
{
    metrics_family(t, name, type, help);
    metrics_count(t, value);
}

static void add_memory(struct metrics_text *t, int fd)
{
    char text[128] = "";
    unsigned long long all = 0, resident = 0, page = (unsigned long long)sysconf(_SC_PAGESIZE);
    ssize_t n = fd >= 0 ? pread(fd, text, sizeof text - 1, 0) : -1;
    if (n <= 0 || sscanf(text, "%llu %llu", &all, &resident) != 2) return;
    add(t, "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", all * page);
    add(t, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
        resident * page);
}

/* Entries, by their lengths: getdents(2) says where each one ends. */
static uint64_t count_entries(const char *bytes, size_t len)
{
    uint64_t n = 0;
    for (size_t at = 0; at + 18 <= len; n++) {
        unsigned short entry; /* behind an inode number and an offset, of 8 bytes each */
        __builtin_memcpy(&entry, bytes + at + 16, sizeof entry);
        if (!entry) break;
        at += entry;
    }
    return n;
}

/* Without a DIR, which would have a descriptor of its own. "." and ".." are none. */
static void add_descriptors(struct metrics_text *t, int fd)
{
    char bytes[8192];
    uint64_t n = 0;
    long len = -1;
    if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0) return;
    while ((len = syscall(SYS_getdents64, fd, bytes, sizeof bytes)) > 0)
        n += count_entries(bytes, (size_t)len);
    if (len == 0 && n >= 2)
        add(t, "process_open_fds", "gauge", "Number of open file descriptors.", n - 2);
}

static void add_most_descriptors(struct metrics_text *t)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
    add(t, "process_max_fds", "gauge", "Maximum number of open file descriptors.", limit.rlim_cur);
}

void process_write(struct metrics_text *t, const struct process *p)
{
    metrics_family(t, "process_cpu_seconds_total", "counter",
                   "Total user and system CPU time spent in seconds.");
    metrics_real(t, seconds(CLOCK_PROCESS_CPUTIME_ID));
    metrics_family(t, "process_start_time_seconds", "gauge",
                   "Start time of the process since unix epoch in seconds.");
    metrics_real(t, p->started);
    add_memory(t, p->memory);
    add_descriptors(t, p->descriptors);
    add_most_descriptors(t);
}
