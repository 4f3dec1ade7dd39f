/* SPDX-License-Identifier: MIT
 *
 * base/x86_64/sets.h - the sets of kernels of this architecture
 */
#ifndef BASE_X86_64_SETS_H
#define BASE_X86_64_SETS_H

#include "base/kernels.h"

extern const struct kernels kernels_avx2, kernels_sse2;

#endif
