/* SPDX-License-Identifier: MIT
 *
 * base/x86_64/choice.c - which sets of kernels this processor runs
 *
 * The compiler's runtime asks the processor, and the system whether it keeps the wide registers, before
 * main; what is left to do here is to test a bit.
 */
#include "base/x86_64/sets.h"

const struct kernels *kernels_nth(size_t n)
{
    static const struct kernels *const sets[] = {&kernels_avx2, &kernels_sse2, &kernels_portable};
    if (!__builtin_cpu_supports("avx2")) n++;
    return n < sizeof sets / sizeof *sets ? sets[n] : NULL;
}
