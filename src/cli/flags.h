/* SPDX-License-Identifier: MIT
 *
 * cli/flags.h - flags from a table
 *
 * A command describes its flags in tables; the same rows parse the command line and print --help.
 *
 *      struct flag flags[] = {
 *          {'p', "port", .kind = FLAG_NUMBER, .into = &port, .max = 65535, .value = "PORT",
 *           .noun = "a port number", .help = "listen on this port"},
 *          {0},
 *      };
 *
 * A row begins as the flag is typed, 0 where it has no letter; all that follows has its name.
 *
 * Understood: --name VALUE, --name=VALUE, -p VALUE, -pVALUE, clustered booleans (-bv), flags behind
 * arguments, and -- before arguments that begin with a dash.
 *
 * What a value has to be is all in its row (flag_value.h), so it is the same, and complained about in the same words,
 * wherever it comes from: a command line, or, of `weft serve`, variables and a file too (settings.h).
 */
#ifndef CLI_FLAGS_H
#define CLI_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum flag_kind {
    FLAG_BOOL,   /* into: bool; on and off, too, behind '=' */
    FLAG_COUNT,  /* unsigned, +1 each time */
    FLAG_TEXT,   /* const char * */
    FLAG_LIST,   /* struct flag_list; repeatable */
    FLAG_NUMBER, /* uint64_t */
    FLAG_SIZE,   /* uint64_t, bytes */
    FLAG_TIME    /* uint64_t, milliseconds */
};

enum { FLAG_LIST_MAX = 64, FLAG_WHY = 400 };

struct flag_list {
    size_t n;
    const char *items[FLAG_LIST_MAX + 1]; /* ends with NULL */
};

enum flag_is {
    FLAG_TYPED = 1,   /* for command lines only */
    FLAG_NO_KEY = 2,  /* not in a file */
    FLAG_RELOADS = 4, /* changes while serving, by SIGHUP */
    FLAG_MAPPING = 8  /* a list of 'NAME: SETTINGS'; in a file a mapping */
};

struct flag {
    char brief;       /* 'p', or 0 */
    const char *name; /* "port", or NULL */
    enum flag_kind kind;
    void *into;
    uint64_t min, max; /* of numbers, sizes and times */
    const char *value; /* "PORT" in --help; NULL for booleans and counts */
    const char *noun;  /* "a port number" in messages; NULL: by kind */
    const char *help;  /* may have several lines */
    const char *
        usual; /* what holds without it, as it would be typed: "8080"; NULL: nothing, or help has it */
    const char *sample; /* of rows without that: what may be said, for `weft config` */

    const char *const
        *words; /* of texts and lists: all that there are; NULL: any. NULL ends them */
    bool (*check)(const char *text,
                  char why[FLAG_WHY]); /* of texts and lists: whether it may be; why not */

    const char *group;      /* of rows, which begins with this one: its title in `weft config` */
    const char *credential; /* systemd's, of this name: a path in its place; NULL: none */
    unsigned is;            /* enum flag_is */
};

enum { FLAGS_HELP = -1, FLAGS_BAD = -2 };

/* tables: NULL-terminated, of tables that end with {0}. Moves the arguments that are no flags to the
 * front of argv + 1 and returns how many; FLAGS_HELP when --help is asked for; FLAGS_BAD after having
 * complained. */
int flags_parse(const struct flag *const *tables, int argc, char **argv);

/* The same, where set keeps what is said of a flag; text: NULL, if it was named and no more. */
struct flag_taker {
    bool (*set)(const struct flag *f, const char *text, char why[FLAG_WHY], void *user);
    void *user;
};
int flags_walk(const struct flag *const *tables, int argc, char **argv,
               const struct flag_taker *to);

/* The row of this name; NULL: none. And its number among all rows. */
const struct flag *flags_find(const struct flag *const *tables, const char *name, size_t *number);

/* What may have been meant, of the rows that are none of these (enum flag_is); NULL: nothing is near. */
const char *flags_nearest(const struct flag *const *tables, const char *name, unsigned not );

void flags_print(const struct flag *const *tables, FILE *to);

#endif
