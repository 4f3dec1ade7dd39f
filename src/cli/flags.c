/* SPDX-License-Identifier: MIT
 *
 * cli/flags.c - parse a command line by a table of flags
 *
 * One walk over argv. Each word is a long flag, a cluster of short ones, or an argument; what takes a
 * value takes it from behind '=' (long), from the rest of the cluster (short), or from the next word.
 */
#include "cli/flags.h"

#include "cli/cli.h"
#include "cli/nearest.h"
#include "cli/values.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

struct walk {
    const struct flag *const *tables;
    int argc;
    char **argv;
    int at;     /* the word being looked at */
    int kept;   /* arguments moved to the front so far */
    bool plain; /* behind "--" */
};

/* The one flag that stores nothing. */
static const struct flag help_flags[] = {
    {'h', "help", .kind = FLAG_BOOL, .help = "print this"},
    {0},
};

static bool ends(const struct flag *f)
{
    return !f->name && !f->brief;
}

static bool takes_value(const struct flag *f)
{
    return f->kind != FLAG_BOOL && f->kind != FLAG_COUNT;
}

static const struct flag *find_long(const struct flag *table, const char *name, size_t len)
{
    for (const struct flag *f = table; !ends(f); f++)
        if (f->name && strlen(f->name) == len && !memcmp(f->name, name, len)) return f;
    return NULL;
}

static const struct flag *find_brief(const struct flag *table, char brief)
{
    for (const struct flag *f = table; !ends(f); f++)
        if (f->brief == brief) return f;
    return NULL;
}

static const struct flag *search(const struct walk *w, const char *name, size_t len)
{
    const struct flag *found = find_long(help_flags, name, len);
    for (size_t i = 0; !found && w->tables[i]; i++) found = find_long(w->tables[i], name, len);
    return found;
}

static const struct flag *search_brief(const struct walk *w, char brief)
{
    const struct flag *found = find_brief(help_flags, brief);
    for (size_t i = 0; !found && w->tables[i]; i++) found = find_brief(w->tables[i], brief);
    return found;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* How the flag is called in a message: "--port", or "-H" when it has no long name. */
static void spell(const struct flag *f, char *text, size_t size)
{
    if (f->name) snprintf(text, size, "--%s", f->name);
    else snprintf(text, size, "-%c", f->brief);
}

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

static int set_number(const struct flag *f, const char *text)
{
    uint64_t value;
    if (parse(f, text, &value) && value >= f->min && value <= f->max) {
        *(uint64_t *)f->into = value;
        return 0;
    }
    char name[64], min[32], max[32];
    spell(f, name, sizeof name);
    print_value(f, f->min, min, sizeof min);
    print_value(f, f->max, max, sizeof max);
    complain("%s: \"%s\" is not %s (%s to %s)", name, text, noun_of(f), min, max);
    return FLAGS_BAD;
}

static int append(const struct flag *f, const char *text)
{
    struct flag_list *list = f->into;
    if (list->n == FLAG_LIST_MAX) {
        char name[64];
        spell(f, name, sizeof name);
        complain("%s: given more than %d times", name, FLAG_LIST_MAX);
        return FLAGS_BAD;
    }
    list->items[list->n++] = text;
    return 0;
}

/* text is NULL for what takes no value. */
static int set(const struct flag *f, const char *text)
{
    switch (f->kind) {
    case FLAG_BOOL:
        if (!f->into) return FLAGS_HELP;
        *(bool *)f->into = true;
        return 0;
    case FLAG_COUNT: ++*(unsigned *)f->into; return 0;
    case FLAG_TEXT: *(const char **)f->into = text; return 0;
    case FLAG_LIST: return append(f, text);
    case FLAG_NUMBER:
    case FLAG_SIZE:
    case FLAG_TIME: return set_number(f, text);
    }
    return FLAGS_BAD;
}

/* ---- words ----------------------------------------------------------------------------------- */

static int unknown_long(const struct walk *w, const char *name, size_t len)
{
    char word[32];
    snprintf(word, sizeof word, "%.*s", (int)len, name);
    struct nearest n = nearest_to(word);
    for (size_t i = 0; w->tables[i]; i++)
        for (const struct flag *f = w->tables[i]; !ends(f); f++)
            if (f->name) nearest_try(&n, f->name);

    if (n.best) complain("there is no flag --%.*s; did you mean --%s?", (int)len, name, n.best);
    else complain("there is no flag --%.*s; --help lists those there are", (int)len, name);
    return FLAGS_BAD;
}

static int next_value(struct walk *w, const struct flag *f)
{
    if (w->at + 1 < w->argc) return set(f, w->argv[++w->at]);
    char name[64];
    spell(f, name, sizeof name);
    complain("%s needs a value: %s %s", name, name, f->value);
    return FLAGS_BAD;
}

static int long_flag(struct walk *w, const char *name)
{
    size_t len = strcspn(name, "=");
    const struct flag *f = search(w, name, len);
    if (!f) return unknown_long(w, name, len);
    if (name[len] == '=' && !takes_value(f)) {
        complain("--%s takes no value", f->name);
        return FLAGS_BAD;
    }
    if (name[len] == '=') return set(f, name + len + 1);
    return takes_value(f) ? next_value(w, f) : set(f, NULL);
}

static int cluster(struct walk *w, const char *word)
{
    for (; *word; word++) {
        const struct flag *f = search_brief(w, *word);
        if (!f) {
            complain("there is no flag -%c; --help lists those there are", *word);
            return FLAGS_BAD;
        }
        if (takes_value(f)) return word[1] ? set(f, word + 1) : next_value(w, f);
        int r = set(f, NULL);
        if (r < 0) return r;
    }
    return 0;
}

static int word(struct walk *w, char *text)
{
    if (w->plain || text[0] != '-' || text[1] == '\0') {
        w->argv[++w->kept] = text;
        return 0;
    }
    if (text[1] != '-') return cluster(w, text + 1);
    if (text[2] != '\0') return long_flag(w, text + 2);
    w->plain = true;
    return 0;
}

int flags_parse(const struct flag *const *tables, int argc, char **argv)
{
    struct walk w = {.tables = tables, .argc = argc, .argv = argv};
    for (w.at = 1; w.at < argc; w.at++) {
        int r = word(&w, argv[w.at]);
        if (r < 0) return r;
    }
    return w.kept;
}

/* ---- --help ---------------------------------------------------------------------------------- */

enum { HELP_COLUMN = 30 };

static int print_names(const struct flag *f, FILE *to)
{
    int n = f->brief ? fprintf(to, "  -%c", f->brief) : fprintf(to, "    ");
    if (f->name) n += fprintf(to, "%s--%s", f->brief ? ", " : "  ", f->name);
    if (f->value) n += fprintf(to, " %s", f->value);
    return n;
}

static void print_flag(const struct flag *f, FILE *to)
{
    int column = print_names(f, to);
    for (const char *line = f->help; *line;) {
        size_t len = strcspn(line, "\n");
        if (column >= HELP_COLUMN) {
            fputc('\n', to);
            column = 0;
        }
        fprintf(to, "%*s%.*s\n", HELP_COLUMN - column, "", (int)len, line);
        line += len + (line[len] == '\n');
        column = 0;
    }
}

void flags_print(const struct flag *const *tables, FILE *to)
{
    for (size_t i = 0; tables[i]; i++)
        for (const struct flag *f = tables[i]; !ends(f); f++) print_flag(f, to);
    print_flag(help_flags, to);
}
