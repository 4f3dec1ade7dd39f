/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_utf8.c - UTF-8 against a decoder that is slow and plain
 *
 * The first byte says where the text is cut in two; three more put code points of a size before and behind
 * the rest, so that it lies anywhere in the blocks that kernels take. The reference decodes code points as
 * RFC 3629 has them; the automaton must agree on every prefix, and give up at the first byte that no text
 * can have; a kernel must stop where a code point begins, and not behind that byte.
 */
#include "base/bytes.h"
#include "base/kernels.h"
#include "base/utf8.h"
#include "base/utf8_reference.h"
#include "fuzz.h"

static uint8_t *repeated(uint8_t *to, const char *point, size_t times)
{
    for (; times--; to += strlen(point)) memcpy(to, point, strlen(point));
    return to;
}

/* On the heap, exactly as long. */
static weft_span surrounded(weft_bytes in)
{
    static const char *const points[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    const char *point = points[taken_byte(&in) % 4];
    size_t before = taken_byte(&in), behind = taken_byte(&in), len = strlen(point);
    weft_span text = {.len = (before + behind) * len + in.len};
    text.data = malloc(text.len + !text.len);
    check(text.data != NULL);
    uint8_t *at = repeated(text.data, point, before);
    copy(at, in.data, in.len);
    repeated(at + in.len, point, behind);
    return text;
}

static void cuts_between_points(weft_bytes text, size_t at)
{
    size_t cut = utf8_cut(text.data, text.len, at);
    check(cut <= at && at - cut < 4 && cut <= text.len);
    check(weft_utf8_valid(text.data, cut));
}

static void kernels_keep(weft_bytes text, size_t valid, bool viable)
{
    size_t from = KERNEL_LOOK_BACK;
    while (from < text.len && (text.data[from] & 0xc0) == 0x80) from++;
    if (from > valid || from + KERNEL_BLOCK > text.len) return;
    const struct kernels *k;
    for (size_t i = 0; (k = kernels_nth(i)); i++) {
        size_t got = k->utf8(text.data, from, text.len);
        check(from <= got && got <= valid);
        check(got == valid || (text.data[got] & 0xc0) != 0x80);
        check(k == &kernels_portable || valid - got <= (viable ? 4 : 2 * KERNEL_BLOCK));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_bytes in = {data, size};
    uint8_t choice = taken_byte(&in);
    weft_span exact = surrounded(in);
    weft_bytes text = {exact.data, exact.len};
    size_t at = text.len * choice / 255;

    size_t points = reference_points(text.data, text.len);
    bool valid = weft_utf8_valid(text.data, text.len);
    check(valid == (points == text.len));
    if (valid) cuts_between_points(text, at);

    utf8_state whole = 0, split = 0, bytewise = 0;
    bool good = utf8_feed(&whole, text.data, text.len);
    check(good == reference_is_viable(text.data, text.len));
    check(good ==
          (utf8_feed(&split, text.data, at) && utf8_feed(&split, text.data + at, text.len - at)));
    check(!good || whole == split);
    for (size_t n = 1; n <= text.len && n <= 64; n++) {
        bool goes_on = utf8_feed(&bytewise, text.data + n - 1, 1);
        check(goes_on == reference_is_viable(text.data, n));
        if (!goes_on) break;
    }
    kernels_keep(text, points, good);
    free(exact.data);
    return 0;
}
