/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_utf8.c - UTF-8 against a decoder that is slow and plain
 *
 * The first byte says where the rest is cut in two. The reference decodes code points as RFC 3629 has
 * them; the automaton must agree on every prefix, and give up at the first byte that no text can have.
 */
#include "base/bytes.h"
#include "base/utf8.h"
#include "fuzz.h"

static size_t length_by_lead(uint8_t lead)
{
    if (lead < 0x80) return 1;
    if (lead >> 5 == 6) return 2;
    if (lead >> 4 == 14) return 3;
    return lead >> 3 == 30 ? 4 : 0;
}

/* Bytes of the valid code point that text begins with, or 0. */
static size_t point_length(weft_bytes text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const uint8_t lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t n = length_by_lead(text.data[0]);
    if (!n || n > text.len) return 0;
    uint32_t point = text.data[0] & lead_bits[n];
    for (size_t i = 1; i < n; i++) {
        if ((text.data[i] & 0xc0) != 0x80) return 0;
        point = point << 6 | (text.data[i] & 0x3f);
    }
    bool surrogate = point >= 0xd800 && point < 0xe000;
    return point >= least[n] && point <= 0x10ffff && !surrogate ? n : 0;
}

/* text up to the first byte that begins no valid code point. */
static weft_bytes behind_points(weft_bytes text)
{
    for (size_t n; text.len && (n = point_length(text));) text = bytes_from(text, n);
    return text;
}

/* Whether some bytes could follow tail to make a valid code point: the lowest or the highest would. */
static bool can_be_completed(weft_bytes tail)
{
    size_t n = length_by_lead(tail.data[0]);
    if (!n || n <= tail.len) return false;
    uint8_t low[4] = {0x80, 0x80, 0x80, 0x80}, high[4] = {0xbf, 0xbf, 0xbf, 0xbf};
    copy(low, tail.data, tail.len);
    copy(high, tail.data, tail.len);
    return point_length((weft_bytes){low, n}) || point_length((weft_bytes){high, n});
}

static bool is_viable(weft_bytes text)
{
    weft_bytes tail = behind_points(text);
    return !tail.len || can_be_completed(tail);
}

static void cuts_between_points(weft_bytes text, size_t at)
{
    size_t cut = utf8_cut(text.data, text.len, at);
    check(cut <= at && at - cut < 4 && cut <= text.len);
    check(weft_utf8_valid(text.data, cut));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_bytes in = {data, size};
    uint8_t choice = taken_byte(&in);
    size_t at = in.len * choice / 255;
    weft_span exact = exact_copy(in);
    weft_bytes text = {exact.data, exact.len};

    bool valid = weft_utf8_valid(text.data, text.len);
    check(valid == !behind_points(text).len);
    if (valid) cuts_between_points(text, at);

    utf8_state whole = 0, split = 0, bytewise = 0;
    bool good = utf8_feed(&whole, text.data, text.len);
    check(good == is_viable(text));
    check(good ==
          (utf8_feed(&split, text.data, at) && utf8_feed(&split, text.data + at, text.len - at)));
    check(!good || whole == split);
    for (size_t n = 1; n <= text.len && n <= 64; n++) {
        bool goes_on = utf8_feed(&bytewise, text.data + n - 1, 1);
        check(goes_on == is_viable((weft_bytes){text.data, n}));
        if (!goes_on) break;
    }
    free(exact.data);
    return 0;
}
