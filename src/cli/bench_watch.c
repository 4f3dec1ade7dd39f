/* SPDX-License-Identifier: MIT
 *
 * cli/bench_watch.c - what a process has used
 *
 * The kernel's clock of a process counts nanoseconds; /proc/PID/stat counts ticks, but knows in which
 * mode. statm knows pages.
 */
#include "cli/bench_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/bench_wanted.h"

static bool read_line(uint64_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    if (pid) snprintf(path, sizeof path, "/proc/%" PRIu64 "/%s", pid, name);
    else snprintf(path, sizeof path, "/proc/self/%s", name);
    FILE *f = fopen(path, "r");
    if (!f) return false;
    bool ok = fgets(text, (int)size, f) != NULL;
    fclose(f);
    return ok;
}

/* utime and stime are fields 14 and 15; the second one is a name in parentheses, with anything in it. */
static bool read_modes(uint64_t pid, struct bench_usage *u)
{
    char line[1024];
    uint64_t user, sys, tick = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);
    if (!read_line(pid, "stat", line, sizeof line)) return false;
    const char *rest = strrchr(line, ')');
    if (!rest || sscanf(rest, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64 " %" SCNu64,
                        &user, &sys) != 2)
        return false;
    u->user_ns = user * tick;
    u->sys_ns = sys * tick;
    return true;
}

static bool read_rss(uint64_t pid, struct bench_usage *u)
{
    char line[256];
    uint64_t pages;
    if (!read_line(pid, "statm", line, sizeof line)) return false;
    if (sscanf(line, "%*s %" SCNu64, &pages) != 1) return false;
    u->rss = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return true;
}

double bench_usage_share(const struct bench_usage *from, const struct bench_usage *to)
{
    return to->at > from->at ? (double)(to->cpu_ns - from->cpu_ns) / (double)(to->at - from->at)
                             : 0;
}

bool bench_usage_read(uint64_t pid, struct bench_usage *u)
{
    clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
    struct timespec used;
    *u = (struct bench_usage){.at = bench_clock()};
    if (pid && clock_getcpuclockid((pid_t)pid, &clock) != 0) return false;
    if (clock_gettime(clock, &used) != 0 || !read_modes(pid, u) || !read_rss(pid, u)) return false;
    u->cpu_ns = (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
    return true;
}
