/* SPDX-License-Identifier: MIT
 *
 * cli/bench_idle.c - connections are opened and held; who speaks on them unasked is heard out
 */
#include "cli/bench_worker.h"

const struct bench_workload bench_idle = {0};
