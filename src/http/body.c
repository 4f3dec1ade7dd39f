/* SPDX-License-Identifier: MIT
 *
 * http/body.c - Content-Length, chunked and until-close bodies
 *
 * Chunked (RFC 9112, 7.1), strictly:
 *
 *  SIZE     -> SIZE_LF | BLANK | EXTENSION     hex digits, at most 16
 *  BLANK    -> EXTENSION   ';'                 white space before an extension
 *  EXTENSION -> SIZE_LF    CR
 *  SIZE_LF  -> DATA | LINE LF                  LINE behind the chunk of size 0
 *  DATA     -> DATA_CR -> DATA_LF -> SIZE
 *  LINE     -> NAME | END_LF                   trailers: checked and dropped
 *  NAME     -> VALUE       ':'
 *  VALUE    -> LINE_LF     CR
 *  LINE_LF  -> LINE        LF
 *  END_LF   -> OVER        LF
 */
#include "http/body.h"

#include "base/chars.h"

enum state {
    SIZE,
    BLANK,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    LINE,
    NAME,
    VALUE,
    LINE_LF,
    END_LF,
    OVER,
};

enum {
    SIZE_DIGITS = 16, /* 64 bits */
    EXTRA_MAX = 4096, /* extensions and trailers of one body */
};

static int fail(struct body *b, int status, const char *why)
{
    b->status = status;
    b->why = why;
    return WEFT_ERR_HTTP;
}

/* n more bytes of body are to come. */
static int claim(struct body *b, uint64_t n)
{
    if (n > b->room) return fail(b, 413, "the body is too large");
    b->room -= n;
    return 0;
}

int body_init(struct body *b, enum body_kind kind, uint64_t length, uint64_t max)
{
    *b = (struct body){.kind = kind, .room = max, .state = SIZE};
    if (kind != BODY_LENGTH) return 0;
    b->left = length;
    return claim(b, length);
}

/* At most left bytes from the front of in. */
static int piece_of(struct body *b, weft_span *in, weft_bytes *piece)
{
    size_t n = in->len < b->left ? in->len : (size_t)b->left;
    if (!n) return BODY_MORE;
    *piece = (weft_bytes){in->data, n};
    b->left -= n;
    span_skip(in, n);
    return BODY_PIECE;
}

static int read_until_close(struct body *b, weft_span *in, weft_bytes *piece)
{
    int error = claim(b, in->len);
    if (error) return error;
    b->left = in->len;
    return piece_of(b, in, piece);
}

/* ---- chunked --------------------------------------------------------------------------------- */

static int go(struct body *b, enum state next)
{
    b->state = (uint8_t)next;
    return 0;
}

static int expect(struct body *b, uint8_t c, char want, enum state next, const char *why)
{
    return c == (uint8_t)want ? go(b, next) : fail(b, 400, why);
}

static int on_size(struct body *b, uint8_t c)
{
    int digit = char_hex(c);
    if (digit < 0 && !b->digits) return fail(b, 400, "a chunk size without digits");
    if (digit < 0 && c == '\r') return go(b, SIZE_LF);
    if (digit < 0 && c == ';') return go(b, EXTENSION);
    if (digit < 0 && (c == ' ' || c == '\t')) return go(b, BLANK);
    if (digit < 0) return fail(b, 400, "a chunk size is not hexadecimal");
    if (b->digits++ == SIZE_DIGITS) return fail(b, 400, "a chunk size has too many digits");
    b->left = b->left << 4 | (uint64_t)digit;
    return 0;
}

static int on_size_lf(struct body *b, uint8_t c)
{
    if (c != '\n') return fail(b, 400, "a bare CR behind a chunk size");
    b->digits = 0;
    return b->left ? go(b, DATA) : go(b, LINE);
}

static int on_extension(struct body *b, uint8_t c)
{
    if (c == '\r') return go(b, SIZE_LF);
    return char_class[c] & CHAR_VALUE ? 0
                                      : fail(b, 400, "a control character in a chunk extension");
}

static int on_blank(struct body *b, uint8_t c)
{
    if (c == ' ' || c == '\t') return 0;
    return expect(b, c, ';', EXTENSION, "white space behind a chunk size");
}

static int on_line(struct body *b, uint8_t c)
{
    if (c == '\r') return go(b, END_LF);
    b->state = NAME;
    return char_class[c] & CHAR_TOKEN ? 0 : fail(b, 400, "a malformed trailer");
}

static int on_name(struct body *b, uint8_t c)
{
    if (c == ':') return go(b, VALUE);
    return char_class[c] & CHAR_TOKEN ? 0 : fail(b, 400, "a malformed trailer");
}

static int on_value(struct body *b, uint8_t c)
{
    if (c == '\r') return go(b, LINE_LF);
    return char_class[c] & CHAR_VALUE ? 0 : fail(b, 400, "a control character in a trailer");
}

static int octet(struct body *b, uint8_t c)
{
    switch ((enum state)b->state) {
    case SIZE: return on_size(b, c);
    case BLANK: return on_blank(b, c);
    case EXTENSION: return on_extension(b, c);
    case SIZE_LF: return on_size_lf(b, c);
    case DATA_CR: return expect(b, c, '\r', DATA_LF, "a chunk is longer than its size");
    case DATA_LF: return expect(b, c, '\n', SIZE, "a bare CR behind a chunk");
    case LINE: return on_line(b, c);
    case NAME: return on_name(b, c);
    case VALUE: return on_value(b, c);
    case LINE_LF: return expect(b, c, '\n', LINE, "a bare CR in a trailer");
    case END_LF: return expect(b, c, '\n', OVER, "a bare CR behind the trailers");
    case DATA:
    case OVER: break;
    }
    return 0;
}

/* Whether the bytes of this state are nothing that anybody asked for. */
static bool is_extra(uint8_t state)
{
    return state == BLANK || state == EXTENSION || state == NAME || state == VALUE;
}

static int frame_octet(struct body *b, uint8_t c)
{
    int error = octet(b, c);
    if (error) return error;
    if (is_extra(b->state) && ++b->extra > EXTRA_MAX)
        return fail(b, 400, "chunk extensions or trailers are too long");
    return b->state == DATA ? claim(b, b->left) : 0;
}

static int read_chunked(struct body *b, weft_span *in, weft_bytes *piece)
{
    while (b->state != OVER && in->len) {
        if (b->state == DATA) {
            int r = piece_of(b, in, piece);
            if (!b->left) b->state = DATA_CR;
            return r;
        }
        int error = frame_octet(b, *in->data);
        if (error) return error;
        span_skip(in, 1);
    }
    return b->state == OVER ? BODY_END : BODY_MORE;
}

int body_read(struct body *b, weft_span *in, weft_bytes *piece)
{
    *piece = (weft_bytes){0};
    switch (b->kind) {
    case BODY_NONE: return BODY_END;
    case BODY_LENGTH: return b->left ? piece_of(b, in, piece) : BODY_END;
    case BODY_CHUNKED: return read_chunked(b, in, piece);
    case BODY_UNTIL_CLOSE: return read_until_close(b, in, piece);
    }
    return BODY_END;
}

int body_eof(struct body *b)
{
    bool over = b->kind == BODY_NONE || b->kind == BODY_UNTIL_CLOSE ||
                (b->kind == BODY_LENGTH && !b->left) ||
                (b->kind == BODY_CHUNKED && b->state == OVER);
    return over ? BODY_END : fail(b, 400, "the stream ended inside a body");
}
