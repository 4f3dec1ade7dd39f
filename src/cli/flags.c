/* SPDX-License-Identifier: MIT
 *
 * cli/flags.c - parse a command line by a table of flags
 *
 * One walk over argv. Each word is a long flag, a cluster of short ones, or an argument; what takes a
 * value takes it from behind '=' (long), from the rest of the cluster (short), or from the next word.
 */
#include "cli/flags.h"

#include "cli/cli.h"
#include "cli/flag_value.h"
#include "cli/nearest.h"

#include <string.h>

struct walk {
    const struct flag *const *tables;
    int argc;
    char **argv;
    const struct flag_taker *to;
    int at;     /* the word being looked at */
    int kept;   /* arguments moved to the front so far */
    bool plain; /* behind "--" */
};

/* The one flag that stores nothing. */
static const struct flag help_flags[] = {
    {'h', "help", .kind = FLAG_BOOL, .help = "print this"},
    {0},
};

static bool takes_value(const struct flag *f)
{
    return f->kind != FLAG_BOOL && f->kind != FLAG_COUNT;
}

static const struct flag *find_long(const struct flag *table, const char *name, size_t len)
{
    for (const struct flag *f = table; !flag_ends(f); f++)
        if (f->name && strlen(f->name) == len && !memcmp(f->name, name, len)) return f;
    return NULL;
}

static const struct flag *find_brief(const struct flag *table, char brief)
{
    for (const struct flag *f = table; !flag_ends(f); f++)
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

const struct flag *flags_find(const struct flag *const *tables, const char *name, size_t *number)
{
    *number = 0;
    for (size_t i = 0; tables[i]; i++)
        for (const struct flag *f = tables[i]; !flag_ends(f); f++, ++*number)
            if (f->name && !strcmp(f->name, name)) return f;
    return NULL;
}

const char *flags_nearest(const struct flag *const *tables, const char *name, unsigned not )
{
    struct nearest n = nearest_to(name);
    for (size_t i = 0; tables[i]; i++)
        for (const struct flag *f = tables[i]; !flag_ends(f); f++)
            if (f->name && !(f->is & not )) nearest_try(&n, f->name);
    return n.best;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* How the flag is called in a message: "--port", or "-H" when it has no long name. */
static void spell(const struct flag *f, char *text, size_t size)
{
    if (f->name) snprintf(text, size, "--%s", f->name);
    else snprintf(text, size, "-%c", f->brief);
}

/* text is NULL for what was named and no more. */
static int set(const struct walk *w, const struct flag *f, const char *text)
{
    char name[64], why[FLAG_WHY];
    if (f == help_flags) return FLAGS_HELP;
    if (w->to->set(f, text, why, w->to->user)) return 0;
    spell(f, name, sizeof name);
    complain("%s: %s", name, why);
    return FLAGS_BAD;
}

/* ---- words ----------------------------------------------------------------------------------- */

static int unknown_long(const struct walk *w, const char *name, size_t len)
{
    char word[32];
    snprintf(word, sizeof word, "%.*s", (int)len, name);
    const char *best = flags_nearest(w->tables, word, 0);
    if (best) complain("there is no flag --%.*s; did you mean --%s?", (int)len, name, best);
    else complain("there is no flag --%.*s; --help lists those there are", (int)len, name);
    return FLAGS_BAD;
}

static int next_value(struct walk *w, const struct flag *f)
{
    if (w->at + 1 < w->argc) return set(w, f, w->argv[++w->at]);
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
    if (name[len] == '=') return set(w, f, name + len + 1);
    return takes_value(f) ? next_value(w, f) : set(w, f, NULL);
}

static int cluster(struct walk *w, const char *word)
{
    for (; *word; word++) {
        const struct flag *f = search_brief(w, *word);
        if (!f) {
            complain("there is no flag -%c; --help lists those there are", *word);
            return FLAGS_BAD;
        }
        if (takes_value(f)) return word[1] ? set(w, f, word + 1) : next_value(w, f);
        int r = set(w, f, NULL);
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

int flags_walk(const struct flag *const *tables, int argc, char **argv, const struct flag_taker *to)
{
    struct walk w = {.tables = tables, .argc = argc, .argv = argv, .to = to};
    for (w.at = 1; w.at < argc; w.at++) {
        int r = word(&w, argv[w.at]);
        if (r < 0) return r;
    }
    return w.kept;
}

static bool keep(const struct flag *f, const char *text, char why[FLAG_WHY], void *user)
{
    (void)user;
    return flag_set(f, text, why);
}

int flags_parse(const struct flag *const *tables, int argc, char **argv)
{
    return flags_walk(tables, argc, argv, &(struct flag_taker){.set = keep});
}

/* ---- --help ---------------------------------------------------------------------------------- */

enum { HELP_COLUMN = 30, HELP_WIDTH = 94 };

static int print_names(const struct flag *f, FILE *to)
{
    int n = f->brief ? fprintf(to, "  -%c", f->brief) : fprintf(to, "    ");
    if (f->name) n += fprintf(to, "%s--%s", f->brief ? ", " : "  ", f->name);
    if (f->value) n += fprintf(to, " %s", f->value);
    return n;
}

/* What is usual stands behind all else, on that line or on one of its own. */
static void print_usual(const struct flag *f, int column, FILE *to)
{
    int len = f->usual ? (int)strlen(f->usual) : 0;
    if (len && column + len + (int)sizeof " (default )" - 1 > HELP_WIDTH)
        fprintf(to, "\n%*s(default %s)", HELP_COLUMN, "", f->usual);
    else if (len) fprintf(to, " (default %s)", f->usual);
    fputc('\n', to);
}

static void print_flag(const struct flag *f, FILE *to)
{
    int column = print_names(f, to);
    for (const char *line = f->help; *line;) {
        int len = (int)strcspn(line, "\n");
        if (column >= HELP_COLUMN) {
            fputc('\n', to);
            column = 0;
        }
        fprintf(to, "%*s%.*s", HELP_COLUMN - column, "", len, line);
        column = HELP_COLUMN + len;
        line += len;
        if (*line == '\n') line++;
    }
    print_usual(f, column, to);
}

void flags_print(const struct flag *const *tables, FILE *to)
{
    for (size_t i = 0; tables[i]; i++)
        for (const struct flag *f = tables[i]; !flag_ends(f); f++) print_flag(f, to);
    print_flag(help_flags, to);
}
