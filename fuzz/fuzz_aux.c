/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_aux.c - what strangers say, taken apart with weft/aux.h: queries, cookies, escapes, tokens; and events
 * made of it
 *
 * The first byte is the size of the buffer, the second the length of the name that is looked for, which is next; the
 * rest is the text. What is found is what a walk comes to first; what is encoded decodes to the same; an event that is
 * read as a browser would is what was written.
 */
#include "base/bytes.h"
#include "fuzz.h"
#include <errno.h>
#include <weft/aux.h>

typedef int getter(weft_bytes text, const char *name, char *out, size_t size);
typedef bool walker(weft_bytes *rest, weft_field *pair);

/* As long as size says; and after an error it is empty. */
static int got(int result, const char *out, size_t size)
{
    check(result >= 0 || result == -ENOENT || result == -ENOSPC || result == WEFT_ERR_HTTP);
    if (size) check(strlen(out) == (result > 0 ? (size_t)result : 0) && strlen(out) < size);
    else check(result < 0);
    return result;
}

static weft_bytes without_quotes(weft_bytes a)
{
    bool quoted = a.len > 1 && a.data[0] == '"' && a.data[a.len - 1] == '"';
    return quoted ? (weft_bytes){a.data + 1, a.len - 2} : a;
}

/* By decoding every pair that a walk comes to. */
static int found(weft_bytes text, const char *name, bool cookies, char *out, size_t size)
{
    char *own = malloc(text.len + 1);
    int result = -ENOENT;
    weft_field pair;
    while (result == -ENOENT && (cookies ? weft_cookie_next : weft_query_next)(&text, &pair)) {
        bool is = cookies ? bytes_is(pair.name, name)
                          : weft_form_decode(pair.name, own, pair.name.len + 1) >= 0 &&
                                !strcmp(own, name);
        if (is && cookies) result = weft_percent_decode(without_quotes(pair.value), out, size);
        else if (is) result = weft_form_decode(pair.value, out, size);
    }
    free(own);
    return result;
}

static void look_up(weft_bytes text, const char *name, size_t size)
{
    for (int cookies = 0; cookies < 2; cookies++) {
        getter *get = cookies ? weft_cookie_get : weft_query_get;
        char *out = malloc(size + !size), *again = malloc(size + !size);
        int r = got(get(text, name, out, size), out, size);
        check(r == found(text, name, cookies, again, size));
        if (r > 0) check(!strcmp(out, again));
        free(out);
        free(again);
    }
}

/* Pairs lie in the text, in order, and it comes to an end. */
static void walk(walker *next, weft_bytes text)
{
    weft_bytes rest = text;
    weft_field pair;
    for (size_t left = text.len + 1; next(&rest, &pair); left = rest.len) {
        check(rest.len < left && pair.name.data + pair.name.len <= pair.value.data);
        check(pair.value.data + pair.value.len <= text.data + text.len);
    }
    check(!rest.len);
}

static void there_and_back(weft_bytes text, size_t size)
{
    char *out = malloc(size + !size), *encoded = malloc(3 * text.len + 1),
         *back = malloc(text.len + 1);
    got(weft_percent_decode(text, out, size), out, size);
    got(weft_form_decode(text, out, size), out, size);
    int n = weft_percent_encode(text, encoded, 3 * text.len + 1);
    check(n >= 0 && (size_t)n == strlen(encoded));
    int r = weft_form_decode(bytes_of(encoded), back, text.len + 1);
    bool has_nul = text.len && memchr(text.data, 0, text.len);
    check(has_nul ? r == WEFT_ERR_HTTP : r == (int)text.len && !memcmp(back, text.data, text.len));
    free(out);
    free(encoded);
    free(back);
}

/* ---- events, as a browser reads them --------------------------------------------------------- */

/* data with every end of a line as LF. */
static size_t lines_of(weft_bytes data, char *to)
{
    size_t n = 0;
    for (size_t i = 0; i < data.len; i++) {
        bool pair = data.data[i] == '\r' && i + 1 < data.len && data.data[i + 1] == '\n';
        if (!pair) to[n++] = data.data[i] == '\r' ? '\n' : (char)data.data[i];
    }
    return n;
}

static void reads_as(weft_bytes text, const char *id, weft_bytes data)
{
    char *want = malloc(data.len + 1), *heard = malloc(text.len + 1);
    size_t n = lines_of(data, want), at = 0;
    weft_bytes first = bytes_cut(&text, '\n');
    check(!memcmp(first.data, "id: ", 4) && bytes_is(bytes_from(first, 4), id));
    for (weft_bytes line; (line = bytes_cut(&text, '\n')).len;) {
        check(line.len >= 6 && !memcmp(line.data, "data: ", 6));
        if (at) heard[at - 1] = '\n';
        copy(heard + at, line.data + 6, line.len - 6);
        at += line.len - 6 + 1;
    }
    check(!text.len && at == n + 1 && !memcmp(heard, want, n));
    free(want);
    free(heard);
}

static void event_of(const char *id, weft_bytes data)
{
    size_t most = 8 * data.len + strlen(id) + 32;
    char *text = malloc(most);
    int n =
        weft_sse_format(text, most, NULL, id, data.data ? data.data : (const void *)"", data.len);
    if (strpbrk(id, "\r\n")) check(n == -EINVAL);
    else check(n > 0 && (size_t)n <= most);
    if (n > 0) reads_as((weft_bytes){(uint8_t *)text, (size_t)n}, id, data);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_bytes in = {data, size};
    size_t room = taken_byte(&in), len = taken_byte(&in) % 16;
    weft_bytes name = taken(&in, len);
    char text[17] = "";
    copy(text, name.data, name.len);
    weft_span exact = exact_copy(in);
    weft_bytes all = {exact.data, exact.len};
    look_up(all, text, room);
    walk(weft_query_next, all);
    walk(weft_cookie_next, all);
    there_and_back(all, room);
    event_of(text, all);
    weft_bytes token = weft_auth_token(all, text);
    check(token.len <= all.len);
    weft_field field = {bytes_of("Connection"), all};
    check(weft_field_is_hop(&field, 1, all) ? all.len > 0 : true);
    free(exact.data);
    return 0;
}
