/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_mask.c - masking against RFC 6455, 5.3 taken literally
 *
 * Four bytes of key, one that says where the payload is cut, one how far it lies from an aligned
 * address, and the payload. In place and as a copy, in two pieces; whole blocks also by each set of
 * kernels.
 */
#include "base/kernels.h"
#include "fuzz.h"
#include "ws/mask.h"

enum { ALIGNMENTS = 16 };

static mask_key taken_key(weft_bytes *in)
{
    mask_key key;
    for (int i = 0; i < 4; i++) key.bytes[i] = taken_byte(in);
    return key;
}

/* transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4) */
static bool is_masked(const uint8_t *got, weft_bytes payload, mask_key key)
{
    for (size_t i = 0; i < payload.len; i++)
        if (got[i] != (payload.data[i] ^ key.bytes[i % 4])) return false;
    return true;
}

/* Masks in place, and takes it back. */
static void kernels_mask(uint8_t *at, weft_bytes payload, mask_key key)
{
    size_t n = payload.len - payload.len % KERNEL_BLOCK;
    uint8_t twice[] = {key.bytes[0], key.bytes[1], key.bytes[2], key.bytes[3],
                       key.bytes[0], key.bytes[1], key.bytes[2], key.bytes[3]};
    uint64_t pattern;
    memcpy(&pattern, twice, sizeof pattern);
    const struct kernels *k;
    for (size_t i = 0; (k = kernels_nth(i)); i++) {
        k->mask(at, at, n, pattern);
        check(is_masked(at, (weft_bytes){payload.data, n}, key));
        k->mask(at, payload.data, n, pattern);
        check(is_masked(at, (weft_bytes){payload.data, n}, key));
        k->mask(at, at, n, pattern);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_bytes in = {data, size};
    mask_key key = taken_key(&in);
    size_t choice = taken_byte(&in), shift = taken_byte(&in) % ALIGNMENTS;
    size_t cut = in.len * choice / 255;

    uint8_t *room = malloc(shift + in.len + 1), *at = room + shift;
    mask_key next = mask_copy(at, in.data, cut, key);
    mask_key last = mask_copy(at + cut, in.data + cut, in.len - cut, next);
    check(is_masked(at, in, key));
    for (size_t i = 0; i < 4; i++) check(last.bytes[i] == key.bytes[(in.len + i) % 4]);

    next = mask_in_place(at, cut, key);
    (void)mask_in_place(at + cut, in.len - cut, next);
    check(in.len == 0 || memcmp(at, in.data, in.len) == 0);
    kernels_mask(at, in, key);
    free(room);
    return 0;
}
