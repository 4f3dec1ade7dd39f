/* SPDX-License-Identifier: MIT
 *
 * tests/ws/test_mask.c - masking against RFC 6455, 5.3 taken literally
 *
 * Few bytes, some and much are masked in different ways. Every length up to a little more than much, in
 * two pieces, as a copy and in place.
 */
#include "ws/mask.h"

#include "base/unit.h"

static const mask_key key = {{0x37, 0xfa, 0x21, 0x3d}};

enum { MOST = 700 };

/* transformed-octet-i = original-octet-i XOR masking-key-octet-i MOD 4 */
static void expect_masked(const uint8_t *got, const uint8_t *payload, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (got[i] != (payload[i] ^ key.bytes[i % 4])) fail_msg("byte %zu of %zu", i, n);
}

static void fill(uint8_t *payload)
{
    uint64_t dice = 1;
    for (size_t i = 0; i < MOST; i++) payload[i] = (uint8_t)roll(&dice, 256);
}

/* On the heap, exactly as long, so that whoever writes beside it is caught. */
static void test_every_length(void **state)
{
    (void)state;
    uint8_t payload[MOST];
    fill(payload);
    for (size_t n = 0; n <= MOST; n++) {
        uint8_t *to = malloc(n + !n);
        mask_key next = mask_copy(to, payload, n, key);
        expect_masked(to, payload, n);
        for (size_t i = 0; i < 4; i++) assert_int_equal(next.bytes[i], key.bytes[(n + i) % 4]);
        next = mask_in_place(to, n, key);
        assert_memory_equal(to, payload, n);
        for (size_t i = 0; i < 4; i++) assert_int_equal(next.bytes[i], key.bytes[(n + i) % 4]);
        free(to);
    }
}

/* The key goes on where it stopped; and payload lies where it lies. */
static void test_every_split(void **state)
{
    (void)state;
    uint8_t payload[MOST], to[MOST + 1];
    fill(payload);
    for (size_t n = 1; n <= MOST; n += 37)
        for (size_t cut = 0; cut <= n; cut++) {
            uint8_t *at = to + cut % 2;
            mask_key next = mask_copy(at, payload, cut, key);
            memcpy(at + cut, payload + cut, n - cut);
            mask_in_place(at + cut, n - cut, next);
            expect_masked(at, payload, n);
        }
}

/* RFC 6455, 5.7: "a single-frame masked text message" */
static void test_hello(void **state)
{
    (void)state;
    uint8_t hello[] = {0x7f, 0x9f, 0x4d, 0x51, 0x58};
    mask_in_place(hello, sizeof hello, key);
    assert_memory_equal(hello, "Hello", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_every_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
