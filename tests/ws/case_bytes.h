/* SPDX-License-Identifier: MIT
 *
 * tests/ws/case_bytes.h - the byte language of tests/cases (see the README there)
 *
 *      81 85 00000000 "Hello"      hex and text, one after the other
 *      "x"*10  (81 80)*3           repetition
 *      u8(1) u16(1) u64(1)         numbers, big-endian
 *      frame(text more, "Hel")     a frame as its sender makes it
 *      close(1000, "bye")          a Close frame
 *
 * A mistake in a document ends the program: it is a mistake of ours.
 */
#ifndef TESTS_CASE_BYTES_H
#define TESTS_CASE_BYTES_H

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- bytes that grow --------------------------------------------------------------------------- */

struct bytes {
    uint8_t *data;
    size_t len, room;
};

static inline void bytes_add(struct bytes *b, const void *data, size_t len)
{
    if (!len) return;
    if (b->room - b->len < len) {
        b->room = (b->len + len) * 2;
        b->data = realloc(b->data, b->room);
        if (!b->data) abort();
    }
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

static inline void bytes_add_byte(struct bytes *b, unsigned byte)
{
    bytes_add(b, &(uint8_t){(uint8_t)byte}, 1);
}

static inline void bytes_add_number(struct bytes *b, uint64_t value, int n_bytes)
{
    for (int i = n_bytes - 1; i >= 0; i--) bytes_add_byte(b, (unsigned)(value >> (8 * i)) & 0xff);
}

static inline void bytes_free(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

static inline bool bytes_are(const struct bytes *a, const void *data, size_t len)
{
    return a->len == len && (!len || !memcmp(a->data, data, len));
}

/* ---- frames ------------------------------------------------------------------------------------ */

static const uint8_t case_masking_key[4] = {0x37, 0xfa, 0x21, 0x3d}; /* RFC 6455, 5.7 */

struct frame_spec {
    unsigned fin, rsv, opcode;
    bool masked;
    uint8_t key[4];
    int length_bytes; /* 0, 2 or 8; -1: as few as possible */
    bool length_given;
    uint64_t length; /* what the header declares */
};

static inline void frame_write(struct bytes *to, const struct frame_spec *f, const uint8_t *payload,
                               size_t len)
{
    uint64_t declared = f->length_given ? f->length : len;
    int extra = f->length_bytes;
    if (extra < 0) extra = declared < 126 ? 0 : declared < 65536 ? 2 : 8;
    unsigned code = extra == 0 ? (unsigned)declared & 0x7f : extra == 2 ? 126 : 127;

    bytes_add_byte(to, f->fin << 7 | f->rsv << 4 | f->opcode);
    bytes_add_byte(to, (f->masked ? 0x80u : 0) | code);
    bytes_add_number(to, declared, extra);
    if (f->masked) bytes_add(to, f->key, 4);
    for (size_t i = 0; i < len; i++)
        bytes_add_byte(to, payload[i] ^ (f->masked ? f->key[i & 3] : 0u));
}

/* ---- the language ------------------------------------------------------------------------------ */

struct bytes_text {
    const char *at;
    const char *where;  /* "framing.md:12", for complaints */
    bool masked;        /* whether frame() masks when it is not told */
    bool any_reason;    /* out: the last thing is close(CODE, ...) */
    unsigned any_close; /* ... with this code */
};

static inline void case_die(const char *where, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

static inline void case_die(const char *where, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    fprintf(stderr, "%s: ", where);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(2);
}

static inline void text_skip(struct bytes_text *t)
{
    while (isspace((unsigned char)*t->at)) t->at++;
}

static inline bool text_take(struct bytes_text *t, const char *token)
{
    text_skip(t);
    if (strncmp(t->at, token, strlen(token)) != 0) return false;
    t->at += strlen(token);
    return true;
}

static inline void text_need(struct bytes_text *t, const char *token)
{
    if (!text_take(t, token)) case_die(t->where, "%s expected before: %s", token, t->at);
}

static inline uint64_t text_number(struct bytes_text *t)
{
    text_skip(t);
    char *end;
    uint64_t n = strtoull(t->at, &end, 0);
    if (end == t->at) case_die(t->where, "a number expected before: %s", t->at);
    t->at = end;
    return n;
}

/* The next word: letters, digits, '=', '-' and '_'. Empty when there is none. */
static inline void text_word(struct bytes_text *t, char *word, size_t size)
{
    text_skip(t);
    size_t n = 0;
    while (isalnum((unsigned char)*t->at) || (*t->at && strchr("=-_", *t->at))) {
        if (n + 1 < size) word[n++] = *t->at;
        t->at++;
    }
    word[n] = 0;
}

/* The opcode that a word names, or -1. */
static inline int opcode_named(const char *word)
{
    static const struct {
        const char *name;
        int opcode;
    } names[] = {{"continuation", 0}, {"text", 1}, {"binary", 2},
                 {"close", 8},        {"ping", 9}, {"pong", 10}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i].name, word)) return names[i].opcode;
    return -1;
}

static inline unsigned hex_digit(char c)
{
    return isdigit((unsigned char)c) ? (unsigned)(c - '0')
                                     : (unsigned)(tolower((unsigned char)c) - 'a' + 10);
}

static inline void text_hex(struct bytes_text *t, struct bytes *out)
{
    if (!isxdigit((unsigned char)*t->at)) case_die(t->where, "bytes expected before: %s", t->at);
    while (isxdigit((unsigned char)*t->at)) {
        if (!isxdigit((unsigned char)t->at[1])) case_die(t->where, "half a byte at: %s", t->at);
        bytes_add_byte(out, hex_digit(t->at[0]) << 4 | hex_digit(t->at[1]));
        t->at += 2;
    }
}

static inline void text_quoted(struct bytes_text *t, struct bytes *out)
{
    for (t->at++; *t->at != '"'; t->at++) {
        if (!*t->at) case_die(t->where, "the text has no end");
        if (*t->at == '\\') t->at++;
        bytes_add_byte(out, (uint8_t)*t->at);
    }
    t->at++;
}

static inline void frame_flag(struct bytes_text *t, const char *word, struct frame_spec *f)
{
    const char *value = strchr(word, '=');
    uint64_t n = value ? strtoull(value + 1, NULL, 0) : 0;
    int opcode = opcode_named(word);

    if (opcode >= 0) f->opcode = (unsigned)opcode;
    else if (!strcmp(word, "more")) f->fin = 0;
    else if (!strcmp(word, "masked")) f->masked = true;
    else if (!strcmp(word, "unmasked")) f->masked = false;
    else if (!strcmp(word, "len7")) f->length_bytes = 0;
    else if (!strcmp(word, "len16")) f->length_bytes = 2;
    else if (!strcmp(word, "len64")) f->length_bytes = 8;
    else if (!strncmp(word, "fin=", 4)) f->fin = n & 1;
    else if (!strncmp(word, "rsv=", 4)) f->rsv = n & 7;
    else if (!strncmp(word, "op=", 3)) f->opcode = n & 15;
    else if (!strncmp(word, "mask=", 5)) f->masked = n & 1;
    else if (!strncmp(word, "length=", 7)) f->length = n, f->length_given = true;
    else if (!strncmp(word, "key=", 4) && strlen(word) == 12)
        for (int i = 0; i < 4; i++)
            f->key[i] = (uint8_t)(hex_digit(word[4 + 2 * i]) << 4 | hex_digit(word[5 + 2 * i]));
    else case_die(t->where, "frame() does not know %s", word);
}

static inline void text_bytes(struct bytes_text *t, struct bytes *out);

static inline void text_frame(struct bytes_text *t, struct bytes *out)
{
    struct frame_spec f = {.fin = 1, .masked = t->masked, .length_bytes = -1};
    memcpy(f.key, case_masking_key, 4);
    char word[64];
    for (text_word(t, word, sizeof word); *word; text_word(t, word, sizeof word))
        frame_flag(t, word, &f);
    struct bytes payload = {0};
    if (text_take(t, ",")) text_bytes(t, &payload);
    text_need(t, ")");
    frame_write(out, &f, payload.data, payload.len);
    bytes_free(&payload);
}

static inline void text_close(struct bytes_text *t, struct bytes *out)
{
    struct frame_spec f = {.fin = 1, .opcode = 8, .masked = t->masked, .length_bytes = -1};
    memcpy(f.key, case_masking_key, 4);
    struct bytes payload = {0};
    if (!text_take(t, ")")) {
        uint64_t code = text_number(t);
        bytes_add_number(&payload, code, 2);
        if (text_take(t, ",")) {
            t->any_reason = text_take(t, "...");
            t->any_close = (unsigned)code;
            if (!t->any_reason) text_bytes(t, &payload);
        }
        text_need(t, ")");
    }
    if (!t->any_reason) frame_write(out, &f, payload.data, payload.len);
    bytes_free(&payload);
}

static inline void text_call(struct bytes_text *t, struct bytes *out, const char *name)
{
    if (!strcmp(name, "frame")) {
        text_frame(t, out);
    } else if (!strcmp(name, "close")) {
        text_close(t, out);
    } else if (name[0] == 'u') {
        bytes_add_number(out, text_number(t), atoi(name + 1) / 8);
        text_need(t, ")");
    } else {
        case_die(t->where, "no such function: %s", name);
    }
}

static inline void text_item(struct bytes_text *t, struct bytes *out)
{
    size_t word = strspn(t->at, "abcdefghijklmnopqrstuvwxyz0123456789");
    if (*t->at == '"') {
        text_quoted(t, out);
    } else if (*t->at == '(') {
        t->at++;
        text_bytes(t, out);
        text_need(t, ")");
    } else if (word && t->at[word] == '(') {
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)word, t->at);
        t->at += word + 1;
        text_call(t, out, name);
    } else {
        text_hex(t, out);
    }
}

/* Everything up to the end of the line, a ")" or a "->". */
static inline void text_bytes(struct bytes_text *t, struct bytes *out)
{
    for (text_skip(t); *t->at && *t->at != ')' && strncmp(t->at, "->", 2) != 0; text_skip(t)) {
        if (t->any_reason) case_die(t->where, "nothing goes behind close(CODE, ...)");
        struct bytes item = {0};
        text_item(t, &item);
        uint64_t times = *t->at == '*' ? (t->at++, text_number(t)) : 1;
        for (uint64_t i = 0; i < times; i++) bytes_add(out, item.data, item.len);
        bytes_free(&item);
    }
}

#endif
