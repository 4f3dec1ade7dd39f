/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz.h - what the harnesses share: a property that has to hold, and input taken in small pieces
 *
 * A harness takes its choices (roles, limits, where to cut) from the front of the input with taken_byte,
 * and what is left is what a peer would send.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/base.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that has to hold; what does not is told by its text, since harnesses are built with optimisation. */
#define check(holds) ((holds) ? (void)0 : broken(#holds, __FILE__, __LINE__))

static inline _Noreturn void broken(const char *property, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, property);
    abort();
}

/* Whatever came of a call. */
static inline void whatever(int result)
{
    (void)result;
}

/* The next byte of the input, 0 behind its end. */
static inline uint8_t taken_byte(weft_bytes *in)
{
    if (!in->len) return 0;
    in->len--;
    return *in->data++;
}

/* The next n bytes of the input, or as many as there are. */
static inline weft_bytes taken(weft_bytes *in, size_t n)
{
    weft_bytes piece = {in->data, n < in->len ? n : in->len};
    if (piece.len) in->data += piece.len, in->len -= piece.len;
    return piece;
}

/* The same bytes on the heap, exactly as long, so that whoever reads past them is caught. */
static inline weft_span exact_copy(weft_bytes from)
{
    uint8_t *to = malloc(from.len + !from.len);
    check(to != NULL);
    if (from.len) memcpy(to, from.data, from.len);
    return (weft_span){to, from.len};
}

#endif
