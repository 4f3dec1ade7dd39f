/* SPDX-License-Identifier: MIT
 *
 * tests/ws/case_file.h - documents of cases: Markdown, of which only headings and fences matter
 *
 *      ## A heading        the name of the case
 *      prose
 *      ```
 *      key: value          a line; one that starts with white space continues the line before
 *      each: X = 1 2 3     the case is played once for every value of $X
 *      each: X,Y = 1,2 3,4 likewise, values that belong together
 *      ```
 *
 * Memory of documents is kept until the program ends.
 */
#ifndef TESTS_CASE_FILE_H
#define TESTS_CASE_FILE_H

#include <glob.h>

#include <weft/handshake.h>

#include "ws/case_bytes.h"

enum {
    CASE_LINES = 200,
    CASE_EACHES = 4,
    CASE_VALUES = 2100,
    CASE_MAX = 1000,
    CASE_TEXT = 8192,
    CASE_WHERE = 64
};

struct case_line {
    char *key, *value;
    char where[CASE_WHERE]; /* "framing.md:12" */
};

struct case_each {
    char *name;
    char *values[CASE_VALUES];
    size_t n_values;
};

struct case_text {
    char *name; /* "framing: A heading" */
    struct case_line lines[CASE_LINES];
    size_t n_lines;
    struct case_each *eaches[CASE_EACHES];
    size_t n_eaches;
};

struct case_list {
    struct case_text *cases[CASE_MAX];
    size_t n;
};

/* ---- small text -------------------------------------------------------------------------------- */

static inline char *text_trim(char *s)
{
    while (isspace((unsigned char)*s)) s++;
    for (size_t n = strlen(s); n && isspace((unsigned char)s[n - 1]);) s[--n] = 0;
    return s;
}

static inline char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline char *text_format(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    char *s;
    if (vasprintf(&s, format, ap) < 0) abort();
    va_end(ap);
    return s;
}

/* ---- reading ----------------------------------------------------------------------------------- */

static inline void each_add_value(struct case_each *e, const char *where, const char *value)
{
    unsigned long from, to;
    if (sscanf(value, "%lu..%lu", &from, &to) != 2) {
        if (e->n_values == CASE_VALUES) case_die(where, "too many values");
        e->values[e->n_values++] = text_format("%s", value);
        return;
    }
    for (; from <= to && e->n_values < CASE_VALUES; from++)
        e->values[e->n_values++] = text_format("%lu", from);
}

/* "NAME = a b 3..5", or with bars when values hold spaces: "NAME = a b | c d" */
static inline void case_add_each(struct case_text *c, const char *where, char *text)
{
    char *values = strchr(text, '=');
    if (!values || c->n_eaches == CASE_EACHES) case_die(where, "each: NAME = values");
    *values++ = 0;
    struct case_each *e = calloc(1, sizeof *e);
    if (!e) abort();
    e->name = text_format("%s", text_trim(text));
    const char *between = strchr(values, '|') ? "|" : " ";
    for (char *save, *v = strtok_r(values, between, &save); v; v = strtok_r(NULL, between, &save))
        each_add_value(e, where, text_trim(v));
    c->eaches[c->n_eaches++] = e;
}

static inline void case_add_line(struct case_text *c, const char *where, char *line)
{
    char *colon = strchr(line, ':');
    if (!colon || c->n_lines == CASE_LINES) case_die(where, "not a line of a case: %s", line);
    *colon = 0;
    struct case_line *l = &c->lines[c->n_lines++];
    l->key = text_trim(line);
    l->value = text_trim(colon + 1);
    snprintf(l->where, sizeof l->where, "%s", where);
}

/* A line with what continues it; text is kept, for the lines of the case point into it. */
static inline void case_take(struct case_text *c, const char *where, const struct bytes *text)
{
    if (!text->len) return;
    char *line = text_format("%.*s", (int)text->len, (const char *)text->data);
    if (!strncmp(line, "each:", 5)) {
        case_add_each(c, where, line + 5);
        free(line);
    } else {
        case_add_line(c, where, line);
    }
}

/* One fenced block, up to its end. Returns the number of the last line read. */
static inline int case_read_block(struct case_text *c, FILE *f, const char *file, int number)
{
    struct bytes pending = {0};
    char line[CASE_TEXT], where[CASE_WHERE] = "";
    bool end = false;
    while (!end && fgets(line, sizeof line, f)) {
        number++;
        end = !strncmp(line, "```", 3);
        bool more = isspace((unsigned char)line[0]) && *text_trim(line);
        if (!more) {
            case_take(c, where, &pending);
            pending.len = 0;
            if (end || line[0] == '#' || !*text_trim(line)) continue;
            snprintf(where, sizeof where, "%s:%d", file, number);
        }
        char *text = text_trim(line);
        bytes_add(&pending, " ", more);
        bytes_add(&pending, text, strlen(text));
    }
    bytes_free(&pending);
    return number;
}

static inline void case_read_file(struct case_list *list, const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f) case_die(path, "cannot be opened");
    const char *file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    struct case_text *c = NULL;
    char line[CASE_TEXT];
    for (int number = 1; fgets(line, sizeof line, f); number++) {
        if (!strncmp(line, "## ", 3)) {
            if (list->n == CASE_MAX) case_die(path, "too many cases");
            list->cases[list->n++] = c = calloc(1, sizeof *c);
            if (!c) abort();
            c->name = text_format("%.*s: %s", (int)strcspn(file, "."), file, text_trim(line + 3));
        } else if (c && !strncmp(line, "```", 3)) {
            number = case_read_block(c, f, file, number);
        }
    }
    fclose(f);
}

/* All documents in tests/cases whose name starts with prefix (or not, if !with). */
static inline void case_read_all(struct case_list *list, const char *prefix, bool with)
{
    const char *source = getenv("WEFT_SRC");
    char *pattern = text_format("%s/tests/cases/*.md", source ? source : ".");
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0) case_die(pattern, "no cases");
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *file = strrchr(found.gl_pathv[i], '/') + 1;
        if (strcmp(file, "README.md") != 0 && !strncmp(file, prefix, strlen(prefix)) == with)
            case_read_file(list, found.gl_pathv[i]);
    }
    globfree(&found);
    free(pattern);
}

/* ---- each -------------------------------------------------------------------------------------- */

static inline size_t case_variations(const struct case_text *c)
{
    size_t n = 1;
    for (size_t i = 0; i < c->n_eaches; i++) n *= c->eaches[i]->n_values;
    return n;
}

/* The k-th of the parts of text, which commas separate (if there are several). */
static inline weft_bytes text_part(const char *text, size_t k)
{
    for (; k; k--) text += strcspn(text, ",") + 1;
    return (weft_bytes){(const uint8_t *)text, strcspn(text, ",")};
}

/* The value of a name in a variation; data is NULL when there is no such name. */
static inline weft_bytes case_value(const struct case_text *c, size_t variation, const char *name,
                                    size_t name_len)
{
    for (size_t i = 0; i < c->n_eaches; i++) {
        const struct case_each *e = c->eaches[i];
        const char *value = e->values[variation % e->n_values];
        variation /= e->n_values;
        bool several = strchr(e->name, ',');
        for (size_t k = 0, at = 0; at < strlen(e->name); k++) {
            weft_bytes part = text_part(e->name, k);
            if (part.len == name_len && !memcmp(part.data, name, name_len))
                return several ? text_part(value, k)
                               : (weft_bytes){(const uint8_t *)value, strlen(value)};
            at += part.len + 1;
        }
    }
    return (weft_bytes){0};
}

/* The value of a line with $NAME replaced. The caller frees it. */
static inline char *case_expand(const struct case_text *c, size_t variation,
                                const struct case_line *line)
{
    struct bytes out = {0};
    for (const char *p = line->value; *p;) {
        size_t n = *p == '$' ? strspn(p + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") : 0;
        weft_bytes value = {(const uint8_t *)p, 1};
        if (n) value = case_value(c, variation, p + 1, n);
        if (!value.data) case_die(line->where, "no value for %.*s", (int)n + 1, p);
        bytes_add(&out, value.data, value.len);
        p += n + 1;
    }
    bytes_add_byte(&out, 0);
    return (char *)out.data;
}

/* "OP=3 FIN=0", for complaints. */
static inline void case_describe(const struct case_text *c, size_t variation, char *to, size_t size)
{
    *to = 0;
    for (size_t i = 0; i < c->n_eaches; i++) {
        const struct case_each *e = c->eaches[i];
        size_t used = strlen(to);
        snprintf(to + used, size - used, " %s=%s", e->name, e->values[variation % e->n_values]);
        variation /= e->n_values;
    }
}

/* ---- builds without compression ---------------------------------------------------------------- */

/* Whether a case is about compression, in a build that has none. */
static inline bool case_is_beyond_us(const struct case_text *c)
{
    static const char *const about[] = {"deflate", "offer", "agreed", "answer"};
    char text[WEFT_DEFLATE_TEXT];
    if (weft_deflate_offer(NULL, text) == 0 && *text) return false;
    for (size_t i = 0; i < c->n_lines; i++)
        for (size_t k = 0; k < sizeof about / sizeof *about; k++)
            if (!strcmp(c->lines[i].key, about[k])) return true;
    return false;
}

#endif
