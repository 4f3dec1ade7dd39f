/* SPDX-License-Identifier: MIT
 *
 * cli/config_file.c - a mapping of keys, each with a value as its row wants it
 *
 * Who reads a node begins with its first event in r->y, and ends with its last one there.
 */
#include "cli/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/flag_value.h"
#include "cli/yaml.h"

enum { PLACE_MAX = PATH_MAX + 128, ITEM_MAX = 1024 };

struct place {
    size_t line, column;
};

/* The row that a key means. */
struct row {
    const struct flag *flag;
    size_t number;
};

struct reader {
    struct settings *s;
    const char *name;
    struct yaml y;
    bool broken;                 /* the YAML is, or there is too much that is wrong */
    size_t lines[SETTINGS_ROWS]; /* of each row's key; 0: it has not come yet */
};

/* ---- what is wrong --------------------------------------------------------------------------- */

static struct place here(const struct reader *r)
{
    return (struct place){r->y.line, r->y.column};
}

static void wrong(struct reader *r, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void wrong(struct reader *r, struct place at, const char *format, ...)
{
    char why[FLAG_WHY];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    settings_wrong(r->s, "%s:%zu:%zu: %s", r->name, at.line, at.column, why);
}

/* false: nothing comes any more. */
static bool next(struct reader *r)
{
    if (!r->broken && r->s->wrong >= SETTINGS_WRONG_MAX) {
        r->broken = true;
        wrong(r, here(r), "there is too much that is wrong; what follows was not looked at");
    }
    if (r->broken) return false;
    r->broken = yaml_next(&r->y) == YAML_WRONG;
    if (r->broken) wrong(r, here(r), "%s", r->y.why);
    return !r->broken;
}

static void skip(struct reader *r)
{
    yaml_skip(&r->y);
    if (r->y.kind != YAML_WRONG) return;
    r->broken = true;
    wrong(r, here(r), "%s", r->y.why);
}

/* Something else is meant to stand here. */
static void not_here(struct reader *r, const struct flag *f, const char *meant)
{
    const char *is = r->y.kind == YAML_MAPPING    ? "a mapping"
                     : r->y.kind == YAML_SEQUENCE ? "a list"
                                                  : "a text";
    wrong(r, here(r), "%s: this is %s, and %s is meant", f->name, is, meant);
    skip(r);
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool is_nothing(const struct yaml *y)
{
    return y->plain && !y->len;
}

static void say(struct reader *r, struct row row, struct place at, const char *text, size_t len)
{
    char place[PLACE_MAX];
    char *kept = settings_keep(r->s, text, len);
    if (!kept) return;
    snprintf(place, sizeof place, "%s:%zu:%zu: %s", r->name, at.line, at.column, row.flag->name);
    settings_say(r->s, BY_FILE, row.flag, row.number, place, kept);
}

static void read_text(struct reader *r, struct row row)
{
    if (r->y.kind != YAML_TEXT) not_here(r, row.flag, "one value");
    else if (is_nothing(&r->y)) wrong(r, here(r), "%s: it has no value", row.flag->name);
    else say(r, row, here(r), r->y.text, r->y.len);
}

static void read_sequence(struct reader *r, struct row row)
{
    while (next(r) && r->y.kind != YAML_END) read_text(r, row);
}

/* ---- mappings: NAME: SETTINGS ---------------------------------------------------------------- */

/* What stands behind --channel, as it grows. */
struct item {
    char text[ITEM_MAX];
    size_t len;
    bool fits;
};

static void add(struct item *item, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct item *item, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(item->text + item->len, sizeof item->text - item->len, format, args);
    va_end(args);
    item->fits = item->fits && n >= 0 && (size_t)n < sizeof item->text - item->len;
    if (item->fits) item->len += (size_t)n;
}

/* One that is in y, and its value. */
static void read_setting(struct reader *r, const struct flag *f, struct item *item, bool first)
{
    add(item, "%s%s", first ? "" : ", ", r->y.text);
    if (!next(r)) return;
    if (r->y.kind != YAML_TEXT) not_here(r, f, "one value");
    else if (memchr(r->y.text, ',', r->y.len))
        wrong(r, here(r), "%s: \"%.80s\": there is no comma in the value of a setting", f->name,
              r->y.text);
    else if (!is_nothing(&r->y)) add(item, "=%s", r->y.text);
}

static void read_settings(struct reader *r, const struct flag *f, struct item *item)
{
    for (bool first = true; next(r) && r->y.kind != YAML_END; first = false) {
        if (r->y.kind == YAML_TEXT) {
            read_setting(r, f, item, first);
            continue;
        }
        not_here(r, f, "the name of a setting");
        if (next(r)) skip(r);
    }
}

/* The name is in item. */
static void read_item(struct reader *r, struct row row, struct item *item, struct place at)
{
    unsigned before = r->s->wrong;
    if (r->y.kind == YAML_TEXT) add(item, "%s", r->y.text);
    else if (r->y.kind == YAML_MAPPING) read_settings(r, row.flag, item);
    else not_here(r, row.flag, "a text or a mapping");
    if (!item->fits) wrong(r, at, "%s: this is too long", row.flag->name);
    else if (r->s->wrong == before) say(r, row, at, item->text, item->len);
}

/* Which of these are called so, the name's end included. */
static bool is_among(const struct flag_list *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (!strcmp(names->items[i], name)) return true;
    return false;
}

static void read_pair(struct reader *r, struct row row, struct flag_list *names)
{
    struct place at = here(r);
    struct item item = {.fits = true};
    char *name = settings_keep(r->s, r->y.text, r->y.len);
    bool twice = name && is_among(names, name);
    if (twice) wrong(r, at, "%s: %.80s stands here twice", row.flag->name, name);
    else if (name && names->n < FLAG_LIST_MAX) names->items[names->n++] = name;
    add(&item, "%s: ", r->y.text);
    if (!next(r)) return;
    if (twice) skip(r);
    else read_item(r, row, &item, at);
}

static void read_mapping(struct reader *r, struct row row)
{
    struct flag_list names = {0};
    while (next(r) && r->y.kind != YAML_END) {
        if (r->y.kind == YAML_TEXT) {
            read_pair(r, row, &names);
            continue;
        }
        not_here(r, row.flag, "a name");
        if (next(r)) skip(r);
    }
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void read_value(struct reader *r, struct row row)
{
    bool list = row.flag->kind == FLAG_LIST, mapping = row.flag->is & FLAG_MAPPING;
    if (list && is_nothing(&r->y) && r->y.kind == YAML_TEXT) return; /* an empty one */
    if (list && r->y.kind == YAML_SEQUENCE) read_sequence(r, row);
    else if (mapping && r->y.kind == YAML_MAPPING) read_mapping(r, row);
    else if (r->y.kind == YAML_TEXT) read_text(r, row);
    else not_here(r, row.flag, mapping ? "a mapping" : list ? "a list" : "one value");
}

/* By its name, or, of a list, by that and an s. */
static struct row find(const struct reader *r, const char *key, size_t len)
{
    struct row row;
    char one[64];
    row.flag = flags_find(r->s->tables, key, &row.number);
    if (row.flag || len < 2 || len >= sizeof one || key[len - 1] != 's') return row;
    snprintf(one, sizeof one, "%.*s", (int)(len - 1), key);
    row.flag = flags_find(r->s->tables, one, &row.number);
    if (row.flag && row.flag->kind != FLAG_LIST) row.flag = NULL;
    return row;
}

static bool is_key(const struct flag *f)
{
    return f && !(f->is & (FLAG_TYPED | FLAG_NO_KEY));
}

static void unknown(struct reader *r, const struct flag *f)
{
    const char *key = r->y.text;
    if (f) {
        wrong(r, here(r), "%.40s is no key: it is for the command line", key);
        return;
    }
    const char *best = flags_nearest(r->s->tables, key, FLAG_TYPED | FLAG_NO_KEY);
    if (best) wrong(r, here(r), "there is no key %.40s; did you mean %s?", key, best);
    else wrong(r, here(r), "there is no key %.40s; weft config lists those there are", key);
}

static void read_key(struct reader *r)
{
    struct row row = find(r, r->y.text, r->y.len);
    bool fine = is_key(row.flag);
    size_t *line = fine ? &r->lines[row.number] : NULL;
    if (!fine) unknown(r, row.flag);
    else if (*line) wrong(r, here(r), "%s stands in line %zu already", row.flag->name, *line);
    bool wanted = fine && !*line;
    if (wanted) *line = r->y.line;
    if (!next(r)) return;
    if (wanted) read_value(r, row);
    else skip(r);
}

static void read_keys(struct reader *r)
{
    while (next(r) && r->y.kind != YAML_END) {
        if (r->y.kind == YAML_TEXT) {
            read_key(r);
            continue;
        }
        wrong(r, here(r), "a key is a word, such as port");
        skip(r);
        if (next(r)) skip(r);
    }
}

/* ---- the file -------------------------------------------------------------------------------- */

void config_file_parse(struct settings *s, const char *name, const void *bytes, size_t len)
{
    struct reader r = {.s = s, .name = name};
    if (!yaml_open(&r.y, bytes, len)) {
        settings_wrong(s, "%s: there is no memory for it", name);
        return;
    }
    bool some = next(&r) && r.y.kind != YAML_OVER && !(r.y.kind == YAML_TEXT && is_nothing(&r.y));
    if (some && r.y.kind == YAML_MAPPING) read_keys(&r);
    else if (some) wrong(&r, here(&r), "a configuration is a mapping, such as \"port: 8080\"");
    if (!some || r.y.kind == YAML_END) (void)next(&r); /* what else there is is a mistake */
    yaml_close(&r.y);
}

/* One byte more than there may be, if there is. */
static ssize_t read_all(int fd, char *bytes)
{
    size_t len = 0;
    ssize_t n = 1;
    while (n > 0 && len <= YAML_SIZE_MAX) {
        do n = read(fd, bytes + len, YAML_SIZE_MAX + 1 - len);
        while (n < 0 && errno == EINTR);
        if (n > 0) len += (size_t)n;
    }
    return n < 0 ? -errno : (ssize_t)len;
}

static int open_file(const char *path, bool again)
{
    struct stat st;
    if (!strcmp(path, "-")) return again ? -ESPIPE : dup(STDIN_FILENO);
    if (stat(path, &st) < 0) return -errno;
    if (S_ISDIR(st.st_mode)) return -EISDIR;
    if (again && !S_ISREG(st.st_mode)) return -ESPIPE;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? -errno : fd;
}

void config_file_read(struct settings *s, const char *path, bool again)
{
    int fd = open_file(path, again);
    char *bytes = fd >= 0 ? malloc(YAML_SIZE_MAX + 1) : NULL;
    ssize_t len = fd < 0 ? fd : !bytes ? -ENOMEM : read_all(fd, bytes);
    if (fd >= 0) close(fd);
    if (len == -ESPIPE) settings_wrong(s, "%s: it is no file, so it cannot be read again", path);
    else if (len < 0) settings_wrong(s, "%s: %s", path, strerror((int)-len));
    else config_file_parse(s, path, bytes, (size_t)len);
    free(bytes);
}
