/* SPDX-License-Identifier: MIT
 *
 * base/kernels.h - the loops over payload that are worth a vector unit
 *
 * A set of them for each instruction set; all sets give the same answers. What the processor can do is
 * known in one place: kernels_nth, in the folder of the architecture, of which the build takes one. There
 * is nothing to set up, and nothing is written at run time.
 *
 * Finding a set and calling it costs about as much as a hundred bytes of work. Whoever has fewer does them
 * at hand, as base/utf8.c and ws/mask.c do.
 *
 *      kernels.c           portable: words of eight bytes
 *      x86_64/             avx2.c, sse2.c, and choice.c, which asks for AVX2
 *      aarch64/            neon.c, which is always there
 *      portable/           choice.c for all others
 *
 * The sets with vectors are the same three loops, utf8_blocks.h, utf8_pairs.h and mask_blocks.h, included
 * behind a handful of operations on a vector.
 */
#ifndef BASE_KERNELS_H
#define BASE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum {
    KERNEL_BLOCK = 64,    /* they take so many bytes at a time */
    KERNEL_LOOK_BACK = 3, /* and look at so many before them */
};

struct kernels {
    const char *name;

    /* How far is it text? at is the beginning of a code point, and so is what is returned: text goes
     * that far, at least. When all of it is text, or would be with its end, only the last code point is
     * left; when something is wrong, at most two blocks before that, which are the automaton's of
     * utf8.c. The portable kernel knows ASCII only.
     * KERNEL_LOOK_BACK <= at, at + KERNEL_BLOCK <= n. */
    size_t (*utf8)(const uint8_t *text, size_t at, size_t n);

    /* to = from XOR pattern, repeated. n is a multiple of KERNEL_BLOCK; to is from, or lies apart. */
    void (*mask)(uint8_t *to, const uint8_t *from, size_t n, uint64_t pattern);
};

/* Of the sets that this processor can run, the nth from the best; NULL behind the last. */
const struct kernels *kernels_nth(size_t n);

static inline const struct kernels *kernels_best(void)
{
    return kernels_nth(0);
}

/* Words of eight bytes, which every processor runs (kernels.c). */
extern const struct kernels kernels_portable;

#endif
