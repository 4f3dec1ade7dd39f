/* SPDX-License-Identifier: MIT
 *
 * cli/settings.h - what a table of flags is told, and who has the last word
 *
 *      the command line    --max-message 1M
 *      the environment     WEFT_MAX_MESSAGE=1M
 *      a file              max-message: 1M                       config_file.h
 *      systemd             $CREDENTIALS_DIRECTORY/tls-key        of rows that are a secret's path
 *      the program         what the row began with
 *
 * They are asked in this order. A row that somebody has said is looked at, when another says it, but not set: so what
 * is wrong is found wherever it stands, and a list is one speaker's, never a mixture. What is wrong is told, and it
 * goes on: who looks for mistakes finds all of them.
 *
 *      struct settings s;
 *      settings_init(&s, tables, told);
 *      int n = settings_command_line(&s, argc, argv);
 *      settings_environment(&s);
 *      config_file_read(&s, path);
 *      settings_credentials(&s);
 *      if (s.wrong) ...
 *      settings_deinit(&s);                    what the rows point to goes with it
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "cli/flags.h"

enum { SETTINGS_ROWS = 96, SETTINGS_VARIABLE = 64, SETTINGS_WRONG_MAX = 20 };

enum settings_by { BY_NOBODY, BY_COMMAND_LINE, BY_ENVIRONMENT, BY_FILE, BY_CREDENTIAL };

/* Whom to tell what is wrong, a line at a time, without a newline. */
struct teller {
    void (*tell)(const char *line, void *user);
    void *user;
};

/* Complains on stderr. */
extern const struct teller settings_complain;

/* A text that is neither argv's nor the environment's. */
struct settings_text {
    struct settings_text *next;
    char text[];
};

struct settings {
    const struct flag *const *tables;
    struct teller told;
    unsigned wrong; /* how much was */
    uint8_t
        by[SETTINGS_ROWS]; /* enum settings_by, of each row of the tables, one after the other */
    struct settings_text *texts;
};

void settings_init(struct settings *s, const struct flag *const *tables, struct teller told);
void settings_deinit(struct settings *s);

/* As flags_parse, but argv stays as it is; arguments: the first of those that are no flags, or NULL. What is wrong with
 * a command line is complained about by flags.h, and ends it. */
int settings_command_line(struct settings *s, int argc, char *const *argv, const char **argument);

/* An empty variable is as none. Items of a list stand between semicolons, or on lines of their own. */
void settings_environment(struct settings *s);

/* Variables that are called WEFT_... and almost as one of those are wrong, too. */
void settings_strange_variables(struct settings *s);

void settings_credentials(struct settings *s);

/* ---- for those who read settings ------------------------------------------------------------- */

/* place: where it is said, as a message begins: "WEFT_PORT", "weft.yaml:3:7: port". */
void settings_say(struct settings *s, enum settings_by by, const struct flag *f, size_t row,
                  const char *place, const char *text);

void settings_wrong(struct settings *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A copy that stays until settings_deinit; NULL, after it was told: no memory. */
char *settings_keep(struct settings *s, const char *text, size_t len);

/* "WEFT_MAX_MESSAGE"; false: the row has none. */
bool settings_variable(const struct flag *f, char name[SETTINGS_VARIABLE]);

#endif
