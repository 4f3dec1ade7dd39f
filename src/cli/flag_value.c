/* SPDX-License-Identifier: MIT
 *
 * cli/flag_value.c - a text becomes the value of a flag, or a sentence about what it should have been
 */
#include "cli/flag_value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "cli/nearest.h"
#include "cli/values.h"

static bool fail(char why[FLAG_WHY], const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(char why[FLAG_WHY], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, FLAG_WHY, format, args);
    va_end(args);
    return false;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool parse(const struct flag *f, const char *text, uint64_t *out)
{
    if (f->kind == FLAG_SIZE) return value_size(text, out);
    if (f->kind == FLAG_TIME) return value_time(text, out);
    return value_number(text, out);
}

static void print_value(const struct flag *f, uint64_t value, char *text, size_t size)
{
    if (f->kind == FLAG_SIZE) value_print_size(text, size, value);
    else if (f->kind == FLAG_TIME) value_print_time(text, size, value);
    else snprintf(text, size, "%" PRIu64, value);
}

static const char *noun_of(const struct flag *f)
{
    if (f->noun) return f->noun;
    if (f->kind == FLAG_SIZE) return "a size";
    if (f->kind == FLAG_TIME) return "a time";
    return "a number";
}

static void print_range(const struct flag *f, char *text, size_t size)
{
    char min[32], max[32];
    print_value(f, f->min, min, sizeof min);
    print_value(f, f->max, max, sizeof max);
    snprintf(text, size, "%s to %s", min, max);
}

static bool read_number(const struct flag *f, const char *text, uint64_t *out, char why[FLAG_WHY])
{
    char range[72];
    if (parse(f, text, out) && *out >= f->min && *out <= f->max) return true;
    print_range(f, range, sizeof range);
    return fail(why, "\"%.80s\" is not %s (%s)", text, noun_of(f), range);
}

/* ---- booleans -------------------------------------------------------------------------------- */

bool flag_bool(const char *text, bool *out)
{
    static const char *const on[] = {"on", "yes", "true", "1"}, *const off[] = {"off", "no",
                                                                                "false", "0"};
    for (size_t i = 0; i < sizeof on / sizeof *on; i++) {
        *out = !strcasecmp(text, on[i]);
        if (*out || !strcasecmp(text, off[i])) return true;
    }
    return false;
}

static bool read_bool(const char *text, bool *out, char why[FLAG_WHY])
{
    return flag_bool(text, out) || fail(why, "\"%.80s\" is neither on nor off", text);
}

static bool read_count(const char *text, uint64_t *out, char why[FLAG_WHY])
{
    return (value_number(text, out) && *out <= 9) ||
           fail(why, "\"%.80s\" is not a number (0 to 9)", text);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static void print_words(const char *const *words, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; words[i] && at < size; i++) {
        const char *gap = !i ? "" : words[i + 1] ? ", " : " or ";
        at += (size_t)snprintf(text + at, size - at, "%s%s", gap, words[i]);
    }
}

static bool is_word(const char *const *words, const char *text, char why[FLAG_WHY])
{
    char all[FLAG_WHY / 2];
    struct nearest near = nearest_to(text);
    for (size_t i = 0; words[i]; i++) {
        if (!strcmp(words[i], text)) return true;
        nearest_try(&near, words[i]);
    }
    print_words(words, all, sizeof all);
    if (!near.best) return fail(why, "\"%.80s\" is not %s", text, all);
    return fail(why, "\"%.80s\" is not %s; did you mean %s?", text, all, near.best);
}

static bool check_text(const struct flag *f, const char *text, char why[FLAG_WHY])
{
    if (f->words && !is_word(f->words, text, why)) return false;
    return !f->check || f->check(text, why);
}

static bool append(const struct flag *f, const char *text, char why[FLAG_WHY])
{
    struct flag_list *list = f->into;
    if (list->n == FLAG_LIST_MAX) return fail(why, "given more than %d times", FLAG_LIST_MAX);
    list->items[list->n++] = text;
    return true;
}

void flag_clear(const struct flag *list)
{
    memset(list->into, 0, sizeof(struct flag_list));
}

/* ---- all kinds ------------------------------------------------------------------------------- */

bool flag_set(const struct flag *f, const char *text, char why[FLAG_WHY])
{
    uint64_t number;
    why[0] = '\0';
    switch (f->kind) {
    case FLAG_BOOL:
        if (text) return read_bool(text, f->into, why);
        *(bool *)f->into = true;
        return true;
    case FLAG_COUNT:
        number = *(unsigned *)f->into + 1;
        if (text && !read_count(text, &number, why)) return false;
        *(unsigned *)f->into = (unsigned)number;
        return true;
    case FLAG_TEXT:
        if (!check_text(f, text, why)) return false;
        *(const char **)f->into = text;
        return true;
    case FLAG_LIST: return check_text(f, text, why) && append(f, text, why);
    case FLAG_NUMBER:
    case FLAG_SIZE:
    case FLAG_TIME:
        if (!read_number(f, text, &number, why)) return false;
        *(uint64_t *)f->into = number;
        return true;
    }
    return false;
}

bool flag_look(const struct flag *f, const char *text, char why[FLAG_WHY])
{
    union {
        bool yes;
        unsigned count;
        uint64_t number;
        const char *text;
        struct flag_list list;
    } nowhere = {.list = {0}};
    struct flag looked_at = *f;
    looked_at.into = &nowhere;
    return flag_set(&looked_at, text, why);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static bool same_list(const struct flag_list *a, const struct flag_list *b)
{
    size_t i = 0;
    while (i < a->n && i < b->n && !strcmp(a->items[i], b->items[i])) i++;
    return i == a->n && i == b->n;
}

bool flag_same(const struct flag *a, const struct flag *b)
{
    switch (a->kind) {
    case FLAG_BOOL: return *(bool *)a->into == *(bool *)b->into;
    case FLAG_COUNT: return *(unsigned *)a->into == *(unsigned *)b->into;
    case FLAG_TEXT: return same_text(*(const char **)a->into, *(const char **)b->into);
    case FLAG_LIST: return same_list(a->into, b->into);
    case FLAG_NUMBER:
    case FLAG_SIZE:
    case FLAG_TIME: return *(uint64_t *)a->into == *(uint64_t *)b->into;
    }
    return false;
}

void flag_range(const struct flag *f, char *text, size_t size)
{
    bool number = f->kind == FLAG_NUMBER || f->kind == FLAG_SIZE || f->kind == FLAG_TIME;
    text[0] = '\0';
    if (number) print_range(f, text, size);
    else if (f->kind == FLAG_BOOL) snprintf(text, size, "on or off");
    else if (f->words) print_words(f->words, text, size);
}
