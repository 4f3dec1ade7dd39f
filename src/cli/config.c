/* SPDX-License-Identifier: MIT
 *
 * cli/config.c - weft config: a configuration file with every key that there is, and all of it a comment
 *
 *      # ---- Messages and limits ----
 *
 *      # the longest message to accept; K, M and G are understood.
 *      # --max-message, WEFT_MAX_MESSAGE; 1B to 1G; needs a restart
 *      #max-message: 64K
 *
 * Without the # a line says what holds anyway, or, of what has no default, what could be said.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/flag_value.h"
#include "cli/manual.h"
#include "cli/serve_settings.h"

static const char about[] =
    "A configuration file for weft serve --config, with every key that there is: what\n"
    "it means, its default, what it may be, and whether SIGHUP changes it. Every line\n"
    "is a comment, so it changes nothing until a # is taken away.\n";

static const char examples[] = "  weft config > weft.yaml              then change it\n"
                               "  weft serve --config weft.yaml --check\n"
                               "  weft serve --config weft.yaml\n";

static const char opening[] =
    "# weft serve --config THIS, with every key that there is. Every line is a comment: take away the\n"
    "# # of a key to change it.\n"
    "#\n"
    "# What is typed as a flag counts more than a variable, a variable more than this file. A list is that\n"
    "# of who counts most, never a mixture. Texts that begin with * or [ stand in quotes: '*:443'.\n"
    "#\n"
    "# weft serve --config THIS --check    says what is wrong with it, and where\n"
    "# SIGHUP                              reads it again: all of it, or, if something is wrong, nothing\n";

static bool is_key(const struct flag *f)
{
    return !(f->is & (FLAG_TYPED | FLAG_NO_KEY));
}

static void print_help(const struct flag *f)
{
    for (const char *line = f->help; *line;) {
        int len = (int)strcspn(line, "\n");
        printf("# %.*s\n", len, line);
        line += len;
        if (*line) line++;
    }
}

static void print_facts(const struct flag *f)
{
    char variable[SETTINGS_VARIABLE], range[FLAG_WHY];
    flag_range(f, range, sizeof range);
    if (settings_variable(f, variable)) printf("# --%s, %s", f->name, variable);
    if (*range) printf("; %s", range);
    printf("; %s\n", f->is & FLAG_RELOADS ? "changes by SIGHUP"
                     : f->credential ? "by SIGHUP the file is read again, another needs a restart"
                                     : "needs a restart");
}

/* What holds anyway; else what could be said. */
static void print_form(const struct flag *f)
{
    const char *said = f->usual               ? f->usual
                       : f->sample            ? f->sample
                       : f->kind == FLAG_BOOL ? "off"
                                              : "0";
    if (f->is & FLAG_MAPPING) printf("#%s:\n#  %s\n", f->name, said);
    else if (f->kind == FLAG_LIST) printf("#%s: ['%s']\n", f->name, said);
    else printf("#%s: %s\n", f->name, said);
}

static void print_row(const struct flag *f)
{
    if (f->group) printf("\n# ---- %s ----\n", f->group);
    if (!is_key(f)) return;
    putchar('\n');
    print_help(f);
    print_facts(f);
    print_form(f);
}

int config_run(int argc, char **argv)
{
    static const struct flag none[] = {{0}};
    const struct flag *const tables[] = {none, NULL};
    int n = flags_parse(tables, argc, argv);
    if (n == FLAGS_HELP)
        return manual_print(&(struct manual){"weft config", about, tables, examples});
    if (n < 0) return EXIT_USAGE;
    if (n > 0) return complain("config takes no argument, but got \"%s\"", argv[1]);

    struct serve_settings s;
    serve_settings_init(&s, settings_complain);
    fputs(opening, stdout);
    for (size_t i = 0; s.tables[i]; i++)
        for (const struct flag *f = s.tables[i]; !flag_ends(f); f++) print_row(f);
    serve_settings_deinit(&s);
    return EXIT_CLEAN;
}
