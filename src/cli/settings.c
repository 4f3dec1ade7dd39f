/* SPDX-License-Identifier: MIT
 *
 * cli/settings.c - the command line, the environment and systemd's credentials; and who was first
 */
#include "cli/settings.h"

#include <assert.h>
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/flag_value.h"

static const char prefix[] = "WEFT_";

enum { PREFIX = sizeof prefix - 1 };

static void complain_of(const char *line, void *user)
{
    (void)user;
    complain("%s", line);
}

const struct teller settings_complain = {.tell = complain_of};

/* NULL: how many there are. */
static size_t row_of(const struct settings *s, const struct flag *wanted)
{
    size_t row = 0;
    for (size_t i = 0; s->tables[i]; i++)
        for (const struct flag *f = s->tables[i]; !flag_ends(f); f++, row++)
            if (f == wanted) return row;
    return row;
}

void settings_init(struct settings *s, const struct flag *const *tables, struct teller told)
{
    *s = (struct settings){.tables = tables, .told = told};
    assert(row_of(s, NULL) <= SETTINGS_ROWS);
}

void settings_deinit(struct settings *s)
{
    for (struct settings_text *t = s->texts, *next; t; t = next) {
        next = t->next;
        free(t);
    }
    s->texts = NULL;
}

/* ---- what all say ---------------------------------------------------------------------------- */

void settings_wrong(struct settings *s, const char *format, ...)
{
    char line[PATH_MAX + 2 * FLAG_WHY];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    s->wrong++;
    s->told.tell(line, s->told.user);
}

char *settings_keep(struct settings *s, const char *text, size_t len)
{
    struct settings_text *t = malloc(sizeof *t + len + 1);
    if (!t) {
        settings_wrong(s, "there is no memory for the settings");
        return NULL;
    }
    memcpy(t->text, text, len);
    t->text[len] = '\0';
    t->next = s->texts;
    s->texts = t;
    return t->text;
}

/* Whether this speaker's word counts, as nobody's before did. */
static bool counts(struct settings *s, enum settings_by by, size_t row)
{
    if (s->by[row] == BY_NOBODY) s->by[row] = (uint8_t)by;
    return s->by[row] == by;
}

void settings_say(struct settings *s, enum settings_by by, const struct flag *f, size_t row,
                  const char *place, const char *text)
{
    char why[FLAG_WHY];
    bool fine = counts(s, by, row) ? flag_set(f, text, why) : flag_look(f, text, why);
    if (!fine) settings_wrong(s, "%s: %s", place, why);
}

/* ---- the command line ------------------------------------------------------------------------ */

static bool take(const struct flag *f, const char *text, char why[FLAG_WHY], void *user)
{
    struct settings *s = user;
    (void)counts(s, BY_COMMAND_LINE, row_of(s, f)); /* it is the first to speak */
    return flag_set(f, text, why);
}

int settings_command_line(struct settings *s, int argc, char *const *argv, const char **argument)
{
    char **words = calloc((size_t)argc + 1, sizeof *words);
    *argument = NULL;
    if (!words) return complain("there is no memory for the settings"), FLAGS_BAD;
    for (int i = 0; i < argc; i++) words[i] = argv[i];
    int n = flags_walk(s->tables, argc, words, &(struct flag_taker){take, s});
    if (n > 0) *argument = words[1];
    free(words);
    return n;
}

/* ---- the environment ------------------------------------------------------------------------- */

static void name_variable(const char *flag, char name[SETTINGS_VARIABLE])
{
    snprintf(name, SETTINGS_VARIABLE, "%s%s", prefix, flag);
    for (char *c = name + PREFIX; *c; c++) *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

bool settings_variable(const struct flag *f, char name[SETTINGS_VARIABLE])
{
    if (!f->name || f->is & FLAG_TYPED) return false;
    name_variable(f->name, name);
    return true;
}

/* Items, without the blanks around them. */
static void say_items(struct settings *s, const struct flag *f, size_t row, const char *name,
                      const char *text)
{
    for (size_t len; *text; text += len + (text[len] != '\0')) {
        len = strcspn(text, ";\n");
        const char *item = text + strspn(text, " \t");
        size_t n = item < text + len ? (size_t)(text + len - item) : 0;
        while (n && strchr(" \t\r", item[n - 1])) n--;
        char *kept = n ? settings_keep(s, item, n) : NULL;
        if (kept) settings_say(s, BY_ENVIRONMENT, f, row, name, kept);
    }
}

static void say_variable(struct settings *s, const struct flag *f, size_t row)
{
    char name[SETTINGS_VARIABLE];
    const char *text = settings_variable(f, name) ? getenv(name) : NULL;
    if (!text || !*text) return;
    if (f->kind == FLAG_LIST) say_items(s, f, row, name, text);
    else settings_say(s, BY_ENVIRONMENT, f, row, name, text);
}

void settings_environment(struct settings *s)
{
    size_t row = 0;
    for (size_t i = 0; s->tables[i]; i++)
        for (const struct flag *f = s->tables[i]; !flag_ends(f); f++) say_variable(s, f, row++);
}

/* "WEFT_MAX_MESAGE" as "max-mesage" */
static void name_flag(const char *variable, char flag[SETTINGS_VARIABLE])
{
    snprintf(flag, SETTINGS_VARIABLE, "%s", variable + PREFIX);
    for (char *c = flag; *c; c++) *c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
}

static void look_at_variable(struct settings *s, const char *name)
{
    size_t row;
    char flag[SETTINGS_VARIABLE], near[SETTINGS_VARIABLE];
    name_flag(name, flag);
    const struct flag *f = flags_find(s->tables, flag, &row);
    const char *best =
        f && !(f->is & FLAG_TYPED) ? NULL : flags_nearest(s->tables, flag, FLAG_TYPED);
    if (!best) return;
    name_variable(best, near);
    settings_wrong(s, "%s: there is no such variable; did you mean %s?", name, near);
}

void settings_strange_variables(struct settings *s)
{
    for (char **entry = environ; *entry; entry++) {
        char name[SETTINGS_VARIABLE];
        size_t len = strcspn(*entry, "=");
        if (strncmp(*entry, prefix, PREFIX) != 0 || len >= sizeof name) continue;
        snprintf(name, sizeof name, "%.*s", (int)len, *entry);
        look_at_variable(s, name);
    }
}

/* ---- systemd's credentials ------------------------------------------------------------------- */

static void say_credential(struct settings *s, const struct flag *f, size_t row, const char *folder)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", folder, f->credential);
    if (s->by[row] != BY_NOBODY || n >= (int)sizeof path || access(path, F_OK) < 0) return;
    char *kept = settings_keep(s, path, (size_t)n);
    if (kept) settings_say(s, BY_CREDENTIAL, f, row, path, kept);
}

void settings_credentials(struct settings *s)
{
    size_t row = 0;
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    for (size_t i = 0; folder && s->tables[i]; i++)
        for (const struct flag *f = s->tables[i]; !flag_ends(f); f++, row++)
            if (f->credential) say_credential(s, f, row, folder);
}
